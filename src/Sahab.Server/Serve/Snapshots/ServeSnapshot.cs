using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Sahab.Routing.Snapshot;
using Sahab.Server.Serve.Providers.Vllm;

namespace Sahab.Server.Serve.Snapshots;

/// <summary>
/// All that the front door needs to know, as of one configuration: immutable, swapped whole. A call lives under the
/// snapshot with which it began.
/// </summary>
internal sealed class ServeSnapshot
{
    public required RoutingSnapshot Routing { get; init; }

    public required ApiKeyTable Keys { get; init; }

    /// <summary>Who has reserved what.</summary>
    public ReservedTable Reserved { get; init; } = ReservedTable.Empty;

    /// <summary>Where each deployment is reached, by the deployment itself.</summary>
    public required FrozenDictionary<Deployment, DeploymentTarget> Targets { get; init; }

    /// <summary>Model and alias names with who owns them, in the order of the configuration.</summary>
    public required ImmutableArray<ServedModel> Models { get; init; }

    /// <summary>The servers that are asked how they are.</summary>
    public required ImmutableArray<LoadProbe> Probes { get; init; }

    /// <summary>When the configuration was put in force.</summary>
    public required long LoadedAtUnixSeconds { get; init; }

    public required int MaxBodyBytes { get; init; }

    public required int MaxConcurrentCalls { get; init; }

    public required int MaxAttempts { get; init; }

    public required long CallDeadlineMs { get; init; }

    public required int MaxWaiting { get; init; }

    public required long MaxWaitMs { get; init; }

    /// <summary>The most output tokens of one choice of each model that says so.</summary>
    public required FrozenDictionary<ModelRoute, int> MaxOutputTokens { get; init; }

    /// <summary>The most output tokens of one choice; 0 where it is not known.</summary>
    public int MaxOutputTokensOf(ModelRoute route) => MaxOutputTokens.GetValueOrDefault(route);

    public DeploymentTarget TargetOf(Deployment deployment) => Targets[deployment];

    /// <summary>The model or alias of a name in UTF-8.</summary>
    public bool TryFindModel(ReadOnlySpan<byte> utf8Name, [NotNullWhen(true)] out ModelRoute? route) =>
        Routing.TryGetModel(utf8Name, out route);
}

/// <summary>A name that clients may ask for.</summary>
/// <param name="Name">The model's name or an alias.</param>
/// <param name="MaxOutputTokens">The most output tokens of one choice; 0 where it is not known.</param>
internal sealed record ServedModel(string Name, ModelRoute Route, string OwnedBy, int MaxOutputTokens);
