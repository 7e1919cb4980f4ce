using Sahab.Ledger.Rating;
using Sahab.Routing.Decisions;
using Sahab.Routing.Policies;
using Sahab.Routing.Requests;
using Sahab.Routing.Snapshot;
using Sahab.Routing.Steering;
using static Sahab.Tests.Routing.World;

namespace Sahab.Tests.Routing;

public sealed class SteeringTests
{
    private const double HourMs = 3_600_000;

    private static readonly PriceTerms Dear = new(2_750_000_000, 1_375_000_000, 11_000_000_000);
    private static readonly PriceTerms Cheap = new(2_500_000_000, 1_250_000_000, 10_000_000_000);

    [Fact]
    public void What_a_commitment_owes_anyway_is_taken_off_the_price()
    {
        var snapshot = Of(Spec("cheap", Priced(Cheap)), Spec("committed", Priced(Dear)));
        snapshot.Choice().ShouldBe("cheap");

        snapshot.State("committed").Price.Set(0.2, 0);

        snapshot.Choice().ShouldBe("committed");
        var score = snapshot.Explain(Call(snapshot)).Candidates[1].Score;
        score.CommitmentShare.ShouldBe(0.2);
        score.CostNanoUsd.ShouldBe(score.RateNanoUsd * 0.8, score.RateNanoUsd * 1e-9);
    }

    [Fact]
    public void Scarce_capacity_goes_to_the_calls_that_gain_most_by_it()
    {
        var snapshot = Of(
            Spec("own", spec => spec with
            {
                Kind = CapacityKind.Reserved,
                Prices = default,
                Limits = Limit(concurrency: 4),
                Weights = new CapacityWeights(1, 0, 20),
            }),
            Spec("cheap", Priced(Cheap)));
        for (var i = 0; i < 4; i++)
        {
            snapshot.State("own").Reserve();
        }

        // A long prompt with a short answer is worth the units that it takes, the reverse is not.
        snapshot.State("own").Price.Set(0, 1_000);
        var shortAnswer = Call(snapshot) with { PromptTokens = 4_000, OutputTokens = 50, PatienceMs = 1_000 };
        var longAnswer = Call(snapshot) with { PromptTokens = 100, OutputTokens = 1_000, PatienceMs = 1_000 };

        snapshot.Decide(shortAnswer, RoutingProfile.LeastCost).WaitsFor!.Spec.Id.ShouldBe("own");
        snapshot.Decide(longAnswer, RoutingProfile.LeastCost).Choice!.Spec.Id.ShouldBe("cheap");
    }

    [Fact]
    public void A_call_waits_for_what_is_paid_for_as_long_as_it_is_patient_and_then_goes_where_there_is_room()
    {
        var snapshot = FullBesideCheap();

        var patient = snapshot.Decide(Call(snapshot) with { PatienceMs = 500 }, RoutingProfile.LeastCost);
        patient.Choice.ShouldBeNull();
        patient.Reason.ShouldBe(RouteRejection.Full);
        patient.WaitsFor!.Spec.Id.ShouldBe("own");
        snapshot.Decide(Call(snapshot), RoutingProfile.LeastCost).Choice!.Spec.Id.ShouldBe("cheap");

        // What was tried and failed is not worth waiting for.
        snapshot.Decide(Call(snapshot) with { PatienceMs = 500, Tried = 1 }, RoutingProfile.LeastCost)
            .Choice!.Spec.Id.ShouldBe("cheap");
    }

    [Fact]
    public void Nobody_waits_where_waiting_is_worth_more_than_what_it_saves()
    {
        var snapshot = FullBesideCheap();

        snapshot.Decide(
            Call(snapshot) with { PatienceMs = 60_000 }, RoutingProfile.LeastCost with { NanoUsdPerMs = 10_000 })
            .Choice!.Spec.Id.ShouldBe("cheap");
    }

