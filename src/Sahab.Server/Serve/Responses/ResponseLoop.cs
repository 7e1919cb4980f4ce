using Sahab.Server.Govern.Residency;

namespace Sahab.Server.Serve.Responses;

/// <summary>Deletes responses that are past their time. Nobody can read them from that moment on; this makes room.</summary>
internal sealed partial class ResponseLoop(
    ResponseStore store, DataRulesShelf shelf, TimeProvider time, ILogger<ResponseLoop> logger)
    : BackgroundService
{
    /// <summary>How often it looks.</summary>
    static readonly TimeSpan Period = TimeSpan.FromMinutes(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await PurgeAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    /// <summary>Deletes what is past its time now.</summary>
    internal async Task PurgeAsync(CancellationToken cancellation)
    {
        try
        {
            var now = time.GetUtcNow();
            var purged = await store.PurgeAsync(now, cancellation);
            foreach (var (organisation, project, keepFor) in shelf.Retentions())
            {
                // What was kept before the rule was, or before it was narrowed.
                purged += await store.PurgeOlderAsync(organisation, project, now - keepFor, cancellation);
            }

            if (purged > 0)
            {
                LogPurged(purged);
            }
        }
        catch (Exception failure) when (!cancellation.IsCancellationRequested)
        {
            LogNotPurged(failure);
        }
    }

    [LoggerMessage(1411, LogLevel.Information, "{Count} stored responses were past their time and are deleted")]
    partial void LogPurged(long count);

    [LoggerMessage(1412, LogLevel.Warning, "Stored responses past their time could not be deleted; trying again later")]
    partial void LogNotPurged(Exception failure);
}
