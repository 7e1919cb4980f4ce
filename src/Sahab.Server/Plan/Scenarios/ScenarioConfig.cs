using System.Collections.Immutable;
using Sahab.Routing.Snapshot;
using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Plan.Scenarios;

[Doc("A scenario for `sahab simulate`.")]
internal sealed record ScenarioConfig
{
    [Doc("What it is called in reports.")]
    [Form(TextForm.Free)]
    public required string Name { get; init; } = "";

    [Doc("What it shows.")]
    [Form(TextForm.Free)]
    public string? Description { get; init; }

    [Doc("By how much time is compressed unless `--scale` says otherwise: 1 is as written.")]
    [Between("0.0001", "100")]
    public decimal Scale { get; init; } = 1;

    [Doc("Chance follows from it alone, unless `--seed` says otherwise.")]
    [Between("0", "1000000000")]
    public int Seed { get; init; } = 1;

    [Doc("For how long calls come.")]
    [Between("1m", "8784h")]
    public required TimeSpan Length { get; init; }

    [Doc("The span of time over which the optimum takes calls together.")]
    [Between("1m", "168h")]
    public TimeSpan Bucket { get; init; } = TimeSpan.FromHours(1);

    [Doc("How many shapes of calls, by output for prompt, the optimum tells apart.")]
    [Between("1", "64")]
    public int Shapes { get; init; } = 8;

    [Doc("Kinds of replicas, by id.")]
    [AtMost(256)]
    public required ImmutableArray<UpstreamConfig> Upstreams { get; init; } = [];

    [Doc("Where each model is served, by id.")]
    [AtMost(256)]
    public required ImmutableArray<ScenarioDeploymentConfig> Deployments { get; init; } = [];

    [Doc("What comes, by id.")]
    [AtMost(64)]
    public required ImmutableArray<TrafficConfig> Traffic { get; init; } = [];

    [Doc("Whose it is, by id.")]
    [AtMost(1000)]
    public required ImmutableArray<ScenarioTenantConfig> Tenants { get; init; } = [];

    [Doc("How soon it is wanted.")]
    public required TiersConfig Tiers { get; init; } = new();

    [Doc("When more comes, or less, by id.")]
    [AtMost(1000)]
    public ImmutableArray<SpikeConfig> Spikes { get; init; } = [];

    [Doc("When clouds are gone, by id.")]
    [AtMost(1000)]
    public ImmutableArray<OutageConfig> Outages { get; init; } = [];

    [Doc("When prices change, by id.")]
    [AtMost(1000)]
    public ImmutableArray<PriceChangeConfig> PriceChanges { get; init; } = [];

    [Doc("When on the calendar of the contracts it begins, a whole hour. With contracts it has to be said.")]
    [Form(TextForm.Instant)]
    public string? Begins { get; init; }

    [Doc("What was agreed with providers, by id: as in the configuration.")]
    [AtMost(1000)]
    public ImmutableArray<ContractConfig> Contracts { get; init; } = [];

    [Doc("What currencies of contracts are worth in US dollars, by id: as in the configuration.")]
    [AtMost(10000)]
    public ImmutableArray<CurrencyRateConfig> CurrencyRates { get; init; } = [];

    [Doc("What has to be spent, in short, by id. Not beside `contracts`.")]
    [AtMost(100)]
    public ImmutableArray<ScenarioCommitmentConfig> Commitments { get; init; } = [];

    [Doc("Tenants that are guaranteed capacity together, by id: as in the configuration.")]
    [AtMost(64)]
    public ImmutableArray<GroupConfig> Groups { get; init; } = [];

    [Doc("What groups are guaranteed of reserved capacity, by any id: as in the configuration.")]
    [AtMost(1000)]
    public ImmutableArray<GuaranteeConfig> Guarantees { get; init; } = [];

    [Doc("How a deployment is chosen, and what happens when it fails: as in the configuration.")]
    public RoutingConfig Routing { get; init; } = new();

    [Doc("Calls of a model that may wait.")]
    [Between("0", "1000000")]
    public int MaxWaiting { get; init; } = 1000;

    [Doc("What an unserved call is held to cost, in US dollars for a million of its tokens.")]
    [Between("0", "1000000")]
    public decimal RefusalUsdPerMillionTokens { get; init; } = 100;
}

[Doc("How fast a replica is.")]
internal sealed record UpstreamConfig
{
    [MapKey]
    [Form(TextForm.Id)]
    public required string Id { get; init; } = "";

    [Doc("Prompt tokens in a second, with nothing else to do.")]
    [Between("1", "100000000")]
    public required decimal PrefillTokensPerSecond { get; init; }

    [Doc("Milliseconds of a step before any call is counted.")]
    [Between("0.001", "100000")]
    public required decimal StepMs { get; init; }

