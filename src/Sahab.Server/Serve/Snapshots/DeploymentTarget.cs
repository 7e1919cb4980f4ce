using Sahab.Routing.Snapshot;
using Sahab.Server.Serve.Providers;

namespace Sahab.Server.Serve.Snapshots;

/// <summary>Where and how to reach a deployment: everything that an attempt needs and that does not change with it.</summary>
/// <param name="UpstreamModel">The provider's name for the model.</param>
/// <param name="Secrets">What its provider must not show to anybody when it repeats what it was sent.</param>
/// <param name="RunningUsage">Whether each chunk of a stream tells the usage so far.</param>
/// <param name="BillsBrokenStreams">Whether the provider bills a stream that it broke off itself.</param>
internal sealed record DeploymentTarget(
    Deployment Deployment, string Country, IUpstream Upstream, string UpstreamModel, IReadOnlyList<string> Secrets,
    bool RunningUsage, bool BillsBrokenStreams, long FirstByteMs, long BetweenChunksMs)
{
    public override string ToString() => $"{Deployment.Spec.Id} at {Upstream.Address}";
}
