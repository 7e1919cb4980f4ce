using Sahab.Routing.Snapshot;
using Sahab.Server.Serve.Gateway;

namespace Sahab.Server.Portal;

/// <summary>The state of the server at one second, shared by all who look.</summary>
/// <param name="Number">From 1, one more each second.</param>
/// <param name="CallsPerSecond">Calls that ended, over the last 5 s.</param>
/// <param name="FirstTokenP50Ms">Over the last minute; NaN where nothing was answered.</param>
/// <param name="FailedShare">Calls that ended with 429 or 5xx, 0 to 1, over the last minute; NaN without calls.</param>
/// <param name="NanoUsdToday">Since midnight UTC; null while the ledger's part of it is not known.</param>
/// <param name="NanoUsdPerMinute">Over the last minute.</param>
/// <param name="Providers">In the order of the configuration, which is the order of their colours.</param>
internal sealed record LiveSample(
    long Number, DateTimeOffset At, long Calls, double CallsPerSecond, double FirstTokenP50Ms, double FirstTokenP95Ms,
    double FailedShare, int InHouse, int Waiting, long? NanoUsdToday, long NanoUsdPerMinute,
    IReadOnlyList<string> Providers, IReadOnlyList<LiveDeployment> Deployments, IReadOnlyList<LivePoint> Points)
{
    public static LiveSample None { get; } = new(
        0, DateTimeOffset.UnixEpoch, 0, 0, double.NaN, double.NaN, double.NaN, 0, 0, null, 0, [], [], []);

    /// <summary>A provider's place among the colours.</summary>
    public int ColourOf(string provider)
    {
        for (var index = 0; index < Providers.Count; index++)
        {
            if (Providers[index] == provider)
            {
                return index % 8;
            }
        }

        return 7;
    }
}

/// <summary>A deployment and how it was at the moment of the sample.</summary>
internal sealed record LiveDeployment(DeploymentSpec Spec, DeploymentReading Reading);

/// <summary>One second of the charts; the figures are in the order of the sample's providers.</summary>
/// <param name="T">Unix seconds.</param>
/// <param name="Calls">Calls per second, over 5 s.</param>
/// <param name="FirstToken">Median milliseconds to the first token, over 15 s; null where nothing was answered.</param>
/// <param name="Cost">US dollars in the last minute.</param>
internal sealed record LivePoint(
    long T, IReadOnlyList<string> Providers, IReadOnlyList<double> Calls, IReadOnlyList<double?> FirstToken,
    IReadOnlyList<double> Cost);

/// <summary>All running sums at one moment; two of them tell what happened in between.</summary>
internal sealed class TotalsReading
{
    static readonly long[] Nothing = new long[LatencyBuckets.Count];

    readonly Dictionary<string, (long Answered, long NanoUsd, long[] FirstToken)> _providers =
        new(StringComparer.Ordinal);

    TotalsReading(DateTimeOffset at, long calls, long failedCalls) =>
        (At, Calls, FailedCalls) = (at, calls, failedCalls);

    public DateTimeOffset At { get; }

    public long Calls { get; }

    public long FailedCalls { get; }

    public static TotalsReading Take(RunningTotals totals, DateTimeOffset at)
    {
        var reading = new TotalsReading(at, totals.Calls, totals.FailedCalls);
        foreach (var (provider, sums) in totals.Providers)
        {
            var firstToken = new long[LatencyBuckets.Count];
            sums.FirstToken.CopyTo(firstToken);
            reading._providers[provider] = (sums.Answered, sums.NanoUsd, firstToken);
        }

        return reading;
    }

    public long Answered(string provider) => _providers.GetValueOrDefault(provider).Answered;

    public long NanoUsd(string provider) => _providers.GetValueOrDefault(provider).NanoUsd;

    public long NanoUsd() => _providers.Values.Sum(sums => sums.NanoUsd);

    public long[] FirstToken(string provider) => _providers.GetValueOrDefault(provider).FirstToken ?? Nothing;

    public long[] FirstToken()
    {
        var all = new long[LatencyBuckets.Count];
        foreach (var (_, _, counts) in _providers.Values)
        {
            for (var index = 0; index < all.Length; index++)
            {
                all[index] += counts[index];
            }
        }

        return all;
    }
}
