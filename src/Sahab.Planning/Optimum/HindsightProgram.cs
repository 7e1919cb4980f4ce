using System.Globalization;
using Sahab.Ledger.Money;
using Sahab.Ledger.Rating;
using Sahab.Planning.Scenarios;
using Sahab.Planning.Simulation;

namespace Sahab.Planning.Optimum;

/// <summary>Calls of a class that come in one bucket and are served in the same or a later one.</summary>
internal readonly record struct Flow(
    int Column, int Deployment, int Served, double UsdPerCall, DemandSums PerCall);

/// <summary>Which row of the programme a shadow price is read from.</summary>
internal readonly record struct CapacityRow(int Row, int Deployment);

/// <summary>
/// The optimum with hindsight of a scenario as a linear programme: how many calls of each class are served where and
/// when, so that usage, shortfalls and refusals cost least. See docs/simulation.md for rows and what they leave out.
/// </summary>
internal sealed class HindsightProgram
{
    const double UsdPerNano = 1.0 / NanoUsd.PerUsd;
    const double TokensPerPrice = 1_000_000;

    /// <summary>A call that waits is looked at several times a second: so much later it may still be found.</summary>
    const double LookMs = 1_000;

    /// <summary>In a span of time a window that slides can let through what is allowed in one more minute.</summary>
    const double SlidingWindowMinutes = 1;

    readonly Scenario _scenario;
    readonly DemandProfile _demand;
    readonly ContractRows _contracts;

    /// <summary>Tiers whose calls may begin in the same buckets are the same here.</summary>
    readonly TierTerms[][] _groups;
    readonly ReplicaCapacity[] _capacities;
    readonly double _bucketMs;

    HindsightProgram(Scenario scenario)
    {
        _scenario = scenario;
        _contracts = new ContractRows(scenario);
        _bucketMs = scenario.Bucket.TotalMilliseconds;
        _groups =
        [
            .. scenario.Tiers.GroupBy(tier => (LatestOf(tier), tier.MustServe)).Select(group => group.ToArray()),
        ];
        _capacities = [.. scenario.Deployments.Select(deployment => new ReplicaCapacity(scenario, deployment))];
        _demand = DemandProfile.Collect(
            scenario, [.. scenario.Tiers.Select(tier => Array.FindIndex(_groups, group => group.Contains(tier)))],
            [.. _groups.Select(LateFromMs)], See);
    }

    public LinearProgram Program { get; } = new();

    public List<Flow> Flows { get; } = [];

    /// <summary>Columns of refused calls, with what a call is held to cost in US dollars.</summary>
    public List<(int Column, double UsdPerCall)> Refusals { get; } = [];

    /// <summary>What the contracts say of it.</summary>
    public ContractRows Contracts => _contracts;

    public List<CapacityRow> Capacities { get; } = [];

    public int Buckets => _demand.Buckets;

    public static HindsightProgram Build(Scenario scenario)
    {
        ScenarioCheck.ThrowIfProblems(scenario);
        if (ContractRows.ProblemOf(scenario) is { } problem)
        {
            throw new ArgumentException(problem, nameof(scenario));
        }

        var built = new HindsightProgram(scenario);
        var served = built.AddDemand();
        built.AddCapacities(served);
        built._contracts.AddTo(built.Program, built.Flows);
        return built;
    }

    /// <summary>A flow and its share of the sums of its class.</summary>
    readonly record struct Served(int Column, DemandSums PerCall);

    static double WaitMs(TierTerms tier) => tier.MaxWait.TotalMilliseconds + LookMs;

    /// <summary>How many buckets after its own a call of the tier may begin.</summary>
    int LatestOf(TierTerms tier) => (int)Math.Ceiling(WaitMs(tier) / _bucketMs);

    /// <summary>How far into its bucket a call has to come to wait for the last that its group may begin in.</summary>
    double LateFromMs(TierTerms[] group) => (LatestOf(group[0]) * _bucketMs) - group.Max(WaitMs);

    void See(string model, int bucket, DemandSums call)
    {
        for (var index = 0; index < _capacities.Length; index++)
        {
            if (_scenario.Deployments[index].Spec.Model == model)
            {
                _capacities[index].See(bucket, call);
            }
        }
    }

