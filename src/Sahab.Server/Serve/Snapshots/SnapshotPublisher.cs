using System.Collections.Immutable;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Sell.Capacity;
using Sahab.Server.Serve.Gateway;
using Sahab.Server.Serve.Providers;

namespace Sahab.Server.Serve.Snapshots;

/// <summary>
/// Owns the snapshot in force: builds a new one for each configuration, and whenever something else is reserved, and swaps it
/// whole.
/// </summary>
internal sealed class SnapshotPublisher
{
    /// <summary>A pool that no provider uses any more stays open longer than any call may last.</summary>
    static readonly TimeSpan RetirementMargin = TimeSpan.FromMinutes(1);

    readonly Lock _building = new();
    readonly UpstreamPool _pools;
    readonly UpstreamFactory _upstreams;
    readonly StoreKeyTable _storeKeys;
    readonly DrainGate _drains;
    readonly TimeProvider _time;
    (SahabConfig Config, DateTimeOffset LoadedAt)? _applied;
    ImmutableArray<ReservedShare> _reserved = [];
    ServeSnapshot? _current;

    public SnapshotPublisher(
        UpstreamPool pools, UpstreamFactory upstreams, StoreKeyTable storeKeys, CapacityShelf capacity, DrainGate drains,
        TimeProvider time)
    {
        (_pools, _upstreams, _storeKeys, _drains, _time) = (pools, upstreams, storeKeys, drains, time);
        capacity.Subscribe(Reserve);
    }

    /// <summary>The snapshot in force.</summary>
    /// <exception cref="InvalidOperationException">No configuration has been applied yet.</exception>
    public ServeSnapshot Current =>
        Volatile.Read(ref _current) ?? throw new InvalidOperationException("No configuration has been applied yet.");

    /// <summary>Whether there is one.</summary>
    public bool IsReady => Volatile.Read(ref _current) is not null;

    /// <summary>Prepares a configuration; the step that is returned puts it in force.</summary>
    public Action Prepare(SahabConfig config)
    {
        // A trial without the running state: whatever could refuse the configuration refuses it here.
        SnapshotBuilder.BuildRouting(config, previous: null);
        return () =>
        {
            lock (_building)
            {
                Apply(config, _time.GetUtcNow());
            }
        };
    }

    /// <summary>Puts what is reserved now in force, under the configuration that is.</summary>
    void Reserve(ImmutableArray<ReservedShare> reserved)
    {
        lock (_building)
        {
            _reserved = reserved;
            if (_applied is { } applied)
            {
                Apply(applied.Config, applied.LoadedAt);
            }
        }
    }

    void Apply(SahabConfig config, DateTimeOffset loadedAt)
    {
        var wanted = _pools.For(config.Providers, config.Server.CallDeadline + RetirementMargin);
        _upstreams.Begin();
        var next = SnapshotBuilder.Build(
            config, wanted, _upstreams, _storeKeys, _reserved, Volatile.Read(ref _current), loadedAt);
        _drains.Change(
            config.Metering.Drain.MaxConcurrent, config.Metering.Drain.MaxBytes, config.Metering.Drain.MaxTime);
        _storeKeys.Regroup(SnapshotBuilder.StandingsFor(config, next.Routing));
        Volatile.Write(ref _current, next);
        _applied = (config, loadedAt);
    }
}
