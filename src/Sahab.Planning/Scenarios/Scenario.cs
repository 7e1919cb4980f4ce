using System.Collections.Immutable;
using Sahab.Ledger.Rating;
using Sahab.Routing.Admission;
using Sahab.Routing.Policies;
using Sahab.Routing.Snapshot;

namespace Sahab.Planning.Scenarios;

/// <summary>
/// All that a simulation and its optimum depend on: what is there, what comes, what happens, what was signed.
/// Immutable; the same scenario gives the same result. Times count from its beginning.
/// </summary>
public sealed record Scenario
{
    static readonly TimeSpan ShortestBucket = TimeSpan.FromMinutes(1);

    /// <value>What it is called in reports.</value>
    public required string Name { get; init; }

    /// <value>Chance follows from it alone.</value>
    public ulong Seed { get; init; } = 1;

    /// <value>How long calls come. Above zero, at most 366 days.</value>
    public required TimeSpan Length { get; init; }

    /// <value>How long a day of the season is: 24 hours, and less where time was compressed.</value>
    public TimeSpan Day { get; init; } = TimeSpan.FromDays(1);

    /// <value>Where each model is served. At least one.</value>
    public required ImmutableArray<ScenarioDeployment> Deployments { get; init; }

    /// <value>What comes. At least one.</value>
    public required ImmutableArray<TrafficTerms> Traffic { get; init; }

    /// <value>Whose it is. At least one.</value>
    public required ImmutableArray<ScenarioTenant> Tenants { get; init; }

    /// <value>How soon it is wanted. At least one.</value>
    public required ImmutableArray<TierTerms> Tiers { get; init; }

    /// <value>When more comes, or less.</value>
    public ImmutableArray<Spike> Spikes { get; init; } = [];

    /// <value>When clouds are gone.</value>
    public ImmutableArray<Outage> Outages { get; init; } = [];

    /// <value>When prices change.</value>
    public ImmutableArray<PriceChange> PriceChanges { get; init; } = [];

    /// <value>What was agreed with providers; null: nothing but <see cref="Commitments"/>.</value>
    public ScenarioContracts? Contracts { get; init; }

    /// <value>
    /// What has to be spent, in short; not beside <see cref="Contracts"/>. A deployment counts toward one at most.
    /// </value>
    public ImmutableArray<ScenarioCommitment> Commitments { get; init; } = [];

    /// <value>What groups of tenants are guaranteed of reserved capacity.</value>
    public ImmutableArray<ScenarioGuarantee> Guarantees { get; init; } = [];

    /// <value>How a deployment is chosen.</value>
    public RoutingProfile Profile { get; init; } = RoutingProfile.Balanced;

    /// <value>When a failing deployment is left alone.</value>
    public HealthTerms Health { get; init; } = new();

    /// <value>Attempts for one call, the first included. 1 to 16, 3 unless said otherwise.</value>
    public int MaxAttempts { get; init; } = 3;

    /// <value>Calls of a model that may wait for room. At least 0, 1,000 unless said otherwise.</value>
    public int MaxWaiting { get; init; } = 1000;

    /// <value>Output tokens that are reserved for a call before experience says better. At least 1.</value>
    public int DefaultOutputTokens { get; init; } = 512;

    /// <value>
    /// What a refused or failed call is held to cost, in US dollars for a million of its tokens, prompt and output
    /// alike, so that nothing is gained by refusing. At least 0. It is nobody's bill: reports keep it apart.
    /// </value>
    public decimal RefusalUsdPerMillionTokens { get; init; } = 100;

    /// <value>The span of time over which the optimum takes calls together. Above zero.</value>
    public TimeSpan Bucket { get; init; } = TimeSpan.FromHours(1);

    /// <value>
    /// How many shapes of calls (output for prompt, equal parts of the trace) the optimum tells apart. 1 to 64, 8
    /// unless said otherwise. With 1 it knows no more of a call than that it comes: that is not the least any more,
    /// but what a router can be held to that does not know how long answers will be.
    /// </value>
    public int Shapes { get; init; } = 8;

