using System.Net;
using Sahab.Routing.Snapshot;
using Sahab.Wire.Bedrock;

namespace Sahab.Server.Hosting.Configuration;

/// <summary>What is allowed and will yet surprise somebody one day.</summary>
internal sealed class ConfigRisks(SahabConfig config, ProblemList problems)
{
    readonly ConfigIndex _index = new(config);

    public void Check()
    {
        var free = KeysWithoutCountryRule();
        foreach (var model in config.Models)
        {
            CheckModel(model, [.. free[model.Id]]);
        }

        foreach (var deployment in config.Deployments)
        {
            CheckDeployment(deployment);
        }

        foreach (var (tenant, key) in config.Tenants.SelectMany(tenant => tenant.Keys.Select(key => (tenant, key))))
        {
            CheckKey(key, $"tenants.{tenant.Id}.keys.{key.Id}");
        }

        foreach (var provider in config.Providers)
        {
            CheckProvider(provider);
        }

        CapacityRules.Warn(config, problems);
        if (!config.Tenants.Any(tenant => tenant.Keys.Length > 0))
        {
            problems.Warn("tenants", "there is no key, so that nobody can call", "Add a tenant with a key");
        }
    }

    void CheckModel(ModelConfig model, string[] freeKeys)
    {
        var path = $"models.{model.Id}";
        var deployments = _index.DeploymentsOf(model);
        var providers = deployments.Select(place => place.Deployment.Provider).Distinct().ToArray();
        if (deployments.Length == 0)
        {
            problems.Warn(path, "no deployment serves this model", "Deploy it, or remove it");
        }
        else if (providers.Length == 1)
        {
            problems.Warn(
                path, $"only {providers[0]} serves this model; when that provider fails, so does the model",
                "Deploy it at a second provider");
        }

        var countries = deployments
            .Select(place => place.Country).Distinct().Order(StringComparer.Ordinal).ToArray();
        if (countries.Length > 1 && freeKeys.Length > 0)
        {
            problems.Warn(
                path,
                $"a fallback may leave the country: it is deployed in {string.Join(", ", countries)}, and keys without "
                + $"a country rule may use it ({Suggestions.List(freeKeys, 3)})",
                "Give those keys countries, if their data may not go to all of these");
        }
    }

    /// <summary>For each model the keys that may use it anywhere.</summary>
    ILookup<string, string> KeysWithoutCountryRule() => config.Tenants
        .SelectMany(tenant => tenant.Keys, (tenant, key) => (
            Name: $"{tenant.Id}/{key.Id}", Key: key,
            Bounds: DataBounds.Of(config, key.Data).Within(DataBounds.Of(config, tenant.Data))))
        .Where(named => named.Key.Countries is null && named.Bounds.Attempts.IsAll)
        .SelectMany(named => _index.ModelsOf(named.Key, config), (named, model) => (model.Id, named.Name))
        .ToLookup(pair => pair.Id, pair => pair.Name);

    void CheckDeployment(DeploymentConfig deployment)
    {
        var path = $"deployments.{deployment.Id}";
        if (deployment.Limits.IsUnlimited && deployment.Capacity == CapacityKind.Reserved)
        {
            problems.Warn(
                path, "reserved capacity without limits: the router cannot know when it is full",
                "Write under limits what was bought");
        }
        else if (deployment.Limits.IsUnlimited)
        {
            problems.Warn(
                path, "no limits: the provider's refusals are the first sign that it is full",
                "Write under limits what the provider grants");
        }

        if (deployment is { Capacity: not CapacityKind.Reserved, Price: { Prompt: 0, Output: 0 } })
        {
            problems.Warn(
                $"{path}.price", "it costs nothing, so that it looks the cheapest of all and its usage is posted at 0",
                "Write what the provider charges");
        }

        if (deployment.Price.Cached > deployment.Price.Prompt)
        {
            problems.Warn(
                $"{path}.price.cached", "cached tokens cost more than uncached ones", "Check the provider's price list");
        }

        if (deployment.Price is { CacheWrite: null, Prompt: > 0 } && ChargesForCacheWrites(deployment))
        {
            problems.Warn(
                $"{path}.price",
                "Anthropic's models cost more for what is written to their cache, which is posted at the prompt's price",
                "Write cache_write, and cache_write_1h where prompts are kept for an hour");
        }
    }

    /// <summary>Whether it is a model of Anthropic, there or at AWS, where its name says so.</summary>
    bool ChargesForCacheWrites(DeploymentConfig deployment) => config.FindProvider(deployment.Provider)?.Dialect switch
    {
        Dialect.Anthropic => true,
        Dialect.Bedrock =>
            new BedrockModel(deployment.UpstreamModel ?? deployment.Model, deployment.Model).Family == BedrockFamily.Claude,
        _ => false,
    };

    void CheckKey(KeyConfig key, string path)
    {
        if (key is { Admin: false, Limits.IsUnlimited: true })
        {
            problems.Warn(
                path, "no limits: one caller can use up everything", "Write limits that fit its purpose");
        }

        if (key.Countries is null)
        {
            return;
        }

        var counted = _index.ModelsOf(key, config)
            .Select(model => (model.Id, Count: _index.CountWithin(key, model))).ToArray();
        WarnOfFew(key, $"{path}.countries", [.. counted.Where(model => model.Count == 0).Select(model => model.Id)],
            "no deployment that serves", "Deploy there, or list under models what the key may use");
        WarnOfFew(key, $"{path}.countries", [.. counted.Where(model => model.Count == 1).Select(model => model.Id)],
            "only one deployment that serves", "Deploy at a second place there");
    }

    void WarnOfFew(KeyConfig key, string path, string[] models, string phrase, string remedy)
    {
        if (models.Length > 0)
        {
            var countries = key.Countries!.Value;
            problems.Warn(
                path,
                $"{string.Join(", ", countries)} {(countries.Length == 1 ? "has" : "have")} {phrase} "
                + Suggestions.List(models),
                remedy);
        }
    }

    void CheckProvider(ProviderConfig provider)
    {
        foreach (var region in provider.Regions)
        {
            var url = new Uri(region.BaseUrl);
            if (provider.Credentials is not null && url.Scheme == "http" && !IsLoopback(url))
            {
                problems.Warn(
                    $"providers.{provider.Id}.regions.{region.Id}.base_url",
                    "credentials go over the network in clear text", "Use https");
            }
        }
    }

    static bool IsLoopback(Uri url) =>
        url.IsLoopback || (IPAddress.TryParse(url.Host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
}
