using Sahab.Ledger.Contracts;
using Sahab.Ledger.Postings;

namespace Sahab.Ledger.Settlements;

/// <summary>
/// One hour of a provider's contracts while it is being settled: what was used, and what that comes to.
/// </summary>
sealed class SettledHour
{
    readonly ContractTimeline _contracts;
    readonly Lines[] _lines;
    readonly decimal[] _usdPerUnit;

    public SettledHour(
        ContractTimeline contracts, IReadOnlyList<ContractTerms> terms, Hour hour, SortedDictionary<Use, UseSum>? used)
    {
        (_contracts, Terms, Hour) = (contracts, terms, hour);
        _lines = new Lines[terms.Count];
        _usdPerUnit = new decimal[terms.Count];
        for (var i = 0; i < terms.Count; i++)
        {
            _lines[i] = new Lines();
            _usdPerUnit[i] = contracts.UsdPerUnit(terms[i].Contract.Currency, hour);
        }

        foreach (var (use, sum) in used ?? [])
        {
            if (contracts.TermsFor(use, hour) is { } found && found.IsKept(hour))
            {
                Uses.Add(new SettledUse(found, use, found.RateFor(use), sum) { IsMetered = true });
            }
        }
    }

    public Hour Hour { get; }

    /// <summary>The contracts in force, in the order in which uses count.</summary>
    public IReadOnlyList<ContractTerms> Terms { get; }

    /// <summary>What was used, in an order that is the same on every machine.</summary>
    public List<SettledUse> Uses { get; } = [];

    /// <summary>Where what the rules did is noted down, for who wants to tell of it; null: nobody does.</summary>
    public HourTrace? Trace { get; init; }

    public Lines LinesOf(ContractTerms terms) => _lines[IndexOf(terms)];

    public decimal UsdPerUnit(ContractTerms terms) => _usdPerUnit[IndexOf(terms)];

    /// <summary>The same at another instant.</summary>
    public decimal UsdPerUnit(ContractTerms terms, DateTimeOffset at) =>
        _contracts.UsdPerUnit(terms.Contract.Currency, Hour.Of(at));

    /// <summary>Whether it is the first hour that the books of the contract hold, and they begin with balances.</summary>
    public bool Opens(ContractTerms terms) =>
        terms.Opening is not null && _contracts.KeptFrom(terms.Contract.Id) == Hour;

    /// <summary>Books an amount of the contract's currency at the hour's rate, rounded once to a nano-USD.</summary>
    public void Book(ContractTerms terms, Account debited, Account credited, decimal amount)
    {
        if (amount != 0)
        {
            LinesOf(terms).Book(debited, credited, amount * UsdPerUnit(terms));
        }
    }

    public static bool IsUnder(SettledUse use, ContractTerms terms) => use.Terms.Contract.Id == terms.Contract.Id;

    int IndexOf(ContractTerms terms)
    {
        for (var i = 0; i < Terms.Count; i++)
        {
            if (ReferenceEquals(Terms[i], terms))
            {
                return i;
            }
        }

        throw new InvalidOperationException($"{terms.Contract.Id} is not in force at {Hour}.");
    }
}

/// <summary>What a use comes to in an hour, over all its events.</summary>
sealed class UseSum
{
    /// <summary>In the contract's currency, nine decimals each.</summary>
    public decimal List { get; set; }

    public decimal Net { get; set; }

    public decimal Quantity { get; set; }

    /// <summary>What its events have posted, in nano-USD.</summary>
    public decimal Nano { get; set; }
}

/// <summary>A use of the hour, which the rules change as they take parts of it away.</summary>
sealed class SettledUse(ContractTerms terms, Use use, Rate? rate, UseSum sum)
{
    public ContractTerms Terms { get; } = terms;

    public Use Use { get; } = use;

    public Rate? Rate { get; } = rate;

    /// <summary>Whether events tell of it; otherwise a fee that discounts do not touch.</summary>
    public bool IsMetered { get; init; }

    /// <summary>At list price; committed use has taken its part away.</summary>
    public decimal List { get; private set; } = sum.List;

    /// <summary>What it costs: committed use and tiers have taken their parts away.</summary>
    public decimal Net { get; set; } = sum.Net;

    public decimal Quantity { get; private set; } = sum.Quantity;

    /// <summary>What its events have accrued, in nano-USD.</summary>
    public decimal AccruedNano { get; } = sum.Nano;

    public decimal Of(Measure measure) => measure == Measure.Quantity ? Quantity : List;

    /// <summary>Takes away a part of the use that another clause pays for. Returns what that part cost.</summary>
    public decimal TakeShare(decimal share)
    {
        var taken = share == 1 ? Net : Net * share;
        Net -= taken;
        List = share == 1 ? 0 : List * (1 - share);
        Quantity = share == 1 ? 0 : Quantity * (1 - share);
        return taken;
    }
}
