using System.Collections.Immutable;
using Sahab.Planning.Scenarios;
using Sahab.Planning.Traffic;
using Sahab.Routing.Requests;

namespace Sahab.Planning.Optimum;

/// <summary>What calls of one class have in one bucket of time: sums over its calls.</summary>
internal record struct DemandSums
{
    public double Calls;

    /// <summary>Those that come late enough to begin in the last bucket that any of their tiers reaches.</summary>
    public double Late;
    public double Prompt;

    /// <summary>Prompt tokens that a cache may know, at best.</summary>
    public double Prefix;
    public double Output;

    /// <summary>Steps of decoding: tokens after the first.</summary>
    public double Steps;

    /// <summary>Each step times the mean context of its call.</summary>
    public double Context;

    /// <summary>Each step times the memory that its call holds.</summary>
    public double Memory;

    /// <summary>Each prompt token to work through times the memory that its call holds.</summary>
    public double PrefillMemory;

    public readonly double Prefill => Prompt - Prefix;

    public void Add(in Arrival arrival, bool isLate)
    {
        var steps = arrival.Output - 1.0;
        Calls++;
        Late += isLate ? 1 : 0;
        Prompt += arrival.Prompt;
        Prefix += arrival.PrefixTokens;
        Output += arrival.Output;
        Steps += steps;
        Context += steps * (arrival.Prompt + (arrival.Output / 2.0));
        Memory += steps * (arrival.Prompt + arrival.Output);
        PrefillMemory += (double)(arrival.Prompt - arrival.PrefixTokens) * (arrival.Prompt + arrival.Output);
    }
}

/// <summary>Calls that are alike for the optimum: the same deployments may serve them, at the same terms.</summary>
/// <param name="Group">Tiers that are the same to it, by their number.</param>
/// <param name="Shape">Of calls with short answers for their prompt, 0; the last has the longest.</param>
internal sealed record DemandClass(string Model, int Group, CountrySet Countries, int Shape);

/// <summary>
/// The calls of a scenario as the optimum sees them: sums by bucket of time and class. Taken from the very arrivals
/// that the simulation has, one by one; holds the sums only.
/// </summary>
internal sealed class DemandProfile
{
    readonly DemandSums[,] _sums;

    DemandProfile(ImmutableArray<DemandClass> classes, int buckets)
    {
        Classes = classes;
        Buckets = buckets;
        _sums = new DemandSums[buckets, classes.Length];
    }

    public ImmutableArray<DemandClass> Classes { get; }

    public int Buckets { get; }

    public ref readonly DemandSums this[int bucket, int demandClass] => ref _sums[bucket, demandClass];

    /// <summary>Lets all calls come.</summary>
    /// <param name="scenario">Whose.</param>
    /// <param name="groups">For each tier of the scenario the number of its group, from 0 without gaps.</param>
    /// <param name="lateFromMs">For each group, how far into its bucket a call that is late in it comes.</param>
    /// <param name="see">Is shown each call, with its model and bucket.</param>
    public static DemandProfile Collect(
        Scenario scenario, int[] groups, double[] lateFromMs, Action<string, int, DemandSums> see)
    {
        var countries = scenario.Tenants.Select(tenant => tenant.Countries)
            .DistinctBy(set => set.ToString(), StringComparer.Ordinal).ToArray();
        var countryOf = scenario.Tenants
            .Select(tenant => Array.FindIndex(countries, set => set.ToString() == tenant.Countries.ToString()))
            .ToArray();
        var models = scenario.Models;
        var modelOf = scenario.Traffic.Select(traffic => models.IndexOf(traffic.Model)).ToArray();
        var bounds = models.Select(model => ShapeBounds(scenario, model)).ToArray();
        var (all, shapes) = (groups.Max() + 1, scenario.Shapes);
        var classes = models.SelectMany(model => Enumerable.Range(0, all).SelectMany(group => countries.SelectMany(
            set => Enumerable.Range(0, shapes).Select(shape => new DemandClass(model, group, set, shape)))));
        var profile = new DemandProfile([.. classes], (int)Math.Ceiling(scenario.Length / scenario.Bucket));
        var (stream, bucketMs) = (new Arrivals(scenario), scenario.Bucket.TotalMilliseconds);
        while (stream.TryNext(out var arrival))
        {
            var model = modelOf[arrival.Traffic];
            var bucket = Math.Min((int)(arrival.AtMs / bucketMs), profile.Buckets - 1);
            var place = (((model * all) + groups[arrival.Tier]) * countries.Length) + countryOf[arrival.Tenant];
            var isLate = arrival.AtMs - (bucket * bucketMs) >= lateFromMs[groups[arrival.Tier]];
            profile._sums[bucket, (place * shapes) + ShapeOf(bounds[model], arrival)].Add(arrival, isLate);
            var one = default(DemandSums);
            one.Add(arrival, isLate);
            see(models[model], bucket, one);
        }

        return profile;
    }

    // By equal parts of the traces: who has bought replicas wins by giving them calls with long prompts and short
    // answers, so the optimum must be able to tell calls apart by that.
    static double[] ShapeBounds(Scenario scenario, string model)
    {
        var ratios = scenario.Traffic.Where(traffic => traffic.Model == model).SelectMany(traffic =>
            Enumerable.Range(0, traffic.Trace.Count).Select(index =>
                (double)traffic.Trace.OutputOf(index) / traffic.Trace.PromptOf(index))).Order().ToArray();
        return ratios.Length == 0
            ? []
            : [.. Enumerable.Range(1, scenario.Shapes - 1)
                .Select(shape => ratios[(int)((long)ratios.Length * shape / scenario.Shapes)])];
    }

    static int ShapeOf(double[] bounds, in Arrival arrival)
    {
        var ratio = (double)arrival.Output / arrival.Prompt;
        var shape = 0;
        while (shape < bounds.Length && ratio >= bounds[shape])
        {
            shape++;
        }

        return shape;
    }
}
