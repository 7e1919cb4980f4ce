using System.Globalization;
using Sahab.Routing.Admission;
using Sahab.Server.Hosting;

namespace Sahab.Server.Serve.Gateway;

/// <summary>The response headers that tell where a call was served and what that cost in time.</summary>
internal static class SahabHeaders
{
    /// <summary>Attempts as text, so that the common ones allocate nothing.</summary>
    static readonly string[] Numbers = [.. Enumerable.Range(0, 32).Select(n => n.ToString(CultureInfo.InvariantCulture))];

    public static void Write(Attempt attempt, MonotonicClock clock)
    {
        var call = attempt.Call;
        var spec = attempt.Target.Deployment.Spec;
        var headers = call.Context.Response.Headers;
        headers["x-sahab-provider"] = spec.Provider;
        headers["x-sahab-region"] = spec.Region;
        headers["x-sahab-deployment"] = spec.Id;
        headers["x-sahab-attempts"] = Numbers[Math.Min(attempt.Number, Numbers.Length - 1)];
        headers["x-sahab-overhead-ms"] = OverheadMs(attempt, clock).ToString("0.000", CultureInfo.InvariantCulture);
        if (call.Traces is { } traces)
        {
            headers[Explanation.HeaderName] = Explanation.ToHeader(traces);
        }
    }

    /// <summary>What a key may still use, as OpenAI's clients read it. Nothing for a key without limits.</summary>
    public static void WriteLimits(IHeaderDictionary headers, KeyLimiter limiter, long nowMs)
    {
        var limits = limiter.Limits;
        if (limits.RequestsPerMinute is null && limits.TokensPerMinute is null)
        {
            return;
        }

        var used = limiter.Read(nowMs);
        if (limits.RequestsPerMinute is { } requests)
        {
            headers["x-ratelimit-limit-requests"] = Text(requests);
            headers["x-ratelimit-remaining-requests"] = Text(Math.Max(0, requests - used.Requests));
        }

        if (limits.TokensPerMinute is { } tokens)
        {
            headers["x-ratelimit-limit-tokens"] = Text(tokens);
            headers["x-ratelimit-remaining-tokens"] = Text(Math.Max(0, tokens - used.Tokens));
        }
    }

    /// <summary>Milliseconds spent here: neither waiting for a cloud nor for capacity.</summary>
    static double OverheadMs(Attempt attempt, MonotonicClock clock)
    {
        var call = attempt.Call;
        var now = clock.Timestamp;
        var total = clock.MillisecondsBetween(call.StartedTimestamp, now);
        var upstream = call.UpstreamMs
            + (attempt.FirstToken?.TotalMilliseconds ?? clock.MillisecondsBetween(attempt.StartedTimestamp, now));
        return Math.Max(0, total - upstream - call.QueuedMs);
    }

    static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
