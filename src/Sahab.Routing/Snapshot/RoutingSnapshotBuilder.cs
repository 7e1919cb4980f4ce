using System.Collections.Immutable;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;
using Sahab.Routing.Admission;
using Sahab.Routing.Policies;
using Sahab.Routing.Requests;

namespace Sahab.Routing.Snapshot;

/// <summary>
/// Builds a snapshot from a configuration that was validated before. What the previous snapshot knows of a deployment
/// or a model is carried over; nothing of it changes before <see cref="Build"/>, so a build that fails half way leaves
/// the running snapshot as it was.
/// </summary>
/// <param name="previous">The snapshot in force; null at the start.</param>
public sealed class RoutingSnapshotBuilder(RoutingSnapshot? previous = null)
{
    private readonly List<DeploymentSpec> _specs = [];
    private readonly HashSet<string> _ids = new(StringComparer.Ordinal);
    private readonly List<(string Name, Operation[] Operations)> _models = [];
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly List<(string Alias, string Model)> _aliases = [];
    private readonly List<(string Id, string? Model)> _groups = [];
    private readonly List<(string Model, GuaranteeTerms Terms)> _guarantees = [];

    /// <value>How a deployment is chosen. <see cref="RoutingProfile.Balanced"/> unless said otherwise.</value>
    public RoutingProfile Profile { get; init; } = RoutingProfile.Balanced;

    /// <value>When a failing deployment is left alone.</value>
    public HealthTerms Health { get; init; } = new();

    /// <value>
    /// Output tokens to reserve before a model's outputs are known. At least 1, 512 unless said otherwise.
    /// </value>
    public int DefaultOutputTokens { get; init; } = 512;

    /// <summary>Adds a deployment.</summary>
    /// <exception cref="ArgumentException">The id is taken.</exception>
    public RoutingSnapshotBuilder AddDeployment(DeploymentSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentOutOfRangeException.ThrowIfNegative(spec.Weight);
        ArgumentOutOfRangeException.ThrowIfNegative(spec.ContextTokens);
        if (!_ids.Add(spec.Id))
        {
            throw new ArgumentException($"There are two deployments '{spec.Id}'.", nameof(spec));
        }

        _specs.Add(spec);
        return this;
    }

    /// <summary>Adds a model. Its candidates are the deployments that name it, in the order they are added.</summary>
    /// <exception cref="ArgumentException">The name is taken or too long.</exception>
    public RoutingSnapshotBuilder AddModel(string name, params Operation[] operations)
    {
        Claim(name);
        _models.Add((name, operations));
        return this;
    }

    /// <summary>Adds another name for a model.</summary>
    /// <exception cref="ArgumentException">The name is taken or too long.</exception>
    public RoutingSnapshotBuilder AddAlias(string alias, string model)
    {
        Claim(alias);
        _aliases.Add((alias, model));
        return this;
    }

    /// <summary>Adds a group of tenants and keys.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="model">The one model that it may have a share of; null: any.</param>
    /// <exception cref="ArgumentException">The id is taken, or a model has 64 already.</exception>
    public RoutingSnapshotBuilder AddGroup(string id, string? model = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        if (_groups.Exists(group => group.Id == id) || MostGroupsWith(model) > TenantGroup.MaxGroups)
        {
            throw new ArgumentException(
                $"There are two groups '{id}', or more than {TenantGroup.MaxGroups} of one model.", nameof(id));
        }

        _groups.Add((id, model));
        return this;
    }

    /// <summary>Guarantees a group a share of each reserved deployment of a model.</summary>
    /// <exception cref="ArgumentException">A figure is out of its range, or the group has a share already.</exception>
    public RoutingSnapshotBuilder AddGuarantee(string model, GuaranteeTerms terms)
    {
        ArgumentNullException.ThrowIfNull(terms);
        if (!terms.IsValid || _guarantees.Any(given => given.Model == model && given.Terms.Group == terms.Group))
        {
            throw new ArgumentException(
                $"What group '{terms.Group}' is guaranteed of '{model}' is out of range or said twice.", nameof(terms));
        }

        _guarantees.Add((model, terms));
        return this;
    }

    /// <summary>
    /// Builds the snapshot and puts the new limits and terms in force for the states it carries over.
    /// </summary>
    /// <exception cref="InvalidOperationException">
    /// A deployment, an alias or a guarantee names a model or a group that there is not, a model has more than 64
    /// deployments, or more than all of it is guaranteed.
    /// </exception>
    public RoutingSnapshot Build()
    {
        Health.Validate();
        Profile.Validate();
        ArgumentOutOfRangeException.ThrowIfLessThan(DefaultOutputTokens, 1);
        CheckReferences();

        var deployments = _specs.Select(spec => new Deployment(spec, StateOf(spec))).ToImmutableArray();
        var byModel = deployments.ToLookup(deployment => deployment.Spec.Model, StringComparer.Ordinal);
        var routes = new Dictionary<string, ModelRoute>(StringComparer.Ordinal);
        var models = ImmutableArray.CreateBuilder<ModelRoute>(_models.Count);
        foreach (var (name, operations) in _models)
        {
            var route = new ModelRoute(name, [.. byModel[name]], operations, HistoryOf(name));
            models.Add(route);
            routes.Add(name, route);
        }

        foreach (var (alias, model) in _aliases)
        {
            routes.Add(alias, routes[model]);
        }

        var groups = BuildGroups();
        var guarantees = _guarantees.ToLookup(
            given => given.Model,
            given => new GroupGuarantee(groups.First(group => group.Id == given.Terms.Group), given.Terms),
            StringComparer.Ordinal);
        foreach (var deployment in deployments)
        {
            var isReserved = deployment.Spec.Kind == CapacityKind.Reserved;
            deployment.State.Change(
                deployment.Spec.Limits, Health, isReserved ? [.. guarantees[deployment.Spec.Model]] : []);
        }

        return new RoutingSnapshot(
            (previous?.Version ?? 0) + 1, Profile, models.ToImmutable(), deployments, groups, routes);
    }