    List<Served>[,] AddDemand()
    {
        var served = new List<Served>[_demand.Buckets, _scenario.Deployments.Length];
        for (var bucket = 0; bucket < _demand.Buckets; bucket++)
        {
            for (var each = 0; each < _demand.Classes.Length; each++)
            {
                if (_demand[bucket, each].Calls > 0)
                {
                    AddDemand(bucket, each, served);
                }
            }
        }

        return served;
    }

    void AddDemand(int bucket, int each, List<Served>[,] served)
    {
        var kind = _demand.Classes[each];
        var sums = _demand[bucket, each];
        var tiers = _groups[kind.Group];
        var row = Program.AddRow(
            $"demand of {kind.Model}, {string.Join(" and ", tiers.Select(tier => tier.Tier))}, "
            + $"from hour {HourOf(bucket)}: all calls have to be served",
            RowSense.Exactly, sums.Calls);
        var perCall = PerCall(sums);
        var latest = bucket + LatestOf(tiers[0]);
        var late = latest < _demand.Buckets && sums.Late < sums.Calls
            ? Program.AddRow(
                $"demand of {kind.Model} from hour {HourOf(bucket)}: who came early does not wait until hour "
                + HourOf(latest), RowSense.AtMost, sums.Late)
            : -1;
        for (var index = 0; index < _scenario.Deployments.Length; index++)
        {
            var spec = _scenario.Deployments[index].Spec;
            if (spec.Model != kind.Model || !kind.Countries.Contains(spec.Country))
            {
                continue;
            }

            for (var at = bucket; at <= Math.Min(latest, _demand.Buckets - 1); at++)
            {
                var usd = UsdPerCall(perCall, LowestPrices(index, at));
                var column = Program.AddColumn(usd);
                Program.Put(row, column, 1);
                if (at == latest && late >= 0)
                {
                    Program.Put(late, column, 1);
                }

                Flows.Add(new Flow(column, index, at, usd, perCall));
                (served[at, index] ??= []).Add(new Served(column, perCall));
            }
        }

        if (!tiers[0].MustServe)
        {
            var usd = (perCall.Prompt + perCall.Output) * (double)_scenario.RefusalUsdPerMillionTokens / TokensPerPrice;
            var column = Program.AddColumn(usd);
            Program.Put(row, column, 1);
            Refusals.Add((column, usd));
        }
    }

    void AddCapacities(List<Served>[,] served)
    {
        for (var index = 0; index < _scenario.Deployments.Length; index++)
        {
            var inFlight = new int?[ReplicaCapacity.Measures];
            for (var bucket = 0; bucket < _demand.Buckets; bucket++)
            {
                if (served[bucket, index] is { } flows)
                {
                    AddLimits(index, bucket, flows);
                    AddWork(index, bucket, flows, inFlight);
                }
                else
                {
                    Array.Clear(inFlight);
                }
            }
        }
    }

    void AddLimits(int index, int bucket, List<Served> flows)
    {
        var limits = _scenario.Deployments[index].Spec.Limits;
        var minutes = (SecondsOf(index, bucket) / 60) + SlidingWindowMinutes;
        if (limits.TokensPerMinute is { } tokens)
        {
            AddLimit("tokens", index, bucket, flows, tokens * minutes, call => call.Prompt + call.Output);
        }

        if (limits.RequestsPerMinute is { } requests)
        {
            AddLimit("requests", index, bucket, flows, requests * minutes, _ => 1);
        }
    }

    // What begins in a bucket and is not done by its end is done in the next ones: no more than what can be in flight.
    void AddWork(int index, int bucket, List<Served> flows, int?[] inFlight)
    {
        var capacity = _capacities[index];
        for (var measure = 0; measure < ReplicaCapacity.Measures; measure++)
        {
            var of = measure;
            var name = ReplicaCapacity.NameOf(measure);
            var row = AddLimit(
                name, index, bucket, flows, _scenario.Deployments[index].Replicas * SecondsOf(index, bucket),
                call => capacity.SecondsOf(call, of));
            var before = inFlight[measure];
            inFlight[measure] = null;
            if (row is not { } limited)
            {
                continue;
            }

            Capacities.Add(new CapacityRow(limited, index));
            if (before is { } left)
            {
                Program.Put(limited, left, 1);
            }

            var after = Program.AddColumn(0);
            Program.Put(limited, after, -1);
            Program.Put(
                Program.AddRow(
                    $"{name} in flight at {_scenario.Deployments[index].Spec.Id} from hour {HourOf(bucket + 1)}",
                    RowSense.AtMost, capacity.MostInFlight(bucket, of)),
                after, 1);
            inFlight[measure] = after;
        }
    }

