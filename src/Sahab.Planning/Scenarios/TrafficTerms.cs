using Sahab.Planning.Traces;
using Sahab.Routing.Requests;

namespace Sahab.Planning.Scenarios;

/// <summary>A stream of calls for one model: what a trace has in an hour, stretched over the scenario.</summary>
public sealed record TrafficTerms
{
    /// <value>Unique in a scenario.</value>
    public required string Id { get; init; }

    /// <value>The model that the calls ask for.</value>
    public required string Model { get; init; }

    /// <value>Lengths and rhythm of the calls.</value>
    public required TraceSample Trace { get; init; }

    /// <value>Calls in an hour, on average, before growth and spikes. Above 0.</value>
    public required double CallsPerHour { get; init; }

    /// <value>
    /// How the rate, and the lengths of the calls, go up and down over days; null: by <see cref="DailySwing"/> and
    /// <see cref="WeekendDrop"/>, which are 0 beside it.
    /// </value>
    public DemandCurve? Demand { get; init; }

    /// <value>By which share the rate has grown after a week. Above -1; 0 unless said otherwise.</value>
    public double GrowthPerWeek { get; init; }

    /// <value>How far the day swings around its mean, as a share of it. 0 to 1.</value>
    public double DailySwing { get; init; }

    /// <value>How much less comes on days six and seven of the week, as a share. 0 to 1; the mean stays.</value>
    public double WeekendDrop { get; init; }

    /// <value>When in the day most comes, as a share of the day. 0 to 1, 0.625 (15:00) unless said otherwise.</value>
    public double Peak { get; init; } = 0.625;

    /// <value>
    /// The share of a prompt that others begin with too, so that a cache may know it. 0 to 1; with 0, what the trace
    /// tells of how prompts begin.
    /// </value>
    public double PrefixShare { get; init; }

    /// <value>How many such beginnings there are. At least 1, 64 unless said otherwise.</value>
    public int Prefixes { get; init; } = 64;
}

/// <summary>More traffic, or less, for a while.</summary>
/// <param name="Traffic">The id of the traffic.</param>
/// <param name="From">From when, counted from the beginning.</param>
/// <param name="Length">For how long.</param>
/// <param name="Factor">By which the rate is multiplied. At least 0.</param>
public sealed record Spike(string Traffic, TimeSpan From, TimeSpan Length, double Factor);

/// <summary>A tenant, and how much of the traffic is its.</summary>
public sealed record ScenarioTenant
{
    /// <value>Unique in a scenario.</value>
    public required string Id { get; init; }

    /// <value>Its share of all calls, against the sum of all shares. Above 0.</value>
    public double Share { get; init; } = 1;

    /// <value>Its share of scarce capacity against others of the same tier. At least 1.</value>
    public int Weight { get; init; } = 1;

    /// <value>The group whose guarantee its calls fall under; null if there is none.</value>
    public string? Group { get; init; }

    /// <value>Where its data may go.</value>
    public CountrySet Countries { get; init; } = CountrySet.All;

    /// <value>What its key may use.</value>
    public Routing.Admission.Limits Limits { get; init; } = Routing.Admission.Limits.None;
}

/// <summary>What calls of a service tier are promised, and how many there are.</summary>
public sealed record TierTerms
{
    /// <value>The tier. Each at most once in a scenario.</value>
    public required ServiceTier Tier { get; init; }

    /// <value>Its share of all calls, against the sum of all shares. Above 0.</value>
    public double Share { get; init; } = 1;

    /// <value>The longest that a call waits for room. At least 0.</value>
    public TimeSpan MaxWait { get; init; } = TimeSpan.FromSeconds(10);

    /// <value>The time to the first token that is aimed at, waiting included.</value>
    public required TimeSpan FirstToken { get; init; }

    /// <value>The share of calls, refused ones included, that has to keep it. 0 to 1, 0.99 unless said.</value>
    public double Target { get; init; } = 0.99;

    /// <value>
    /// Whether the optimum must serve all of its calls; otherwise it may refuse some at
    /// <see cref="Scenario.RefusalUsdPerMillionTokens"/>.
    /// </value>
    public bool MustServe { get; init; }
}
