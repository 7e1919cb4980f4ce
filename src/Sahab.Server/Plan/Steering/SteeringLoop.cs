namespace Sahab.Server.Plan.Steering;

/// <summary>Steers the router by the contracts, every two seconds.</summary>
internal sealed partial class SteeringLoop(
    SteeringDesk desk, SteeringInstruments instruments, TimeProvider time, ILogger<SteeringLoop> logger)
    : BackgroundService
{
    static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    bool _failed;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            do
            {
                Step();
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    void Step()
    {
        try
        {
            desk.Step();
            _failed = false;
        }
        catch (Exception error)
        {
            instruments.Failed();

            // Once for each time that it begins to fail: the prices stay as they were.
            if (!_failed)
            {
                LogFailed(error);
            }

            _failed = true;
        }
    }

    [LoggerMessage(7101, LogLevel.Error, "The router could not be steered by the contracts; its prices stay as they were.")]
    partial void LogFailed(Exception error);
}
