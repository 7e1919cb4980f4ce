using System.Collections.Immutable;
using Sahab.Planning.Scenarios;

namespace Sahab.Planning.Simulation;

/// <summary>How calls were served, by tier and tenant: counts and histograms, whatever the number of calls.</summary>
internal sealed class ServiceBook
{
    readonly Scenario _scenario;
    readonly Cell[,] _cells;
    readonly Times[] _tiers;
    readonly Times[] _tenants;

    public ServiceBook(Scenario scenario)
    {
        _scenario = scenario;
        _cells = new Cell[scenario.Tenants.Length, scenario.Tiers.Length];
        _tiers = [.. scenario.Tiers.Select(_ => new Times())];
        _tenants = [.. scenario.Tenants.Select(_ => new Times())];
    }

    /// <summary>Tokens of calls that were not served.</summary>
    public long UnservedTokens { get; private set; }

    public void Arrived(SimulatedCall call) => _cells[call.Arrival.Tenant, call.Arrival.Tier].Arrived++;

    public void Served(SimulatedCall call, double nowMs, double overheadMs)
    {
        var (tenant, tier) = (call.Arrival.Tenant, call.Arrival.Tier);
        var firstToken = TimeSpan.FromMilliseconds(call.FirstTokenMs + overheadMs - call.Arrival.AtMs);
        var total = TimeSpan.FromMilliseconds(nowMs + overheadMs - call.Arrival.AtMs);
        ref var cell = ref _cells[tenant, tier];
        cell.Served++;
        cell.InTime += firstToken <= _scenario.Tiers[tier].FirstToken ? 1 : 0;
        foreach (var times in (ReadOnlySpan<Times>)[_tiers[tier], _tenants[tenant]])
        {
            times.FirstToken.Add(firstToken);
            times.Total.Add(total);
        }
    }

    public void Unserved(SimulatedCall call, CallEnd end)
    {
        ref var cell = ref _cells[call.Arrival.Tenant, call.Arrival.Tier];
        cell.Refused += end == CallEnd.Refused ? 1 : 0;
        cell.Limited += end == CallEnd.Limited ? 1 : 0;
        cell.Failed += end == CallEnd.Failed ? 1 : 0;
        UnservedTokens += call.Tokens;
    }

    public CallCounts Counts(long attempts)
    {
        var all = Sum(_ => true);
        return new CallCounts(
            all.Arrived, all.Served, all.Refused, all.Limited, all.Failed,
            all.Arrived - all.Served - all.Refused - all.Limited - all.Failed, attempts);
    }

    public ImmutableArray<ServiceLevel> Tiers() =>
    [
        .. _scenario.Tiers.Select((tier, index) =>
            Level(null, tier.Tier.ToString(), Sum(place => place.Tier == index), _tiers[index], tier.Target)),
    ];

    public ImmutableArray<ServiceLevel> Tenants() =>
    [
        .. _scenario.Tenants.Select((tenant, index) =>
            Level(tenant.Id, null, Sum(place => place.Tenant == index), _tenants[index], null)),
    ];

    public ImmutableArray<ServiceLevel> TiersOfTenants() =>
    [
        .. _scenario.Tenants.SelectMany((tenant, row) => _scenario.Tiers.Select((tier, column) =>
            Level(tenant.Id, tier.Tier.ToString(), _cells[row, column], null, tier.Target))),
    ];

    static ServiceLevel Level(string? tenant, string? tier, in Cell cell, Times? times, double? target)
    {
        // A key's limit is the client's to keep: what it refuses says nothing of the service.
        var promised = cell.Arrived - cell.Limited;
        var inTime = promised == 0 ? 1 : (double)cell.InTime / promised;
        return new ServiceLevel
        {
            Tenant = tenant,
            Tier = tier?.ToLowerInvariant(),
            Calls = cell.Arrived,
            Served = cell.Served,
            Refused = cell.Refused,
            Limited = cell.Limited,
            Failed = cell.Failed,
            InTimeShare = Math.Round(inTime, 6),
            Target = target,
            IsMet = target is null ? null : inTime >= target,
            FirstTokenMs = times is null ? null : Quantiles.Of(times.FirstToken),
            TotalMs = times is null ? null : Quantiles.Of(times.Total),
        };
    }

    Cell Sum(Func<(int Tenant, int Tier), bool> isMeant)
    {
        var sum = default(Cell);
        for (var tenant = 0; tenant < _scenario.Tenants.Length; tenant++)
        {
            for (var tier = 0; tier < _scenario.Tiers.Length; tier++)
            {
                if (isMeant((tenant, tier)))
                {
                    sum.Add(_cells[tenant, tier]);
                }
            }
        }

        return sum;
    }

    sealed class Times
    {
        public LatencyHistogram FirstToken { get; } = new();

        public LatencyHistogram Total { get; } = new();
    }

    struct Cell
    {
        public long Arrived;
        public long Served;
        public long Refused;
        public long Limited;
        public long Failed;
        public long InTime;

        public void Add(in Cell other)
        {
            Arrived += other.Arrived;
            Served += other.Served;
            Refused += other.Refused;
            Limited += other.Limited;
            Failed += other.Failed;
            InTime += other.InTime;
        }
    }
}
