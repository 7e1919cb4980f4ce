using System.Text.Json;
using Sahab.Emulator.Configuration;
using Sahab.Emulator.Dialects.Anthropic;
using Sahab.Emulator.Dialects.Bedrock;
using Sahab.Emulator.Dialects.Oci;
using Sahab.Emulator.Dialects.OpenAI.Vendors;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects;

/// <summary>
/// What differs between vendors whatever they answer: error bodies, refusals, limit headers.
/// </summary>
internal abstract class VendorStyle
{
    public static VendorStyle Of(CloudStyle style) => style switch
    {
        CloudStyle.Azure => new AzureStyle(),
        CloudStyle.Google => new GoogleStyle(),
        CloudStyle.Vllm => new VllmStyle(),
        CloudStyle.Anthropic => new AnthropicStyle(),
        CloudStyle.Oracle => new OciStyle(),
        CloudStyle.Bedrock => new BedrockStyle(),
        _ => new OpenAIStyle(),
    };

    /// <summary>A header that carries the key, beside <c>Authorization</c>.</summary>
    public virtual string? KeyHeader => null;

    /// <summary>Whether <c>[DONE]</c> follows an error in a stream.</summary>
    public virtual bool EndsAfterError => false;

    /// <summary>Whether the tier is told when the request named none.</summary>
    public virtual bool TellsDefaultTier => true;

    public virtual ApiError Unauthorized(bool hasKey) => new(
        401, hasKey ? "Incorrect API key provided." : "You didn't provide an API key.", "invalid_request_error", null,
        "invalid_api_key");

    /// <summary>The answer to a call that the deployment did not take.</summary>
    public abstract ApiError Refused(Refusal refusal, string model, string operation, double retrySeconds);

    /// <summary>The answer to a call that wanted what was bought in advance and found it full.</summary>
    public virtual ApiError ProvisionedFull(double retrySeconds) =>
        Refused(new Refusal(RefusalKind.Tokens, 0), "", "", retrySeconds);

    /// <summary>The 429 of a storm, with the Retry-After that was asked for.</summary>
    public virtual ApiError Throttled(string model, string operation, double retrySeconds) =>
        Refused(new Refusal(RefusalKind.Requests, 0), model, operation, retrySeconds);

    /// <summary>The error object, with its braces.</summary>
    public virtual void WriteError(Utf8JsonWriter writer, ApiError error)
    {
        writer.WriteStartObject();
        writer.WriteStartObject("error");
        writer.WriteString("message", error.Message);
        writer.WriteString("type", error.Type);
        writer.WriteString("param", error.Param);
        writer.WriteString("code", error.Code);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    public virtual void AddLimitHeaders(IHeaderDictionary headers, in LimitReading limits, EmulatedClock clock)
    {
    }

    /// <summary>What headers say of an error, beside when to try again.</summary>
    public virtual void AddErrorHeaders(IHeaderDictionary headers, ApiError error)
    {
    }

    public virtual void AddRetryHeaders(IHeaderDictionary headers, double seconds)
    {
        headers.RetryAfter = ToWholeSeconds(seconds);
        headers["retry-after-ms"] = ((long)Math.Ceiling(seconds * 1000)).ToString();
    }

    public virtual void AddIdHeaders(IHeaderDictionary headers, string requestId, string region) =>
        headers["x-request-id"] = requestId;

    protected static string ToWholeSeconds(double seconds) => ((long)Math.Max(1, Math.Ceiling(seconds))).ToString();

    protected static void AddLimit(
        IHeaderDictionary headers, string kind, LimitState? state, Func<double, string> writeReset)
    {
        if (state is not { } limit)
        {
            return;
        }
        headers[$"x-ratelimit-limit-{kind}"] = limit.Limit.ToString();
        headers[$"x-ratelimit-remaining-{kind}"] = limit.Remaining.ToString();
        headers[$"x-ratelimit-reset-{kind}"] = writeReset(limit.ResetMs);
    }
}
