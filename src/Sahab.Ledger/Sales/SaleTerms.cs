using Sahab.Ledger.Contracts;
using Sahab.Ledger.Money;
using Sahab.Ledger.Rating;

namespace Sahab.Ledger.Sales;

/// <summary>
/// What a call is sold by. Two with equal values are one: what many events were sold by is kept once.
/// </summary>
/// <param name="Plan">
/// Where the price stands: <c>list:ID</c>, <c>agreement:ID</c>, or <c>agreement:ID/list:ID</c> where an agreement takes
/// something off the list's price.
/// </param>
/// <param name="Prices">What the tokens of a call earn, before volume discounts and free allowances.</param>
public sealed record SaleTerms(string Plan, PriceTerms Prices)
{
    /// <summary>Since when the plan has been in force for the organisation and model.</summary>
    public DateTimeOffset From { get; init; }

    /// <summary>Bands of the month's tokens that cost less.</summary>
    public ValueList<VolumeBand> Bands { get; init; } = [];

    /// <summary>The first tokens of the month, which cost nothing.</summary>
    public long FreeTokens { get; init; }

    /// <summary>Whether the customer pays for an attempt: for the one that answered, and for no other.</summary>
    public static bool IsSold(AttemptOutcome outcome) =>
        outcome is AttemptOutcome.Succeeded or AttemptOutcome.Abandoned;

    /// <summary>What the customer owes for an attempt, rounded once, half to even, to a nano-USD.</summary>
    /// <exception cref="ArgumentException">The usage is not consistent, or a price is negative.</exception>
    /// <exception cref="OverflowException">The amount exceeds about 9.2 billion dollars.</exception>
    public NanoUsd AmountOf(AttemptOutcome outcome, in TokenUsage usage) =>
        IsSold(outcome) ? Rater.Rate(usage, Prices) : NanoUsd.Zero;
}
