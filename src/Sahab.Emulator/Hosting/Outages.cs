using Sahab.Emulator.Engine;
using Sahab.Emulator.Faults;

namespace Sahab.Emulator.Hosting;

/// <summary>Makes sockets and running calls follow the <c>down</c> faults.</summary>
internal sealed class Outages(IReadOnlyDictionary<string, Cloud> clouds, CloudSockets sockets)
{
    /// <summary>
    /// Kills the calls that are in the range of an outage. Where it is a whole cloud's, its socket stops listening;
    /// where it is over, it listens again.
    /// </summary>
    public async Task ApplyAsync(IReadOnlyList<Fault> active)
    {
        var outages = active.Select(f => f.Spec).Where(s => s is { Kind: FaultKind.Down, Rate: 1 }).ToList();
        foreach (var cloud in clouds.Values)
        {
            var own = outages.Where(o => o.Cloud == cloud.Id).ToList();
            foreach (var call in cloud.Calls.Keys.Where(c => own.Exists(o => IsInRange(o, c.Deployment))))
            {
                call.Kill();
            }
            var isDown = own.Exists(o => o is { Region: null, Model: null });
            foreach (var listener in sockets.Find(cloud.Id))
            {
                await (isDown ? listener.CloseAsync() : listener.OpenAsync());
            }
        }
    }

    static bool IsInRange(FaultSpec outage, CloudDeployment deployment) =>
        (outage.Region ?? deployment.Region) == deployment.Region
        && (outage.Model ?? deployment.ModelId) == deployment.ModelId;
}
