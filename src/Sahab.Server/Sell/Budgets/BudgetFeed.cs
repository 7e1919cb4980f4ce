using System.Data.Common;

namespace Sahab.Server.Sell.Budgets;

/// <summary>Brings what this node knows of budgets up to date.</summary>
internal sealed class BudgetFeed(BudgetStore store, BudgetShelf shelf)
{
    /// <summary>Takes what was changed since the last time, on whichever node.</summary>
    public async Task CatchUpAsync(CancellationToken cancellation)
    {
        await using var connection = await store.OpenAsync(cancellation);
        await CatchUpAsync(connection, null, cancellation);
    }

    /// <summary>
    /// Keeps everybody from setting budgets until the transaction ends, and takes what was changed before: so that what the
    /// transaction posts counts in each budget, by it or by who sets the budget later.
    /// </summary>
    public async Task HoldAsync(DbConnection connection, DbTransaction transaction, CancellationToken cancellation)
    {
        if (await store.HoldChangesAsync(connection, transaction, cancellation) > shelf.Latest)
        {
            await CatchUpAsync(connection, transaction, cancellation);
        }
    }

    async Task CatchUpAsync(DbConnection connection, DbTransaction? transaction, CancellationToken cancellation)
    {
        while (await BudgetStore.ReadChangedAsync(connection, transaction, shelf.Latest, cancellation) is { Count: > 0 } budgets)
        {
            shelf.Apply(budgets);
            shelf.SawUpTo(budgets[^1].ChangeNumber);
        }
    }
}