    [Fact]
    public void A_batch_fills_what_is_paid_for_and_only_the_idle_half_of_what_is_not()
    {
        var snapshot = Of(
            Spec("own", spec => spec with { Kind = CapacityKind.Reserved, Limits = Limit(concurrency: 4) }),
            Spec("cheap", spec => spec with { Prices = Cheap, Limits = Limit(concurrency: 4) }));
        var batch = Call(snapshot) with { Tier = ServiceTier.Batch, PatienceMs = long.MaxValue };
        for (var i = 0; i < 3; i++)
        {
            snapshot.State("own").Reserve();
            snapshot.State("cheap").Reserve();
        }

        var trace = snapshot.Explain(batch);
        trace.Candidates[0].Verdict.ShouldBe(CandidateVerdict.Eligible);
        trace.Candidates[1].Verdict.ShouldBe(CandidateVerdict.NotIdle);

        // One that can wait no longer takes what there is.
        snapshot.Explain(batch with { PatienceMs = 0 }).Candidates[1].Verdict.ShouldBe(CandidateVerdict.Eligible);
    }

    [Fact]
    public void Patience_ends_with_the_tiers_own_and_before_the_wait_does()
    {
        var profile = RoutingProfile.LeastCost;
        profile.PatienceOf(ServiceTier.Priority, 0, 10_000).ShouldBe(500);
        profile.PatienceOf(ServiceTier.Default, 1_500, 10_000).ShouldBe(500);
        profile.PatienceOf(ServiceTier.Default, 0, 1_200).ShouldBe(200);
        profile.PatienceOf(ServiceTier.Default, 5_000, 10_000).ShouldBe(0);
        profile.PatienceOf(ServiceTier.Batch, 5_000, 7_200_000).ShouldBe(7_199_000);
        RoutingProfile.LowestPrice.PatienceOf(ServiceTier.Default, 0, 10_000).ShouldBe(0);
        RoutingProfile.LowestPrice.PatienceOf(ServiceTier.Batch, 0, 10_000).ShouldBe(9_000);
    }

    [Fact]
    public void What_a_commitment_could_have_won_is_counted_once_for_all_of_its_deployments()
    {
        var snapshot = Of(
            Spec("cheap", Priced(Cheap)), Spec("one", Priced(Dear)), Spec("two", Priced(Dear)),
            Spec("full", spec => spec with { Prices = Dear, Limits = Limit(concurrency: 0) }));
        var (stake, other) = (new CommitmentStake(), new CommitmentStake());
        snapshot.State("one").Price.Stake = stake;
        snapshot.State("two").Price.Stake = stake;
        snapshot.State("full").Price.Stake = other;
        var random = new RandomSource(1);

        var call = Call(snapshot) with { PromptTokens = 1_000, OutputTokens = 100 };
        Router.DecideAndReserve(call, RoutingProfile.LeastCost, Start, ref random, out _).Choice!.Spec.Id
            .ShouldBe("cheap");
        (stake.ContestedNanoUsd, stake.WonNanoUsd).ShouldBe((3_850_000, 0));
        snapshot.State("one").Price.Set(0.5, 0);
        Router.DecideAndReserve(call, RoutingProfile.LeastCost, Start, ref random, out _).Choice!.Spec.Id
            .ShouldBe("one");
        (stake.ContestedNanoUsd, stake.WonNanoUsd).ShouldBe((7_700_000, 3_850_000));

        // A deployment that had no room could not have won.
        other.ContestedNanoUsd.ShouldBe(0);
    }

    [Fact]
    public void What_another_commitment_wins_is_not_held_against_one()
    {
        var snapshot = Of(Spec("one", Priced(Dear)), Spec("two", Priced(Cheap)), Spec("free", Priced(Dear)));
        var (one, two) = (new CommitmentStake(), new CommitmentStake());
        snapshot.State("one").Price.Stake = one;
        snapshot.State("two").Price.Stake = two;
        var random = new RandomSource(1);

        Router.DecideAndReserve(Call(snapshot), RoutingProfile.LeastCost, Start, ref random, out _).Choice!.Spec.Id
            .ShouldBe("two");

        two.WonNanoUsd.ShouldBeGreaterThan(0);
        two.ContestedNanoUsd.ShouldBe(two.WonNanoUsd);
        one.ContestedNanoUsd.ShouldBe(0);
    }

