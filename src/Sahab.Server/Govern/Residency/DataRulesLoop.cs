using Sahab.Server.Govern.UsePolicy;

namespace Sahab.Server.Govern.Residency;

/// <summary>Keeps the rules in memory up to date: what other nodes change, and what time changes.</summary>
internal sealed partial class DataRulesLoop(
    DataRulesShelf shelf, UseStore uses, TimeProvider time, ILogger<DataRulesLoop> logger) : BackgroundService
{
    /// <summary>How long a change on another node may take until it holds here, and the end of an approval until it does.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(2);

    /// <summary>How long before an approval ends that is told.</summary>
    static readonly TimeSpan Warning = TimeSpan.FromDays(30);

    bool _failed;

    // Apart, so that no store that does not answer holds up the clock.
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(
        RepeatAsync(
            _ =>
            {
                shelf.PassTime();
                return Task.CompletedTask;
            },
            stoppingToken),
        RepeatAsync(LookAsync, stoppingToken));

    async Task RepeatAsync(Func<CancellationToken, Task> look, CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await look(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    async Task LookAsync(CancellationToken stopping)
    {
        try
        {
            if (await shelf.LookAsync(stopping) && shelf.Book.Leaks is [var leak, ..])
            {
                LogLeak(leak.ToString());
            }

            await uses.TellOfEndsAsync(shelf.Tables.Uses, Warning, stopping);

            _failed = false;
        }
        catch (Exception failure) when (!stopping.IsCancellationRequested)
        {
            // Once for each trouble: it is tried again every two seconds, and the rules that were read last hold.
            if (!_failed)
            {
                LogFailed(failure);
            }

            _failed = true;
        }
    }

    [LoggerMessage(7301, LogLevel.Warning, "Rules on data could not be read; those that were read last stay in force")]
    partial void LogFailed(Exception failure);

    [LoggerMessage(7302, LogLevel.Error, "Rules on data cannot be kept on this node, which takes no such calls: {Leak}")]
    partial void LogLeak(string leak);
}
