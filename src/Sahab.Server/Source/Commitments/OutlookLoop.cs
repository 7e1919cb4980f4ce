namespace Sahab.Server.Source.Commitments;

/// <summary>
/// Makes outlooks as soon as there is something new to make them of, so that nobody who opens a page waits for it.
/// </summary>
internal sealed partial class OutlookLoop(CommitmentOutlooks outlooks, TimeProvider time, ILogger<OutlookLoop> logger)
    : BackgroundService
{
    static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(Interval, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try
            {
                // What is up to date costs a look.
                await outlooks.AllAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                LogFailed(Interval, error);
            }
        }
    }

    [LoggerMessage(7015, LogLevel.Warning, "The outlook of commitments could not be made; trying again in {Interval}. Pages "
        + "make it when they are asked for.")]
    partial void LogFailed(TimeSpan interval, Exception error);
}
