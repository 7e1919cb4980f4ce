using System.Text.Json;
using System.Text.RegularExpressions;
using Sahab.Ledger.Contracts;
using Sahab.Ledger.Settlements;
using Sahab.Planning.Optimum;
using Sahab.Planning.Scenarios;
using Sahab.Planning.Simulation;
using Sahab.Planning.Traffic;
using Sahab.Routing.Policies;
using Sahab.Tests.Ledger;

namespace Sahab.Tests.Planning;

public sealed partial class ScenarioContractTests
{
    const string Begins = "2026-03-31T22:00";
    const string Ends = "2026-04-01T02:00";

    static readonly Contract Everything = Terms.Contract(
        "aws", Begins,
        Spend("spend", 40, 60) with
        {
            ShortfallRollover = 0.1m,
            SurplusRollover = 0.5m,
            Caps = [new DrawdownCap(new Selector { Deployments = ["dear"] }, 0.6m)],
            OwedShare = 0.8m,
        },
        Spend("second", 5, 900),
        new Rate
        {
            Id = "rate",
            Source = Terms.Page,
            Uses = new Selector { Deployments = ["dear"] },
            Tokens = Small.Price(3.5m, 11),
            Discount = 0.12m,
            Tiers = [new VolumeTier(10, 0.05m), new VolumeTier(20, 0.08m)],
        },
        new CommittedUse
        {
            Id = "base",
            Source = Terms.Page,
            Uses = new() { Services = ["inference"] },
            Baseline = 7,
            UnitPrice = 0.55m,
        },
        new Prepayment
        {
            Id = "paid",
            Source = Terms.Page,
            Amount = 3,
            PaidAt = Terms.At(Begins),
            Until = Terms.At("2026-04-01T01:00"),
            Share = 0.01m,
        },
        new Credit { Id = "thanks", Source = Terms.Page, Amount = 1.5m, GrantedAt = Terms.At("2026-04-01") },
        new CapacityTranche
        {
            Id = "gpus",
            Source = Terms.Page,
            Site = "r",
            Country = "US",
            Gpus = 8,
            DueAt = Terms.At(Begins),
            AcceptedAt = Terms.At("2026-03-31T23:00"),
        },
        new ReservedFee { Id = "fee", Source = Terms.Page, Tranches = ["gpus"], PerMonth = 1_000 });

    [Fact]
    public void A_contract_costs_to_the_nano_dollar_what_the_ledgers_statement_says_of_the_same_hours()
    {
        var scenario = OneCloud(Everything);

        var report = new Simulator(scenario).Run();

        report.Calls.Served.ShouldBe(report.Calls.Arrived);
        report.Calls.Arrived.ShouldBeGreaterThan(10_000);
        var lines = Statement.Of(
            Terms.Book(Everything).KnownAt(Terms.Hindsight), "aws", ChargesOf(scenario), Terms.At(Ends));
        var cost = report.Contracts.ShouldHaveSingleItem();
        cost.Contract.ShouldBe("aws");
        cost.UsageUsd.ShouldBe(Sum(StatementKind.Use) + Sum(StatementKind.CoveredUse));
        cost.ReservedUsd.ShouldBe(Sum(StatementKind.Fixed) + Sum(StatementKind.UnusedBaseline));
        cost.ShortfallUsd.ShouldBe(Sum(StatementKind.Shortfall));
        cost.ExpiredUsd.ShouldBe(Sum(StatementKind.Expired));
        cost.CreditUsd.ShouldBe(-1.5m);
        cost.TotalUsd.ShouldBe(lines.Sum(line => line.EffectiveUsd));
        report.Cost.TotalUsd.ShouldBe(cost.TotalUsd);
        cost.ShortfallUsd.ShouldBeGreaterThan(0);
        cost.ExpiredUsd.ShouldBeGreaterThan(0);
        lines.ShouldContain(line => line.Kind == StatementKind.CoveredUse);

        decimal Sum(StatementKind kind) => lines.Where(line => line.Kind == kind).Sum(line => line.EffectiveUsd);
    }