    [Theory]
    [InlineData(100, 0.0909)] // less than there is to win: the share that settles between the two prices
    [InlineData(3_000, CommitmentPacer.HighestShare)] // more than there is to win
    public void The_share_settles_where_the_commitment_is_met_or_as_high_as_it_goes(double target, double expected)
    {
        // Five dollars an hour are to be won, all of it where λ beats the cheaper price by a tenth and nothing below.
        var pacer = new CommitmentPacer(TimeSpan.FromDays(1));
        var (drawn, share, sum, steps) = (0.0, 0.0, 0.0, 0);
        for (var minute = 0; minute < 14 * 24 * 60 && drawn < target; minute++)
        {
            var won = share > 0.0909 ? 5 / 60.0 : 0;
            drawn += won;
            share = pacer.Update(
                new CommitmentPace { Target = target, Drawn = drawn, UntilMs = 14 * 24 * HourMs },
                5 / 60.0, won, 0, minute * 60_000.0);
            (sum, steps) = minute > 24 * 60 ? (sum + share, steps + 1) : (sum, steps);
        }

        drawn.ShouldBe(Math.Min(target, 5 * 24 * 14), Math.Min(target, 5 * 24 * 14) * 0.03);
        if (steps > 0)
        {
            (sum / steps).ShouldBe(expected, 0.06);
        }
    }

    [Fact]
    public void Once_the_target_is_met_nothing_is_taken_off_any_more()
    {
        var pacer = new CommitmentPacer(TimeSpan.FromDays(1));
        var open = new CommitmentPace { Target = 10, Drawn = 0, UntilMs = 24 * HourMs };
        pacer.Update(open, 1, 0, 0, 0);
        pacer.Update(open, 1, 0, 0, 60_000).ShouldBeGreaterThan(0);
        pacer.Update(open with { Drawn = 10 }, 1, 0, 0, 120_000).ShouldBe(0);
        pacer.Update(open, 1, 0, 0, 25 * HourMs).ShouldBe(0);
    }

    [Fact]
    public void A_night_in_which_nothing_is_to_be_won_is_not_held_against_a_commitment()
    {
        var pacer = new CommitmentPacer(TimeSpan.FromDays(1));
        var pace = new CommitmentPace { Target = 10, Drawn = 0, UntilMs = 240 * HourMs };
        var before = pacer.Update(pace, 1, 1, 0, 0);
        for (var hour = 1; hour < 12; hour++)
        {
            pacer.Update(pace, 0, 0, 0, hour * HourMs).ShouldBe(before);
        }
    }

    [Theory]
    [InlineData(1_500)]
    [InlineData(3_000)]
    [InlineData(6_000)]
    public void Paid_capacity_gives_up_calls_as_late_as_is_safe_and_the_commitment_is_met_all_the_same(double target)
    {
        // Nothing is paid by the token. What is paid for serves 20 dollars an hour, and gives them up to a high share.
        var pacer = new CommitmentPacer(TimeSpan.FromDays(1));
        var (drawn, share, begun) = (0.0, 0.0, double.NaN);
        for (var minute = 0; minute < 14 * 24 * 60; minute++)
        {
            var won = share > 0.9 ? 20 / 60.0 : 0;
            begun = won > 0 && double.IsNaN(begun) ? minute / 60.0 : begun;
            drawn += won;
            share = pacer.Update(
                new CommitmentPace { Target = target, Drawn = drawn, UntilMs = 14 * 24 * HourMs },
                won, won, (20 / 60.0) - won, minute * 60_000.0);
        }

        drawn.ShouldBe(target, target * 0.02);
        begun.ShouldBeInRange((14 * 24) - (2 * target * 1.05 / 20) - 24, (14 * 24) - (target / 20));
    }

