namespace Sahab.Ledger.Contracts;

/// <summary>
/// From when our books of a contract are kept, and what they begin with. What came before is in somebody else's books: it
/// is neither rated nor settled here. Amounts are in the contract's currency.
/// </summary>
public sealed record OpeningBalances
{
    /// <summary>The first hour that is kept, a whole hour while the contract is in force.</summary>
    public required DateTimeOffset BooksFrom { get; init; }

    /// <summary>What the month that is open had cost until then and was not billed yet. Negative: a credit.</summary>
    public decimal Accrued { get; init; }

    /// <summary>What was billed and not paid yet. Negative: a credit that is left.</summary>
    public decimal Owed { get; init; }

    /// <summary>How the commitments stood.</summary>
    public ValueList<OpeningDraw> Commitments { get; init; } = [];

    /// <summary>What volume had been reached for the tiers of rates.</summary>
    public ValueList<OpeningVolume> Rates { get; init; } = [];

    /// <summary>What was left of what had been paid ahead.</summary>
    public ValueList<OpeningPrepaid> Prepayments { get; init; } = [];

    /// <summary>The first kept hour.</summary>
    public Hour First => Hour.Of(BooksFrom);

    /// <summary>How a window of a commitment stood; null: nothing is said of it.</summary>
    public OpeningDraw? DrawOf(string commitment, CommitmentWindow window)
    {
        ArgumentNullException.ThrowIfNull(window);
        return Commitments.FirstOrDefault(draw => draw.Commitment == commitment && draw.Window == window.From);
    }

    /// <summary>Whether the window had ended before the books began: nothing of it is known or posted here.</summary>
    public bool Closes(CommitmentWindow window)
    {
        ArgumentNullException.ThrowIfNull(window);
        return window.Until <= BooksFrom;
    }
}

/// <summary>How a commitment's window stood as the books began, in its measure. Amounts are at least 0.</summary>
/// <param name="Commitment">The clause.</param>
/// <param name="Window">The beginning of the window that was open, or of the next one.</param>
/// <param name="Drawn">What was drawn by use, up to the target.</param>
public sealed record OpeningDraw(string Commitment, DateTimeOffset Window, decimal Drawn)
{
    /// <summary>What was drawn by use beyond the target.</summary>
    public decimal Surplus { get; init; }

    /// <summary>Surplus of the window before that counts in this one.</summary>
    public decimal Carried { get; init; }

    /// <summary>Shortfall of the window before that is to be drawn in this one.</summary>
    public decimal Deferred { get; init; }

    /// <summary>What of it capped uses had drawn, for each of the clause's caps in order.</summary>
    public ValueList<decimal> Caps { get; init; } = [];
}

/// <summary>What had been spent at a rate with tiers in the period that was open.</summary>
/// <param name="Rate">The clause.</param>
/// <param name="From">The beginning of the calendar period.</param>
/// <param name="Volume">Spend after the rate's discount, before tiers. At least 0.</param>
public sealed record OpeningVolume(string Rate, DateTimeOffset From, decimal Volume);

/// <summary>What was left of a prepayment that had been paid before.</summary>
/// <param name="Prepayment">The clause.</param>
/// <param name="Left">What was left. At least 0.</param>
public sealed record OpeningPrepaid(string Prepayment, decimal Left)
{
    /// <summary>What had been paid; null: the clause's amount.</summary>
    public decimal? Paid { get; init; }

    /// <summary>US dollars for a unit of the currency as it was paid; null: at the rate of the clause's day.</summary>
    public decimal? UsdPerUnit { get; init; }
}
