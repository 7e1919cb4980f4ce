using System.Collections.Immutable;
using Sahab.Planning.Scenarios;
using Sahab.Routing.Snapshot;

namespace Sahab.Planning.Simulation;

/// <summary>Who had what of reserved capacity, by group.</summary>
internal sealed class GroupBook
{
    readonly ImmutableArray<string> _groups;
    readonly int[] _groupOf;
    readonly bool[] _isReserved;
    readonly Line[] _reserved;
    readonly Line[] _spilled;

    public GroupBook(Scenario scenario)
    {
        _groups = scenario.Groups;
        _groupOf = [.. scenario.Tenants.Select(tenant => tenant.Group is { } id ? _groups.IndexOf(id) : -1)];
        _isReserved = [.. scenario.Deployments.Select(deployment => deployment.Spec.Kind == CapacityKind.Reserved)];
        _reserved = new Line[_groups.Length];
        _spilled = new Line[_groups.Length];
    }

    /// <summary>Counts a call that was served where its last attempt went.</summary>
    public void Add(SimulatedCall call)
    {
        if (_groupOf[call.Arrival.Tenant] is >= 0 and var group)
        {
            ref var line = ref (_isReserved[call.Deployment] ? _reserved : _spilled)[group];
            line.Calls++;
            line.Tokens += call.Tokens;
        }
    }

    public ImmutableArray<GroupUsage> Groups() =>
    [
        .. _groups.Select((id, index) => new GroupUsage(
            id, _reserved[index].Calls, _reserved[index].Tokens, _spilled[index].Calls, _spilled[index].Tokens)),
    ];

    struct Line
    {
        public long Calls;
        public long Tokens;
    }
}
