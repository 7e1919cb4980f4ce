using System.Text.Json;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.OpenAI.Vendors;

internal sealed class GoogleStyle : VendorStyle
{
    public override string KeyHeader => "x-goog-api-key";

    public override ApiError Unauthorized(bool hasKey) => base.Unauthorized(hasKey) with
    {
        Message = "Request had invalid authentication credentials.",
    };

    /// <summary>The shared pool tells neither which limit it was nor when to come back.</summary>
    public override ApiError Refused(Refusal refusal, string model, string operation, double retrySeconds) =>
        new(429, "Resource exhausted, please try again later.", "rate_limit_error");

    public override ApiError ProvisionedFull(double retrySeconds) =>
        new(429, "Too many requests. Exceeded the Provisioned Throughput.", "rate_limit_error");

    public override ApiError Throttled(string model, string operation, double retrySeconds) =>
        base.Throttled(model, operation, retrySeconds) with { RetrySeconds = retrySeconds };

    public override void AddRetryHeaders(IHeaderDictionary headers, double seconds) =>
        headers.RetryAfter = ToWholeSeconds(seconds);

    public override void WriteError(Utf8JsonWriter writer, ApiError error)
    {
        writer.WriteStartObject();
        writer.WriteStartObject("error");
        writer.WriteNumber("code", error.Status);
        writer.WriteString("message", error.Message);
        writer.WriteString("status", Name(error.Status));
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    static string Name(int status) => status switch
    {
        400 or 413 => "INVALID_ARGUMENT",
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        429 => "RESOURCE_EXHAUSTED",
        503 => "UNAVAILABLE",
        504 => "DEADLINE_EXCEEDED",
        _ => "INTERNAL",
    };
}