    [Doc("Milliseconds that each running call adds to a step.")]
    [Between("0", "100000")]
    public decimal StepMsPerCall { get; init; }

    [Doc("Milliseconds that each 1,000 tokens of context add to a step.")]
    [Between("0", "100000")]
    public decimal StepMsPerThousandTokens { get; init; }

    [Doc("Prompt tokens that a step takes along.")]
    [Between("1", "1000000")]
    public int ChunkTokens { get; init; } = 512;

    [Doc("Calls that may run at once.")]
    [Between("1", "100000")]
    public required int MaxBatch { get; init; }

    [Doc("Tokens that fit into the memory for keys and values.")]
    [Between("1", "1000000000")]
    public required long MemoryTokens { get; init; }

    [Doc("Calls that may wait at a replica.")]
    [Between("0", "1000000")]
    public int MaxWaiting { get; init; } = 64;

    [Doc("Milliseconds on the way there and back.")]
    [Between("0", "100000")]
    public decimal OverheadMs { get; init; }
}

[Doc("One model, served at one region by one provider under one kind of capacity.")]
internal sealed record ScenarioDeploymentConfig
{
    [MapKey]
    [Form(TextForm.Id)]
    public required string Id { get; init; } = "";

    [Doc("The provider.")]
    [Form(TextForm.Id)]
    public required string Provider { get; init; } = "";

    [Doc("The region.")]
    [Form(TextForm.Id)]
    public required string Region { get; init; } = "";

    [Doc("The country of the region.")]
    [Form(TextForm.Country)]
    public required string Country { get; init; } = "";

    [Doc("The model.")]
    [Form(TextForm.ModelId)]
    public required string Model { get; init; } = "";

    [Doc("How the capacity was bought.")]
    public CapacityKind Capacity { get; init; } = CapacityKind.OnDemand;

    [Doc("What it can take. Left out: as much as comes.")]
    public LimitsConfig Limits { get; init; } = new();

    [Doc("What it costs by the token.")]
    public required PriceConfig Price { get; init; } = new() { Prompt = 0, Output = 0 };

    [Doc("What all of it costs in an hour, used or not, in US dollars.")]
    [Between("0", "1000000000")]
    public decimal ReservedUsdPerHour { get; init; }

    [Doc("The kind of its replicas, by its id under `upstreams`.")]
    [Form(TextForm.Id)]
    public required string Upstream { get; init; } = "";

    [Doc("How many there are.")]
    [Between("1", "1024")]
    public int Replicas { get; init; } = 1;

    [Doc("Its share under the weighted-shuffle policy.")]
    [Between("1", "1000")]
    public int Weight { get; init; } = 1;

    [Doc("Its rank under the priority-order policy; the smaller goes first.")]
    [Between("1", "1000")]
    public int Priority { get; init; } = 1;
}

[Doc("A stream of calls for one model.")]
internal sealed record TrafficConfig
{
    [MapKey]
    [Form(TextForm.Id)]
    public required string Id { get; init; } = "";

    [Doc("The model.")]
    [Form(TextForm.ModelId)]
    public required string Model { get; init; } = "";

    [Doc("The trace with the lengths and the rhythm of the calls, relative to this file's folder.")]
    [Form(TextForm.FilePath)]
    public required string Trace { get; init; } = "";

    [Doc("How demand goes up and down over days, instead of `daily_swing` and `weekend_drop`.")]
    public DemandConfig? Demand { get; init; }

    [Doc("Calls in an hour, on average, before growth and spikes.")]
    [Between("0.001", "1000000000")]
    public required decimal CallsPerHour { get; init; }

    [Doc("By which share the rate has grown after a week.")]
    [Between("-0.99", "100")]
    public decimal GrowthPerWeek { get; init; }

    [Doc("How far the day swings around its mean, as a share of it.")]
    [Between("0", "1")]
    public decimal DailySwing { get; init; }

    [Doc("How much less comes on days six and seven, as a share; the mean stays.")]
    [Between("0", "1")]
    public decimal WeekendDrop { get; init; }

    [Doc("When in the day most comes.")]
    [Between("0h", "24h")]
    public TimeSpan Peak { get; init; } = TimeSpan.FromHours(15);

    [Doc("The share of a prompt that others begin with too. 0: what the trace tells of that.")]
    [Between("0", "1")]
    public decimal PrefixShare { get; init; }

    [Doc("How many such beginnings there are.")]
    [Between("1", "1000000")]
    public int Prefixes { get; init; } = 64;
}

[Doc("A curve of demand, by windows of time.")]
internal sealed record DemandConfig
{
    [Doc("The file with `window_s` and, for each model, `{model}_rps`, relative to this file's folder.")]
    [Form(TextForm.FilePath)]
    public required string File { get; init; } = "";

    [Doc("The model, as the file names it.")]
    [Form(TextForm.ModelId)]
    public required string Model { get; init; } = "";
}

