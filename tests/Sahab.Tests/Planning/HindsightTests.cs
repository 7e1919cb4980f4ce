using Sahab.Planning.Optimum;
using Sahab.Planning.Scenarios;
using Sahab.Planning.Simulation;
using Sahab.Planning.Traces;
using Sahab.Routing.Admission;
using Sahab.Routing.Policies;
using Sahab.Routing.Requests;
using Sahab.Routing.Snapshot;

namespace Sahab.Tests.Planning;

public sealed class HindsightTests
{
    static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    static readonly CbcSolver Cbc = new(TimeProvider.System);

    /// <summary>Prompts of a thousand tokens and hardly any output: a thousand of them are a million tokens.</summary>
    static readonly TraceSample Millionth =
        TraceSample.From(Enumerable.Range(0, 10).Select(i => new TraceRequest(TimeSpan.FromSeconds(i), 1_000, 1)));

    public static TheoryData<string, ulong> Cases()
    {
        var cases = new TheoryData<string, ulong>();
        foreach (var name in new[] { "plain", "eventful", "prices out of proportion" })
        {
            for (var seed = 1UL; seed <= 3; seed++)
            {
                cases.Add(name, seed);
            }
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task No_policy_is_cheaper_than_the_optimum(string name, ulong seed)
    {
        var scenario = name == "eventful" ? Small.Eventful(seed) : Small.Scenario(seed);
        if (name == "prices out of proportion")
        {
            scenario = scenario with
            {
                Deployments =
                [
                    scenario.Deployments[0], Small.Deployment("cheap", "azure", 1, 12), scenario.Deployments[2],
                ],
            };
        }

        var optimum = await HindsightOptimum.FindAsync(scenario, Cbc, Limit);

        optimum.Status.ShouldBe(SolverStatus.Optimal);
        foreach (var policy in Small.Policies)
        {
            var report = new Simulator(scenario with { Profile = policy }).Run();
            optimum.RegretOf(report).ShouldNotBeNull().ShouldBeGreaterThanOrEqualTo(1, policy.Name);
        }
    }

    [Fact]
    public async Task Without_limits_or_contracts_the_optimum_is_the_lowest_price()
    {
        var scenario = Small.Scenario() with
        {
            Deployments = [Small.Deployment("cheap", "azure", 2, 8), Small.Deployment("dear", "aws", 3, 12)],
            Commitments = [],
            Profile = RoutingProfile.LowestPrice,
        };

        var optimum = await HindsightOptimum.FindAsync(scenario, Cbc, Limit);

        optimum.RegretOf(new Simulator(scenario).Run()).ShouldNotBeNull().ShouldBe(1, 1e-6);
        optimum.Rows.ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task The_shadow_prices_are_those_worked_out_by_hand()
    {
        // About 1,000 calls of 1,000 tokens: cheap for 1 a million, there for 1.25, where 0.50 must be spent in every
        // hour. So 400 go there; λ = 1 - 1 / 1.25.
        var optimum = await HindsightOptimum.FindAsync(TwoClouds(usdPerHour: 0.5m), Cbc, Limit);

        optimum.Commitments.Length.ShouldBe(2);
        optimum.Commitments.ShouldAllBe(each => Math.Abs(each.Lambda - 0.2) < 1e-6 && each.ShortfallUsd == 0);
        optimum.Providers.Single(each => each.Provider == "there").UsageUsd.ShouldBe(1.0m, 0.001m);

        // Were 0.10 to be spent where all is cheapest, it would be spent anyway: λ = 0.
        var easy = await HindsightOptimum.FindAsync(TwoClouds(0.1m, there: 0.9m), Cbc, Limit);
        easy.Commitments.ShouldAllBe(each => Math.Abs(each.Lambda) < 1e-6);

        // And 5 cannot be spent at all, so every dollar that is drawn is free: λ = 1.
        var hopeless = await HindsightOptimum.FindAsync(TwoClouds(5), Cbc, Limit);
        hopeless.Commitments.ShouldAllBe(each => Math.Abs(each.Lambda - 1) < 1e-6 && each.ShortfallUsd > 3);
    }

    [Fact]
    public async Task A_scarce_reservation_is_worth_what_it_saves()
    {
        // A thousand calls of a thousand tokens come in an hour. A replica that works through 100 tokens in a second
        // can do no more than 360,000 of them.
        var scenario = TwoClouds(0);
        var slow = Small.Plain with { PrefillTokensPerSecond = 100 };
        scenario = scenario with
        {
            Commitments = [],
            Deployments =
            [
                Small.Deployment("own", "own", 0, 0, kind: CapacityKind.Reserved, replicas: 1) with { Upstream = slow },
                Small.Deployment("cheap", "cheap", 1, 1),
            ],
        };

        var optimum = await HindsightOptimum.FindAsync(scenario, Cbc, Limit);

        // An hour of it is 360,000 tokens, which elsewhere cost 0.36 dollars.
        var price = optimum.Capacities.ShouldHaveSingleItem();
        price.MaxMu.ShouldBe(0.36, 0.001);
    }

    [Fact]
    public async Task Who_can_tell_calls_apart_gives_bought_replicas_those_that_save_most()
    {
        var scenario = Small.Scenario() with { Commitments = [] };
        var alike = await HindsightOptimum.FindAsync(scenario with { Shapes = 1 }, Cbc, Limit);
        var apart = await HindsightOptimum.FindAsync(scenario, Cbc, Limit);

        apart.Cost.TotalUsd.ShouldBeLessThan(alike.Cost.TotalUsd);
    }

    [Fact]
    public async Task Calls_that_must_be_served_and_cannot_be_are_named()
    {
        var scenario = TwoClouds(0) with { Commitments = [] };
        scenario = scenario with
        {
            Tiers = [scenario.Tiers[0] with { MustServe = true }],
            Deployments = [Small.Deployment("only", "p", 1, 1, limits: new Limits { TokensPerMinute = 5_000 })],
        };

        var optimum = await HindsightOptimum.FindAsync(scenario, Cbc, Limit);

        optimum.Status.ShouldBe(SolverStatus.Infeasible);
        optimum.AtFault.ShouldNotBeEmpty();
        optimum.AtFault.ShouldAllBe(row =>
            row.Name.StartsWith("demand of m, Default, from hour") || row.Name.StartsWith("tokens of only from hour"));
        optimum.RegretOf(new Simulator(scenario).Run()).ShouldBeNull();
    }

    static Scenario TwoClouds(decimal usdPerHour, decimal there = 1.25m) => Small.Scenario() with
    {
        Day = TimeSpan.FromDays(1),
        Bucket = TimeSpan.FromMinutes(30),
        Deployments = [Small.Deployment("cheap", "cheap", 1, 1), Small.Deployment("there", "there", there, there)],
        Traffic = [new TrafficTerms { Id = "t", Model = "m", Trace = Millionth, CallsPerHour = 1_000 }],
        Tenants = [new ScenarioTenant { Id = "a" }],
        Tiers = [new TierTerms { Tier = ServiceTier.Default, FirstToken = TimeSpan.FromSeconds(5) }],
        Commitments =
        [
            new ScenarioCommitment
            {
                Id = "c", Deployments = ["there"], Period = TimeSpan.FromHours(1), UsdPerPeriod = usdPerHour,
            },
        ],
    };
}
