using System.Collections.Immutable;
using Sahab.Routing.Steering;
using Sahab.Server.Hosting;
using Sahab.Server.Serve.Snapshots;
using Sahab.Server.Source.Commitments;
using Sahab.Server.Source.Contracts;

namespace Sahab.Server.Plan.Steering;

/// <summary>A commitment as the router is steered by it now.</summary>
/// <param name="Window">The window that is open.</param>
/// <param name="Lambda">λ times what is owed of a missing dollar. 0 to 1.</param>
/// <param name="DrawnUsd">What is drawn by estimate: as settled, and what was placed since.</param>
internal sealed record SteeredWindow(OpenWindow Window, double Lambda, decimal DrawnUsd);

/// <summary>
/// Sets λ, μ, rates and bars of all deployments by the contracts as they are known now. Safe for any number of threads:
/// steps are taken one at a time.
/// </summary>
internal sealed class SteeringDesk(
    SnapshotPublisher snapshots, ContractShelf shelf, CommitmentBooks books, MonotonicClock clock, TimeProvider time)
{
    static readonly TimeSpan Day = TimeSpan.FromDays(1);

    /// <summary>
    /// What was placed is remembered by the minute until it is settled: an hour, the grace after it, and as much again.
    /// </summary>
    const int MinutesKept = 150;

    readonly Lock _lock = new();
    readonly ContractSteering _steering = new(Day);
    readonly Dictionary<string, List<(DateTimeOffset At, decimal Usd)>> _placed = new(StringComparer.Ordinal);
    ImmutableArray<SteeredWindow> _steered = [];

    /// <summary>What the last step steered by, in no order.</summary>
    public ImmutableArray<SteeredWindow> Steered => _steered;

    /// <summary>Sets all prices for the calls that come from now on.</summary>
    public void Step()
    {
        if (snapshots.IsReady)
        {
            lock (_lock)
            {
                Steer();
            }
        }
    }

    void Steer()
    {
        var (routing, contracts, now) = (snapshots.Current.Routing, shelf.Known, time.GetUtcNow());
        SteeringTerms.Apply(routing, contracts, now);
        var windows = SteeringTerms.OpenWindows(routing, contracts, books.Standings, now);
        var drawn = windows.ToDictionary(window => window.Id, window => DrawnUsd(window, now), StringComparer.Ordinal);
        var nowMs = clock.NowMs;
        _steering.Step(
            routing,
            [
                .. windows.Select(window => new SteeredCommitment(
                    window.Id, window.Deployments,
                    new CommitmentPace
                    {
                        Target = (double)window.Standing.Target * window.UsdPerUnit,
                        Drawn = (double)drawn[window.Id],
                        UntilMs = nowMs + (window.Standing.Window.Until - now).TotalMilliseconds,
                    },
                    (double)window.Commitment.OwedShare)),
            ],
            nowMs);
        Forget(windows);
        var shares = _steering.Shares;
        ImmutableInterlocked.InterlockedExchange(
            ref _steered,
            [.. windows.Select(window => new SteeredWindow(window, shares[window.Id], drawn[window.Id]))]);
    }

    // Until it is settled, what was placed counts as the router estimated it.
    decimal DrawnUsd(OpenWindow window, DateTimeOffset now)
    {
        if (!_placed.TryGetValue(window.Id, out var placed))
        {
            _placed.Add(window.Id, placed = []);
        }

        var won = _steering.WonUsd(window.Id);
        if (placed.Count == 0 || now - placed[^1].At >= TimeSpan.FromMinutes(1))
        {
            placed.Add((now, won));
            if (placed.Count > MinutesKept)
            {
                placed.RemoveAt(0);
            }
        }

        var settled = books.SettledUntil;
        var before = placed[0].Usd;
        foreach (var (at, usd) in placed)
        {
            before = at <= settled ? usd : before;
        }

        return ((decimal)window.UsdPerUnit * window.Standing.Counted) + (won - before);
    }

    void Forget(ImmutableArray<OpenWindow> windows)
    {
        if (_placed.Count > windows.Length)
        {
            var open = windows.Select(window => window.Id).ToHashSet(StringComparer.Ordinal);
            foreach (var id in _placed.Keys.Where(id => !open.Contains(id)).ToList())
            {
                _placed.Remove(id);
            }
        }
    }
}
