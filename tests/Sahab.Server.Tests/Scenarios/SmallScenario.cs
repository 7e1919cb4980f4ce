using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Sahab.Emulator.Configuration;
using Sahab.Planning.Scenarios;
using Sahab.Planning.Traces;
using Sahab.Planning.Traffic;
using Sahab.Routing.Requests;
using Sahab.Routing.Snapshot;
using Sahab.Server.Serve.Snapshots;
using Sahab.Server.Tests.Faults;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Scenarios;

/// <summary>
/// 100 seconds of some nine calls a second, told twice: as the simulator's scenario, and as a configuration with
/// emulated clouds. Bought capacity has room for about a third of them, the cheaper of two clouds that are paid by the
/// token for somewhat more, and the dearer one, with which a commitment was signed, for all.
/// </summary>
internal static class SmallScenario
{
    /// <summary>US dollars that are to be spent at <c>lease</c>: about half of what is paid by the token.</summary>
    public const decimal CommittedUsd = 5;

    const string Model = "small";
    const string SecondKey = "sk-test-second";
    const int MaxWaitSeconds = 15;
    const double CallsPerHour = 32_400;

    // How fast the clouds are, in the terms of both sides. A full batch of 8 at "own" takes steps of 16 ms.
    const double OwnStepMs = 12;
    const double OwnStepMsPerCall = 0.5;
    const int OwnBatch = 16;
    const double OtherStepMs = 10;
    const int OtherBatch = 400;
    const double PromptTokensPerSecond = 1_000_000;

    static readonly TimeSpan Length = TimeSpan.FromSeconds(100);

    static readonly (ServiceTier Tier, string Name, double Share)[] Tiers =
    [
        (ServiceTier.Priority, "priority", 0.2), (ServiceTier.Default, "default", 0.6), (ServiceTier.Flex, "flex", 0.2),
    ];

    // Limits are known to the server, so it fills a place as soon as it is free. Prefixes are left out on both sides.
    // Of a price, output is twice the prompt and bought capacity next to nothing: so what a call costs in each place
    // stands in the same order whatever its lengths, and nothing hangs on how well lengths are estimated.
    public static string Yaml(string policy) => $$"""
        providers:
          own: &cloud
            credentials: { env: CLOUD_KEY }
            broken_streams: billed
            timeouts: { connect: 60s, first_byte: 300s, between_chunks: 300s }
            regions: { us: { country: US, base_url: "{own}/us/v1" } }
          near: { <<: *cloud, regions: { us: { country: US, base_url: "{near}/us/v1" } } }
          lease: { <<: *cloud, regions: { us: { country: US, base_url: "{lease}/us/v1" } } }
        models:
          small: { context_tokens: 32768, operations: [chat] }
        deployments:
          own-us:
            provider: own
            region: us
            model: small
            capacity: reserved
            limits: { concurrency: 8 }
            price: { prompt: 0.2, cached: 0.2, output: 0.8 }
          near-us:
            provider: near
            region: us
            model: small
            limits: { concurrency: 6 }
            price: { prompt: 20, cached: 20, output: 40 }
          lease-us:
            provider: lease
            region: us
            model: small
            limits: { concurrency: 300 }
            price: { prompt: 26, cached: 26, output: 52 }
        routing: { policy: {{policy}}, prefix_affinity: false }
        admission: { queue: { max_waiting: 1000, max_wait: {{MaxWaitSeconds}}s } }
        contracts:
          lease:
            provider: lease
            versions:
              "1":
                valid_from: 2025-01-01
                known_from: 2025-01-01
                ends: 2100-01-01
                document: lease.pdf
                commitments:
                  spend:
                    page: 4
                    windows:
                      all:
                        from: 2025-01-01
                        until: 2100-01-01
                        amount: {{CommittedUsd.ToString(CultureInfo.InvariantCulture)}}
        tenants:
          demo:
            weight: 2
            keys:
              demo: { secret: { env: DEMO_KEY } }
          second:
            keys:
              second:
                secret: { sha256: {{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(SecondKey)))}} }
          operators:
            keys:
              admin: { secret: { env: ADMIN_KEY }, admin: true }
        """;

    // Answers would go on for a million tokens, so each is as long as its call allows. A step is longer by the load's
    // share of the capacity, which is the simulator's milliseconds for each running call written in another way.
    public static EmulatorConfig Clouds() => new()
    {
        Seed = 1,
        Models = new() { [Model] = new ModelConfig { ContextTokens = 32_768 } },
        Clouds = new()
        {
            ["own"] = Cloud(CloudStyle.Vllm, OwnBatch, OwnStepMs, OwnStepMsPerCall),
            ["near"] = Cloud(CloudStyle.Azure, OtherBatch, OtherStepMs, 0),
            ["lease"] = Cloud(CloudStyle.OpenAI, OtherBatch, OtherStepMs, 0),
        },
    };

