using System.Collections.Frozen;
using System.Collections.Immutable;
using Sahab.Routing.Admission;
using Sahab.Routing.Snapshot;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Sell.Capacity;

namespace Sahab.Server.Serve.Snapshots;

/// <summary>What somebody has reserved of a model.</summary>
/// <param name="Id">The id of its group.</param>
/// <param name="Group">Whose guarantee calls fall under; null: nothing of the model is reserved for us now.</param>
/// <param name="Cover">
/// Counts what was bought: what it admits in a minute costs nothing more. It outlives reloads and changes of the rest.
/// </param>
internal sealed record ReservedPart(string Id, TenantGroup? Group, KeyLimiter Cover);

/// <summary>
/// Who has reserved what, as calls ask for it: by model, organisation and project, without a lock and without allocating.
/// </summary>
internal sealed class ReservedTable
{
    readonly FrozenDictionary<ModelRoute, FrozenDictionary<(string Organisation, string Project), ReservedPart>> _parts;

    ReservedTable(IEnumerable<(ModelRoute Route, ReservedShare Share, ReservedPart Part)> parts) =>
        _parts = parts.GroupBy(each => each.Route).ToFrozenDictionary(
            group => group.Key,
            group => group.ToFrozenDictionary(each => (each.Share.Organisation, each.Share.Project), each => each.Part));

    public static ReservedTable Empty { get; } = new([]);

    /// <summary>What calls of a project have of a model: its own, or else what all of the organisation has.</summary>
    public ReservedPart? Find(string organisation, string project, ModelRoute route)
    {
        if (_parts.Count == 0 || !_parts.TryGetValue(route, out var holders))
        {
            return null;
        }

        return holders.TryGetValue((organisation, project), out var part) || holders.TryGetValue((organisation, ""), out part)
            ? part
            : null;
    }

    /// <summary>Gives the groups of shares and what they are guaranteed to a snapshot that is being built.</summary>
    /// <param name="builder">It has the models, the deployments and the guarantees of the configuration already.</param>
    /// <param name="config">The configuration.</param>
    /// <param name="shares">What is reserved, as of this configuration or an earlier one.</param>
    public static void AddTo(RoutingSnapshotBuilder builder, SahabConfig config, ImmutableArray<ReservedShare> shares)
    {
        foreach (var model in shares.Where(share => config.Deployments.Any(deployment =>
            deployment.Model == share.Model && deployment.Capacity == CapacityKind.Reserved)).GroupBy(share => share.Model))
        {
            var open = Math.Max(0, 1 - config.Guarantees
                .Where(guarantee => guarantee.Models?.Contains(model.Key) ?? true).Sum(guarantee => guarantee.Share));
            var all = model.Take(TenantGroup.MaxGroups - config.Groups.Length).ToList();
            var scale = Math.Min(1, open / Math.Max(all.Sum(share => share.Share), 0.000_000_001m));
            foreach (var share in all)
            {
                builder.AddGroup(IdOf(share), model.Key);
                builder.AddGuarantee(model.Key, new GuaranteeTerms
                {
                    Group = IdOf(share),
                    Share = Down(share.Share * scale),
                    LendingLimit = Math.Min(Down(share.Lendable * scale), Down(share.Share * scale)),
                });
            }
        }
    }

    /// <summary>The table of a snapshot that was built with the same shares.</summary>
    /// <param name="previous">What was in force, whose counts go on; null at the start.</param>
    public static ReservedTable Of(
        RoutingSnapshot routing, ImmutableArray<ReservedShare> shares, ReservedTable? previous)
    {
        if (shares.IsEmpty)
        {
            return Empty;
        }

        var known = (previous ?? Empty)._parts.Values.SelectMany(holders => holders.Values)
            .ToDictionary(part => part.Id, part => part.Cover, StringComparer.Ordinal);
        var parts = new List<(ModelRoute, ReservedShare, ReservedPart)>();
        foreach (var share in shares)
        {
            if (routing.TryGetModel(share.Model, out var route))
            {
                var (id, limits) = (IdOf(share), new Limits { TokensPerMinute = share.TokensPerMinute });
                var cover = known.GetValueOrDefault(id) ?? new KeyLimiter(limits);
                cover.Change(limits);
                parts.Add((route, share, new ReservedPart(id, routing.FindGroup(id), cover)));
            }
        }

        return new ReservedTable(parts);
    }

    /// <summary>No id of a configuration has a colon, so that it is nobody else's.</summary>
    static string IdOf(ReservedShare share) =>
        $"reserved:{share.Organisation}{(share.Project.Length > 0 ? "/" : "")}{share.Project}:{share.Model}";

    /// <summary>Rounded down, so that shares together are never more than all.</summary>
    static decimal Down(decimal share) => decimal.Floor(share * 1_000_000_000_000_000m) / 1_000_000_000_000_000m;
}
