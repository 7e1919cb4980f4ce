using System.Text.Json;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.Oci;

/// <summary>Oracle's errors: a code and a message, and no header that tells when to come back.</summary>
internal sealed class OciStyle : VendorStyle
{
    public override bool TellsDefaultTier => false;

    public override ApiError Unauthorized(bool hasKey) => new(
        401, "The required information to complete authentication was not provided or was incorrect.", "", null,
        "NotAuthenticated");

    public override ApiError Refused(Refusal refusal, string model, string operation, double retrySeconds) => new(
        429, "Too many requests. The tenancy's request limit for this model was reached; retry with back-off.", "", null,
        "TooManyRequests", retrySeconds);

    public override void WriteError(Utf8JsonWriter writer, ApiError error)
    {
        writer.WriteStartObject();
        writer.WriteString("code", error switch
        {
            { Code: { Length: > 0 } code } when char.IsAsciiLetterUpper(code[0]) => code,
            { Status: 404 } => "NotAuthorizedOrNotFound",
            { Status: 413 } => "PayloadTooLarge",
            { Status: 503 } => "ServiceUnavailable",
            { Status: >= 500 } => "InternalServerError",
            _ => "InvalidParameter",
        });
        writer.WriteString("message", error.Message);
        writer.WriteEndObject();
    }

    public override void AddRetryHeaders(IHeaderDictionary headers, double seconds)
    {
        // It tells nobody when to come back.
    }

    public override void AddIdHeaders(IHeaderDictionary headers, string requestId, string region) =>
        headers["opc-request-id"] = requestId;
}
