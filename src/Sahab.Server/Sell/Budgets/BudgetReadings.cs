using Sahab.Ledger.Budgets;
using Sahab.Routing.Admission;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Sell.Metering;

namespace Sahab.Server.Sell.Budgets;

/// <summary>Tells how budgets stand, on all nodes.</summary>
internal sealed partial class BudgetReadings(
    BudgetStore store, BudgetExchange exchange, BudgetShelf shelf, Journal journal, TimeProvider time,
    ILogger<BudgetReadings> logger)
{
    /// <summary>How budgets stand, in their order. What this node has used is posted first.</summary>
    public async Task<List<BudgetReading>> ReadAsync(IReadOnlyCollection<Budget> budgets, CancellationToken cancellation)
    {
        await exchange.CatchUpAsync();
        var nowUs = UnixMicroseconds.From(time.GetUtcNow());
        var windows = budgets.Select(budget => BudgetWindow.Of(
            budget.Terms.Period, Math.Max(nowUs, budget.Terms.SinceUs))).ToList();
        var found = await store.ReadAsync(
            journal.Id, budgets.Zip(windows, (budget, window) => new BudgetPlace(budget.Id, window.StartUs)), cancellation);
        var readings = new List<BudgetReading>(budgets.Count);
        foreach (var (budget, window, (spent, others)) in budgets.Zip(windows, found))
        {
            var part = shelf.Find(budget.Organisation)?.Book.Read(budget.Id, nowUs) ?? default;
            readings.Add(new BudgetReading(window.StartUs, window.EndUs, spent, part.Reserved + others, part.InFlight));
        }

        return readings;
    }

    public async Task<BudgetReading> ReadAsync(Budget budget, CancellationToken cancellation) =>
        (await ReadAsync([budget], cancellation))[0];

    /// <summary>
    /// How a budget stands that has just been changed; null: that cannot be told. It does not fail: the change is made, and
    /// who is told that it failed makes it again.
    /// </summary>
    public async Task<BudgetReading?> TryReadAsync(Budget budget, CancellationToken cancellation)
    {
        try
        {
            return await ReadAsync(budget, cancellation);
        }
        catch (Exception failure) when (!cancellation.IsCancellationRequested)
        {
            LogNotRead(failure);
            return null;
        }
    }

    [LoggerMessage(7113, LogLevel.Warning, "A budget was changed, but how it stands could not be read.")]
    partial void LogNotRead(Exception failure);
}
