using FsCheck;
using FsCheck.Fluent;
using Sahab.Ledger.Claims;
using Sahab.Ledger.Purchases;
using Sahab.Routing.Decisions;

namespace Sahab.Tests.Ledger;

/// <summary>The life of a claim.</summary>
public class ClaimingTests
{
    static readonly Claim Raised = new()
    {
        Id = "claim",
        Kind = ClaimKind.BillingDifference,
        Provider = "aws",
        Month = new DateOnly(2026, 10, 1),
        Items = [new ClaimItem("a", 60, "cached tokens are billed twice"), new ClaimItem("b", 40, "another price")],
        History = [new ClaimEvent(Terms.At("2026-11-05"), ClaimStep.Raised, 100, "found by reconcile")],
    };

    [Fact]
    public void A_claim_lives_from_being_raised_to_its_credit()
    {
        var claim = Raised;
        (claim.Stage, claim.ClaimedUsd, claim.IsOpen).ShouldBe((ClaimStage.Raised, 100, true));
        claim = Done(Claiming.Send(claim, "case 4711", Now("2026-11-06")));
        claim.Stage.ShouldBe(ClaimStage.Sent);
        claim = Done(Claiming.Answer(claim, 100, "mail of the 20th", Now("2026-11-20")));
        (claim.Stage, claim.CreditDue).ShouldBe((ClaimStage.Accepted, Terms.At("2027-01-04")));
        claim = Done(Claiming.Credit(claim, 30, "bill of November", Now("2026-12-05")));
        claim.Stage.ShouldBe(ClaimStage.Accepted, "the rest is waited for");
        claim = Done(Claiming.Credit(claim, 70, "bill of December", Now("2027-01-02")));
        (claim.Stage, claim.IsOpen, claim.CreditDue).ShouldBe((ClaimStage.Credited, false, null));
        claim.History.Select(each => each.Step).ShouldBe(
            [ClaimStep.Raised, ClaimStep.Sent, ClaimStep.Answered, ClaimStep.Credited, ClaimStep.Credited]);
    }

    [Fact]
    public void A_grant_whose_credit_is_on_no_bill_is_overdue_from_its_day_on()
    {
        var claim = Sent(Raised with { CreditDays = 10 });
        claim = Done(Claiming.Answer(claim, 25, "a part", Now("2026-11-20")));

        claim.Stage.ShouldBe(ClaimStage.PartlyAccepted);
        claim.IsOverdue(Terms.At("2026-11-29T23:59")).ShouldBeFalse();
        claim.IsOverdue(Terms.At("2026-11-30")).ShouldBeTrue();
        Done(Claiming.Credit(claim, 25, "bill", Now("2026-12-03"))).IsOverdue(Terms.At("2027-12-03")).ShouldBeFalse();
    }

    [Fact]
    public void What_is_rejected_may_be_argued_and_answered_anew_or_closed()
    {
        var rejected = Done(Claiming.Answer(Sent(Raised), 0, "no", Now("2026-11-20")));

        rejected.Stage.ShouldBe(ClaimStage.Rejected);
        Done(Claiming.Answer(rejected, 60, "after escalation", Now("2026-11-25"))).Stage.ShouldBe(ClaimStage.PartlyAccepted);
        Done(Claiming.Close(rejected, "they are right", Now("2026-11-25"))).Stage.ShouldBe(ClaimStage.Closed);
    }

    [Fact]
    public void Steps_that_do_not_fit_are_refused_with_their_reason()
    {
        var sent = Sent(Raised);
        var granted = Done(Claiming.Answer(sent, 50, "half", Now("2026-11-20")));
        var closed = Done(Claiming.Close(sent, "enough", Now("2026-11-20")));

        Reason(Claiming.Answer(Raised, 1, "", Now("2026-11-20"))).ShouldContain("It is raised; an answer is to something that was sent");
        Reason(Claiming.Send(sent, "", Now("2026-11-20"))).ShouldContain("It is sent already");
        Reason(Claiming.Answer(sent, 101, "", Now("2026-11-20"))).ShouldContain("from 0 to the 100 USD that are claimed");
        Reason(Claiming.Answer(sent, -1, "", Now("2026-11-20"))).ShouldContain("from 0");
        Reason(Claiming.Credit(sent, 1, "", Now("2026-11-20"))).ShouldContain("a credit is for what was granted");
        Reason(Claiming.Credit(granted, 51, "", Now("2026-11-20"))).ShouldContain("at most the 50 USD that were granted");
        Reason(Claiming.Credit(granted, 0, "", Now("2026-11-20"))).ShouldContain("above 0");
        Reason(Claiming.Close(closed, "", Now("2026-11-20"))).ShouldContain("It is closed already");
        var partly = Done(Claiming.Credit(granted, 20, "bill", Now("2026-12-01")));
        Reason(Claiming.Answer(partly, 10, "", Now("2026-12-02"))).ShouldContain("20 USD of it are credited already");
    }

    [Fact]
    public void What_is_sent_too_late_is_lost()
    {
        var claim = Raised with { ClaimBefore = Terms.At("2026-12-01") };

        Claiming.Send(claim, "", Now("2026-11-30T23:59")).Refusal.ShouldBeNull();
        Reason(Claiming.Send(claim, "", Now("2026-12-01"))).ShouldContain("It had to be sent before 2026-12-01");
    }

    [Fact]
    public void A_clock_that_is_set_back_dates_no_step_before_another() =>
        Done(Claiming.Send(Raised, "", Now("2020-01-01"))).ChangedAt.ShouldBe(Raised.ChangedAt);

    [Fact]
    public void Whatever_is_tried_no_more_is_credited_than_granted_nor_granted_than_claimed() => Prop.ForAll(
        Arb.From(Gen.Choose(0, int.MaxValue).Select(seed => (ulong)seed)),
        seed =>
        {
            var random = new RandomSource(seed);
            var claim = Raised;
            var at = claim.ChangedAt;
            for (var step = 0; step < 30; step++)
            {
                at = at.AddHours(random.NextInt32(200) - 50);
                var usd = random.NextInt32(150) - 10;
                var before = claim;
                var taken = random.NextInt32(8) switch
                {
                    0 or 1 => Claiming.Send(claim, "", new RecordedTime(at)),
                    2 or 3 => Claiming.Answer(claim, usd, "", new RecordedTime(at)),
                    7 when random.NextInt32(4) == 0 => Claiming.Close(claim, "", new RecordedTime(at)),
                    _ => Claiming.Credit(claim, usd, "", new RecordedTime(at)),
                };
                claim = taken.Claim;
                claim.History.Count.ShouldBe(before.History.Count + (taken.Refusal is null ? 1 : 0));
                claim.History.Take(before.History.Count).ShouldBe(before.History, "history is only added to");
                claim.ChangedAt.ShouldBeGreaterThanOrEqualTo(before.ChangedAt);
                claim.CreditedUsd.ShouldBeLessThanOrEqualTo(claim.GrantedUsd ?? 0);
                (claim.GrantedUsd ?? 0).ShouldBeLessThanOrEqualTo(claim.ClaimedUsd);
                (before.IsOpen || !claim.IsOpen).ShouldBeTrue("what is over stays over");
            }

            return true;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));

    static Claim Sent(Claim claim) => Done(Claiming.Send(claim, "case", Now("2026-11-06")));

    static Claim Done(ClaimStepResult taken)
    {
        taken.Refusal.ShouldBeNull();
        return taken.Claim;
    }

    static string Reason(ClaimStepResult taken) => taken.Refusal.ShouldNotBeNull().Reason;

    static RecordedTime Now(string at) => new(Terms.At(at));
}
