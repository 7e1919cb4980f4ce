using Sahab.Ledger.Budgets;

namespace Sahab.Routing.Admission;

/// <summary>What one node has of one budget, window by window. Guarded by its <see cref="BudgetBook"/>.</summary>
internal sealed class BudgetMeter(BudgetTerms terms)
{
    private readonly List<BudgetShare> _shares = [];

    public BudgetTerms Terms { get; private set; } = terms;

    /// <summary>One more with each change of the terms.</summary>
    public int Version { get; private set; }

    public IReadOnlyList<BudgetShare> Shares => _shares;

    public void Change(BudgetTerms terms)
    {
        if (terms == Terms)
        {
            return;
        }

        var isLess = terms.Limit < Terms.Limit;
        Terms = terms;
        Version++;
        foreach (var share in _shares)
        {
            share.Forget();
            if (isLess || !terms.IsHard)
            {
                share.GiveBack();
            }
        }
    }

    /// <summary>The part of the window in which a call counts that began at an instant.</summary>
    public BudgetShare At(long stampUs)
    {
        stampUs = Math.Max(stampUs, Terms.SinceUs);
        for (var index = _shares.Count - 1; index >= 0; index--)
        {
            var share = _shares[index];
            if (share.StartUs <= stampUs && stampUs < share.EndUs)
            {
                return share;
            }
        }

        return Add(stampUs);
    }

    /// <summary>The part of a window of which the store says that the node holds something.</summary>
    public void Open(long startUs)
    {
        if (!_shares.Exists(share => share.StartUs == startUs))
        {
            Add(startUs);
        }
    }

    /// <summary>Forgets windows that are over and of which the node has nothing.</summary>
    public void Tidy(long nowUs) => _shares.RemoveAll(share => share.IsEmpty && share.EndUs <= nowUs);

    private BudgetShare Add(long stampUs)
    {
        var window = BudgetWindow.Of(Terms.Period, stampUs);
        var opened = new BudgetShare(this, window.StartUs, window.EndUs);
        _shares.Add(opened);
        return opened;
    }
}
