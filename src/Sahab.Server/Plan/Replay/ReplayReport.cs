using System.Text.Json.Serialization;
using Sahab.Planning.Simulation;

namespace Sahab.Server.Plan.Replay;

/// <summary>
/// How a replay went. Times are in milliseconds; those of calls count from when the trace had them due.
/// </summary>
internal sealed record ReplayReport
{
    public required ReplayCalls Calls { get; init; }

    public required double ElapsedSeconds { get; init; }

    public required OpenLoop OpenLoop { get; init; }

    /// <summary>Of the calls that were streamed and went well.</summary>
    public required Percentiles FirstTokenMs { get; init; }

    /// <summary>Of the calls that went well.</summary>
    public required Percentiles TotalMs { get; init; }

    public required IReadOnlyList<ReplayErrors> Errors { get; init; }

    public required IReadOnlyList<ProviderTotal> Providers { get; init; }
}

/// <summary>The calls of a replay by how they ended.</summary>
/// <param name="Refused">With 429 or 503.</param>
/// <param name="Abandoned">In flight when the replay was told to stop.</param>
internal sealed record ReplayCalls(long Sent, long Succeeded, long Refused, long Failed, long Abandoned);

/// <summary>Whether requests were sent when the trace had them due, whatever had become of earlier ones.</summary>
/// <param name="HeldBack">Requests that had to wait until one of <paramref name="MaxInFlight"/> calls had ended.</param>
/// <param name="LatenessMs">How much later than due they were sent, all of them.</param>
internal sealed record OpenLoop(int MaxInFlight, long HeldBack, Percentiles LatenessMs);

/// <summary>Errors that are alike.</summary>
/// <param name="Status">The HTTP status; 0 where no answer came.</param>
internal sealed record ReplayErrors(int Status, string Code, long Calls);

/// <summary>What one provider did.</summary>
/// <param name="CostUsd">
/// By how much the server's account of it grew during the replay, which includes what others called meanwhile; null
/// where that was not asked for.
/// </param>
internal sealed record ProviderTotal(
    string Provider, long Calls, long PromptTokens, long CachedTokens, long CacheWriteTokens, long OutputTokens,
    [property: JsonNumberHandling(JsonNumberHandling.WriteAsString)] decimal? CostUsd);

/// <summary>A distribution of times, in milliseconds.</summary>
internal sealed record Percentiles(long Count, double P50, double P90, double P99, double Max)
{
    public static Percentiles Of(LatencyHistogram histogram) => new(
        histogram.Count, Ms(histogram.Percentile(0.5)), Ms(histogram.Percentile(0.9)), Ms(histogram.Percentile(0.99)),
        Ms(histogram.Max));

    static double Ms(TimeSpan time) => Math.Round(time.TotalMilliseconds, 2);
}
