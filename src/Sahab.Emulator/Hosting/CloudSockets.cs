using System.Net;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Hosting;

/// <summary>Where each cloud listens: at one port, or at two where it has one for HTTP/2.</summary>
internal sealed class CloudSockets(IEnumerable<Cloud> clouds)
{
    readonly Dictionary<string, CloudEndPoint[]> _endpoints = clouds.ToDictionary(c => c.Id, PlaceOf);

    public IEnumerable<CloudEndPoint> All => _endpoints.Values.SelectMany(e => e);

    /// <summary>The listeners of a cloud; they are there as soon as the host has started.</summary>
    public IEnumerable<CloudListener> Find(string cloud) => _endpoints[cloud].Select(Find);

    public Uri AddressOf(string cloud) => AddressOf(_endpoints[cloud][0]);

    /// <summary>Where it speaks HTTP/2; null where it does not.</summary>
    public Uri? Http2AddressOf(string cloud) =>
        Array.Find(_endpoints[cloud], e => e.IsHttp2) is { } endpoint ? AddressOf(endpoint) : null;

    static CloudEndPoint[] PlaceOf(Cloud cloud)
    {
        var first = new CloudEndPoint(cloud, cloud.Config.Port);
        return cloud.Config.Http2Port is { } port
            ? [first, new CloudEndPoint(cloud, port) { IsHttp2 = true }]
            : [first];
    }

    static CloudListener Find(CloudEndPoint endpoint) =>
        endpoint.Listener ?? throw new InvalidOperationException("The clouds do not listen yet.");

    static Uri AddressOf(CloudEndPoint endpoint) =>
        new($"http://127.0.0.1:{((IPEndPoint)Find(endpoint).EndPoint).Port}/");
}
