namespace Sahab.Ledger.Contracts;

/// <summary>
/// All contracts through time, as they are known at one moment. Terms change on whole hours only. Immutable; safe for
/// any number of threads.
/// </summary>
public sealed class ContractTimeline
{
    readonly Dictionary<string, ContractCourse[]> _byProvider;
    readonly Dictionary<string, Hour[]> _changes;
    readonly Dictionary<string, CurrencyRate[]> _rates;
    readonly HashSet<string> _withHourlyCosts;

    internal ContractTimeline(IEnumerable<Contract> contracts, IEnumerable<CurrencyRate> rates, DateTimeOffset knownAt)
    {
        KnownAt = knownAt;
        Contracts = contracts.ToValueList();
        Rates = rates.ToValueList();
        _byProvider = Contracts
            .OrderBy(contract => contract.Order).ThenBy(contract => contract.Id, StringComparer.Ordinal)
            .Select(contract => new ContractCourse(contract, knownAt))
            .GroupBy(course => course.Contract.Provider, StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => group.ToArray(), StringComparer.Ordinal);
        _changes = _byProvider.ToDictionary(
            pair => pair.Key,
            pair => pair.Value.SelectMany(course => course.Changes).Distinct().Order().ToArray(),
            StringComparer.Ordinal);
        _rates = Rates.GroupBy(rate => rate.Currency, StringComparer.Ordinal)
            .ToDictionary(
                group => group.Key, group => group.OrderBy(rate => rate.From).ToArray(), StringComparer.Ordinal);
        _withHourlyCosts = Contracts.Where(contract => contract.Versions.SelectMany(version => version.Clauses)
                .Any(clause => clause is CapacityTranche or OwnSite or CommittedUse))
            .Select(contract => contract.Provider).ToHashSet(StringComparer.Ordinal);
        Providers = [.. _byProvider.Keys.Order(StringComparer.Ordinal)];
    }

    /// <summary>As of when it is known.</summary>
    public DateTimeOffset KnownAt { get; }

    /// <summary>The contracts that it was made of, with versions that are known later too.</summary>
    public ValueList<Contract> Contracts { get; }

    /// <summary>The rates of currencies.</summary>
    public ValueList<CurrencyRate> Rates { get; }

    /// <summary>Providers with a contract, in order.</summary>
    public IReadOnlyList<string> Providers { get; }

    /// <summary>Hours from which other terms of a provider's contracts may hold, in order.</summary>
    public IReadOnlyList<Hour> ChangesOf(string provider) => _changes.GetValueOrDefault(provider, []);

    /// <summary>The terms of every contract in force at the instant, by provider and order.</summary>
    public IReadOnlyList<ContractTerms> At(DateTimeOffset at) =>
        [.. Providers.SelectMany(provider => At(provider, Hour.Of(at)))];

    /// <summary>The terms of a provider's contracts in force in the hour, in the order in which uses count.</summary>
    public IReadOnlyList<ContractTerms> At(string provider, Hour hour)
    {
        var terms = new List<ContractTerms>();
        foreach (var course in _byProvider.GetValueOrDefault(provider, []))
        {
            if (course.At(hour) is { } found)
            {
                terms.Add(found);
            }
        }

        return terms;
    }

    /// <summary>The same of those contracts whose books hold the hour.</summary>
    internal List<ContractTerms> KeptAt(string provider, Hour hour)
    {
        var terms = new List<ContractTerms>();
        foreach (var course in _byProvider.GetValueOrDefault(provider, []))
        {
            if (course.At(hour) is { } found && found.IsKept(hour))
            {
                terms.Add(found);
            }
        }

        return terms;
    }

    /// <summary>
    /// The terms that the use falls under: of the provider's first contract that covers it; null: of none.
    /// </summary>
    public ContractTerms? TermsFor(Use use, Hour hour)
    {
        ArgumentNullException.ThrowIfNull(use);
        foreach (var course in _byProvider.GetValueOrDefault(use.Provider, []))
        {
            if (course.At(hour) is { } terms && terms.Covers(use))
            {
                return terms;
            }
        }

        return null;
    }

    /// <summary>The terms of one contract in the hour; null: it is not known, or not in force.</summary>
    public ContractTerms? Find(string contract, Hour hour) => Course(contract)?.At(hour);

    /// <summary>What our books of a contract begin with, as it is known; null: they begin with the contract.</summary>
    public OpeningBalances? OpeningOf(string contract) => Course(contract)?.Opening;

    /// <summary>The first hour in force that our books of a contract hold; null: there is none.</summary>
    internal Hour? KeptFrom(string contract) => Course(contract)?.KeptFrom;

    /// <summary>Whether anything of the provider's contracts is ever paid by the hour, used or not.</summary>
    internal bool HasHourlyCosts(string provider) => _withHourlyCosts.Contains(provider);

    /// <summary>The provider of a contract; null: there is no such contract.</summary>
    internal string? ProviderOf(string contract) => _byProvider.FirstOrDefault(
        pair => Array.Exists(pair.Value, course => course.Contract.Id == contract)).Key;

    /// <summary>US dollars for a unit of the currency in the hour, exact.</summary>
    /// <exception cref="ArgumentException">No rate is known for it then.</exception>
    public decimal UsdPerUnit(string currency, Hour hour)
    {
        if (currency == "USD")
        {
            return 1;
        }

        var date = hour.Date;
        var rate = Array.FindLast(_rates.GetValueOrDefault(currency, []), rate => rate.From <= date);
        return rate?.UsdPerUnit ?? throw new ArgumentException(
            $"No rate of {currency} is known for {date:yyyy-MM-dd}: add one that begins then or before.",
            nameof(currency));
    }

    /// <summary>The first hour after this one from which other terms may hold with the provider; null: none.</summary>
    internal Hour? ChangeAfter(string provider, Hour hour)
    {
        var changes = _changes.GetValueOrDefault(provider, []);
        var index = Array.BinarySearch(changes, hour.Next);
        index = index >= 0 ? index : ~index;
        return index < changes.Length ? changes[index] : null;
    }

    /// <summary>
    /// The first hour in which any contract of the provider is in force and our books hold it; null: there is none.
    /// </summary>
    internal Hour? StartOf(string provider) =>
        _byProvider.GetValueOrDefault(provider, []).Min(course => course.KeptFrom);

    ContractCourse? Course(string contract) =>
        _byProvider.Values.SelectMany(courses => courses).FirstOrDefault(course => course.Contract.Id == contract);
}
