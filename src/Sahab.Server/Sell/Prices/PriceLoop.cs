namespace Sahab.Server.Sell.Prices;

/// <summary>Keeps in the store what the shelf has put in force for the first time.</summary>
internal sealed partial class PriceLoop(
    PriceShelf shelf, PriceStore store, TimeProvider time, ILogger<PriceLoop> logger) : BackgroundService
{
    static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (await shelf.NewBooks.WaitToReadAsync(stoppingToken))
        {
            // Taken from the queue only when it is kept.
            while (shelf.NewBooks.TryPeek(out var book))
            {
                try
                {
                    await store.AddAsync(book, stoppingToken);
                    shelf.NewBooks.TryRead(out _);
                    LogKept(book.Config.Lists.Length, book.Config.Agreements.Length);
                }
                catch (Exception error) when (!stoppingToken.IsCancellationRequested)
                {
                    LogFailed(error);
                    await Task.Delay(Retry, time, stoppingToken);
                }
            }
        }
    }

    [LoggerMessage(7200, LogLevel.Information, "A price book of {Lists} lists and {Agreements} agreements is in force and kept.")]
    partial void LogKept(int lists, int agreements);

    [LoggerMessage(7201, LogLevel.Error, "The price book could not be kept; trying again.")]
    partial void LogFailed(Exception error);
}
