using System.Collections.Immutable;
using Sahab.Planning.Scenarios;
using Sahab.Planning.Traffic;
using Sahab.Routing.Requests;

namespace Sahab.Planning.Optimum;

/// <summary>What calls of one class have in one bucket of time: sums over its calls.</summary>
internal record struct DemandSums
{
    public double Calls;
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

    public void Add(in Arrival arrival)
    {
        var steps = arrival.Output - 1.0;
        Calls++;
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
/// <param name="Tier">By its position in the scenario.</param>
/// <param name="Shape">Of calls with short answers for their prompt, 0; the last has the longest.</param>
internal sealed record DemandClass(string Model, int Tier, CountrySet Countries, int Shape);

/// <summary>
/// The calls of a scenario as the optimum sees them: sums by bucket of time and class. Taken from the very arrivals that
/// the simulation has, one by one; holds the sums only.
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

    public static DemandProfile Collect(Scenario scenario)
    {
        var countries = scenario.Tenants.Select(tenant => tenant.Countries)
            .DistinctBy(set => set.ToString(), StringComparer.Ordinal).ToArray();
        var countryOf = scenario.Tenants
            .Select(tenant => Array.FindIndex(countries, set => set.ToString() == tenant.Countries.ToString())).ToArray();
        var models = scenario.Models;
        var bounds = models.Select(model => ShapeBounds(scenario, model)).ToArray();
        var classes = ImmutableArray.CreateBuilder<DemandClass>();
        var firstOf = new int[models.Length, scenario.Tiers.Length, countries.Length];
        for (var model = 0; model < models.Length; model++)
        {
            for (var tier = 0; tier < scenario.Tiers.Length; tier++)
            {
                for (var country = 0; country < countries.Length; country++)
                {
                    firstOf[model, tier, country] = classes.Count;
                    classes.AddRange(Enumerable.Range(0, bounds[model].Length + 1)
                        .Select(shape => new DemandClass(models[model], tier, countries[country], shape)));
                }
            }
        }

        var modelOf = scenario.Traffic.Select(traffic => models.IndexOf(traffic.Model)).ToArray();
        var profile = new DemandProfile(
            classes.ToImmutable(), (int)Math.Ceiling(scenario.Length / scenario.Bucket));
        var (stream, bucketMs) = (new ArrivalStream(scenario), scenario.Bucket.TotalMilliseconds);
        while (stream.TryNext(out var arrival))
        {
            var model = modelOf[arrival.Traffic];
            var first = firstOf[model, arrival.Tier, countryOf[arrival.Tenant]];
            var bucket = Math.Min((int)(arrival.AtMs / bucketMs), profile.Buckets - 1);
            profile._sums[bucket, first + ShapeOf(bounds[model], arrival)].Add(arrival);
        }

        return profile;
    }

    // Where all clouds ask the same for output against prompt, only how much there is counts, and one shape will do.
    static double[] ShapeBounds(Scenario scenario, string model)
    {
        var prices = scenario.Deployments.Where(deployment => deployment.Spec.Model == model)
            .Select(deployment => deployment.Spec.Prices)
            .Concat(scenario.PriceChanges.Where(change => scenario.Deployments.Any(deployment =>
                deployment.Spec.Id == change.Deployment && deployment.Spec.Model == model)).Select(change => change.Prices))
            .Where(terms => terms.PromptNanoPerMillion != 0 || terms.OutputNanoPerMillion != 0).ToArray();
        var isProportional = prices.All(terms => (Int128)terms.OutputNanoPerMillion * prices[0].PromptNanoPerMillion
            == (Int128)terms.PromptNanoPerMillion * prices[0].OutputNanoPerMillion);
        return isProportional ? [] : [1.0 / 64, 1.0 / 32, 1.0 / 16, 1.0 / 8, 1.0 / 4, 1.0 / 2, 1];
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
