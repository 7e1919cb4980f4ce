using System.Collections.Immutable;

namespace Sahab.Server.Hosting.Configuration;

/// <summary>A deployment with the country in which it stands; empty where its region is not known.</summary>
internal readonly record struct PlacedDeployment(DeploymentConfig Deployment, string Country);

/// <summary>Finds models by name and deployments by model without searching the lists each time.</summary>
internal sealed class ConfigIndex
{
    readonly Dictionary<string, ModelConfig?> _models = new(StringComparer.Ordinal);
    readonly ILookup<string, PlacedDeployment> _deployments;

    public ConfigIndex(SahabConfig config)
    {
        foreach (var name in config.Models.Select(model => model.Id).Concat(config.Aliases.Keys))
        {
            _models.TryAdd(name, config.FindModel(name));
        }

        _deployments = config.Deployments.ToLookup(
            deployment => deployment.Model,
            deployment => new PlacedDeployment(deployment, config.FindRegion(deployment)?.Country ?? ""));
    }

    /// <summary>The model behind the name of a model or an alias.</summary>
    public ModelConfig? Model(string name) => _models.GetValueOrDefault(name);

    public ImmutableArray<PlacedDeployment> DeploymentsOf(ModelConfig model) => [.. _deployments[model.Id]];

    /// <summary>The models that a key may ask for.</summary>
    public IEnumerable<ModelConfig> ModelsOf(KeyConfig key, SahabConfig config) => key.Models is { } names
        ? names.Select(Model).OfType<ModelConfig>().DistinctBy(model => model.Id)
        : config.Models;

    /// <summary>How many deployments of a model stand where a key may go.</summary>
    public int CountWithin(KeyConfig key, ModelConfig model) => _deployments[model.Id]
        .Count(place => place.Country.Length > 0 && (key.Countries?.Contains(place.Country) ?? true));
}
