using Microsoft.AspNetCore.Connections;
using Sahab.Emulator.Dialects;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Hosting;

/// <summary>One client's TCP connection to a cloud.</summary>
internal sealed class CloudConnection(Cloud cloud, ConnectionContext connection, TimeProvider time)
{
    int _calls;

    public Cloud Cloud { get; } = cloud;

    public bool IsIdle => Volatile.Read(ref _calls) == 0;

    public CancellationToken Closed => connection.ConnectionClosed;

    public async Task HandleAsync(HttpContext http, CloudDialect dialect)
    {
        Interlocked.Increment(ref _calls);
        try
        {
            await dialect.HandleAsync(http, this);
        }
        finally
        {
            Interlocked.Decrement(ref _calls);
        }
    }

    public void Abort() => connection.Abort();

    /// <summary>
    /// Closes the sending side once every byte in it has left, so that the client surely gets what was flushed. An
    /// abort would throw away what the socket has not taken yet.
    /// </summary>
    public async Task EndAfterFlushAsync(TimeSpan patience)
    {
        await connection.Transport.Output.CompleteAsync();
        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = Closed.Register(closed.SetResult);
        await closed.Task.WaitAsync(patience, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
