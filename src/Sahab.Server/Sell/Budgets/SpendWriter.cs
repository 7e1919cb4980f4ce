using System.Collections.Concurrent;
using System.Data.Common;
using Dapper;
using Sahab.Ledger.Budgets;
using Sahab.Ledger.Money;
using Sahab.Ledger.Rating;
using Sahab.Ledger.Sales;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Sell.Tenants;

namespace Sahab.Server.Sell.Budgets;

/// <summary>An attempt that is posted, or corrected.</summary>
/// <param name="Amount">What it was sold for.</param>
/// <param name="Sign">1; -1 takes back what was posted before.</param>
internal readonly record struct PostedUse(UsageEvent Usage, NanoUsd Amount, int Sign = 1);

/// <summary>Adds what is posted to what is spent of budgets, in the transaction that posts it.</summary>
internal sealed class SpendWriter(SahabDatabase database, BudgetStore store, BudgetFeed feed, BudgetShelf shelf)
{
    const int MaxKnownKeys = 100_000;

    const string Add = "(budget_id, window_us) DO UPDATE SET spent = budget_window.spent + excluded.spent";

    readonly ConcurrentDictionary<(string Organisation, string Key), string> _projects = new();

    /// <summary>At the beginning of the transaction: budgets that are set from here on count what it posts themselves.</summary>
    public Task HoldAsync(DbConnection connection, DbTransaction transaction, CancellationToken cancellation) =>
        feed.HoldAsync(connection, transaction, cancellation);

    /// <summary>
    /// Adds the uses. Always after receipts and before balances of accounts, and windows in one order, so that nobody waits
    /// in a ring.
    /// </summary>
    public async Task AddAsync(
        DbConnection connection, DbTransaction transaction, IEnumerable<PostedUse> uses, CancellationToken cancellation)
    {
        if (shelf.Count == 0)
        {
            return;
        }

        var sums = new SortedDictionary<BudgetPlace, Sum>(BudgetPlace.Order);
        foreach (var use in uses)
        {
            await AddAsync(connection, transaction, sums, use, cancellation);
        }

        if (sums.Count == 0)
        {
            return;
        }

        await database.InsertAsync(connection, transaction, ToBatch(sums), cancellation);
        foreach (var (place, sum) in sums)
        {
            if (sum.Budget.Thresholds.Length > 0 || sum.Budget.Terms.IsHard)
            {
                var spent = await BudgetStore.SpentAsync(connection, transaction, place, cancellation);
                var passed = BudgetEvent.Between(sum.Budget, place.WindowUs, spent - sum.Amount, spent);
                await store.TellAsync(connection, transaction, passed, cancellation);
            }
        }
    }

    async ValueTask AddAsync(
        DbConnection connection, DbTransaction transaction, SortedDictionary<BudgetPlace, Sum> sums, PostedUse use,
        CancellationToken cancellation)
    {
        var usage = use.Usage;
        if (!SaleTerms.IsSold(usage.Outcome) || shelf.Find(usage.Tenant) is not { } organisation)
        {
            return;
        }

        var stampUs = CallStamp.Of(usage.CallId, UnixMicroseconds.From(usage.StartedAt));
        var project = organisation.HasProjects
            ? await ProjectAsync(connection, transaction, usage.Tenant, usage.Key, cancellation)
            : "";
        foreach (var budget in organisation.Budgets.Values)
        {
            var terms = budget.Terms;
            if (budget.SinceUs is { } sinceUs && stampUs >= sinceUs && terms.IsAbout(project, usage.Key))
            {
                var window = BudgetWindow.Of(terms.Period, stampUs);
                var place = new BudgetPlace(budget.Id, window.StartUs);
                var before = sums.TryGetValue(place, out var sum) ? sum.Amount : 0;
                var used = new BudgetUse(1, usage.Usage.TotalTokens, use.Amount.Value).Of(terms.Measure);
                sums[place] = new Sum(budget, window.EndUs, before + (use.Sign * used));
            }
        }
    }

    /// <summary>The project of a key, which never changes; keys of the configuration's file have none of their own.</summary>
    async ValueTask<string> ProjectAsync(
        DbConnection connection, DbTransaction transaction, string organisation, string key, CancellationToken cancellation)
    {
        if (_projects.TryGetValue((organisation, key), out var known))
        {
            return known;
        }

        var project = await connection.ReadOneAsync<string>(new CommandDefinition(
            "SELECT project FROM api_key WHERE organisation = @Organisation AND key_id = @Key",
            new { Organisation = organisation, Key = key }, transaction, cancellationToken: cancellation));
        if (_projects.Count >= MaxKnownKeys)
        {
            _projects.Clear();
        }

        return _projects[(organisation, key)] = project ?? Project.Default;
    }

    static RowBatch ToBatch(SortedDictionary<BudgetPlace, Sum> sums)
    {
        var budgets = new TextColumn("budget_id");
        Int64Column[] numbers = [new("window_us"), new("ends_us"), new("spent"), new("wanted")];
        foreach (var (place, sum) in sums)
        {
            budgets.Values.Add(place.Budget);
            numbers[0].Values.Add(place.WindowUs);
            numbers[1].Values.Add(sum.EndUs);
            numbers[2].Values.Add(sum.Amount);
            numbers[3].Values.Add(0);
        }

        return new RowBatch("budget_window", Add, [budgets, .. numbers]);
    }

    sealed record Sum(Budget Budget, long EndUs, long Amount);
}
