using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Sahab.Routing.Snapshot;

namespace Sahab.Planning.Simulation;

/// <summary>What a simulation found. Depends on the scenario alone: the same one gives the same report.</summary>
public sealed record SimulationReport
{
    /// <summary>The scenario's name.</summary>
    public required string Scenario { get; init; }

    /// <summary>The policy that decided.</summary>
    public required string Policy { get; init; }

    /// <summary>The seed.</summary>
    public required ulong Seed { get; init; }

    /// <summary>For how many hours calls came.</summary>
    public required double Hours { get; init; }

    /// <summary>What became of the calls.</summary>
    public required CallCounts Calls { get; init; }

    /// <summary>What it cost.</summary>
    public required CostSum Cost { get; init; }

    /// <summary>By provider, in the order in which the scenario names them.</summary>
    public required ImmutableArray<ProviderCost> Providers { get; init; }

    /// <summary>By deployment.</summary>
    public required ImmutableArray<DeploymentCost> Deployments { get; init; }

    /// <summary>By contract, and by provider what falls under none. They add up to the total.</summary>
    public required ImmutableArray<ContractCost> Contracts { get; init; }

    /// <summary>By commitment and period.</summary>
    public required ImmutableArray<CommitmentCost> Commitments { get; init; }

    /// <summary>What was paid by the token beside capacity that is paid anyway.</summary>
    public required SpillCount Spill { get; init; }

    /// <summary>The service by tier.</summary>
    public required ImmutableArray<ServiceLevel> Tiers { get; init; }

    /// <summary>The service by tenant.</summary>
    public required ImmutableArray<ServiceLevel> Tenants { get; init; }

    /// <summary>The service by tier of each tenant.</summary>
    public required ImmutableArray<ServiceLevel> TiersOfTenants { get; init; }

    /// <summary>What each group of tenants had of reserved capacity; empty without groups.</summary>
    public required ImmutableArray<GroupUsage> Groups { get; init; }

    /// <summary>How it went over time. Not written as JSON: it is there to be looked at.</summary>
    [JsonIgnore]
    public SimulationCourse Course { get; init; } = new() { Hours = [], Commitments = [], Capacities = [] };
}

/// <summary>What became of the calls: <c>Arrived</c> is the sum of the next five.</summary>
/// <param name="Arrived">All that came.</param>
/// <param name="Served">Answered in full.</param>
/// <param name="Refused">No room in time.</param>
/// <param name="Limited">Refused by the limits of their key.</param>
/// <param name="Failed">Every attempt failed, or the stream was cut.</param>
/// <param name="InFlight">Had not ended when the simulation did.</param>
/// <param name="Attempts">Attempts of all of them.</param>
public sealed record CallCounts(
    long Arrived, long Served, long Refused, long Limited, long Failed, long InFlight, long Attempts);

/// <summary>What it cost, in US dollars.</summary>
/// <param name="UsageUsd">Paid by the token, discounts for volume taken off.</param>
/// <param name="ReservedUsd">Paid by the hour or month, used or not.</param>
/// <param name="ShortfallUsd">Owed for what was committed and not spent.</param>
/// <param name="TotalUsd">The sum of these three, of what expired and of what was credited.</param>
/// <param name="RefusalUsd">What unserved calls are held to cost; on nobody's bill and not in the total.</param>
public sealed record CostSum(
    decimal UsageUsd, decimal ReservedUsd, decimal ShortfallUsd, decimal TotalUsd, decimal RefusalUsd)
{
    /// <summary>Paid ahead and lost.</summary>
    public decimal ExpiredUsd { get; init; }

    /// <summary>Granted by providers. At most 0.</summary>
    public decimal CreditUsd { get; init; }
}

/// <summary>What one provider was paid.</summary>
/// <param name="Provider">Its id.</param>
/// <param name="Calls">Calls that it served.</param>
/// <param name="UsageUsd">Paid by the token.</param>
/// <param name="ReservedUsd">Paid by the hour or month, used or not.</param>
public sealed record ProviderCost(string Provider, long Calls, decimal UsageUsd, decimal ReservedUsd);

/// <summary>What one contract came to, by the ledger's statement, in US dollars.</summary>
public sealed record ContractCost
{
    /// <summary>Its id; null: what falls under none.</summary>
    public required string? Contract { get; init; }

    /// <summary>The provider.</summary>
    public required string Provider { get; init; }

    /// <summary>Paid by the token, discounts for volume taken off, and baselines as far as they were used.</summary>
    public required decimal UsageUsd { get; init; }

    /// <summary>Paid by the hour or month, used or not: fees, sites, and baselines as far as nothing used them.</summary>
    public required decimal ReservedUsd { get; init; }

    /// <summary>Owed for what was committed and not spent.</summary>
    public decimal ShortfallUsd { get; init; }

    /// <summary>Paid ahead and lost.</summary>
    public decimal ExpiredUsd { get; init; }

    /// <summary>Granted by the provider. At most 0.</summary>
    public decimal CreditUsd { get; init; }

    /// <summary>The sum of all of it.</summary>
    public decimal TotalUsd => UsageUsd + ReservedUsd + ShortfallUsd + ExpiredUsd + CreditUsd;
}

