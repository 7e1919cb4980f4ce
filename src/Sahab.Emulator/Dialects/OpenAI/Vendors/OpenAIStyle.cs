using System.Globalization;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.OpenAI.Vendors;

internal sealed class OpenAIStyle : VendorStyle
{
    public override ApiError Refused(Refusal refusal, string model, string operation, double retrySeconds)
    {
        var kind = refusal.Kind is RefusalKind.Tokens or RefusalKind.LargerThanLimit ? "tokens" : "requests";
        var message = refusal.Kind == RefusalKind.LargerThanLimit
            ? $"Request too large for {model} on tokens per min (TPM). Reduce the input or output tokens."
            : string.Create(
                CultureInfo.InvariantCulture,
                $"Rate limit reached for {model} on {kind} per min. Please try again in {retrySeconds:0.###}s.");
        return new ApiError(429, message, kind, null, "rate_limit_exceeded", retrySeconds);
    }

    public override void AddLimitHeaders(IHeaderDictionary headers, in LimitReading limits, EmulatedClock clock)
    {
        AddLimit(headers, "requests", limits.Requests, ms => ToDuration(clock.ToRealMs(ms)));
        AddLimit(headers, "tokens", limits.Tokens, ms => ToDuration(clock.ToRealMs(ms)));
    }

    /// <summary>As OpenAI writes spans: 12ms, 1s, 6m0s.</summary>
    public static string ToDuration(double ms)
    {
        if (ms < 1000)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(ms):0}ms");
        }
        var seconds = Math.Round(ms / 1000, 3);
        return seconds < 60
            ? string.Create(CultureInfo.InvariantCulture, $"{seconds:0.###}s")
            : string.Create(CultureInfo.InvariantCulture, $"{Math.Floor(seconds / 60):0}m{seconds % 60:0.###}s");
    }
}
