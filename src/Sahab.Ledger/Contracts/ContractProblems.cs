namespace Sahab.Ledger.Contracts;

/// <summary>What contradicts itself in contracts: each problem with its place, and what would be valid.</summary>
public static class ContractProblems
{
    /// <summary>All problems; empty where there are none.</summary>
    public static IReadOnlyList<string> Of(IReadOnlyList<Contract> contracts, IReadOnlyList<CurrencyRate> rates)
    {
        ArgumentNullException.ThrowIfNull(contracts);
        ArgumentNullException.ThrowIfNull(rates);
        var problems = new List<string>();
        problems.AddRange(contracts.GroupBy(contract => contract.Id, StringComparer.Ordinal)
            .Where(group => group.Count() > 1)
            .Select(group => $"contract {group.Key}: the id is used {group.Count()} times; ids are unique"));
        problems.AddRange(rates.Where(rate => rate.UsdPerUnit <= 0 || rate.UsdPerUnit.Scale > 8)
            .Select(rate => $"currency {rate.Currency} from {rate.From:yyyy-MM-dd}: the rate is above 0 and has "
                + "at most eight decimals"));
        problems.AddRange(rates.GroupBy(rate => (rate.Currency, rate.From))
            .Where(group => group.Count() > 1)
            .Select(group => $"currency {group.Key.Currency}: two rates from {group.Key.From:yyyy-MM-dd}; keep one"));
        foreach (var contract in contracts)
        {
            var before = problems.Count;
            AddOf(contract, rates, problems);
            if (problems.Count == before)
            {
                OpeningProblems.AddOf(contract, problems);
            }
        }

        return problems;
    }

    static void AddOf(Contract contract, IReadOnlyList<CurrencyRate> rates, List<string> problems)
    {
        var place = $"contract {contract.Id}";
        if (contract.Id.Length == 0 || contract.Provider.Length == 0)
        {
            problems.Add($"{place}: has no id or no provider");
        }

        var begin = contract.Versions.Count == 0 ? DateOnly.MaxValue
            : contract.Versions.Min(version => Hour.Of(version.ValidFrom).Date);
        if (contract.Currency != "USD"
            && rates.All(rate => rate.Currency != contract.Currency || rate.From > begin))
        {
            problems.Add($"{place}: no rate is known for {contract.Currency} from its beginning; add one");
        }

        if (contract.Versions.Count == 0)
        {
            problems.Add($"{place}: has no version; the first is the contract as it was signed");
        }

        var stated = new Dictionary<string, Clause>(StringComparer.Ordinal);
        var tranches = contract.Versions.SelectMany(version => version.Clauses.OfType<CapacityTranche>())
            .Select(tranche => tranche.Id).ToHashSet(StringComparer.Ordinal);
        for (var i = 0; i < contract.Versions.Count; i++)
        {
            var version = contract.Versions[i];
            var of = $"{place}, version {version.Number}";
            if (version.Number != i + 1)
            {
                problems.Add($"{of}: versions are numbered 1, 2, 3 in their order; this one should be {i + 1}");
            }

            if (i > 0 && version.KnownFrom < contract.Versions[i - 1].KnownFrom)
            {
                problems.Add($"{of}: became known before the version before it; order versions by that");
            }

            WholeHour(of, "valid from", version.ValidFrom, problems);
            WholeHour(of, "ends", version.Ends, problems);
            if (version.Ends <= version.ValidFrom)
            {
                problems.Add($"{of}: ends before it is valid; to end the contract, let it be valid until its end");
            }

            problems.AddRange(version.Drops.Where(id => !stated.ContainsKey(id))
                .Select(id => $"{of}: drops the clause {id}, which no earlier version states"));
            problems.AddRange(version.Clauses.GroupBy(clause => clause.Id, StringComparer.Ordinal)
                .Where(group => group.Count() > 1)
                .Select(group => $"{of}, clause {group.Key}: the id is used twice in the version; ids are unique"));
            foreach (var clause in version.Clauses)
            {
                if (stated.TryGetValue(clause.Id, out var earlier) && earlier.GetType() != clause.GetType())
                {
                    problems.Add($"{of}, clause {clause.Id}: was a {earlier.GetType().Name} and is a "
                        + $"{clause.GetType().Name} now; a clause of another kind has another id");
                }

                stated[clause.Id] = clause;
                ClauseProblems.AddOf($"{of}, clause {clause.Id}", clause, problems);
            }

            AddOfFees(of, version, tranches, problems);
        }
    }

    static void AddOfFees(string of, ContractVersion version, HashSet<string> tranches, List<string> problems)
    {
        foreach (var fee in version.Clauses.OfType<ReservedFee>())
        {
            problems.AddRange(fee.Tranches.Where(id => !tranches.Contains(id))
                .Select(id => $"{of}, clause {fee.Id}: there is no tranche {id} in the contract"));
        }

        problems.AddRange(version.Clauses.OfType<ReservedFee>().SelectMany(fee => fee.Tranches)
            .GroupBy(id => id, StringComparer.Ordinal)
            .Where(group => group.Count() > 1)
            .Select(group => $"{of}: the tranche {group.Key} has {group.Count()} fees; it has at most one"));
    }

    internal static void WholeHour(string place, string name, DateTimeOffset? at, List<string> problems)
    {
        if (at is { } instant && !Hour.IsWhole(instant))
        {
            problems.Add($"{place}: {name} {instant:u} is not a whole hour of UTC; contracts know whole hours only");
        }
    }
}
