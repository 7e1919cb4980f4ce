using System.Text.Json;
using Sahab.Emulator.Dialects.Azure;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.OpenAI.Vendors;

internal sealed class AzureStyle : VendorStyle
{
    const string FilterCode = "content_filter";

    public override string KeyHeader => "api-key";

    public override ApiError Unauthorized(bool hasKey) => new(
        401, "Access denied due to invalid subscription key or wrong API endpoint.", "invalid_request_error", null,
        "401");

    public override ApiError Refused(Refusal refusal, string model, string operation, double retrySeconds)
    {
        if (refusal.Kind == RefusalKind.Sequences)
        {
            // Provisioned throughput: the answer comes at once, and tells in milliseconds when there is room again.
            return new ApiError(
                429, $"Requests to the {Name(operation)} Operation under Azure OpenAI API have exceeded the capacity of "
                + "your provisioned-managed deployment. Please retry after "
                + $"{ToWholeSeconds(retrySeconds)} seconds.", "requests", null, "429", retrySeconds);
        }
        var limit = refusal.Kind is RefusalKind.Tokens or RefusalKind.LargerThanLimit ? "token" : "call";
        var message = $"Requests to the {Name(operation)} Operation under Azure OpenAI API have exceeded {limit} "
            + $"rate limit of your current pricing tier. Please retry after {ToWholeSeconds(retrySeconds)} seconds.";
        return new ApiError(429, message, "requests", null, "429", retrySeconds);
    }

    public override void WriteError(Utf8JsonWriter writer, ApiError error)
    {
        if (error.Status is not (401 or 404 or 429) && error.Code != FilterCode)
        {
            base.WriteError(writer, error);
            return;
        }
        writer.WriteStartObject();
        writer.WriteStartObject("error");
        writer.WriteString("code", error.Code == "model_not_found" ? "DeploymentNotFound" : error.Code);
        writer.WriteString("message", error.Message);
        if (error.Code == FilterCode)
        {
            writer.WriteNull("type");
            writer.WriteString("param", error.Param);
            ContentFilters.WriteInnerError(writer);
        }
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
