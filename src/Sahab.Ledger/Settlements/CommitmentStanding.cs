using Sahab.Ledger.Contracts;

namespace Sahab.Ledger.Settlements;

/// <summary>How a window of a commitment stands. Amounts are in the contract's currency, or in units.</summary>
public sealed record CommitmentStanding
{
    /// <summary>The contract.</summary>
    public required string Contract { get; init; }

    /// <summary>The commitment's clause.</summary>
    public required string Commitment { get; init; }

    /// <summary>The window.</summary>
    public required CommitmentWindow Window { get; init; }

    /// <summary>What was drawn by use in the window. At least 0; above the target it is surplus.</summary>
    public decimal Drawn { get; init; }

    /// <summary>Surplus of the window before that counts in this one. At least 0.</summary>
    public decimal Carried { get; init; }

    /// <summary>Shortfall of the window before that is to be drawn in this one. At least 0.</summary>
    public decimal Deferred { get; init; }

    /// <summary>What was drawn by capped uses, for each of the clause's caps in order.</summary>
    public ValueList<decimal> CapsDrawn { get; init; } = [];

    /// <summary>
    /// What was owed for nothing at the window's end, as money in the contract's currency; null: not over.
    /// </summary>
    public decimal? Owed { get; init; }

    /// <summary>What is to be drawn: the window's amount and what was deferred into it.</summary>
    public decimal Target => Window.Amount + Deferred;

    /// <summary>What counts toward it.</summary>
    public decimal Counted => Carried + Drawn;

    /// <summary>What is still to be drawn. At least 0.</summary>
    public decimal Remaining => decimal.Max(0, Target - Counted);

    /// <summary>A window of which nothing is settled yet: with what our books begin with, where they begin in it.</summary>
    /// <param name="contract">The contract.</param>
    /// <param name="commitment">The commitment's clause.</param>
    /// <param name="window">The window.</param>
    /// <param name="opening">What the books of the contract begin with; null: they begin with it.</param>
    public static CommitmentStanding Begun(
        string contract, string commitment, CommitmentWindow window, OpeningBalances? opening)
    {
        var draw = opening?.DrawOf(commitment, window);
        return new CommitmentStanding
        {
            Contract = contract,
            Commitment = commitment,
            Window = window,
            Drawn = draw is null ? 0 : draw.Drawn + draw.Surplus,
            Carried = draw?.Carried ?? 0,
            Deferred = draw?.Deferred ?? 0,
            CapsDrawn = draw?.Caps ?? [],
        };
    }

    internal decimal CapDrawn(int cap) => cap < CapsDrawn.Count ? CapsDrawn[cap] : 0;

    internal CommitmentStanding WithDraw(decimal amount, int? cap)
    {
        var caps = CapsDrawn;
        if (cap is { } index)
        {
            var drawn = new decimal[int.Max(CapsDrawn.Count, index + 1)];
            for (var i = 0; i < drawn.Length; i++)
            {
                drawn[i] = CapDrawn(i) + (i == index ? amount : 0);
            }

            caps = drawn.ToValueList();
        }

        return this with { Drawn = Drawn + amount, CapsDrawn = caps };
    }
}
