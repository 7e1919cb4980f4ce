namespace Sahab.Server.Hosting.Access;

/// <summary>Deletes requests with idempotency keys that are past their time.</summary>
internal sealed partial class IdempotencyLoop(
    IdempotentRequestStore store, TimeProvider time, ILogger<IdempotencyLoop> logger) : BackgroundService
{
    static readonly TimeSpan Period = TimeSpan.FromMinutes(30);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(Period, time, stoppingToken);
            try
            {
                await store.PurgeAsync(time.GetUtcNow(), stoppingToken);
            }
            catch (Exception error) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(error);
            }
        }
    }

    [LoggerMessage(7024, LogLevel.Error, "Old requests with idempotency keys could not be deleted; trying again.")]
    partial void LogFailed(Exception error);
}
