using System.Text.Json;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.OpenAI.Vendors;

internal sealed class AzureStyle : VendorStyle
{
    public override string KeyHeader => "api-key";

    public override ApiError Unauthorized(bool hasKey) => new(
        401, "Access denied due to invalid subscription key or wrong API endpoint.", "invalid_request_error", null,
        "401");

    public override ApiError Refused(Refusal refusal, string model, string operation, double retrySeconds)
    {
        var limit = refusal.Kind is RefusalKind.Tokens or RefusalKind.LargerThanLimit ? "token" : "call";
        var message = $"Requests to the {Name(operation)} Operation under Azure OpenAI API have exceeded {limit} "
            + $"rate limit of your current pricing tier. Please retry after {ToWholeSeconds(retrySeconds)} seconds.";
        return new ApiError(429, message, "requests", null, "429", retrySeconds);
    }

    public override void WriteError(Utf8JsonWriter writer, ApiError error)
    {
        if (error.Status is not (401 or 429))
        {
            base.WriteError(writer, error);
            return;
        }
        writer.WriteStartObject();
        writer.WriteStartObject("error");
        writer.WriteString("code", error.Code);
        writer.WriteString("message", error.Message);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    public override void AddLimitHeaders(IHeaderDictionary headers, in LimitReading limits, EmulatedClock clock)
    {
        AddLimit(headers, "requests", limits.Requests, ms => ToWholeSeconds(clock.ToRealMs(ms) / 1000));
        AddLimit(headers, "tokens", limits.Tokens, ms => ToWholeSeconds(clock.ToRealMs(ms) / 1000));
    }

    public override void AddIdHeaders(IHeaderDictionary headers, string requestId, string region)
    {
        base.AddIdHeaders(headers, requestId, region);
        headers["apim-request-id"] = requestId;
        headers["x-ms-region"] = region;
    }

    static string Name(string operation) => operation switch
    {
        "chat.completions" => "ChatCompletions_Create",
        "embeddings" => "Embeddings_Create",
        _ => "Completions_Create",
    };
}
