using System.Globalization;
using System.Text.Json;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.Anthropic;

/// <summary>Anthropic's errors, one type for each status, and its limit headers with the times at which limits end.</summary>
internal sealed class AnthropicStyle : VendorStyle
{
    const int Overloaded = 529;

    public override string KeyHeader => "x-api-key";

    public override ApiError Unauthorized(bool hasKey) => new(
        401, hasKey ? "invalid x-api-key" : "x-api-key header is required", "authentication_error");

    public override ApiError Refused(Refusal refusal, string model, string operation, double retrySeconds) =>
        refusal.Kind switch
        {
            RefusalKind.Tokens or RefusalKind.LargerThanLimit => new(
                429, $"This request would exceed your organization's rate limit of input tokens per minute for {model}.",
                "rate_limit_error", RetrySeconds: retrySeconds),
            RefusalKind.Requests => new(
                429, $"This request would exceed your organization's rate limit of requests per minute for {model}.",
                "rate_limit_error", RetrySeconds: retrySeconds),
            _ => new(Overloaded, "Overloaded", "overloaded_error"),
        };

    public override void WriteError(Utf8JsonWriter writer, ApiError error)
    {
        writer.WriteStartObject();
        writer.WriteString("type", "error");
        writer.WriteStartObject("error");
        writer.WriteString("type", TypeOf(error.Status));
        writer.WriteString(
            "message", error.Param is { } param && !error.Message.Contains(param, StringComparison.Ordinal)
                ? $"{param}: {error.Message}"
                : error.Message);
        writer.WriteEndObject();
        writer.WriteString("request_id", error.RequestId);
        writer.WriteEndObject();
    }

    public override void AddRetryHeaders(IHeaderDictionary headers, double seconds) =>
        headers.RetryAfter = ToWholeSeconds(seconds);

    public override void AddIdHeaders(IHeaderDictionary headers, string requestId, string region)
    {
        headers["request-id"] = requestId;
        headers["anthropic-organization-id"] = "emulated";
    }

    public override void AddLimitHeaders(IHeaderDictionary headers, in LimitReading limits, EmulatedClock clock)
    {
        AddUntil(headers, "requests", limits.Requests, clock);
        AddUntil(headers, "tokens", limits.Tokens, clock);
    }

    static void AddUntil(IHeaderDictionary headers, string kind, LimitState? state, EmulatedClock clock)
    {
        if (state is not { } limit)
        {
            return;
        }
        var until = clock.Time.GetUtcNow().AddMilliseconds(clock.ToRealMs(limit.ResetMs));
        headers[$"anthropic-ratelimit-{kind}-limit"] = limit.Limit.ToString(CultureInfo.InvariantCulture);
        headers[$"anthropic-ratelimit-{kind}-remaining"] = limit.Remaining.ToString(CultureInfo.InvariantCulture);
        headers[$"anthropic-ratelimit-{kind}-reset"] =
            until.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
    }

    static string TypeOf(int status) => status switch
    {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        504 => "timeout_error",
        503 or Overloaded => "overloaded_error",
        >= 500 => "api_error",
        _ => "invalid_request_error",
    };
}
