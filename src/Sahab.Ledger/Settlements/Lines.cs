using Sahab.Ledger.Postings;

namespace Sahab.Ledger.Settlements;

/// <summary>
/// Amounts by account in whole nano-USD, debits positive, which sum to zero. Few: a list is the fastest.
/// </summary>
sealed class Lines
{
    readonly List<(Account Account, decimal Nano)> _lines = [];

    public bool IsEmpty => _lines.TrueForAll(line => line.Nano == 0);

    /// <summary>What is not zero.</summary>
    public IEnumerable<(Account Account, decimal Nano)> Amounts => _lines.Where(line => line.Nano != 0);

    /// <summary>Books an amount from one account to another, rounded half to even to a nano-USD.</summary>
    /// <returns>What was booked, in whole nano-USD.</returns>
    public decimal Book(Account debited, Account credited, decimal usd)
    {
        var nano = ToNano(usd);
        Add(debited, nano);
        Add(credited, -nano);
        return nano;
    }

    public static decimal ToNano(decimal usd) =>
        decimal.Round(usd * Money.NanoUsd.PerUsd, 0, MidpointRounding.ToEven);

    public void Add(Account account, decimal nano)
    {
        if (nano == 0)
        {
            return;
        }

        for (var i = 0; i < _lines.Count; i++)
        {
            if (_lines[i].Account == account)
            {
                _lines[i] = (account, _lines[i].Nano + nano);
                return;
            }
        }

        _lines.Add((account, nano));
    }

    /// <summary>The amount booked to an account, in nano-USD.</summary>
    public decimal Of(Account account)
    {
        foreach (var line in _lines)
        {
            if (line.Account == account)
            {
                return line.Nano;
            }
        }

        return 0;
    }

    /// <summary>Whether the amounts are the same.</summary>
    public bool Equal(Lines other)
    {
        foreach (var (account, nano) in _lines)
        {
            if (other.Of(account) != nano)
            {
                return false;
            }
        }

        return other._lines.TrueForAll(line => line.Nano == Of(line.Account));
    }

    /// <summary>What must be booked besides, so that these lines become the others.</summary>
    public Lines Until(Lines target)
    {
        var rest = new Lines();
        foreach (var (account, nano) in target._lines)
        {
            rest.Add(account, nano);
        }

        foreach (var (account, nano) in _lines)
        {
            rest.Add(account, -nano);
        }

        return rest;
    }

    /// <summary>The same as pairs of a debit and a credit of equal amount, none above the most.</summary>
    public IEnumerable<(Account Debited, Account Credited, decimal Nano)> Pairs(decimal most)
    {
        var debits = new Queue<(Account Account, decimal Nano)>(Amounts.Where(line => line.Nano > 0));
        var credits = new Queue<(Account Account, decimal Nano)>(Amounts.Where(line => line.Nano < 0));
        var (debit, credit) = (default((Account Account, decimal Nano)), default((Account Account, decimal Nano)));
        while (debit.Nano > 0 || debits.TryDequeue(out debit))
        {
            credit = credit.Nano < 0 ? credit : credits.Dequeue();
            var nano = decimal.Min(decimal.Min(debit.Nano, -credit.Nano), most);
            yield return (debit.Account, credit.Account, nano);
            debit.Nano -= nano;
            credit.Nano += nano;
        }
    }
}
