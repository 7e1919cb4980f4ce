using Sahab.Ledger.Contracts;

namespace Sahab.Ledger.Claims;

/// <summary>A short time in which at least half of what was attempted at a deployment failed by the provider's fault.</summary>
/// <param name="Use">What was used, and where.</param>
/// <param name="FirstFault">When the first attempt that failed began.</param>
/// <param name="LastFault">When the last attempt that failed ended.</param>
/// <param name="Attempts">Attempts that tell of availability: see <see cref="ServiceLevels.Tells"/>.</param>
/// <param name="Failed">Those that failed by the provider's fault.</param>
/// <param name="FailedUsd">What the provider is paid for those, in US dollars.</param>
public sealed record BadSlot(
    Use Use, DateTimeOffset FirstFault, DateTimeOffset LastFault, long Attempts, long Failed, decimal FailedUsd);

/// <summary>A time in which a deployment failed.</summary>
/// <param name="Use">What was used, and where.</param>
/// <param name="From">When the first attempt that failed began.</param>
/// <param name="Until">When the last one ended.</param>
/// <param name="IsOpen">Whether it may go on: nothing is known of its end.</param>
/// <param name="Attempts">Attempts in its bad times that tell of availability.</param>
/// <param name="Failed">Those that failed.</param>
/// <param name="FailedUsd">What the provider is paid for those, in US dollars.</param>
public sealed record Outage(
    Use Use, DateTimeOffset From, DateTimeOffset Until, bool IsOpen, long Attempts, long Failed, decimal FailedUsd);

/// <summary>Finds outages in what was attempted. Pure.</summary>
public static class Outages
{
    /// <summary>How long the slots are that attempts are counted in.</summary>
    public static readonly TimeSpan Slot = TimeSpan.FromMinutes(5);

    /// <summary>What is no farther from the bad slot before is the same outage: a cloud that comes and goes is not there.</summary>
    public static readonly TimeSpan Gap = TimeSpan.FromMinutes(15);

    /// <summary>Fewer failed attempts are chance.</summary>
    public const int MinFailed = 3;

    /// <summary>The outages, the last to begin first.</summary>
    /// <param name="slots">The bad slots, in any order.</param>
    /// <param name="now">The present, by which the last ones may go on.</param>
    public static IReadOnlyList<Outage> Find(IEnumerable<BadSlot> slots, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(slots);
        return
        [
            .. slots.GroupBy(slot => slot.Use).SelectMany(group => Runs(group.OrderBy(slot => slot.FirstFault)))
                .Where(run => run.Sum(slot => slot.Failed) >= MinFailed)
                .Select(run => new Outage(
                    run[0].Use, run[0].FirstFault, run.Max(slot => slot.LastFault), now - run[^1].LastFault <= Gap,
                    run.Sum(slot => slot.Attempts), run.Sum(slot => slot.Failed), run.Sum(slot => slot.FailedUsd)))
                .OrderByDescending(outage => outage.From).ThenBy(outage => outage.Use.Deployment, StringComparer.Ordinal),
        ];
    }

    static IEnumerable<List<BadSlot>> Runs(IEnumerable<BadSlot> slots)
    {
        var run = new List<BadSlot>();
        foreach (var slot in slots)
        {
            if (run.Count > 0 && slot.FirstFault - run[^1].LastFault > Gap)
            {
                yield return run;
                run = [];
            }

            run.Add(slot);
        }

        if (run.Count > 0)
        {
            yield return run;
        }
    }
}
