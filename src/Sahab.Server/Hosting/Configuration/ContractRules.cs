using Sahab.Ledger.Contracts;
using Sahab.Ledger.Purchases;

namespace Sahab.Server.Hosting.Configuration;

/// <summary>What must hold of contracts, and between them and the deployments.</summary>
internal sealed class ContractRules(SahabConfig config, ProblemList problems, DateTimeOffset now)
{
    public void Check()
    {
        if (problems.HasErrorAt("contracts") || problems.HasErrorAt("currency_rates"))
        {
            // What could not be read would be reported once more, as something that is missing.
            return;
        }

        string[] providers = [.. config.Providers.Select(provider => provider.Id)];
        foreach (var contract in config.Contracts.Where(contract => !providers.Contains(contract.Provider)))
        {
            problems.Error(
                $"contracts.{contract.Id}.provider", $"there is no provider {contract.Provider}",
                $"Write one of {string.Join(", ", providers)}");
        }

        CheckOpeningCaps();
        var contracts = ContractBinding.ContractsOf(config);
        var rates = ContractBinding.RatesOf(config);
        var found = ContractProblems.Of(contracts, rates);
        foreach (var problem in found)
        {
            var parts = problem.Split(": ", 2);
            var sentence = parts[1].Split("; ", 2);
            problems.Error(
                KeyOf(parts[0]), sentence[0],
                sentence.Length == 2 ? Capitalised(sentence[1]) : "Write it as the signed document has it");
        }

        if (found.Count == 0)
        {
            CheckExclusivity(new ContractBook(contracts, rates));
        }
    }

    /// <summary>The ledger knows caps by their order; only here they have names.</summary>
    void CheckOpeningCaps()
    {
        foreach (var (contract, version, each, cap) in
            from contract in config.Contracts
            from version in contract.Versions
            where version.Opening is not null
            from each in version.Opening!.Commitments
            from cap in each.Caps
            select (contract, version, each, cap))
        {
            string[] known = [.. ContractBinding.CapsOf(contract, each.Id)];
            if (!known.Contains(cap.Id))
            {
                problems.Error(
                    $"contracts.{contract.Id}.versions.{version.Number}.opening.commitments.{each.Id}.caps.{cap.Id}",
                    "the commitment has no such cap", $"Write one of: {string.Join(", ", known.DefaultIfEmpty("none"))}");
            }
        }
    }

    /// <summary>A deployment that an exclusivity in force bars would be one that we may not use.</summary>
    void CheckExclusivity(ContractBook book)
    {
        var timeline = book.KnownAt(now);
        foreach (var deployment in config.Deployments)
        {
            var use = new Use(
                deployment.Provider, deployment.Region, config.FindRegion(deployment)?.Country ?? "", Use.Inference,
                deployment.Model, deployment.Id);
            if (ContractRights.BarsUse(use, timeline, now) is { } refusal)
            {
                problems.Error(
                    $"deployments.{deployment.Id}", refusal.Reason.TrimEnd('.'),
                    "Remove the deployment until then, or record the amendment that allows it as a version of the contract");
            }
        }
    }

    static string Capitalised(string text) => char.ToUpperInvariant(text[0]) + text[1..];

    /// <summary>From "contract aws, version 2, clause spend" to the key that it stands under.</summary>
    string KeyOf(string place)
    {
        var parts = place.Split(", ").Select(part => part.Split(' ', 2)).ToDictionary(part => part[0], part => part[1]);
        if (!parts.TryGetValue("contract", out var contract))
        {
            return "currency_rates";
        }

        var key = $"contracts.{contract}";
        if (parts.TryGetValue("version", out var number))
        {
            key += $".versions.{number}";
            if (parts.TryGetValue("clause", out var clause))
            {
                var below = problems.FindBelow(key, clause);
                key += below.Length == 0 && clause.StartsWith("opening.", StringComparison.Ordinal)
                    ? ".opening"
                    : below;
            }
        }

        return key;
    }
}
