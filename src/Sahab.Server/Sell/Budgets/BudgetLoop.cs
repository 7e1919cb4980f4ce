using Sahab.Server.Hosting.Database;
using Sahab.Server.Sell.Metering;

namespace Sahab.Server.Sell.Budgets;

/// <summary>
/// Keeps the budgets in memory as they should be: asks for changes that other nodes made, gives back what this node does not
/// need, and writes down which budgets have refused calls.
/// </summary>
internal sealed partial class BudgetLoop(
    BudgetStore store, BudgetFeed feed, BudgetShelf shelf, BudgetExchange exchange, Journal journal, TimeProvider time,
    ILogger<BudgetLoop> logger) : BackgroundService
{
    /// <summary>How long what was used of a window, and what happened in it, is kept after its end.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromDays(400);

    static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    static readonly TimeSpan PurgeInterval = TimeSpan.FromHours(1);

    /// <summary>Refusals that are written down: of a window of a budget, with its limit and from when it counts.</summary>
    readonly HashSet<(BudgetPlace Place, long Limit, long CountsFromUs)> _told = [];
    readonly SemaphoreSlim _telling = new(1, 1);
    long? _purged;

    /// <summary>Has posted what was used, which tells of thresholds, and writes down which budgets have refused calls.</summary>
    public async Task TellAsync(CancellationToken cancellation)
    {
        await exchange.CatchUpAsync();
        await _telling.WaitAsync(cancellation);
        try
        {
            var places = FindRefusals();
            if (places.Count == 0)
            {
                return;
            }

            await using var connection = await store.OpenAsync(cancellation);
            await using var transaction = await connection.BeginTransactionAsync(cancellation);
            foreach (var (budget, place) in places)
            {
                var spent = await BudgetStore.SpentAsync(connection, transaction, place, cancellation);
                await store.TellAsync(
                    connection, transaction, [BudgetEvent.Of(budget, place.WindowUs, BudgetEvent.Exhausted, 0, spent)],
                    cancellation);
            }

            await transaction.CommitAsync(cancellation);
            if (_told.Count > BudgetShelf.MaxBudgets * 4)
            {
                _told.Clear();
            }

            _told.UnionWith(places.Select(each => ToldOf(each.Budget, each.Place)));
        }
        finally
        {
            _telling.Release();
        }
    }

    /// <summary>Stops the loop, then gives back what the node holds, as far as the time allowed for stopping reaches.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        try
        {
            await exchange.EndAsync(cancellationToken);
        }
        catch (Exception failure)
        {
            LogNotGivenBack(failure);
        }
    }

    public override void Dispose()
    {
        _telling.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            do
            {
                await TryAsync(stoppingToken);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    async Task TryAsync(CancellationToken cancellation)
    {
        try
        {
            if (store.IsShared)
            {
                await feed.CatchUpAsync(cancellation);
                await store.SeeAsync(journal.Id, cancellation);
            }

            await exchange.TickAsync(cancellation);
            await TellAsync(cancellation);
            if (_purged is not { } before || time.GetElapsedTime(before) >= PurgeInterval)
            {
                _purged = time.GetTimestamp();
                await PurgeAsync(cancellation);
            }
        }
        catch (Exception failure) when (!cancellation.IsCancellationRequested)
        {
            LogFailed(failure);
        }
    }

    /// <summary>Deletes what ended long ago.</summary>
    public async Task PurgeAsync(CancellationToken cancellation)
    {
        var beforeUs = UnixMicroseconds.From(time.GetUtcNow() - Kept);
        while (await store.PurgeAsync(beforeUs, cancellation) == BudgetStore.PurgedAtOnce)
        {
        }
    }

    static (BudgetPlace Place, long Limit, long CountsFromUs) ToldOf(Budget budget, BudgetPlace place) =>
        (place, budget.Terms.Limit, budget.Terms.CountsFromUs);

    List<(Budget Budget, BudgetPlace Place)> FindRefusals() =>
    [
        .. shelf.All.SelectMany(
                organisation => organisation.Book.Parts().Where(part => part.Part.HasRefused),
                (organisation, part) => (
                    Budget: organisation.Budgets.GetValueOrDefault(part.Budget.Id)!,
                    Place: new BudgetPlace(part.Budget.Id, part.Part.StartUs)))
            .Where(each => each.Budget is not null && !_told.Contains(ToldOf(each.Budget, each.Place)))
            // In the order of who posts.
            .OrderBy(each => each.Place, BudgetPlace.Order),
    ];

    [LoggerMessage(7110, LogLevel.Error, "Budgets could not be read or written; trying again in 1 s. Calls go on with what "
        + "this node holds of them.")]
    partial void LogFailed(Exception failure);

    [LoggerMessage(7112, LogLevel.Warning, "What this node holds of hard budgets could not be given back. It stays held until "
        + "the node starts again.")]
    partial void LogNotGivenBack(Exception failure);
}