    private void Claim(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (Encoding.UTF8.GetByteCount(name) > RoutingSnapshot.MaxNameBytes)
        {
            throw new ArgumentException($"A name has at most {RoutingSnapshot.MaxNameBytes} bytes.", nameof(name));
        }

        if (!_names.Add(name))
        {
            throw new ArgumentException($"There are two models or aliases '{name}'.", nameof(name));
        }
    }

    private void CheckReferences()
    {
        var models = _models.Select(model => model.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var spec in _specs.Where(spec => !models.Contains(spec.Model)))
        {
            throw new InvalidOperationException(
                $"Deployment '{spec.Id}' serves model '{spec.Model}', which there is not.");
        }

        foreach (var (alias, model) in _aliases.Where(alias => !models.Contains(alias.Model)))
        {
            throw new InvalidOperationException($"Alias '{alias}' stands for model '{model}', which there is not.");
        }

        foreach (var (model, terms) in _guarantees)
        {
            if (!models.Contains(model) || !_groups.Exists(group => group.Id == terms.Group && (group.Model ?? model) == model)
                || _guarantees.Where(given => given.Model == model).Sum(given => given.Terms.Share) > 1)
            {
                throw new InvalidOperationException(
                    $"What '{terms.Group}' is guaranteed of '{model}' names a model or a group that there is not, or "
                    + "more than all of the model is guaranteed.");
            }
        }

        var crowded = _specs.GroupBy(spec => spec.Model).FirstOrDefault(all => all.Count() > ModelRoute.MaxCandidates);
        if (crowded is not null)
        {
            throw new InvalidOperationException(
                $"Model '{crowded.Key}' has {crowded.Count()} deployments; {ModelRoute.MaxCandidates} are possible.");
        }
    }

    // Groups that one model would have, with another one of it or, without a model, of all.
    private int MostGroupsWith(string? model) => 1 + _groups.Count(group => group.Model is null)
        + (model is null
            ? _groups.Where(group => group.Model is not null).GroupBy(group => group.Model)
                .Select(group => group.Count()).DefaultIfEmpty().Max()
            : _groups.Count(group => group.Model == model));

    // A group that stays keeps its number, and with it what its calls hold. Groups of different models may share one: they
    // never meet in a queue or a deployment. Those of any model are numbered from below, the others from above.
    private ImmutableArray<TenantGroup> BuildGroups()
    {
        var known = _groups.Select(each => previous?.FindGroup(each.Id) is { } group && group.Model == each.Model ? group : null)
            .ToList();
        return Number(known) ?? Number([.. known.Select(group => group is { Model: null } ? group : null)])!.Value;
    }

    private ImmutableArray<TenantGroup>? Number(List<TenantGroup?> known)
    {
        var models = new Dictionary<string, ulong>(StringComparer.Ordinal);
        var (ofAny, ofSome) = (0UL, 0UL);
        foreach (var group in known.OfType<TenantGroup>())
        {
            Take(group.Model, group.Bit);
        }

        var groups = new TenantGroup[_groups.Count];
        foreach (var index in Enumerable.Range(0, groups.Length).OrderBy(index => _groups[index].Model is not null))
        {
            var (id, model) = _groups[index];
            if (known[index] is { } stays)
            {
                groups[index] = stays;
                continue;
            }

            var taken = ofAny | (model is null ? ofSome : models.GetValueOrDefault(model));
            if (taken == ulong.MaxValue)
            {
                return null;
            }

            var number = model is null
                ? BitOperations.TrailingZeroCount(~taken)
                : TenantGroup.MaxGroups - 1 - BitOperations.LeadingZeroCount(~taken);
            groups[index] = new TenantGroup(id, number, model);
            Take(model, groups[index].Bit);
        }

        return ImmutableCollectionsMarshal.AsImmutableArray(groups);

        void Take(string? model, ulong bit)
        {
            if (model is null)
            {
                ofAny |= bit;
                return;
            }

            ofSome |= bit;
            models[model] = models.GetValueOrDefault(model) | bit;
        }
    }

    // An id that moved to another place or model is another deployment: its past says nothing of it.
    private DeploymentState StateOf(DeploymentSpec spec) =>
        previous is not null
        && previous.TryGetDeployment(spec.Id, out var known)
        && known.Spec.Provider == spec.Provider
        && known.Spec.Region == spec.Region
        && known.Spec.Model == spec.Model
            ? known.State
            : new DeploymentState(spec.Id, spec.Limits, Health);

    private ModelHistory HistoryOf(string name) =>
        previous is not null && previous.TryGetModel(name, out var known) && known.Name == name
            ? known.History
            : new ModelHistory(DefaultOutputTokens);
}
