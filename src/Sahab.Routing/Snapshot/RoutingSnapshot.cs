using System.Buffers;
using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Unicode;
using Sahab.Routing.Admission;
using Sahab.Routing.Policies;

namespace Sahab.Routing.Snapshot;

/// <summary>
/// All that routing needs to know, as of one configuration: immutable but for the states that it points to. Built by
/// <see cref="RoutingSnapshotBuilder"/>, swapped whole.
/// </summary>
public sealed class RoutingSnapshot
{
    /// <summary>Longest model name or alias, in UTF-8 bytes. A longer one is simply not found.</summary>
    public const int MaxNameBytes = 256;

    private readonly FrozenDictionary<string, ModelRoute> _routes;
    private readonly FrozenDictionary<string, ModelRoute>.AlternateLookup<ReadOnlySpan<char>> _routesBySpan;
    private readonly FrozenDictionary<string, Deployment> _deployments;

    internal RoutingSnapshot(
        long version,
        RoutingProfile profile,
        ImmutableArray<ModelRoute> models,
        ImmutableArray<Deployment> deployments,
        ImmutableArray<TenantGroup> groups,
        Dictionary<string, ModelRoute> routes)
    {
        Version = version;
        Profile = profile;
        Models = models;
        Deployments = deployments;
        Groups = groups;
        _routes = routes.ToFrozenDictionary(StringComparer.Ordinal);
        _routesBySpan = _routes.GetAlternateLookup<ReadOnlySpan<char>>();
        _deployments = deployments.ToFrozenDictionary(deployment => deployment.Spec.Id, StringComparer.Ordinal);
    }

    /// <summary>A snapshot that knows nothing: version 0, the balanced profile, no models.</summary>
    public static RoutingSnapshot Empty { get; } = new(0, RoutingProfile.Balanced, [], [], [], []);

    /// <summary>One more than the previous snapshot's.</summary>
    public long Version { get; }

    /// <summary>How a deployment is chosen.</summary>
    public RoutingProfile Profile { get; }

    /// <summary>Every model once, in the order of the configuration.</summary>
    public ImmutableArray<ModelRoute> Models { get; }

    /// <summary>Every deployment, in the order of the configuration.</summary>
    public ImmutableArray<Deployment> Deployments { get; }

    /// <summary>Who is guaranteed capacity together, in the order of the configuration. 0 to 64 for each model.</summary>
    public ImmutableArray<TenantGroup> Groups { get; }

    /// <summary>The group of an id; null if there is none.</summary>
    public TenantGroup? FindGroup(string id) =>
        Groups.FirstOrDefault(group => string.Equals(group.Id, id, StringComparison.Ordinal));

    /// <summary>The route of a model or an alias. Case matters. Allocates nothing.</summary>
    public bool TryGetModel(ReadOnlySpan<char> name, [NotNullWhen(true)] out ModelRoute? route) =>
        _routesBySpan.TryGetValue(name, out route);

    /// <summary>The route of a model or an alias in UTF-8. Case matters. Allocates nothing.</summary>
    public bool TryGetModel(ReadOnlySpan<byte> utf8Name, [NotNullWhen(true)] out ModelRoute? route)
    {
        Span<char> name = stackalloc char[MaxNameBytes];
        if (utf8Name.Length > MaxNameBytes
            || Utf8.ToUtf16(utf8Name, name, out _, out var length, replaceInvalidSequences: false)
                != OperationStatus.Done)
        {
            route = null;
            return false;
        }

        return _routesBySpan.TryGetValue(name[..length], out route);
    }

    /// <summary>The deployment of an id.</summary>
    public bool TryGetDeployment(string id, [NotNullWhen(true)] out Deployment? deployment) =>
        _deployments.TryGetValue(id, out deployment);
}
