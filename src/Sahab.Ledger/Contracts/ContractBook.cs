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

    /// <summary>
    /// What in this book rewrites the history of an older one: a contract or a version that is missing or reads
    /// differently now, or a new version said to be known before the older book was read. Empty: it only continues it.
    /// </summary>
    /// <param name="older">The book that was in force.</param>
    /// <param name="readAt">When the older book was last read.</param>
    public IReadOnlyList<string> RewrittenSince(ContractBook older, DateTimeOffset readAt)
    {
        ArgumentNullException.ThrowIfNull(older);
        var problems = new List<string>();
        foreach (var before in older.Contracts)
        {
            var now = Contracts.FirstOrDefault(contract => contract.Id == before.Id);
            if (now is null)
            {
                problems.Add($"contract {before.Id}: was removed; end it by an amendment instead");
                continue;
            }

            if (now.Provider != before.Provider || now.Currency != before.Currency)
            {
                problems.Add($"contract {before.Id}: its provider and currency cannot change; make another contract");
            }

            problems.AddRange(before.Versions
                .Where(version => !now.Versions.Contains(version))
                .Select(version => $"contract {before.Id}, version {version.Number}: was edited or removed; "
                    + "add a version that supersedes it instead"));
        }

        problems.AddRange(
            from contract in Contracts
            from version in contract.Versions
            where version.KnownFrom <= readAt
                && older.Contracts.FirstOrDefault(before => before.Id == contract.Id) is { } before
                && before.Versions.All(known => known.Number != version.Number)
            select $"contract {contract.Id}, version {version.Number}: is new, but dated as known since "
                + $"{version.KnownFrom:u}, before {readAt:u}; date it when it became known");
        return problems;
    }
}
