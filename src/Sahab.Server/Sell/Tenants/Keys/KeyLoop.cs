namespace Sahab.Server.Sell.Tenants.Keys;

/// <summary>Asks for changes of keys that other nodes made, and writes down now and then which keys were used.</summary>
internal sealed partial class KeyLoop(KeyFeed feed, TimeProvider time, ILogger<KeyLoop> logger) : BackgroundService
{
    /// <summary>
    /// So soon, and what a query takes, a key that another node revoked is no longer good here. Where there is no other
    /// node, what this one changes is told at once, and asking now and then is enough.
    /// </summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    static readonly TimeSpan UseInterval = TimeSpan.FromMinutes(1);

    volatile bool _isBehind;

    /// <summary>
    /// Reads what has changed, after a change that is committed: whoever asked for it must be told so whatever comes of
    /// this. What fails is done with the next tick.
    /// </summary>
    public async Task TryCatchUpAsync() => _isBehind = !await TryAsync(feed.CatchUpAsync, CancellationToken.None);

    /// <summary>Writes down the last uses before the end.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await TryAsync(feed.NoteUsesAsync, cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        var noted = time.GetTimestamp();
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                var isMinute = time.GetElapsedTime(noted) >= UseInterval;
                if (feed.IsShared || isMinute || _isBehind)
                {
                    _isBehind = !await TryAsync(feed.CatchUpAsync, stoppingToken);
                }

                if (isMinute)
                {
                    noted = time.GetTimestamp();
                    await TryAsync(feed.NoteUsesAsync, stoppingToken);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    async Task<bool> TryAsync(Func<CancellationToken, Task> work, CancellationToken cancellation)
    {
        try
        {
            await work(cancellation);
            return true;
        }
        catch (Exception failure) when (!cancellation.IsCancellationRequested)
        {
            LogFailed(failure);
            return false;
        }
    }

    [LoggerMessage(7100, LogLevel.Error, "Keys could not be read from the store, or their use written to it; trying "
        + "again in 2 s. Until then this node goes by the keys that it knows.")]
    partial void LogFailed(Exception failure);
}