    [Theory]
    [MemberData(nameof(SimulatorTests.PolicyNames), MemberType = typeof(SimulatorTests))]
    public void Costs_by_contract_add_up_to_the_total(string policy)
    {
        var scenario = Small.Eventful() with
        {
            Profile = Small.Policies.Single(each => each.Name == policy),
            Commitments = [],
            Contracts = Agreed(
                Terms.Contract("aws", Begins, Spend("spend", 12, 12), Discount("dear", 0.3m)),
                Terms.Contract("azure", Begins, Discount("cheap", 0.1m))),
        };

        var report = new Simulator(scenario).Run();

        report.Contracts.Sum(each => each.TotalUsd).ShouldBe(report.Cost.TotalUsd);
        report.Deployments.Sum(each => each.UsageUsd).ShouldBe(report.Cost.UsageUsd);
        report.Providers.Sum(each => each.UsageUsd + each.ReservedUsd)
            .ShouldBe(report.Cost.UsageUsd + report.Cost.ReservedUsd);
        report.Contracts.Select(each => each.Contract).ShouldBe(["aws", "azure", null]);
        report.Cost.ShortfallUsd.ShouldBe(report.Commitments.Sum(each => each.ShortfallUsd));
    }

    [Theory]
    [InlineData("least_cost")]
    [InlineData("balanced")]
    [InlineData("lowest_price")]
    public async Task A_commitment_in_short_is_the_contract_that_says_the_same(string policy)
    {
        var brief = Small.Eventful() with
        {
            Profile = new[] { RoutingProfile.LeastCost, RoutingProfile.Balanced, RoutingProfile.LowestPrice }
                .Single(each => each.Name == policy),
        };
        var full = brief with
        {
            Commitments = [],
            Contracts = Agreed(Terms.Contract("aws", Begins, Spend("aws", 12, 12))),
        };

        Json(new Simulator(full).Run()).ShouldBe(Json(new Simulator(brief).Run()));
        Json(new Simulator(full.Compressed(0.25)).Run()).ShouldBe(Json(new Simulator(brief.Compressed(0.25)).Run()));
        var (long1, short1) = (await OptimumOf(full), await OptimumOf(brief));
        long1.Cost.TotalUsd.ShouldBe(short1.Cost.TotalUsd);
        long1.Commitments.ShouldBe(short1.Commitments);
    }

    [Fact]
    public void A_period_that_is_no_multiple_of_an_hour_is_drawn_down_as_well()
    {
        var scenario = Small.Scenario();

        var report = new Simulator(scenario with
        {
            Commitments = [scenario.Commitments[0] with { Period = TimeSpan.FromMinutes(50), UsdPerPeriod = 12 }],
        }).Run();

        report.Commitments.Select(each => (each.CommittedUsd, each.FromHour, each.UntilHour)).ShouldBe(
            [(12m, 0, 0.833333), (12m, 0.833333, 1.666667), (4.8m, 1.666667, 2)]);
        report.Commitments.Sum(each => each.DrawnUsd)
            .ShouldBe(report.Deployments.Single(each => each.Deployment == "dear").UsageUsd);
    }

    [Fact]
    public void A_window_that_reaches_beyond_the_scenario_counts_in_proportion()
    {
        var year = new Commitment
        {
            Id = "year",
            Source = Terms.Page,
            Windows = CommitmentWindow.Yearly(Terms.At("2026-01-01"), 8760m),
        };

        var report = new Simulator(OneCloud(Terms.Contract("aws", "2026-01-01", year))).Run();

        var window = report.Commitments.ShouldHaveSingleItem();
        (window.Commitment, window.CommittedUsd, window.FromHour, window.UntilHour).ShouldBe(("aws/year", 4m, 0, 4));
    }

    [Fact]
    public void Where_time_is_compressed_contracts_keep_their_calendar_and_give_a_part_of_their_amounts()
    {
        var contract = Terms.Contract(
            "aws", Begins, Spend("spend", 1_000, 2_000),
            new Rate
            {
                Id = "rate",
                Source = Terms.Page,
                Tiers = [new VolumeTier(10, 0.5m)],
                TierPeriod = CalendarPeriod.Month,
            },
            new CapacityTranche
            {
                Id = "gpus",
                Source = Terms.Page,
                Site = "r",
                Country = "US",
                Gpus = 8,
                DueAt = Terms.At(Begins),
                AcceptedAt = Terms.At(Begins),
            },
            new ReservedFee { Id = "fee", Source = Terms.Page, Tranches = ["gpus"], PerMonth = 7_200 });
        var whole = new Simulator(OneCloud(contract)).Run();

        var tenth = new Simulator(OneCloud(contract).Compressed(0.1)).Run();

        tenth.Cost.ReservedUsd.ShouldBe(whole.Cost.ReservedUsd / 10);
        tenth.Commitments.Select(each => each.CommittedUsd).ShouldBe([100m, 200m]);
        // A tenth of the calls, each of which counts ten times toward the tier: as good as the same price.
        (tenth.Cost.UsageUsd * 10 / whole.Cost.UsageUsd).ShouldBe(1, 0.05m);
        tenth.Contracts.Sum(each => each.TotalUsd).ShouldBe(tenth.Cost.TotalUsd);
    }

