namespace Sahab.Ledger.Contracts;

/// <summary>One contract through time, as it is known at one moment: which terms hold from which hour on.</summary>
sealed class ContractCourse
{
    readonly Hour[] _starts;
    readonly ContractTerms?[] _terms;

    public ContractCourse(Contract contract, DateTimeOffset knownAt)
    {
        Contract = contract;
        var known = contract.Versions.Where(version => version.KnownFrom <= knownAt).ToArray();
        Opening = Array.FindLast(known, version => version.Opening is not null)?.Opening;
        var starts = new SortedSet<Hour>();
        Add(starts, Opening?.BooksFrom);
        foreach (var version in known)
        {
            Add(starts, version.ValidFrom);
            Add(starts, version.Ends);
            foreach (var clause in version.Clauses)
            {
                Add(starts, clause.From);
                Add(starts, clause.Until);
            }
        }

        _starts = [.. starts];
        _terms = Array.ConvertAll(_starts, start => TermsAt(start.Start, known));
        for (var i = 0; i < _starts.Length && KeptFrom is null; i++)
        {
            KeptFrom = _terms[i]?.IsKept(_starts[i]) == true ? _starts[i] : null;
        }
    }

    public Contract Contract { get; }

    /// <summary>What our books begin with; null: they begin with the contract.</summary>
    public OpeningBalances? Opening { get; }

    /// <summary>The first hour in force that our books hold; null: there is none.</summary>
    public Hour? KeptFrom { get; }

    /// <summary>Hours from which other terms may hold.</summary>
    public IReadOnlyList<Hour> Changes => _starts;

    public ContractTerms? At(Hour hour)
    {
        var index = Array.BinarySearch(_starts, hour);
        index = index >= 0 ? index : ~index - 1;
        return index < 0 ? null : _terms[index];
    }

    static void Add(SortedSet<Hour> starts, DateTimeOffset? at)
    {
        if (at is { } instant)
        {
            starts.Add(Hour.Of(instant));
        }
    }

    ContractTerms? TermsAt(DateTimeOffset at, ContractVersion[] known)
    {
        var version = Array.FindLast(known, candidate => candidate.ValidFrom <= at);
        if (version is null || version.Ends <= at)
        {
            return null;
        }

        // Versions stand in the order in which they became known: what is stated later stands in for what was before.
        var places = new Dictionary<string, int>(StringComparer.Ordinal);
        var clauses = new List<Clause?>();
        foreach (var earlier in known.Where(candidate => candidate.ValidFrom <= at))
        {
            foreach (var id in earlier.Drops)
            {
                if (places.TryGetValue(id, out var place))
                {
                    clauses[place] = null;
                }
            }

            foreach (var clause in earlier.Clauses.Where(clause => clause.From is null || clause.From <= at))
            {
                if (!places.TryAdd(clause.Id, clauses.Count))
                {
                    clauses[places[clause.Id]] = clause;
                    continue;
                }

                clauses.Add(clause);
            }
        }

        return new ContractTerms(
            Contract,
            version,
            clauses.OfType<Clause>().Where(clause => clause.Until is null || clause.Until > at).ToValueList(),
            Opening);
    }
}
