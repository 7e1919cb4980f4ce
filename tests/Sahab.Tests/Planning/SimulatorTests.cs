using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Sahab.Planning.Scenarios;
using Sahab.Planning.Simulation;
using Sahab.Routing.Admission;
using Sahab.Routing.Policies;
using Sahab.Routing.Requests;

namespace Sahab.Tests.Planning;

public sealed class SimulatorTests
{
    public static TheoryData<string> PolicyNames => [.. Small.Policies.Select(policy => policy.Name)];

    [Theory]
    [MemberData(nameof(PolicyNames))]
    public void The_same_seed_gives_the_same_report_byte_for_byte(string policy)
    {
        var scenario = Small.Eventful() with { Profile = Named(policy) };

        var once = JsonSerializer.SerializeToUtf8Bytes(new Simulator(scenario).Run());
        var again = JsonSerializer.SerializeToUtf8Bytes(new Simulator(scenario).Run());
        var other = JsonSerializer.SerializeToUtf8Bytes(new Simulator(scenario with { Seed = 2 }).Run());

        again.ShouldBe(once);
        other.ShouldNotBe(once);
    }

    [Fact]
    public void Calls_that_came_were_served_refused_or_failed_or_are_still_under_way()
    {
        var seeds = Gen.Choose(0, 1_000_000).ToArbitrary();
        Prop.ForAll(seeds, seed =>
        {
            var scenario = Small.Eventful((ulong)seed) with { Profile = Small.Policies[seed % Small.Policies.Length] };
            var report = new Simulator(scenario).Run();
            var calls = report.Calls;
            calls.Arrived.ShouldBe(calls.Served + calls.Refused + calls.Limited + calls.Failed + calls.InFlight);
            calls.InFlight.ShouldBe(0, "all that came had ten minutes to end");
            calls.Served.ShouldBe(report.Deployments.Sum(each => each.Calls));
            calls.Served.ShouldBeGreaterThan(0);
            calls.Attempts.ShouldBeGreaterThanOrEqualTo(calls.Served);
            foreach (var levels in new[] { report.Tiers, report.Tenants, report.TiersOfTenants })
            {
                levels.Sum(level => level.Calls).ShouldBe(calls.Arrived);
                levels.Sum(level => level.Served).ShouldBe(calls.Served);
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(20));
    }

    [Fact]
    public void The_sums_of_money_are_those_of_their_parts()
    {
        var report = new Simulator(Small.Scenario()).Run();

        report.Cost.UsageUsd.ShouldBe(report.Deployments.Sum(each => each.UsageUsd));
        report.Cost.ReservedUsd.ShouldBe(10);
        report.Cost.TotalUsd.ShouldBe(report.Cost.UsageUsd + report.Cost.ReservedUsd + report.Cost.ShortfallUsd);
        report.Providers.Sum(each => each.UsageUsd).ShouldBe(report.Cost.UsageUsd);
        report.Commitments.Sum(each => each.DrawnUsd)
            .ShouldBe(report.Deployments.Single(each => each.Deployment == "dear").UsageUsd);
        report.Commitments.ShouldAllBe(each => each.ShortfallUsd == Math.Max(0, each.CommittedUsd - each.DrawnUsd));
        report.Cost.ShortfallUsd.ShouldBe(report.Commitments.Sum(each => each.ShortfallUsd));
        report.Spill.UsageUsd.ShouldBe(report.Cost.UsageUsd);
    }

    [Fact]
    public void What_deployments_cost_is_what_their_tokens_cost()
    {
        var report = new Simulator(Small.Scenario() with { Profile = RoutingProfile.WeightedShuffle }).Run();

        var cheap = report.Deployments.Single(each => each.Deployment == "cheap");

        // Rounded for each call, half a nano-dollar at most.
        cheap.UsageUsd.ShouldBe(
            ((cheap.PromptTokens * 2m) + (cheap.OutputTokens * 8m)) / 1_000_000, cheap.Calls * 0.000000001m);
        cheap.Calls.ShouldBeGreaterThan(1_000);
    }

    [Fact]
    public void A_cloud_that_is_gone_serves_nobody_and_the_others_take_over()
    {
        var scenario = Small.Scenario() with
        {
            Profile = RoutingProfile.LowestPrice,
            Outages = [new Outage("azure", null, TimeSpan.Zero, TimeSpan.FromHours(3))],
        };

        var report = new Simulator(scenario).Run();

        report.Deployments.Single(each => each.Deployment == "cheap").Calls.ShouldBe(0);
        report.Calls.Served.ShouldBe(report.Calls.Arrived);
        // The breaker spares nearly all calls the attempt: one probe now and then.
        report.Calls.Attempts.ShouldBeInRange(report.Calls.Arrived + 5, report.Calls.Arrived + 500);
    }

    [Fact]
    public void Streams_that_an_outage_cuts_fail_and_calls_without_an_answer_go_elsewhere()
    {
        var scenario = Small.Scenario() with
        {
            Profile = RoutingProfile.LeastBusy,
            Outages = [new Outage(null, "dear", TimeSpan.FromMinutes(60), TimeSpan.FromMinutes(1))],
        };

        var report = new Simulator(scenario).Run();

        report.Calls.Failed.ShouldBeInRange(1, 50);
        report.Calls.Refused.ShouldBe(0);
    }

    [Fact]
    public void A_price_that_changes_holds_from_then_on()
    {
        var scenario = Small.Scenario() with { Deployments = [Small.Deployment("only", "p", 2, 8)], Commitments = [] };
        var dearer = scenario with
        {
            PriceChanges = [new PriceChange("only", TimeSpan.FromHours(1), Small.Price(20, 80))],
        };

        var (before, after) = (new Simulator(scenario).Run().Cost.UsageUsd, new Simulator(dearer).Run().Cost.UsageUsd);

        // Nine times the price more, for about half of the calls.
        ((double)(after / before)).ShouldBe(5.5, 0.3);
    }

    [Fact]
    public void No_call_goes_to_a_country_that_its_tenant_does_not_allow()
    {
        var scenario = Small.Scenario();
        scenario = scenario with
        {
            Tenants = [scenario.Tenants[0] with { Countries = CountrySet.FromCodes([CountryCode.Parse("NO")]) }],
        };

        var report = new Simulator(scenario).Run();

        report.Deployments.Where(each => each.Deployment != "own").ShouldAllBe(each => each.Calls == 0);
        report.Calls.Refused.ShouldBeGreaterThan(0);
        report.Cost.RefusalUsd.ShouldBeGreaterThan(0);
    }

    [Fact]
    public void A_key_s_limit_holds_and_is_not_held_against_the_service()
    {
        var scenario = Small.Scenario();
        scenario = scenario with
        {
            Tenants = [scenario.Tenants[0] with { Limits = new Limits { RequestsPerMinute = 10 } }],
        };

        var report = new Simulator(scenario).Run();

        report.Calls.Served.ShouldBeInRange(10 * 118, 10 * 121);
        report.Calls.Limited.ShouldBe(report.Calls.Arrived - report.Calls.Served);
        report.Tenants[0].InTimeShare.ShouldBe(1, 0.01);
    }

    [Fact]
    public void Prompts_that_begin_alike_are_read_from_the_cache_of_where_they_were_before()
    {
        var scenario = Small.Scenario() with { Commitments = [] };
        scenario = scenario with { Traffic = [scenario.Traffic[0] with { PrefixShare = 0.5, Prefixes = 10 }] };

        var balanced = new Simulator(scenario).Run();

        var share = (double)balanced.Deployments.Sum(each => each.CachedTokens)
            / balanced.Deployments.Sum(each => each.PromptTokens);
        share.ShouldBeInRange(0.4, 0.5);
    }

    [Fact]
    public void A_scenario_that_makes_no_sense_is_refused_with_all_that_is_wrong()
    {
        var scenario = Small.Scenario();
        scenario = scenario with
        {
            Bucket = TimeSpan.FromMilliseconds(1),
            Deployments =
            [
                .. scenario.Deployments,
                .. Enumerable.Range(0, 64).Select(each => Small.Deployment($"d{each}", "p", 1, 1)),
            ],
            Traffic = [scenario.Traffic[0] with { Model = "none" }],
            Outages = [new Outage("nobody", null, TimeSpan.Zero, TimeSpan.FromHours(1))],
            Commitments = [scenario.Commitments[0], scenario.Commitments[0] with { Id = "twice" }],
        };

        var problems = Should.Throw<ArgumentException>(() => new Simulator(scenario)).Message;

        problems.ShouldContain("bucket: the length has more than 10,000 of them");
        problems.ShouldContain("deployments: model m has 67 of them");
        problems.ShouldContain("traffic.t.model: no deployment serves none");
        problems.ShouldContain("outages[0]: there is no deployment of nobody");
        problems.ShouldContain("commitments.twice.deployments: what is spent at dear counts toward aws already");
    }

    [Fact]
    public void It_can_be_stopped_and_tells_how_far_it_is()
    {
        using var stop = new CancellationTokenSource();
        var told = new List<SimulationProgress>();

        var simulator = new Simulator(
            Small.Scenario() with { Length = TimeSpan.FromDays(300), Bucket = TimeSpan.FromHours(1) });
        Should.Throw<OperationCanceledException>(() => simulator.Run(
            progress =>
            {
                told.Add(progress);
                stop.Cancel();
            },
            stop.Token));

        told.ShouldHaveSingleItem().Calls.ShouldBeGreaterThan(1_000);
    }

    static RoutingProfile Named(string name) => Small.Policies.Single(policy => policy.Name == name);
}
