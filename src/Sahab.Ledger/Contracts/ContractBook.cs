namespace Sahab.Ledger.Contracts;

/// <summary>
/// All contracts with all their versions, and the rates of currencies. Bitemporal: it can be asked how the contracts
/// stood at one time, as they were known at another. Immutable.
/// </summary>
public sealed class ContractBook
{
    /// <summary>A book without contracts.</summary>
    public static ContractBook Empty { get; } = new([], []);

    /// <summary>Checks and holds the contracts.</summary>
    /// <exception cref="ArgumentException">
    /// They contradict themselves; the message names every problem by contract, version and clause.
    /// </exception>
    public ContractBook(IEnumerable<Contract> contracts, IEnumerable<CurrencyRate> rates)
    {
        Contracts = contracts.ToValueList();
        Rates = rates.ToValueList();
        var problems = ContractProblems.Of(Contracts, Rates);
        if (problems.Count > 0)
        {
            throw new ArgumentException(string.Join(Environment.NewLine, problems), nameof(contracts));
        }
    }

    /// <summary>The contracts.</summary>
    public ValueList<Contract> Contracts { get; }

    /// <summary>The rates of currencies other than the US dollar.</summary>
    public ValueList<CurrencyRate> Rates { get; }

    /// <summary>All contracts through time, as they were known at the instant.</summary>
    public ContractTimeline KnownAt(DateTimeOffset knownAt) => new(Contracts, Rates, knownAt);

    /// <summary>The terms in force at one instant, as they were known at another.</summary>
    public IReadOnlyList<ContractTerms> AsOf(DateTimeOffset validAt, DateTimeOffset knownAt) =>
        KnownAt(knownAt).At(validAt);
}
