using Sahab.Planning.Scenarios;
using Sahab.Planning.Simulation;
using Sahab.Routing.Admission;
using Sahab.Routing.Policies;

namespace Sahab.Tests.Planning;

/// <summary>Groups that share bought capacity in the simulator, which queues and routes as the server does.</summary>
public sealed class GuaranteeSimulationTests
{
    [Theory]
    [InlineData("balanced")]
    [InlineData("least_cost")]
    public void A_guaranteed_group_gets_its_share_under_the_flood_of_another(string policy)
    {
        var flood = Scenario(policy, researchCalls: 1, crowdCalls: 3);

        // It is half of the places; of the tokens more or less than half, as the policy chooses who of the crowd borrows.
        ShareOf(flood with { Guarantees = [] }, "research").ShouldBeLessThan(0.2);
        ShareOf(flood, "research").ShouldBeInRange(0.4, 0.65);
    }

    [Fact]
    public void What_a_group_leaves_of_its_guarantee_others_use()
    {
        var idle = Scenario("balanced", researchCalls: 0.001, crowdCalls: 3);

        var with = Run(idle);
        var without = Run(idle with { Guarantees = [] });

        ((double)ReservedTokens(with)).ShouldBe(ReservedTokens(without), ReservedTokens(without) * 0.02);
        with.Calls.Refused.ShouldBe(0);
    }

    [Fact]
    public void What_is_not_lent_stays_idle_and_the_rest_spills_before_anybody_is_refused()
    {
        var idle = Scenario("balanced", researchCalls: 0.001, crowdCalls: 3, lending: 0);

        var report = Run(idle);

        var all = ReservedTokens(Run(idle with { Guarantees = [] }));
        ((double)ReservedTokens(report)).ShouldBeInRange(all * 0.4, all * 0.7);
        report.Calls.Refused.ShouldBe(0);
        report.Groups.Single(group => group.Group == "crowd").SpilledCalls.ShouldBeGreaterThan(1_000);
    }

    [Fact]
    public void A_scenario_cannot_guarantee_more_than_there_is()
    {
        var scenario = Scenario("balanced", 1, 1);
        var given = scenario.Guarantees[0];
        scenario = scenario with
        {
            Guarantees =
            [
                given with { Terms = given.Terms with { Share = 0.6m } },
                given with { Terms = given.Terms with { Group = "crowd" } },
            ],
        };

        Should.Throw<ArgumentException>(() => new Simulator(scenario)).Message
            .ShouldContain("guarantees: what is guaranteed of m is out of range, twice, or more than all of it");
    }

    static double ShareOf(Scenario scenario, string group)
    {
        var report = Run(scenario);
        return (double)report.Groups.Single(each => each.Group == group).ReservedTokens / ReservedTokens(report);
    }

    static long ReservedTokens(SimulationReport report) => report.Groups.Sum(group => group.ReservedTokens);

    static SimulationReport Run(Scenario scenario) => new Simulator(scenario).Run();

    // The crowd weighs so much that without a guarantee research would get next to nothing of twelve places.
    static Scenario Scenario(string policy, double researchCalls, double crowdCalls, decimal? lending = null)
    {
        var scenario = Small.Scenario();
        return scenario with
        {
            Length = TimeSpan.FromMinutes(40),
            Traffic = [scenario.Traffic[0] with { CallsPerHour = 30_000, DailySwing = 0, GrowthPerWeek = 0 }],
            Tenants =
            [
                new ScenarioTenant { Id = "lab", Share = researchCalls, Group = "research" },
                new ScenarioTenant { Id = "shops", Share = crowdCalls, Weight = 20, Group = "crowd" },
            ],
            Deployments = [scenario.Deployments[0], scenario.Deployments[2] with { Replicas = 64 }],
            Commitments = [],
            Tiers = [scenario.Tiers[1]],
            Profile = policy == "balanced" ? RoutingProfile.Balanced : RoutingProfile.LeastCost,
            Guarantees =
            [
                new ScenarioGuarantee(
                    "m", new GuaranteeTerms { Group = "research", Share = 0.5m, LendingLimit = lending }),
            ],
        };
    }
}
