namespace Sahab.Server.Source.Contracts;

/// <summary>Keeps in the store what the shelf has put in force for the first time.</summary>
internal sealed partial class ContractLoop(
    ContractShelf shelf, ContractStore store, TimeProvider time, ILogger<ContractLoop> logger) : BackgroundService
{
    static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (await shelf.NewVersions.WaitToReadAsync(stoppingToken))
        {
            // Taken from the queue only when it is kept.
            while (shelf.NewVersions.TryPeek(out var version))
            {
                try
                {
                    await store.AddAsync(version, stoppingToken);
                    shelf.NewVersions.TryRead(out _);
                    LogKept(version.Name);
                }
                catch (Exception error) when (!stoppingToken.IsCancellationRequested)
                {
                    LogFailed(version.Name, error);
                    await Task.Delay(Retry, time, stoppingToken);
                }
            }
        }
    }

    [LoggerMessage(7001, LogLevel.Information, "{What} is in force and kept.")]
    partial void LogKept(string what);

    [LoggerMessage(7002, LogLevel.Error, "{What} could not be kept; trying again.")]
    partial void LogFailed(string what, Exception error);
}
