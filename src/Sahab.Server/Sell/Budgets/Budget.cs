using System.Collections.Immutable;
using System.Globalization;
using Sahab.Ledger.Budgets;
using Sahab.Ledger.Money;
using Sahab.Routing.Admission;

namespace Sahab.Server.Sell.Budgets;

/// <summary>A budget of an organisation, as it was set.</summary>
/// <param name="Terms">What it counts, of whose calls, and how much of it there is.</param>
internal sealed record Budget(string Organisation, string Name, BudgetTerms Terms)
{
    /// <summary>The kind of its public id.</summary>
    public const string Kind = "bdg";

    public string Id => Terms.Id;

    /// <summary>Percents of the limit that are told of when they are passed, ascending.</summary>
    public ImmutableArray<int> Thresholds { get; init; } = [];

    /// <summary>
    /// Calls that began before do not count. Null: what was used is still to be added up, and nobody adds to it.
    /// </summary>
    public long? SinceUs { get; init; }

    /// <summary>Who set it: a caller's name.</summary>
    public string CreatedBy { get; init; } = "";

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? RemovedAt { get; init; }

    /// <summary>The number of its last change.</summary>
    public long ChangeNumber { get; init; }

    /// <summary>An amount of what a measure counts, for people: <c>5 USD</c>, <c>300 tokens</c>.</summary>
    public static string Describe(BudgetMeasure measure, long amount) => measure switch
    {
        BudgetMeasure.Money => $"{Usd(amount)} USD",
        BudgetMeasure.Tokens => $"{amount.ToString(CultureInfo.InvariantCulture)} tokens",
        _ => $"{amount.ToString(CultureInfo.InvariantCulture)} requests",
    };

    /// <summary>Dollars with as many decimals as they need, up to nine.</summary>
    public static string Usd(long nano) => new NanoUsd(nano).ToUsd().ToString("0.#########", CultureInfo.InvariantCulture);
}

/// <summary>Something that happened to a budget in a window: once while its limit, and from when it counts, stay.</summary>
/// <param name="Kind"><c>threshold</c> or <c>exhausted</c>.</param>
/// <param name="Percent">The threshold; 0: a call was refused.</param>
internal sealed record BudgetEvent(
    string Budget, string Organisation, long WindowUs, string Kind, long Percent, long AtUs, long Spent, long Amount,
    long CountsFromUs)
{
    public const string Threshold = "threshold";
    public const string Exhausted = "exhausted";

    /// <summary>What happens to a budget when what was spent of a window grows.</summary>
    public static IEnumerable<BudgetEvent> Between(Budget budget, long windowUs, long before, long spent)
    {
        var limit = budget.Terms.Limit;
        foreach (var percent in budget.Thresholds)
        {
            if (spent > 0 && HasPassed(spent, limit, percent) && !(before > 0 && HasPassed(before, limit, percent)))
            {
                yield return Of(budget, windowUs, Threshold, percent, spent);
            }
        }

        if (budget.Terms.IsHard && spent >= limit && before < limit)
        {
            yield return Of(budget, windowUs, Exhausted, 0, spent);
        }
    }

    /// <summary>An event of a budget, that is not told yet.</summary>
    public static BudgetEvent Of(Budget budget, long windowUs, string kind, long percent, long spent) =>
        new(budget.Id, budget.Organisation, windowUs, kind, percent, 0, spent, budget.Terms.Limit, budget.Terms.CountsFromUs);

    static bool HasPassed(long spent, long limit, int percent) => (Int128)spent * 100 >= (Int128)limit * percent;
}