/// <summary>What one deployment did and cost.</summary>
public sealed record DeploymentCost
{
    /// <summary>Its id.</summary>
    public required string Deployment { get; init; }

    /// <summary>Its provider.</summary>
    public required string Provider { get; init; }

    /// <summary>Its model.</summary>
    public required string Model { get; init; }

    /// <summary>How it was bought.</summary>
    public required CapacityKind Kind { get; init; }

    /// <summary>Calls that it served.</summary>
    public required long Calls { get; init; }

    /// <summary>Prompt tokens of them.</summary>
    public required long PromptTokens { get; init; }

    /// <summary>The part of them that its cache knew.</summary>
    public required long CachedTokens { get; init; }

    /// <summary>Output tokens of them.</summary>
    public required long OutputTokens { get; init; }

    /// <summary>Paid by the token, in US dollars.</summary>
    public required decimal UsageUsd { get; init; }

    /// <summary>Paid by the hour, in US dollars.</summary>
    public required decimal ReservedUsd { get; init; }

    /// <summary>The share of time in which its replicas had something to do.</summary>
    public required double BusyShare { get; init; }
}

/// <summary>One period of a commitment, in US dollars.</summary>
/// <param name="Commitment">Its id; of a contract's, that of the contract first: "aws/spend".</param>
/// <param name="Period">From 0.</param>
/// <param name="CommittedUsd">What was to be spent, with what was deferred from the period before.</param>
/// <param name="DrawnUsd">What was spent and counts, with what was carried from the period before.</param>
/// <param name="ShortfallUsd">What is owed for nothing.</param>
/// <param name="FromHour">When it begins, in hours of the scenario.</param>
/// <param name="UntilHour">When it ends.</param>
public sealed record CommitmentCost(
    string Commitment, int Period, decimal CommittedUsd, decimal DrawnUsd, decimal ShortfallUsd, double FromHour,
    double UntilHour);

/// <summary>What went to capacity paid by the token though the model has some that is paid anyway.</summary>
/// <param name="Calls">Calls.</param>
/// <param name="Tokens">Their tokens.</param>
/// <param name="UsageUsd">Their cost in US dollars.</param>
/// <param name="Share">Their share of all served calls of such models.</param>
public sealed record SpillCount(long Calls, long Tokens, decimal UsageUsd, double Share);

/// <summary>What a group had of reserved capacity, and what of its calls went to capacity paid by the token.</summary>
/// <param name="Group">Its id.</param>
/// <param name="ReservedCalls">Calls that reserved deployments served.</param>
/// <param name="ReservedTokens">Their tokens, prompt and output.</param>
/// <param name="SpilledCalls">Calls that others served.</param>
/// <param name="SpilledTokens">Their tokens.</param>
public sealed record GroupUsage(
    string Group, long ReservedCalls, long ReservedTokens, long SpilledCalls, long SpilledTokens);

/// <summary>How calls of a tier, of a tenant, or of a tier of a tenant were served.</summary>
public sealed record ServiceLevel
{
    /// <summary>The tenant; null for all.</summary>
    public required string? Tenant { get; init; }

    /// <summary>The tier; null for all.</summary>
    public required string? Tier { get; init; }

    /// <summary>Calls that came.</summary>
    public required long Calls { get; init; }

    /// <summary>Answered in full.</summary>
    public required long Served { get; init; }

    /// <summary>No room in time.</summary>
    public required long Refused { get; init; }

    /// <summary>Refused by the limits of their key.</summary>
    public required long Limited { get; init; }

    /// <summary>Every attempt failed, or the stream was cut.</summary>
    public required long Failed { get; init; }

    /// <summary>
    /// The share of calls, those of <see cref="Limited"/> left out, that were served with their first token in time.
    /// </summary>
    public required double InTimeShare { get; init; }

    /// <summary>The share that has to be; null where tiers with different targets come together.</summary>
    public required double? Target { get; init; }

    /// <summary>Whether it is.</summary>
    public required bool? IsMet { get; init; }

    /// <summary>Milliseconds from arrival to the first token.</summary>
    public required Quantiles? FirstTokenMs { get; init; }

    /// <summary>Milliseconds from arrival to the end.</summary>
    public required Quantiles? TotalMs { get; init; }
}

/// <summary>A distribution of times, in milliseconds.</summary>
/// <param name="P50">Half of all take at most so long.</param>
/// <param name="P90">Nine of ten do.</param>
/// <param name="P99">99 of 100 do.</param>
/// <param name="Max">All do.</param>
public sealed record Quantiles(double P50, double P90, double P99, double Max)
{
    internal static Quantiles Of(LatencyHistogram times) => new(
        Ms(times.Percentile(0.5)), Ms(times.Percentile(0.9)), Ms(times.Percentile(0.99)), Ms(times.Max));

    static double Ms(TimeSpan time) => Math.Round(time.TotalMilliseconds, 2);
}

/// <summary>How far a simulation is.</summary>
/// <param name="Share">The share of the scenario's length that has gone by, 0 to 1.</param>
/// <param name="Calls">Calls that came until now.</param>
public readonly record struct SimulationProgress(double Share, long Calls);
