using System.Collections.Immutable;
using Sahab.Routing.Requests;

namespace Sahab.Server.Hosting.Configuration;

/// <summary>What must hold between zones, rules on data, use classes and where things are; and the proof of it.</summary>
internal sealed class ResidencyRules(SahabConfig config, ProblemList problems, bool exports)
{
    public void Check()
    {
        CheckZones();
        foreach (var tenant in config.Tenants)
        {
            CheckPlaces(tenant.Data, $"tenants.{tenant.Id}.data");
            foreach (var key in tenant.Keys)
            {
                CheckPlaces(key.Data, $"tenants.{tenant.Id}.keys.{key.Id}.data");
            }
        }

        foreach (var use in config.UseClasses)
        {
            CheckUse(use, $"use_classes.{use.Id}");
        }

        // Proved only where every part of the proof was readable.
        if (!problems.HasErrors)
        {
            Prove();
        }
    }

    void CheckZones()
    {
        foreach (var (name, countries) in config.Zones)
        {
            if (countries.IsEmpty)
            {
                problems.Error($"zones.{name}", "a zone without countries lets nothing anywhere", "Name some");
            }
            else if (!problems.HasErrorAt($"zones.{name}") && Zones.WellKnown.TryGetValue(name, out var known)
                && countries.Except(known).ToArray() is { Length: > 0 } more)
            {
                problems.Warn(
                    $"zones.{name}", $"it holds {string.Join(", ", more)}, which what everybody calls {name} does not",
                    "Give it another name, if that is not meant");
            }
        }
    }

    void CheckPlaces(DataConfig? data, string path)
    {
        foreach (var (name, places) in (ReadOnlySpan<(string, ImmutableArray<string>?)>)
        [
            ("process_in", data?.ProcessIn), ("store_in", data?.StoreIn), ("usage_in", data?.UsageIn),
        ])
        {
            if (places is { IsEmpty: true })
            {
                problems.Error($"{path}.{name}", "an empty list forbids every country", "Name some, or remove the key");
            }

            for (var i = 0; i < places?.Length; i++)
            {
                if (!Zones.Knows(config, places.Value[i]))
                {
                    problems.Error(
                        $"{path}.{name}[{i}]", $"there is no {TextForms.Quote(places.Value[i])} among the countries and zones",
                        Suggestions.Sentence(places.Value[i], [.. Zones.NamesOf(config)], "zones"));
                }
            }
        }
    }

    void CheckUse(UseClassConfig use, string path)
    {
        CheckPlaces(use.Data, $"{path}.data");
        CheckNames(use.Providers, [.. config.Providers.Select(provider => provider.Id)], $"{path}.providers", "providers");
        CheckNames(use.Models, [.. config.Models.Select(model => model.Id)], $"{path}.models", "models");
        if (use.Capacity is { IsEmpty: true })
        {
            problems.Error($"{path}.capacity", "an empty list forbids every deployment", "Name some, or remove the key");
        }
    }

    void CheckNames(ImmutableArray<string>? names, string[] known, string path, string noun)
    {
        if (names is { IsEmpty: true })
        {
            problems.Error(path, "an empty list forbids all", "Name some, or remove the key");
        }

        for (var i = 0; i < names?.Length; i++)
        {
            if (!known.Contains(names.Value[i]))
            {
                problems.Error(
                    $"{path}[{i}]", $"there is no {TextForms.Quote(names.Value[i])} among the {noun}",
                    Suggestions.Sentence(names.Value[i], known, noun));
            }
        }
    }

    void Prove()
    {
        var proof = new ResidencyProof(config, exports);
        foreach (var scope in proof.ScopesOfFile())
        {
            foreach (var leak in proof.LeaksOf(scope))
            {
                problems.Error($"{scope.Name}.data", leak.Fault, leak.Remedy);
            }
        }

        foreach (var tenant in config.Tenants)
        {
            var bounds = DataBounds.Of(config, tenant.Data);
            foreach (var key in tenant.Keys)
            {
                CheckReach(key, DataBounds.Of(config, key.Data).Within(bounds), $"tenants.{tenant.Id}.keys.{key.Id}");
            }
        }
    }

    /// <summary>A key under rules must be able to reach what it names, and something at all.</summary>
    void CheckReach(KeyConfig key, DataBounds bounds, string path)
    {
        if (bounds.IsFree || bounds.Attempts.IsAll)
        {
            return;
        }

        var own = key.Countries is { } codes
            ? CountrySet.FromCodes(codes.Select(code => CountryCode.Parse(code)))
            : CountrySet.All;
        var (index, allowed) = (new ConfigIndex(config), own.And(bounds.Attempts));
        var unreachable = index.ModelsOf(key, config).Where(model => !index.DeploymentsOf(model)
            .Any(place => allowed.Contains(CountryCode.Parse(place.Country)))).Select(model => model.Id).ToList();
        if (key.Models is not null && unreachable.Count > 0)
        {
            problems.Error(
                $"{path}.models", $"no deployment of {unreachable[0]} stands in {bounds.AttemptWords}, where its data may go",
                "Deploy it there, widen the rules, or take it off the key's list");
        }
        else if (key.Models is null && unreachable.Count == config.Models.Length)
        {
            problems.Error(
                path, $"no deployment of any model stands in {bounds.AttemptWords}, where its data may go",
                "Deploy one there, or widen the rules");
        }
    }
}
