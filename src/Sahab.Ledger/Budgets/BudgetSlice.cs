namespace Sahab.Ledger.Budgets;

/// <summary>A window of a budget as the store has it. Each at least 0 but what was spent, which corrections may lower.</summary>
/// <param name="Limit">How much there is.</param>
/// <param name="Spent">What posted events have used.</param>
/// <param name="Others">What all other nodes hold.</param>
/// <param name="Own">What the node that asks holds.</param>
public readonly record struct BudgetStock(long Limit, long Spent, long Others, long Own);

/// <summary>What a node gets of a window.</summary>
/// <param name="Kept">What it holds on to of what it had.</param>
/// <param name="Given">What it gets besides.</param>
/// <param name="IsEnough">Whether that is all that it lacked.</param>
public readonly record struct BudgetGrant(long Kept, long Given, bool IsEnough)
{
    /// <summary>What it holds from now on.</summary>
    public long Held => Kept + Given;
}

/// <summary>
/// How much of a budget a node gets to hold, so that it may judge calls by itself. Whenever what a node holds is raised, what
/// is spent and what all hold together is at most the limit.
/// </summary>
public static class BudgetSlice
{
    /// <summary>A node gets so much of what is free even if it needs less now: a part of so many.</summary>
    public const int Parts = 8;

    /// <summary>Says what a node gets.</summary>
    /// <param name="stock">What there is.</param>
    /// <param name="keep">
    /// What the node believes to hold. At least 0. Of that it keeps no more than the store says that it has.
    /// </param>
    /// <param name="shortOf">What it lacks beyond that for the calls that wait. At least 0; 0: it asks for nothing.</param>
    /// <param name="isAlone">Whether no other node may ask: then it gets all that is free.</param>
    public static BudgetGrant Of(in BudgetStock stock, long keep, long shortOf, bool isAlone)
    {
        var kept = Math.Min(keep, stock.Own);
        if (shortOf == 0)
        {
            return new BudgetGrant(kept, 0, true);
        }

        var free = (long)Int128.Clamp(
            (Int128)stock.Limit - stock.Spent - stock.Others - kept, 0, long.MaxValue);
        var lacks = (long)Int128.Min((Int128)shortOf + keep - kept, long.MaxValue);
        var given = isAlone ? free : Math.Min(free, Math.Max(lacks, free / Parts));
        return new BudgetGrant(kept, given, given >= lacks);
    }
}
