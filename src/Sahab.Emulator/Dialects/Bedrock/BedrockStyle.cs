using System.Text.Json;
using Sahab.Emulator.Dialects.OpenAI.Vendors;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.Bedrock;

/// <summary>
/// Bedrock's own API: a header names the error, the body has a message; no limits are told, nor when to try again.
/// </summary>
internal sealed class BedrockStyle : VendorStyle
{
    public const string RequestIdHeader = "x-amzn-requestid";

    public override ApiError Unauthorized(bool hasKey) => hasKey
        ? AwsErrors.UnknownKey
        : AwsErrors.Forbidden("MissingAuthenticationTokenException", "Missing Authentication Token");

    public override ApiError Refused(Refusal refusal, string model, string operation, double retrySeconds) =>
        refusal.Kind switch
        {
            // More than the account may ever have in a minute: a status that no client tries again.
            RefusalKind.LargerThanLimit => new ApiError(
                400, "Your request exceeds the service quota for your account.", "ServiceQuotaExceededException"),
            RefusalKind.Tokens => new ApiError(
                429, "Too many tokens, please wait before trying again.", "ThrottlingException"),
            _ => new ApiError(429, "Too many requests, please wait before trying again.", "ThrottlingException"),
        };

    public override void WriteError(Utf8JsonWriter writer, ApiError error)
    {
        writer.WriteStartObject();
        writer.WriteString(
            "message",
            error.Code == "context_length_exceeded" ? "Input is too long for requested model." : error.Message);
        writer.WriteEndObject();
    }

    public override void AddErrorHeaders(IHeaderDictionary headers, ApiError error) =>
        headers["x-amzn-errortype"] = AwsErrors.NameOf(error) + ":http://internal.amazon.com/coral/com.amazon.bedrock/";

    public override void AddRetryHeaders(IHeaderDictionary headers, double seconds)
    {
    }

    public override void AddIdHeaders(IHeaderDictionary headers, string requestId, string region) =>
        headers[RequestIdHeader] = requestId;
}

/// <summary>Bedrock's OpenAI-compatible API: OpenAI's errors, AWS's request ids.</summary>
internal sealed class BedrockOpenAIStyle : VendorStyle
{
    static readonly VendorStyle OpenAI = new OpenAIStyle();

    public override ApiError Unauthorized(bool hasKey) => new(
        403, "The security token included in the request is invalid.", "permission_denied_error", null, null);

    public override ApiError Refused(Refusal refusal, string model, string operation, double retrySeconds) =>
        OpenAI.Refused(refusal, model, operation, retrySeconds) with { RetrySeconds = null };

    public override void AddIdHeaders(IHeaderDictionary headers, string requestId, string region) =>
        headers[BedrockStyle.RequestIdHeader] = requestId;
}
