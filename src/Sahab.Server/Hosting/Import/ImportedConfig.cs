using System.Globalization;

namespace Sahab.Server.Hosting.Import;

/// <summary>What was carried over, ready to be written as <c>sahab.yaml</c>.</summary>
internal sealed class ImportedConfig
{
    public Dictionary<string, ImportedProvider> Providers { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, ImportedModel> Models { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, ImportedDeployment> Deployments { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, string> Aliases { get; } = new(StringComparer.Ordinal);

    public string? AdminKeyVariable { get; set; }

    public string? Policy { get; set; }

    public int? MaxAttempts { get; set; }

    public int? BreakerFailures { get; set; }

    public decimal? BreakerSeconds { get; set; }

    public decimal? DeadlineSeconds { get; set; }

    /// <summary>Adds under an id that nobody has, the wanted one where it is free.</summary>
    public static string Free<T>(Dictionary<string, T> taken, string wanted)
    {
        var id = wanted;
        for (var number = 2; taken.ContainsKey(id); number++)
        {
            id = string.Create(CultureInfo.InvariantCulture, $"{wanted}-{number}");
        }

        return id;
    }
}

/// <summary>A provider: one kind of cloud under one credential.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Variable">The environment variable of its key; none where it needs none.</param>
/// <param name="Settings">Lines of the dialect's own record, such as <c>project: x</c>.</param>
internal sealed record ImportedProvider(
    ImportedKind Kind, string? Variable, IReadOnlyList<string> Settings, Dictionary<string, ImportedRegion> Regions)
{
    public decimal? FirstByteSeconds { get; set; }

    public decimal? StreamSeconds { get; set; }
}

/// <param name="Country">None where the other file does not tell.</param>
internal sealed record ImportedRegion(string BaseUrl, string? Country);

internal sealed record ImportedModel(string Operation)
{
    public long? ContextTokens { get; set; }

    public long? MaxOutputTokens { get; set; }

    public bool HasVision { get; set; }

    public bool HasNoTools { get; set; }
}

internal sealed record ImportedDeployment(
    string Provider, string Region, string Model, string UpstreamModel, decimal? PromptUsd, decimal? CachedUsd,
    decimal? CacheWriteUsd, decimal? CacheWrite1hUsd, decimal? OutputUsd, decimal? RequestsPerMinute, decimal? TokensPerMinute, decimal? Concurrency, decimal? Weight,
    decimal? Priority);