    [Fact]
    public void Calls_go_by_the_rates_of_contracts_and_not_where_somebodys_exclusivity_bars_them()
    {
        var scenario = Small.Scenario() with
        {
            Deployments = [Small.Deployment("cheap", "azure", 2, 8), Small.Deployment("dear", "aws", 3, 12)],
            Commitments = [],
            Profile = RoutingProfile.LeastCost,
        };

        ShareOfDear(scenario).ShouldBe(0);
        ShareOfDear(scenario with { Contracts = Agreed(Terms.Contract("aws", Begins, Discount("dear", 0.5m))) })
            .ShouldBe(1);
        // From the second of two hours on.
        ShareOfDear(scenario with
        {
            Contracts = Agreed(Terms.Contract(
                "aws", Begins, Discount("dear", 0.5m) with { From = Terms.At("2026-03-31T23:00") })),
        }).ShouldBe(0.5, 0.1);
        ShareOfDear(scenario with
        {
            Contracts = Agreed(Terms.Contract("aws", Begins, new Exclusivity { Id = "sole", Source = Terms.Page })),
        }).ShouldBe(1);

        static double ShareOfDear(Scenario scenario)
        {
            var report = new Simulator(scenario).Run();
            return (double)report.Deployments.Single(each => each.Deployment == "dear").Calls / report.Calls.Served;
        }
    }

    [Fact]
    public async Task No_policy_is_cheaper_than_the_optimum_under_contracts()
    {
        var scenario = Small.Eventful() with
        {
            Commitments = [],
            Contracts = Agreed(
                Terms.Contract(
                    "aws", Begins,
                    Spend("spend", 12, 20) with
                    {
                        ShortfallRollover = 0.2m,
                        SurplusRollover = 0.2m,
                        OwedShare = 0.9m,
                        Basis = DrawdownBasis.ListPrice,
                    },
                    new Rate
                    {
                        Id = "rate",
                        Source = Terms.Page,
                        Discount = 0.1m,
                        Tiers = [new VolumeTier(5, 0.05m)],
                    }),
                Terms.Contract(
                    "own", Begins,
                    new Commitment
                    {
                        Id = "tokens",
                        Source = Terms.Page,
                        Measure = Measure.Quantity,
                        UnitPrice = 0.00001m,
                        Windows = [new(Terms.At(Begins), Terms.At("2026-04-01"), 1_000_000)],
                    },
                    new Credit { Id = "c", Source = Terms.Page, Amount = 2, GrantedAt = Terms.At(Begins) },
                    new OwnSite
                    {
                        Id = "oslo",
                        Source = Terms.Page,
                        Region = "r",
                        Country = "NO",
                        Megawatts = 1,
                        LoadFactor = 1,
                        EnergyPerMegawattHour = 10,
                        FixedPerMonth = 744,
                    })),
        };

        var optimum = await OptimumOf(scenario);

        optimum.Status.ShouldBe(SolverStatus.Optimal);
        optimum.Cost.CreditUsd.ShouldBe(-2);
        foreach (var policy in Small.Policies.Append(RoutingProfile.LeastCost))
        {
            var report = new Simulator(scenario with { Profile = policy }).Run();
            report.Cost.ReservedUsd.ShouldBe(optimum.Cost.ReservedUsd, 0.00001m);
            optimum.RegretOf(report).ShouldNotBeNull().ShouldBeGreaterThanOrEqualTo(1, policy.Name);
        }
    }

    [Fact]
    public void The_course_has_so_many_points_however_long_it_is_and_ends_at_what_is_reported()
    {
        var scenario = Small.Eventful() with { Profile = RoutingProfile.LeastCost };

        var report = new Simulator(scenario).Run();

        var course = report.Course;
        course.Hours.Length.ShouldBe(SimulationCourse.MaxPoints);
        (course.Hours[0], course.Hours[^1]).ShouldBe((0, 2));
        var drawdown = course.Commitments.ShouldHaveSingleItem();
        drawdown.Commitment.ShouldBe("aws");
        drawdown.TargetUsd.ShouldAllBe(target => target == 12);
        drawdown.DrawnUsd[^1].ShouldBe((double)report.Commitments[^1].DrawnUsd);
        drawdown.DrawnUsd[..140].ShouldBeInOrder();
        drawdown.Lambda.Max().ShouldBeInRange(0.01, 1);
        var capacity = course.Capacities.ShouldHaveSingleItem();
        capacity.Deployment.ShouldBe("own");
        capacity.Load.ShouldAllBe(load => load >= 0 && load <= 1);
        capacity.Load.Max().ShouldBeGreaterThan(0.5);
        new Simulator(scenario.Compressed(0.25)).Run().Course.Hours.Length.ShouldBe(SimulationCourse.MaxPoints);
    }

