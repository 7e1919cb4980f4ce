using System.Net;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Hosting;

/// <summary>Where each cloud listens.</summary>
internal sealed class CloudSockets(IEnumerable<Cloud> clouds)
{
    readonly Dictionary<string, CloudEndPoint> _endpoints =
        clouds.ToDictionary(c => c.Id, c => new CloudEndPoint(c, c.Config.Port));

    public IEnumerable<CloudEndPoint> All => _endpoints.Values;

    /// <summary>The listener of a cloud; there is one as soon as the host has started.</summary>
    public CloudListener Find(string cloud) =>
        _endpoints[cloud].Listener ?? throw new InvalidOperationException("The clouds do not listen yet.");

    public Uri AddressOf(string cloud) => new($"http://127.0.0.1:{((IPEndPoint)Find(cloud).EndPoint).Port}/");
}