    /// <summary>The groups, in the order in which tenants name them first.</summary>
    public ImmutableArray<string> Groups =>
        [.. Tenants.Select(tenant => tenant.Group).OfType<string>().Distinct(StringComparer.Ordinal)];

    /// <summary>The models, in the order in which deployments name them first.</summary>
    public ImmutableArray<string> Models =>
        [.. Deployments.Select(deployment => deployment.Spec.Model).Distinct(StringComparer.Ordinal)];

    /// <summary>
    /// The same in a shorter or longer time: lengths, seasons, outages, periods and what has to be spent in them are
    /// multiplied; rates, speeds, limits and prices by the hour are not. So the load stays what it was, and there are
    /// so many times the calls. Contracts see their own calendar, and each call as often as it stands for; what they
    /// come to is multiplied as well. Waits of up to a minute stay, longer ones are multiplied; so are buckets, down to a
    /// minute.
    /// </summary>
    /// <param name="factor">Above 0.</param>
    public Scenario Compressed(double factor)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(factor);
        return factor == 1 ? this : this with
        {
            Length = Length * factor,
            Day = Day * factor,
            Bucket = Longer(Bucket * factor, Bucket < ShortestBucket ? Bucket : ShortestBucket),
            Spikes = [.. Spikes.Select(spike =>
                spike with { From = spike.From * factor, Length = spike.Length * factor })],
            Outages = [.. Outages.Select(outage =>
                outage with { From = outage.From * factor, Length = outage.Length * factor })],
            PriceChanges = [.. PriceChanges.Select(change => change with { At = change.At * factor })],
            Contracts = Contracts?.Compressed(factor),
            Commitments = [.. Commitments.Select(commitment => commitment with
            {
                Period = commitment.Period * factor,
                UsdPerPeriod = commitment.UsdPerPeriod * (decimal)factor,
            })],
            Tiers = [.. Tiers.Select(tier =>
                tier.MaxWait > TimeSpan.FromMinutes(1) ? tier with { MaxWait = tier.MaxWait * factor } : tier)],
        };
    }

    static TimeSpan Longer(TimeSpan left, TimeSpan right) => left > right ? left : right;
}

/// <summary>A deployment, and what stands behind it.</summary>
public sealed record ScenarioDeployment
{
    /// <value>What the router knows of it.</value>
    public required DeploymentSpec Spec { get; init; }

    /// <value>How fast a replica is.</value>
    public required UpstreamTerms Upstream { get; init; }

    /// <value>How many there are. 1 to 1,024.</value>
    public int Replicas { get; init; } = 1;

    /// <value>What it costs in US dollars an hour, used or not, all replicas together. At least 0.</value>
    public decimal ReservedUsdPerHour { get; init; }
}

/// <summary>A time in which a provider, or one deployment of it, does not answer.</summary>
/// <param name="Provider">The provider; null where a deployment is named.</param>
/// <param name="Deployment">The deployment; null for all of the provider.</param>
/// <param name="From">From when.</param>
/// <param name="Length">For how long.</param>
public sealed record Outage(string? Provider, string? Deployment, TimeSpan From, TimeSpan Length)
{
    /// <summary>Whether the deployment is one of those that are gone.</summary>
    public bool Covers(DeploymentSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        return Deployment is null ? spec.Provider == Provider : spec.Id == Deployment;
    }
}

/// <summary>What a group is guaranteed of the reserved capacity of a model, as in the server's configuration.</summary>
/// <param name="Model">The model.</param>
/// <param name="Terms">Who, and how much.</param>
public sealed record ScenarioGuarantee(string Model, GuaranteeTerms Terms);

/// <summary>Other prices from a time on.</summary>
/// <param name="Deployment">The deployment.</param>
/// <param name="At">From when.</param>
/// <param name="Prices">The prices then.</param>
public sealed record PriceChange(string Deployment, TimeSpan At, PriceTerms Prices);
