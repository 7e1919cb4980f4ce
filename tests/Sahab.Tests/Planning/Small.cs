using Sahab.Ledger.Rating;
using Sahab.Planning.Scenarios;
using Sahab.Planning.Traces;
using Sahab.Routing.Admission;
using Sahab.Routing.Decisions;
using Sahab.Routing.Policies;
using Sahab.Routing.Requests;
using Sahab.Routing.Snapshot;

namespace Sahab.Tests.Planning;

/// <summary>Scenarios that fit into a test: two hours, three clouds, some thousands of calls.</summary>
static class Small
{
    public static readonly RoutingProfile[] Policies =
    [
        RoutingProfile.WeightedShuffle, RoutingProfile.LeastBusy, RoutingProfile.LowestLatency,
        RoutingProfile.LowestPrice, RoutingProfile.PriorityOrder, RoutingProfile.Balanced,
    ];

    /// <summary>A replica of which a test can say by heart how fast it is.</summary>
    public static readonly UpstreamTerms Plain = new()
    {
        PrefillTokensPerSecond = 10_000,
        StepMs = 20,
        StepMsPerCall = 0.5,
        MaxBatch = 32,
        MemoryTokens = 1_000_000,
    };

    public static readonly TraceSample Trace = TraceSample.From(Requests(500, seed: 3));

    public static PriceTerms Price(decimal prompt, decimal output) =>
        PriceTerms.FromUsdPerMillion(prompt, prompt / 2, output);

    /// <summary>Requests that come as a Poisson process, with lengths all over.</summary>
    public static IEnumerable<TraceRequest> Requests(int count, ulong seed)
    {
        var random = new RandomSource(seed);
        var at = 0.0;
        for (var i = 0; i < count; i++)
        {
            yield return new TraceRequest(
                TimeSpan.FromMilliseconds(at), 50 + random.NextInt32(2_000), 10 + random.NextInt32(400));
            at += -Math.Log(1 - random.NextDouble()) * 1000;
        }
    }

    public static ScenarioDeployment Deployment(
        string id, string provider, decimal prompt, decimal output, string country = "US", Limits? limits = null,
        CapacityKind kind = CapacityKind.OnDemand, int replicas = 4, decimal perHour = 0) => new()
        {
            Spec = new DeploymentSpec
            {
                Id = id,
                Provider = provider,
                Region = "r",
                Country = CountryCode.Parse(country),
                Model = "m",
                Kind = kind,
                Limits = limits ?? Limits.None,
                Prices = Price(prompt, output),
                Priority = id == "own" ? 1 : 2,
            },
            Upstream = Plain,
            Replicas = replicas,
            ReservedUsdPerHour = perHour,
        };

    public static Scenario Scenario(ulong seed = 1) => new()
    {
        Name = "small",
        Seed = seed,
        Length = TimeSpan.FromHours(2),
        Day = TimeSpan.FromHours(1),
        Bucket = TimeSpan.FromMinutes(10),
        Deployments =
        [
            Deployment(
                "own", "own", 0, 0, "NO", new Limits { Concurrency = 12 }, CapacityKind.Reserved, replicas: 1,
                perHour: 5),
            Deployment("cheap", "azure", 2, 8, limits: new Limits { TokensPerMinute = 200_000 }),
            Deployment("dear", "aws", 3, 12),
        ],
        Traffic =
        [
            new TrafficTerms
            {
                Id = "t", Model = "m", Trace = Trace, CallsPerHour = 7_200, DailySwing = 0.5, GrowthPerWeek = 0.5,
            },
        ],
        Tenants =
        [
            new ScenarioTenant { Id = "a", Share = 3 },
            new ScenarioTenant
            {
                Id = "b", Countries = CountrySet.FromCodes([CountryCode.Parse("NO"), CountryCode.Parse("US")]),
            },
        ],
        Tiers =
        [
            new TierTerms { Tier = ServiceTier.Priority, FirstToken = TimeSpan.FromSeconds(3) },
            new TierTerms { Tier = ServiceTier.Default, Share = 3, FirstToken = TimeSpan.FromSeconds(6) },
            new TierTerms
            {
                Tier = ServiceTier.Batch, FirstToken = TimeSpan.FromHours(1), MaxWait = TimeSpan.FromMinutes(20),
            },
        ],
        Commitments =
        [
            new ScenarioCommitment
            {
                Id = "aws", Deployments = ["dear"], Period = TimeSpan.FromHours(1), UsdPerPeriod = 12,
            },
        ],
    };

    /// <summary>The same with a spike, an outage, a price change, a prefix cache and a key that is limited.</summary>
    public static Scenario Eventful(ulong seed = 1)
    {
        var scenario = Scenario(seed);
        return scenario with
        {
            Traffic = [scenario.Traffic[0] with { PrefixShare = 0.5, Prefixes = 20 }],
            Tenants =
            [
                scenario.Tenants[0], scenario.Tenants[1] with { Limits = new Limits { RequestsPerMinute = 30 } },
            ],
            Spikes = [new Spike("t", TimeSpan.FromMinutes(30), TimeSpan.FromMinutes(10), 4)],
            Outages = [new Outage("azure", null, TimeSpan.FromMinutes(50), TimeSpan.FromMinutes(20))],
            PriceChanges = [new PriceChange("cheap", TimeSpan.FromMinutes(90), Price(4, 16))],
        };
    }
}