    /// <summary>The scenario over what a running server has made of the configuration.</summary>
    public static Scenario Over(ServeSnapshot server) => new()
    {
        Name = "small",
        Length = Length,
        Deployments = [.. server.Routing.Deployments.Select(Deployment)],
        Profile = server.Routing.Profile,
        MaxAttempts = server.MaxAttempts,
        MaxWaiting = server.MaxWaiting,
        Traffic =
        [
            new TrafficTerms { Id = "all", Model = Model, CallsPerHour = CallsPerHour, Trace = Lengths() },
        ],
        Tenants =
        [
            new ScenarioTenant { Id = "demo", Share = 2, Weight = 2 }, new ScenarioTenant { Id = "second" },
        ],
        Tiers =
        [
            .. Tiers.Select(tier => new TierTerms
            {
                Tier = tier.Tier,
                Share = tier.Share,
                MaxWait = TimeSpan.FromSeconds(MaxWaitSeconds),
                FirstToken = TimeSpan.FromSeconds(5),
            }),
        ],
        Commitments =
        [
            new ScenarioCommitment
            {
                Id = "spend", Deployments = ["lease-us"], Period = Length, UsdPerPeriod = CommittedUsd,
            },
        ],
    };

    /// <summary>The scenario's calls, to be made of the server. Every fourth asks for a stream.</summary>
    /// <param name="scenario">The scenario.</param>
    /// <param name="clients">By tenant, in the order of the scenario.</param>
    public static List<(TimeSpan At, LoadClient Client, CallPlan Plan)> Calls(
        Scenario scenario, IReadOnlyList<LoadClient> clients)
    {
        var calls = new List<(TimeSpan, LoadClient, CallPlan)>();
        for (var arrivals = new Arrivals(scenario); arrivals.TryNext(out var arrival);)
        {
            calls.Add((
                TimeSpan.FromMilliseconds(arrival.AtMs),
                clients[arrival.Tenant],
                new CallPlan(
                    arrival.Prompt, arrival.Output, Stream: calls.Count % 4 == 0, Tier: Tiers[arrival.Tier].Name,
                    IsExact: false)));
        }

        return calls;
    }

    /// <summary>Clients by tenant, in the order of the scenario.</summary>
    public static LoadClient[] Clients(TestHouse house) =>
        [new LoadClient(house.Address), new LoadClient(house.Address, SecondKey)];

    // The trace's own order and rhythm; lengths are cut, so that a hundred seconds hold many calls.
    static TraceSample Lengths() => TraceSample.From(
        TraceReader.Read(Repository.PathOf(Path.Combine("samples", "traces", "conversation-2023.csv")))
            .Select(request => request with
            {
                ContextTokens = Math.Clamp(request.ContextTokens, 50, 500),
                GeneratedTokens = Math.Clamp(request.GeneratedTokens, 20, 250),
            }));

    static ScenarioDeployment Deployment(Deployment deployment)
    {
        var isOwn = deployment.Spec.Kind == CapacityKind.Reserved;
        return new ScenarioDeployment
        {
            Spec = deployment.Spec,
            Upstream = new UpstreamTerms
            {
                PrefillTokensPerSecond = PromptTokensPerSecond,
                StepMs = isOwn ? OwnStepMs : OtherStepMs,
                StepMsPerCall = isOwn ? OwnStepMsPerCall : 0,
                ChunkTokens = 8_192,
                MaxBatch = isOwn ? OwnBatch : OtherBatch,
                MemoryTokens = 100_000_000,
                MaxWaiting = 1_000,
            },
        };
    }

    static CloudConfig Cloud(CloudStyle style, int batch, double stepMs, double stepMsPerCall) => new()
    {
        Style = style,
        BillsBrokenStreams = true,
        Keys = new() { ["sahab"] = TestHouse.CloudKey },
        Regions = new() { ["us"] = new RegionConfig { Country = "US" } },
        Models = new()
        {
            [Model] = new CloudModelConfig
            {
                Capacity = new CapacityConfig { Concurrency = batch },
                Profile = new ProfileConfig
                {
                    FirstTokenMs = 0,
                    PromptTokensPerSecond = PromptTokensPerSecond,
                    TokensPerSecond = 1000 / stepMs,
                    LoadSlowdown = stepMsPerCall * batch / stepMs,
                    Sigma = 0,
                    MeanOutputTokens = 1_000_000,
                },
            },
        },
    };
}
