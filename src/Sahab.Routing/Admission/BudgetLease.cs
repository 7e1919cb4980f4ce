using Sahab.Ledger.Budgets;

namespace Sahab.Routing.Admission;

/// <summary>What an admitted call holds of hard budgets. It ends once, whoever ends it and however often.</summary>
public sealed class BudgetLease
{
    private readonly BudgetBook _book;
    private readonly Part[] _parts;
    private bool _hasEnded;

    internal BudgetLease(BudgetBook book, Part[] parts)
    {
        _book = book;
        _parts = parts;
    }

    /// <summary>Gives back what is held and not given back yet.</summary>
    public void End() => _book.End(this);

    /// <summary>Counts what the call used in each budget that it holds of, and gives back what it held, in one step.</summary>
    /// <param name="used">What was used.</param>
    public void Settle(in BudgetUse used) => _book.Settle(this, used);

    /// <summary>Counts it; the book's lock is held.</summary>
    internal void Use(in BudgetUse used)
    {
        foreach (var part in _parts)
        {
            part.Share.Use(used.Of(part.Share.Meter.Terms.Measure));
        }
    }

    /// <summary>Gives it back; the book's lock is held.</summary>
    internal void Release()
    {
        if (_hasEnded)
        {
            return;
        }

        _hasEnded = true;
        foreach (var part in _parts)
        {
            part.Share.Release(part.Amount);
        }
    }

    /// <summary>What the call holds of a window of a budget.</summary>
    internal readonly record struct Part(BudgetShare Share, long Amount);
}
