using Sahab.Server.Sell.Metering;

namespace Sahab.Server.Serve.Incidents;

/// <summary>Counts for the board what was answered: the days before once, today once a minute.</summary>
internal sealed partial class StatusLoop(
    StatusBoard board, UsageStore usage, TimeProvider time, ILogger<StatusLoop> logger) : BackgroundService
{
    static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    /// <summary>The last day that was counted when it was over; null: none was yet.</summary>
    DateOnly? _whole;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await CountAsync(stoppingToken);
            }
            catch (Exception error) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(Interval, error);
            }

            await Task.Delay(Interval, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Counts what has not been counted since it could have changed.</summary>
    public async Task CountAsync(CancellationToken cancellation)
    {
        var today = board.Today;
        if (await usage.FirstEventAsync(cancellation) is not { } first)
        {
            return;
        }

        // Today first: it is looked at most. The day before may still get what was in the journal at midnight.
        var oldest = Later(DateOnly.FromDateTime(first.UtcDateTime), today.AddDays(1 - StatusBoard.Days));
        var known = _whole is { } whole ? Later(whole, oldest) : oldest;
        for (var day = today; day >= known; day = day.AddDays(-1))
        {
            var from = new DateTimeOffset(day, TimeOnly.MinValue, TimeSpan.Zero);
            board.Put(day, await usage.AnsweredAsync(from, from.AddDays(1), cancellation));
        }

        _whole = today.AddDays(-1);
    }

    static DateOnly Later(DateOnly one, DateOnly other) => one > other ? one : other;

    [LoggerMessage(7600, LogLevel.Warning, "How available models are could not be counted; trying again in {Interval}")]
    partial void LogFailed(TimeSpan interval, Exception error);
}
