using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Serve.Gateway;
using Sahab.Server.Serve.Providers;

namespace Sahab.Server.Serve.Snapshots;

/// <summary>Owns the snapshot in force: builds a new one for each configuration and swaps it whole.</summary>
internal sealed class SnapshotPublisher(UpstreamPool pools, UpstreamFactory upstreams, DrainGate drains, TimeProvider time)
{
    /// <summary>A pool that no provider uses any more stays open longer than any call may last.</summary>
    static readonly TimeSpan RetirementMargin = TimeSpan.FromMinutes(1);

    ServeSnapshot? _current;

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
        return () => Apply(config);
    }

    void Apply(SahabConfig config)
    {
        var wanted = pools.For(config.Providers, config.Server.CallDeadline + RetirementMargin);
        upstreams.Begin();
        var next = SnapshotBuilder.Build(
            config, wanted, upstreams, Volatile.Read(ref _current), time.GetUtcNow());
        drains.Change(
            config.Metering.Drain.MaxConcurrent, config.Metering.Drain.MaxBytes, config.Metering.Drain.MaxTime);
        Volatile.Write(ref _current, next);
    }
}
