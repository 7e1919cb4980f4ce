using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Hosting;

/// <summary>Where a cloud listens; tells the transport whose connections they are.</summary>
internal sealed class CloudEndPoint(Cloud cloud, int port) : IPEndPoint(IPAddress.Loopback, port)
{
    public Cloud Cloud { get; } = cloud;

    /// <summary>Whether HTTP/2 is spoken there, and nothing else.</summary>
    public bool IsHttp2 { get; init; }

    /// <summary>Set once bound.</summary>
    public CloudListener? Listener { get; set; }
}

/// <summary>The socket transport, with a listener per cloud that can go away and come back.</summary>
internal sealed class CloudTransport(IConnectionListenerFactory sockets, TimeProvider time) : IConnectionListenerFactory
{
    public async ValueTask<IConnectionListener> BindAsync(
        EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var inner = await sockets.BindAsync(endpoint, cancellationToken);
        return endpoint is CloudEndPoint cloud
            ? cloud.Listener = new CloudListener(cloud.Cloud, inner, sockets, time)
            : inner;
    }
}

/// <summary>A cloud's listening socket. While it is closed, connections are refused by the operating system.</summary>
internal sealed class CloudListener(
    Cloud cloud, IConnectionListener inner, IConnectionListenerFactory sockets, TimeProvider time) : IConnectionListener
{
    /// <summary>What a connection with a running call has to end by itself after its cloud went down.</summary>
    static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    /// <summary>How long to wait before trying again when the port is taken.</summary>
    static readonly TimeSpan RebindPause = TimeSpan.FromMilliseconds(50);

    readonly ConcurrentDictionary<CloudConnection, byte> _connections = new();
    readonly CancellationTokenSource _unbound = new();
    volatile IConnectionListener? _inner = inner;
    volatile TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    Socket? _reservation;

    public EndPoint EndPoint { get; } = inner.EndPoint;

    public bool IsOpen => _inner is not null;

    public int Connections => _connections.Count;

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (!_unbound.IsCancellationRequested)
        {
            if (_inner is not { } listener)
            {
                await _opened.Task.WaitAsync(_unbound.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                continue;
            }
            if (await listener.AcceptAsync(cancellationToken) is not { } accepted)
            {
                if (_inner == listener)
                {
                    return null;
                }
                continue;
            }
            var connection = new CloudConnection(cloud, accepted, time);
            _connections[connection] = 0;
            accepted.ConnectionClosed.Register(() => _connections.TryRemove(connection, out _));
            accepted.Features.Set(connection);
            return accepted;
        }
        return null;
    }

    /// <summary>Stops listening, drops idle connections at once and the others after a grace.</summary>
    public async Task CloseAsync()
    {
        if (_inner is not { } listener)
        {
            return;
        }
        _opened = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _inner = null;
        await listener.UnbindAsync();
        await listener.DisposeAsync();
        // Bound and not listening: nobody else can take the port, and connections to it are refused.
        _reservation = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _reservation.Bind(EndPoint);
        var doomed = _connections.Keys.ToList();
        foreach (var connection in doomed.Where(c => c.IsIdle))
        {
            connection.Abort();
        }
        _ = AbortAfterGraceAsync(doomed);
    }

    /// <summary>Listens again.</summary>
    public async Task OpenAsync()
    {
        if (_inner is not null)
        {
            return;
        }
        _reservation?.Dispose();
        _reservation = null;
        while (!_unbound.IsCancellationRequested)
        {
            try
            {
                _inner = await sockets.BindAsync(EndPoint, _unbound.Token);
                _opened.TrySetResult();
                return;
            }
            catch (Exception error) when (error is IOException or SocketException)
            {
                await Task.Delay(RebindPause, time, _unbound.Token)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    public async ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        await _unbound.CancelAsync();
        _reservation?.Dispose();
        if (_inner is { } listener)
        {
            await listener.UnbindAsync(cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await UnbindAsync();
        if (_inner is { } listener)
        {
            await listener.DisposeAsync();
        }
    }

    async Task AbortAfterGraceAsync(List<CloudConnection> doomed)
    {
        await Task.Delay(Grace, time, _unbound.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        doomed.ForEach(c => c.Abort());
    }
}
