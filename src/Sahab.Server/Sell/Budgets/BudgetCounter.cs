using System.Data.Common;
using Sahab.Ledger.Budgets;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Sell.Tenants;
using Sahab.Server.Sell.Tenants.Keys;

namespace Sahab.Server.Sell.Budgets;

/// <summary>
/// Adds up what the ledger says that was used of a budget, in the transaction that sets it. That keeps everybody from posting
/// meanwhile; what is posted later is added by who posts it.
/// </summary>
internal sealed class BudgetCounter(UsageStore usage, KeyStore keys)
{
    /// <summary>
    /// An attempt may have begun before its call, by a clock that was set back between.
    /// </summary>
    const long MarginUs = 3_600_000_000;

    /// <summary>Counts what was used since <see cref="Budget.SinceUs"/>. Returns it by the start of each window.</summary>
    public async Task<SortedDictionary<long, long>> CountAsync(
        DbConnection connection, DbTransaction transaction, Budget budget, CancellationToken cancellation)
    {
        var (terms, sinceUs, spent) = (budget.Terms, budget.SinceUs!.Value, new SortedDictionary<long, long>());
        var projects = terms.Project is null ? [] : await keys.ReadProjectsAsync(budget.Organisation, cancellation);
        var mark = new SoldMark(sinceUs < 0 ? sinceUs : sinceUs - MarginUs, Guid.Empty);
        while (await usage.ReadSoldAsync(connection, transaction, budget.Organisation, mark, cancellation) is { Count: > 0 } page)
        {
            foreach (var sold in page)
            {
                if (sold.StampUs >= sinceUs && terms.IsAbout(projects.GetValueOrDefault(sold.Key, Project.Default), sold.Key))
                {
                    var start = BudgetWindow.Of(terms.Period, sold.StampUs).StartUs;
                    spent[start] = checked(spent.GetValueOrDefault(start) + sold.Use.Of(terms.Measure));
                }
            }

            mark = page[^1].Mark;
        }

        await BudgetStore.SetSpentAsync(connection, transaction, terms, spent, cancellation);
        return spent;
    }
}