    [Fact]
    public async Task The_optimum_says_what_it_does_not_know()
    {
        var scenario = OneCloud(Everything);

        HindsightOptimum.ProblemOf(scenario)!.ShouldStartWith("contract aws, clause base: the optimum does not know");
        await Should.ThrowAsync<ArgumentException>(() => OptimumOf(scenario));
        HindsightOptimum.ProblemOf(Small.Scenario()).ShouldBeNull();
    }

    [Fact]
    public void What_makes_no_sense_is_named()
    {
        var contracts = Agreed(Terms.Contract("aws", Begins));
        var scenario = Small.Scenario();

        Problem(scenario with { Contracts = contracts }).ShouldBe("commitments");
        scenario = scenario with { Commitments = [], Contracts = contracts };
        ScenarioCheck.ProblemsOf(scenario).ShouldBeEmpty();
        Problem(scenario with { Length = TimeSpan.FromMinutes(90) }).ShouldBe("length");
        Problem(scenario with { Contracts = contracts with { Begins = Terms.At("2026-01-01T00:30") } })
            .ShouldBe("begins");
        Problem(WithCommitment(each => each with { Deployments = ["dear", "cheap"] }))
            .ShouldBe("commitments.aws.deployments");
        Problem(WithCommitment(each => each with { Period = TimeSpan.FromTicks(36_000_000_007) }))
            .ShouldBe("commitments");

        static Scenario WithCommitment(Func<ScenarioCommitment, ScenarioCommitment> change) =>
            Small.Scenario() with { Commitments = [change(Small.Scenario().Commitments[0])] };

        static string Problem(Scenario scenario) => ScenarioCheck.ProblemsOf(scenario).ShouldHaveSingleItem().Key;
    }

    /// <summary>One cloud that serves all calls at once when they come, so that the calls are its attempts.</summary>
    static Scenario OneCloud(Contract contract) => Small.Scenario() with
    {
        Length = TimeSpan.FromHours(4),
        Deployments = [Small.Deployment("dear", "aws", 3, 12, replicas: 8)],
        Commitments = [],
        Contracts = Agreed(contract),
    };

    static IEnumerable<Charge> ChargesOf(Scenario scenario)
    {
        var contracts = scenario.Contracts!.Book.KnownAt(Terms.Hindsight);
        var spec = scenario.Deployments[0].Spec;
        for (var arrivals = new Arrivals(scenario); arrivals.TryNext(out var arrival);)
        {
            yield return Charge.Of(
                SampleUsage.Make(1) with
                {
                    EventId = Guid.NewGuid(),
                    Provider = spec.Provider,
                    Region = spec.Region,
                    Country = spec.Country.ToString(),
                    Model = spec.Model,
                    Deployment = spec.Id,
                    Prices = spec.Prices,
                    StartedAt = Terms.At(Begins).AddMilliseconds(arrival.AtMs),
                    Usage = new(arrival.Prompt, 0, arrival.Output, 0),
                },
                contracts);
        }
    }

    static Commitment Spend(string id, decimal first, decimal second) => new()
    {
        Id = id,
        Source = Terms.Page,
        Windows =
        [
            new(Terms.At(Begins), Terms.At("2026-03-31T23:00"), first),
            new(Terms.At("2026-03-31T23:00"), Terms.At("2026-04-01"), second),
        ],
    };

    static Rate Discount(string deployment, decimal share) => new()
    {
        Id = "discount",
        Source = Terms.Page,
        Uses = new Selector { Deployments = [deployment] },
        Discount = share,
    };

    static ScenarioContracts Agreed(params Contract[] contracts) =>
        new() { Book = Terms.Book(contracts), Begins = Terms.At(Begins) };

    // Whether a decimal is written 4.8 or 4.80 says nothing.
    static string Json(SimulationReport report) => Zeros().Replace(JsonSerializer.Serialize(report), "$1");

    [GeneratedRegex(@"(?<=\d)(\.\d*?)0+(?=[,}])")]
    private static partial Regex Zeros();

    static Task<HindsightReport> OptimumOf(Scenario scenario) =>
        HindsightOptimum.FindAsync(scenario, new CbcSolver(TimeProvider.System), TimeSpan.FromMinutes(5));
}
