using Sahab.Ledger.Focus;

namespace Sahab.Ledger.Reconciliation;

/// <summary>What two sets of books are compared by.</summary>
/// <param name="Hour">The beginning of the hour, in UTC.</param>
/// <param name="Region">The provider's region.</param>
/// <param name="Model">The model as the provider calls it.</param>
/// <param name="Meter">The kind of token.</param>
public readonly record struct BillKey(DateTimeOffset Hour, string Region, string Model, TokenMeter Meter)
{
    /// <summary>By hour, region, model and kind of token.</summary>
    public static IComparer<BillKey> Order { get; } = Comparer<BillKey>.Create((left, right) =>
    {
        var order = left.Hour.CompareTo(right.Hour);
        order = order != 0 ? order : string.CompareOrdinal(left.Region, right.Region);
        order = order != 0 ? order : string.CompareOrdinal(left.Model, right.Model);
        return order != 0 ? order : left.Meter.CompareTo(right.Meter);
    });
}

/// <summary>What is booked under a key.</summary>
/// <param name="Tokens">How many.</param>
/// <param name="CostUsd">What they cost, in dollars.</param>
public readonly record struct BillAmount(decimal Tokens, decimal CostUsd)
{
    /// <summary>Both together.</summary>
    public static BillAmount operator +(BillAmount left, BillAmount right) =>
        new(left.Tokens + right.Tokens, left.CostUsd + right.CostUsd);

    /// <summary>The first without the second.</summary>
    public static BillAmount operator -(BillAmount left, BillAmount right) =>
        new(left.Tokens - right.Tokens, left.CostUsd - right.CostUsd);
}