    [Fact]
    public void Calls_that_come_in_time_spare_paid_capacity_altogether()
    {
        var pacer = new CommitmentPacer(TimeSpan.FromDays(1));
        var (drawn, highest) = (0.0, 0.0);
        for (var hour = 0; hour < 14 * 24; hour++)
        {
            // From the eighth day on more comes than what is paid for can serve.
            var contested = hour > 7 * 24 ? 10.0 : 0;
            drawn += contested;
            highest = Math.Max(highest, pacer.Update(
                new CommitmentPace { Target = 1_000, Drawn = drawn, UntilMs = 14 * 24 * HourMs },
                contested, contested, 20, hour * HourMs));
        }

        drawn.ShouldBeGreaterThan(1_000);
        highest.ShouldBe(0, "nothing was ever drawn off");
    }

    [Fact]
    public void Scarcity_rises_while_calls_wait_falls_while_places_are_free_and_stays_within_bounds()
    {
        var pricer = new ScarcityPricer();
        pricer.Update(running: 2, waiting: 0, room: 16, worth: 1_000, seconds: 2).ShouldBe(0);
        for (var i = 0; i < 10_000; i++)
        {
            pricer.Update(16, 100, 16, 1_000, 2).ShouldBeInRange(0, 3_050.001);
        }

        var highest = pricer.Update(16, 100, 16, 1_000, 2);
        highest.ShouldBe(3_050, 1);
        for (var i = 0; i < 10_000; i++)
        {
            pricer.Update(2, 0, 16, 1_000, 2).ShouldBeLessThanOrEqualTo(highest);
        }

        pricer.Update(2, 0, 16, 1_000, 2).ShouldBe(0);
    }

    [Fact]
    public void A_step_sets_the_prices_of_all_deployments_and_forgets_commitments_that_are_over()
    {
        var snapshot = Of(
            Spec("own", spec => spec with { Kind = CapacityKind.Reserved, Limits = Limit(concurrency: 4) }),
            Spec("cheap", Priced(Cheap)), Spec("committed", Priced(Dear)));
        var steering = new ContractSteering(TimeSpan.FromDays(1));
        var pace = new CommitmentPace { Target = 1_000, Drawn = 0, UntilMs = 24 * HourMs };
        var random = new RandomSource(1);
        var call = Call(snapshot) with { PromptTokens = 1_000, OutputTokens = 100, Tried = 1 };
        for (var second = 0; second < 600; second++)
        {
            steering.Step(
                snapshot, [new SteeredCommitment("c", ["committed"], pace)], Start + (second * 1_000.0));
            Router.DecideAndReserve(call, RoutingProfile.LeastCost, Start, ref random, out var lease);
            lease.Release(0, Start);
        }

        snapshot.State("committed").Price.CommitmentShare.ShouldBeGreaterThan(0.09);
        snapshot.State("cheap").Price.CommitmentShare.ShouldBe(0);
        steering.Shares.Keys.ShouldBe(["c"]);

        steering.Step(snapshot, [], Start + 700_000.0);
        snapshot.State("committed").Price.CommitmentShare.ShouldBe(0);
        snapshot.State("committed").Price.Stake.ShouldBeNull();
        steering.Shares.ShouldBeEmpty();
    }

    /// <summary>What is paid for is full, and what is paid by the token has room.</summary>
    private static RoutingSnapshot FullBesideCheap()
    {
        var snapshot = Of(
            Spec("own", spec => spec with
            {
                Kind = CapacityKind.Reserved,
                Prices = default,
                Limits = Limit(concurrency: 1),
            }),
            Spec("cheap", Priced(Cheap)));
        snapshot.State("own").Reserve();
        return snapshot;
    }

    private static Func<DeploymentSpec, DeploymentSpec> Priced(PriceTerms prices) =>
        spec => spec with { Prices = prices };

    private static RouteRequest Call(RoutingSnapshot snapshot) =>
        snapshot.Ask() with { PromptTokens = 1_000, OutputTokens = 200 };
}

file static class Asking
{
    public static RouteDecision Decide(this RoutingSnapshot snapshot, RouteRequest request, RoutingProfile profile)
    {
        var random = new RandomSource(5);
        return Router.Decide(request, profile, Start, ref random);
    }

    public static string Choice(this RoutingSnapshot snapshot) => snapshot
        .Decide(snapshot.Ask() with { PromptTokens = 1_000, OutputTokens = 200 }, RoutingProfile.LeastCost)
        .Choice!.Spec.Id;
}
