using Sahab.Ledger.Rating;

namespace Sahab.Ledger.Postings;

/// <summary>Which postings an event causes. Pure: the ledger can be rebuilt from the events alone.</summary>
public static class PostingRules
{
    /// <summary>
    /// The postings of an attempt: its cost is debited to the deployment's compute cost and credited to what is owed
    /// to the provider. They sum to zero; an attempt that costs nothing causes none.
    /// </summary>
    /// <exception cref="ArgumentException">
    /// The usage is not consistent, a price is negative, or an id is empty.
    /// </exception>
    /// <exception cref="OverflowException">The cost exceeds about 9.2 billion dollars.</exception>
    public static IReadOnlyList<Posting> ForUsage(UsageEvent usage)
    {
        ArgumentNullException.ThrowIfNull(usage);
        var cost = usage.Cost();
        if (cost.Value == 0)
        {
            return [];
        }

        var debited = Account.ComputeCost(usage.Provider, usage.Region, usage.Deployment);
        var credited = Account.Payable(usage.Provider);
        return
        [
            new Posting(usage.EventId, debited, cost, usage.StartedAt),
            new Posting(usage.EventId, credited, -cost, usage.StartedAt),
        ];
    }
}
