namespace Sahab.Ledger.Contracts;

/// <summary>What is counted.</summary>
public enum Measure : byte
{
    /// <summary>Money, in the contract's currency.</summary>
    Spend = 0,

    /// <summary>Units: tokens of usage events, or whatever unit a service is counted in.</summary>
    Quantity = 1,
}

/// <summary>At which price spend counts toward a commitment.</summary>
public enum DrawdownBasis : byte
{
    /// <summary>After every discount: what is owed for it.</summary>
    DiscountedPrice = 0,

    /// <summary>Before any discount.</summary>
    ListPrice = 1,
}

/// <summary>
/// Take or pay: an amount to be drawn in each window, and what happens to the rest. Windows with growing amounts are a
/// ramp.
/// </summary>
public sealed record Commitment : Clause
{
    /// <summary>Whether money or units are committed.</summary>
    public Measure Measure { get; init; }

    /// <summary>The unit, for people, where <see cref="Measure"/> is quantity.</summary>
    public string Unit { get; init; } = "";

    /// <summary>
    /// What a missing unit costs, in the contract's currency, where quantities are committed. At least 0.
    /// </summary>
    public decimal UnitPrice { get; init; }

    /// <summary>At which price money counts.</summary>
    public DrawdownBasis Basis { get; init; }

    /// <summary>The windows in order, not overlapping. At least one.</summary>
    public required ValueList<CommitmentWindow> Windows { get; init; }

    /// <summary>Which uses count.</summary>
    public Selector Eligible { get; init; } = Selector.All;

    /// <summary>Which of them do not count after all.</summary>
    public ValueList<Selector> Excluded { get; init; } = [];

    /// <summary>
    /// Uses that count up to a part of the commitment only, such as what others sell on the marketplace.
    /// </summary>
    public ValueList<DrawdownCap> Caps { get; init; } = [];

    /// <summary>The part of a window's shortfall that is owed at its end. 0 to 1.</summary>
    public decimal OwedShare { get; init; } = 1;

    /// <summary>
    /// Up to which part of a window's amount its surplus counts in the next one. 0 (lost) to 1.
    /// </summary>
    public decimal SurplusRollover { get; init; }

    /// <summary>
    /// Up to which part of a window's amount its shortfall is added to the next instead of being owed. 0 to 1.
    /// </summary>
    public decimal ShortfallRollover { get; init; }

    /// <summary>The window that the hour lies in, if any.</summary>
    public CommitmentWindow? WindowAt(Hour hour)
    {
        for (var i = 0; i < Windows.Count; i++)
        {
            var window = Windows[i];
            if (window.From <= hour.Start && hour.Start < window.Until)
            {
                return window;
            }
        }

        return null;
    }

    /// <summary>The window after this one, if any.</summary>
    public CommitmentWindow? After(CommitmentWindow window)
    {
        ArgumentNullException.ThrowIfNull(window);
        return Windows.FirstOrDefault(next => next.From >= window.Until);
    }

    /// <summary>
    /// What a unit is worth in the contract's currency: money its amount, a quantity what a missing unit costs.
    /// </summary>
    public decimal UnitWorth => Measure == Measure.Quantity ? UnitPrice : 1;

    /// <summary>What becomes of what is missing at a window's end.</summary>
    /// <param name="window">The window.</param>
    /// <param name="missing">What is missing, in the contract's currency or in units. At least 0.</param>
    /// <returns>
    /// What the next window takes over, in the same measure, and what is owed at once, in the contract's currency,
    /// exact.
    /// </returns>
    public (decimal Deferred, decimal Owed) SettleShortfall(CommitmentWindow window, decimal missing)
    {
        ArgumentNullException.ThrowIfNull(window);
        var deferred = After(window) is null ? 0 : decimal.Min(missing, ShortfallRollover * window.Amount);
        return (deferred, (missing - deferred) * OwedShare * UnitWorth);
    }

    /// <summary>Whether the use counts, caps apart.</summary>
    public bool Counts(Use use)
    {
        if (!Eligible.Matches(use))
        {
            return false;
        }

        for (var i = 0; i < Excluded.Count; i++)
        {
            if (Excluded[i].Matches(use))
            {
                return false;
            }
        }

        return true;
    }
}

/// <summary>A part of a commitment's term with an amount of its own.</summary>
/// <param name="From">Its beginning, a whole hour. With the clause's id its identity through amendments.</param>
/// <param name="Until">Its end, a whole hour that no longer belongs to it.</param>
/// <param name="Amount">What is to be drawn in it, in the contract's currency or in units. At least 0.</param>
public sealed record CommitmentWindow(DateTimeOffset From, DateTimeOffset Until, decimal Amount)
{
    /// <summary>One window a year from a date on: a ramp by year.</summary>
    public static ValueList<CommitmentWindow> Yearly(DateTimeOffset from, params ReadOnlySpan<decimal> amounts)
    {
        var windows = new CommitmentWindow[amounts.Length];
        for (var year = 0; year < amounts.Length; year++)
        {
            windows[year] = new CommitmentWindow(from.AddYears(year), from.AddYears(year + 1), amounts[year]);
        }

        return windows.ToValueList();
    }
}

/// <summary>Uses that count up to a part of the commitment only.</summary>
/// <param name="Uses">Which they are.</param>
/// <param name="Share">The part of a window's amount that they may draw together. 0 to 1.</param>
public sealed record DrawdownCap(Selector Uses, decimal Share);
