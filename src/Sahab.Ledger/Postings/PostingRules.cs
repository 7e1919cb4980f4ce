using Sahab.Ledger.Money;
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
        return Pair(usage.EventId, debited, Account.Payable(usage.Provider), cost, usage.StartedAt);
    }

    /// <summary>Two postings that book an amount from one account to another; none where it is nothing.</summary>
    /// <exception cref="OverflowException">The amount is the smallest of the range.</exception>
    public static IReadOnlyList<Posting> Pair(
        Guid eventId, Account debited, Account credited, NanoUsd amount, DateTimeOffset bookedAt) => amount.Value == 0
        ? []
        : [new Posting(eventId, debited, amount, bookedAt), new Posting(eventId, credited, -amount, bookedAt)];
}
