using Sahab.Emulator.Configuration;
using Sahab.Emulator.Engine;
using Sahab.Emulator.Faults;
using Sahab.Emulator.Hosting;

namespace Sahab.Emulator.Control;

/// <summary>One deployment's load.</summary>
internal sealed record DeploymentReport(
    string Region, string Country, string Model, int Running, int Waiting, int Concurrency, double Load,
    long? RemainingRequests, long? RemainingTokens);

/// <summary>One cloud's state.</summary>
internal sealed record CloudReport(
    string Id, CloudStyle Style, Uri Address, bool Listening, int Connections, int Calls, bool RunningUsage,
    bool BillsBrokenStreams, IReadOnlyList<DeploymentReport> Deployments, IReadOnlyList<Fault> Faults)
{
    public static IReadOnlyList<CloudReport> ReadAll(Emulation emulation, CloudSockets sockets) =>
        [.. emulation.Clouds.Values.Select(c => Read(emulation, sockets, c))];

    public static CloudReport Read(Emulation emulation, CloudSockets sockets, Cloud cloud)
    {
        var listeners = sockets.Find(cloud.Id).ToList();
        return new CloudReport(
            cloud.Id, cloud.Config.Style, sockets.AddressOf(cloud.Id), listeners.TrueForAll(l => l.IsOpen),
            listeners.Sum(l => l.Connections),
            cloud.Calls.Count, cloud.Config.RunningUsage, cloud.Config.BillsBrokenStreams,
            [.. cloud.Deployments.Select(d => Read(d, emulation.Clock.NowMs))],
            [.. emulation.Faults.Active.Where(f => f.Spec.Cloud == cloud.Id)]);
    }

    static DeploymentReport Read(CloudDeployment deployment, double nowMs)
    {
        var limits = deployment.Gate.ReadLimits(nowMs);
        return new DeploymentReport(
            deployment.Region, deployment.Country, deployment.ModelId, deployment.Gate.Running, deployment.Gate.Waiting,
            deployment.Capacity.Concurrency, Math.Round(deployment.Gate.Load, 3), limits.Requests?.Remaining,
            limits.Tokens?.Remaining);
    }
}