    /// <summary>The row; null where all the calls that could come would not reach the limit: there it says nothing.</summary>
    int? AddLimit(
        string what, int index, int bucket, List<Served> flows, double most, Func<DemandSums, double> useOf)
    {
        if (flows.Sum(flow => useOf(flow.PerCall) * CallsAtMost(flow.Column)) <= most)
        {
            return null;
        }

        var row = Program.AddRow(
            $"{what} of {_scenario.Deployments[index].Spec.Id} from hour {HourOf(bucket)}", RowSense.AtMost, most);
        foreach (var flow in flows)
        {
            Program.Put(row, flow.Column, useOf(flow.PerCall));
        }

        return row;
    }

    double CallsAtMost(int column) => Program.Rows[Program.Entries(column)[0].Row].Right;

    static DemandSums PerCall(in DemandSums sums) => new()
    {
        Calls = 1,
        Prompt = sums.Prompt / sums.Calls,
        Prefix = sums.Prefix / sums.Calls,
        Output = sums.Output / sums.Calls,
        Steps = sums.Steps / sums.Calls,
        Context = sums.Context / sums.Calls,
        Memory = sums.Memory / sums.Calls,
        PrefillMemory = sums.PrefillMemory / sums.Calls,
    };

    public static double UsdPerCall(in DemandSums call, in PriceTerms prices) => UsdPerNano / TokensPerPrice
        * ((call.Prefill * prices.PromptNanoPerMillion)
            + (call.Prefix * Math.Min(prices.CachedNanoPerMillion, prices.PromptNanoPerMillion))
            + (call.Output * prices.OutputNanoPerMillion));

    // Where prices change within a bucket the lower ones count: the optimum must not be dearer than it can be.
    PriceTerms LowestPrices(int index, int bucket) =>
        _contracts.LowestPrices(index, bucket, LowestOwnPrices(index, bucket));

    PriceTerms LowestOwnPrices(int index, int bucket)
    {
        var spec = _scenario.Deployments[index].Spec;
        var lowest = spec.Prices;
        var (from, to) = (_scenario.Bucket * bucket, _scenario.Bucket * (bucket + 1));
        foreach (var change in _scenario.PriceChanges.Where(change => change.Deployment == spec.Id)
            .OrderBy(change => change.At).Where(change => change.At < to))
        {
            lowest = change.At <= from ? change.Prices : Lower(lowest, change.Prices);
        }

        return lowest;
    }

    public static PriceTerms Lower(in PriceTerms left, in PriceTerms right) => new(
        Math.Min(left.PromptNanoPerMillion, right.PromptNanoPerMillion),
        Math.Min(left.CachedNanoPerMillion, right.CachedNanoPerMillion),
        Math.Min(left.OutputNanoPerMillion, right.OutputNanoPerMillion));

    /// <summary>For how many seconds a deployment is there for the calls of a bucket.</summary>
    double SecondsOf(int index, int bucket)
    {
        var (from, to) = (bucket * _bucketMs, (bucket + 1) * _bucketMs);
        var gone = _scenario.Outages.Where(outage => outage.Covers(_scenario.Deployments[index].Spec))
            .Sum(outage => Math.Max(0, Math.Min(to, (outage.From + outage.Length).TotalMilliseconds)
                - Math.Max(from, outage.From.TotalMilliseconds)));

        // What still waits when the last call has come is served after the end.
        var after = bucket == _demand.Buckets - 1
            ? Simulator.Drain.TotalMilliseconds + _scenario.Tiers.Max(tier => tier.MaxWait.TotalMilliseconds)
            : 0;
        return (Math.Max(0, _bucketMs - gone) + after) / 1000;
    }

    string HourOf(int bucket) =>
        (_scenario.Bucket * bucket).TotalHours.ToString("0.###", CultureInfo.InvariantCulture);
}