[Doc("A tenant, and how much of the traffic is its.")]
internal sealed record ScenarioTenantConfig
{
    [MapKey]
    [Form(TextForm.Id)]
    public required string Id { get; init; } = "";

    [Doc("Its share of all calls, against the sum of all shares.")]
    [Between("0.000001", "1000000")]
    public decimal Share { get; init; } = 1;

    [Doc("Its share of scarce capacity.")]
    [Between("1", "1000")]
    public int Weight { get; init; } = 1;

    [Doc("The only countries to which its calls may go. Left out: all.")]
    [Form(TextForm.Country)]
    [AtMost(249)]
    public ImmutableArray<string>? Countries { get; init; }

    [Doc("What its key may use.")]
    public LimitsConfig Limits { get; init; } = new();
}

[Doc("The service tiers that calls come in.")]
internal sealed record TiersConfig
{
    [Doc("Before everything else.")]
    public TierConfig? Priority { get; init; }

    [Doc("What a call gets that asks for nothing.")]
    public TierConfig? Default { get; init; }

    [Doc("May wait for what the tiers above leave.")]
    public TierConfig? Flex { get; init; }

    [Doc("Wanted within hours.")]
    public TierConfig? Batch { get; init; }
}

[Doc("What calls of a service tier are promised, and how many there are.")]
internal sealed record TierConfig
{
    [Doc("Its share of all calls, against the sum of all shares.")]
    [Between("0.000001", "1000000")]
    public decimal Share { get; init; } = 1;

    [Doc("The longest that a call waits for room.")]
    [Between("0s", "24h")]
    public TimeSpan MaxWait { get; init; } = TimeSpan.FromSeconds(10);

    [Doc("The time to the first token that is aimed at, waiting included.")]
    [Between("1ms", "48h")]
    public required TimeSpan FirstToken { get; init; }

    [Doc("The share of calls that has to keep it.")]
    [Between("0", "1")]
    public decimal Target { get; init; } = 0.99m;

    [Doc("Whether the optimum has to serve all of its calls.")]
    public bool MustServe { get; init; }
}

[Doc("More traffic, or less, for a while.")]
internal sealed record SpikeConfig
{
    [MapKey]
    [Form(TextForm.Id)]
    public required string Id { get; init; } = "";

    [Doc("The traffic, by its id.")]
    [Form(TextForm.Id)]
    public required string Traffic { get; init; } = "";

    [Doc("From when, counted from the beginning.")]
    [Between("0s", "8784h")]
    public required TimeSpan From { get; init; }

    [Doc("For how long.")]
    [Between("1s", "8784h")]
    public required TimeSpan Length { get; init; }

    [Doc("By which the rate is multiplied.")]
    [Between("0", "1000")]
    public required decimal Factor { get; init; }
}

[Doc("A time in which a provider, or one deployment, does not answer.")]
internal sealed record OutageConfig
{
    [MapKey]
    [Form(TextForm.Id)]
    public required string Id { get; init; } = "";

    [Doc("The provider, all of which is gone.")]
    [Form(TextForm.Id)]
    public string? Provider { get; init; }

    [Doc("The one deployment that is gone.")]
    [Form(TextForm.Id)]
    public string? Deployment { get; init; }

    [Doc("From when, counted from the beginning.")]
    [Between("0s", "8784h")]
    public required TimeSpan From { get; init; }

    [Doc("For how long.")]
    [Between("1s", "8784h")]
    public required TimeSpan Length { get; init; }
}

[Doc("Other prices from a time on.")]
internal sealed record PriceChangeConfig
{
    [MapKey]
    [Form(TextForm.Id)]
    public required string Id { get; init; } = "";

    [Doc("The deployment.")]
    [Form(TextForm.Id)]
    public required string Deployment { get; init; } = "";

    [Doc("From when, counted from the beginning.")]
    [Between("0s", "8784h")]
    public required TimeSpan At { get; init; }

    [Doc("The prices then.")]
    public required PriceConfig Price { get; init; } = new() { Prompt = 0, Output = 0 };
}

[Doc("Take or pay: so much is to be spent in every period, and what is not is owed.")]
internal sealed record ScenarioCommitmentConfig
{
    [MapKey]
    [Form(TextForm.Id)]
    public required string Id { get; init; } = "";

    [Doc("The deployments whose usage counts, all of one provider, each toward one commitment at most.")]
    [Form(TextForm.Id)]
    [AtMost(256)]
    public required ImmutableArray<string> Deployments { get; init; } = [];

    [Doc("How long a period is.")]
    [Between("1m", "8784h")]
    public required TimeSpan Period { get; init; }

    [Doc("What is to be spent in it, in US dollars.")]
    [Between("0", "1000000000000")]
    public required decimal UsdPerPeriod { get; init; }
}
