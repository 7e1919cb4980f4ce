using System.Net;
using System.Net.Sockets;

namespace Sahab.Server.Tests.House;

/// <summary>
/// Carries connections to an upstream, until it is told to let those that are open fall silent: nothing arrives any
/// more, and nothing says so, as when a machine between the two has forgotten them.
/// </summary>
internal sealed class FreezingRelay : IAsyncDisposable
{
    readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    readonly CancellationTokenSource _end = new();
    readonly IPEndPoint _upstream;
    readonly Task _accepting;
    CancellationTokenSource _frozen = new();
    int _connections;

    public FreezingRelay(Uri upstream)
    {
        _upstream = new IPEndPoint(IPAddress.Loopback, upstream.Port);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    /// <summary>Connections that it has taken so far.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Nothing passes any more on the connections that are open; new ones are carried.</summary>
    public void Freeze() => Interlocked.Exchange(ref _frozen, new CancellationTokenSource()).Cancel();

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Stop();
        await _accepting;
        _end.Dispose();
        _frozen.Dispose();
    }

    async Task AcceptAsync()
    {
        var carried = new List<Task>();
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_end.Token);
                Interlocked.Increment(ref _connections);
                carried.Add(CarryAsync(client, _frozen.Token));
            }
        }
        catch (Exception failure) when (failure is OperationCanceledException or SocketException)
        {
            await Task.WhenAll(carried);
        }
    }

    async Task CarryAsync(TcpClient client, CancellationToken frozen)
    {
        using (client)
        {
            using var upstream = new TcpClient();
            await upstream.ConnectAsync(_upstream, _end.Token);
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(_end.Token, frozen);
            await Task.WhenAll(
                CopyAsync(client.GetStream(), upstream.GetStream(), stop.Token),
                CopyAsync(upstream.GetStream(), client.GetStream(), stop.Token));
        }
    }

    /// <summary>Copies until an end closes; a silent connection stays open until all ends.</summary>
    async Task CopyAsync(NetworkStream from, NetworkStream to, CancellationToken stop)
    {
        try
        {
            await from.CopyToAsync(to, stop);
            to.Socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception failure) when (failure is OperationCanceledException or IOException or SocketException)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, _end.Token)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
