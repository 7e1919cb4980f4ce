using System.Collections.Immutable;
using Sahab.Routing.Snapshot;
using Sahab.Server.Hosting;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Serve.Snapshots;

namespace Sahab.Server.Serve.Incidents;

/// <summary>How a model is served at this moment. Stored nowhere.</summary>
internal enum ServiceState
{
    /// <summary>At least half of what serves it takes calls.</summary>
    Working,

    /// <summary>Less than half of what serves it takes calls.</summary>
    Disturbed,

    /// <summary>Nothing that serves it takes calls.</summary>
    Out,
}

/// <summary>A day of a model.</summary>
/// <param name="Calls">Calls that tell of availability; 0: none was made.</param>
/// <param name="Answered">At most the calls.</param>
internal readonly record struct ModelDay(DateOnly Day, long Calls, long Answered)
{
    /// <summary>The share of calls that were answered, 0 to 1; null without calls.</summary>
    public double? Availability => Calls == 0 ? null : (double)Answered / Calls;
}

/// <summary>How available a model is.</summary>
/// <param name="Days">The last <see cref="StatusBoard.Days"/> days, the oldest first; the last is today.</param>
internal sealed record ModelStatus(string Model, ServiceState State, ImmutableArray<ModelDay> Days)
{
    /// <summary>The share of all calls of the days that were answered, 0 to 1; null without calls.</summary>
    public double? Availability => new ModelDay(default, Days.Sum(day => day.Calls), Days.Sum(day => day.Answered)).Availability;
}

/// <summary>
/// What everybody may know of how models are served, from memory: whoever asks however often asks no database.
/// </summary>
internal sealed class StatusBoard(SnapshotPublisher snapshots, MonotonicClock clock, TimeProvider time)
{
    /// <summary>Days that are told of.</summary>
    public const int Days = 90;

    static readonly ImmutableDictionary<string, ModelCalls> Nothing =
        ImmutableDictionary.Create<string, ModelCalls>(StringComparer.Ordinal);

    ImmutableSortedDictionary<DateOnly, ImmutableDictionary<string, ModelCalls>> _days =
        ImmutableSortedDictionary<DateOnly, ImmutableDictionary<string, ModelCalls>>.Empty;

    /// <summary>Today by the server's clock, in UTC.</summary>
    public DateOnly Today => DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);

    /// <summary>Takes what was counted of a day, and forgets days that are too old to be told of. One caller at a time.</summary>
    public void Put(DateOnly day, IEnumerable<ModelCalls> calls)
    {
        var oldest = Today.AddDays(1 - Days);
        Volatile.Write(ref _days, _days
            .RemoveRange(_days.Keys.TakeWhile(old => old < oldest))
            .SetItem(day, calls.ToImmutableDictionary(each => each.Model, StringComparer.Ordinal)));
    }

    /// <summary>Every model that is served, in the order of the configuration.</summary>
    public IReadOnlyList<ModelStatus> Read()
    {
        if (!snapshots.IsReady)
        {
            return [];
        }

        var (days, today, now) = (Volatile.Read(ref _days), Today, clock.NowMs);
        return
        [
            .. snapshots.Current.Models.Select(model => model.Route).Distinct()
                .Where(route => route.Candidates.Length > 0)
                .Select(route => new ModelStatus(
                    route.Name, StateOf(route, now),
                    [
                        .. Enumerable.Range(0, Days).Select(index => today.AddDays(1 + index - Days)).Select(day =>
                            days.GetValueOrDefault(day, Nothing).GetValueOrDefault(route.Name) is { } calls
                                ? new ModelDay(day, calls.Calls, calls.Answered)
                                : new ModelDay(day, 0, 0)),
                    ])),
        ];
    }

    static ServiceState StateOf(ModelRoute route, long nowMs)
    {
        var taking = route.Candidates.Count(candidate => candidate.State.Read(nowMs).Breaker != BreakerState.Open);
        return taking == 0 ? ServiceState.Out
            : 2 * taking < route.Candidates.Length ? ServiceState.Disturbed
            : ServiceState.Working;
    }
}
