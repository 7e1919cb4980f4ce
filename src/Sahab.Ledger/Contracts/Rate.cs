using Sahab.Ledger.Rating;

namespace Sahab.Ledger.Contracts;

/// <summary>
/// A price right: what uses cost. It holds no capacity. Of several rates that match a use, the first in the contract's
/// order prices it; dated rates are clauses with dates, or clauses that a later version states anew.
/// </summary>
public sealed record Rate : Clause
{
    /// <summary>Which uses it prices.</summary>
    public Selector Uses { get; init; } = Selector.All;

    /// <summary>
    /// List prices of tokens, in the contract's currency; null: the deployment's own, read in that currency.
    /// </summary>
    public PriceTerms? Tokens { get; init; }

    /// <summary>
    /// List price of a unit of a service that is not inference, in the contract's currency; null: the use's own. At
    /// least 0.
    /// </summary>
    public decimal? UnitPrice { get; init; }

    /// <summary>What is taken off the list price. 0 to 1, at most six decimals.</summary>
    public decimal Discount { get; init; }

    /// <summary>Further discounts that grow with volume, by their beginnings. Empty: none.</summary>
    public ValueList<VolumeTier> Tiers { get; init; } = [];

    /// <summary>The period over which volume adds up for the tiers.</summary>
    public CalendarPeriod TierPeriod { get; init; }

    /// <summary>
    /// What the tiers take off a period's volume, exactly. Each discount is for the part of the volume that lies within
    /// its tier, and for no other.
    /// </summary>
    /// <param name="volume">
    /// Spend at this rate after <see cref="Discount"/>, in the contract's currency. At least 0.
    /// </param>
    public decimal TierDiscount(decimal volume)
    {
        var discount = 0m;
        for (var i = 0; i < Tiers.Count && Tiers[i].From < volume; i++)
        {
            var until = i + 1 < Tiers.Count ? decimal.Min(Tiers[i + 1].From, volume) : volume;
            discount += (until - Tiers[i].From) * Tiers[i].Discount;
        }

        return discount;
    }
}

/// <summary>A discount for volume from an amount on.</summary>
/// <param name="From">Spend in the period from which it holds, in the contract's currency. At least 0.</param>
/// <param name="Discount">What is taken off the spend within the tier. 0 to 1.</param>
public sealed record VolumeTier(decimal From, decimal Discount);

/// <summary>
/// A committed-use discount: a baseline that is paid for every hour, used or not, at a lower price. Use within the
/// baseline of its hour costs nothing more; what is unused at the hour's end is lost. A price right: it holds no
/// capacity.
/// </summary>
public sealed record CommittedUse : Clause
{
    /// <summary>Which uses it covers.</summary>
    public Selector Uses { get; init; } = Selector.All;

    /// <summary>Whether the baseline is spend at list price or a quantity.</summary>
    public Measure Measure { get; init; }

    /// <summary>The baseline of an hour, in the contract's currency or in units. Above 0.</summary>
    public required decimal Baseline { get; init; }

    /// <summary>
    /// What a unit of the baseline costs an hour: for spend the part of the list price that is paid (0.55 is 45 % off),
    /// for quantities the price of a unit. At least 0.
    /// </summary>
    public required decimal UnitPrice { get; init; }
}
