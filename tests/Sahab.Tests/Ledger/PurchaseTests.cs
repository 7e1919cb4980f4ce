using FsCheck;
using FsCheck.Fluent;
using Sahab.Ledger.Contracts;
using Sahab.Ledger.Purchases;
using Sahab.Routing.Decisions;

namespace Sahab.Tests.Ledger;

/// <summary>The life of a purchase beside the rights of the azure contract of docs/contracts.md.</summary>
public class PurchaseTests
{
    static readonly ContractTimeline Contracts = WorkedExamples.Azure().KnownAt(Terms.Hindsight);

    static readonly CapacityPurchase Draft = new()
    {
        Id = "lot-1",
        Seller = "coreweave",
        Site = "us-east-04",
        Country = "US",
        Megawatts = 250,
        DueAt = Terms.At("2026-01-01"),
    };

    [Fact]
    public void A_purchase_lives_from_draft_to_delivery()
    {
        var purchase = Draft;
        purchase.StageAt(Now("2025-03-01")).ShouldBe(PurchaseStage.Draft);
        purchase = Done(Purchasing.Offer(purchase, Contracts, Now("2025-03-03T10:00")));
        purchase.StageAt(Now("2025-03-04")).ShouldBe(PurchaseStage.Offered);
        purchase.Offers[0].EndsAt.ShouldBe(Terms.At("2025-03-13T10:00"));
        purchase = Done(Purchasing.Answer(
            purchase, "azure", OfferAnswer.Declined, "letter of 2025-03-06", Now("2025-03-06T09:00")));
        purchase.StageAt(Now("2025-03-06T10:00")).ShouldBe(PurchaseStage.Answered);
        purchase = Done(Purchasing.Sign(purchase, Contracts, Now("2025-03-07")));
        purchase.StageAt(Now("2025-03-08")).ShouldBe(PurchaseStage.Signed);
        purchase = Done(Purchasing.Deliver(purchase, Now("2026-01-01")));
        purchase.StageAt(Now("2026-01-02")).ShouldBe(PurchaseStage.Delivered);
    }

    [Fact]
    public void Nothing_is_signed_that_was_not_offered_and_the_refusal_says_why_until_when_and_where_it_stands()
    {
        var step = Purchasing.Sign(Draft, Contracts, Now("2025-03-03"));

        step.Purchase.SignedAt.ShouldBeNull();
        step.Refusal!.Reason.ShouldContain("azure has the right of first refusal");
        step.Refusal.Reason.ShouldContain("10 days to answer");
        step.Refusal.Source.ShouldBe(new ClauseSource("azure-amendment-1.pdf", 2));
    }

    [Fact]
    public void Nothing_is_signed_while_the_holder_may_answer()
    {
        var purchase = Done(Purchasing.Offer(Draft, Contracts, Now("2025-03-03T10:00")));

        var step = Purchasing.Sign(purchase, Contracts, Now("2025-03-13T09:59"));
        step.Refusal!.Until.ShouldBe(Terms.At("2025-03-13T10:00"));
        step.Refusal.Reason.ShouldContain("until 2025-03-13T10:00Z");
        Purchasing.EndingSoon(purchase, Now("2025-03-12"), TimeSpan.FromDays(2)).ShouldHaveSingleItem()
            .Ends.ShouldBe(Terms.At("2025-03-13T10:00"));
        Purchasing.EndingSoon(purchase, Now("2025-03-04"), TimeSpan.FromDays(2)).ShouldBeEmpty();
    }

    [Fact]
    public void Silence_is_a_lapse_and_a_late_answer_is_none()
    {
        var purchase = Done(Purchasing.Offer(Draft, Contracts, Now("2025-03-03T10:00")));
        var lapsed = Now("2025-03-13T10:00");

        purchase.StageAt(lapsed).ShouldBe(PurchaseStage.Lapsed);
        Purchasing.Answer(purchase, "azure", OfferAnswer.Taken, "late", lapsed).Refusal!.Reason.ShouldContain("lapse");
        Done(Purchasing.Sign(purchase, Contracts, lapsed)).SignedAt.ShouldBe(lapsed.Latest);
    }

    [Fact]
    public void What_the_holder_takes_is_not_signed_elsewhere()
    {
        var purchase = Done(Purchasing.Offer(Draft, Contracts, Now("2025-03-03")));
        purchase = Done(Purchasing.Answer(purchase, "azure", OfferAnswer.Taken, "letter", Now("2025-03-04")));

        purchase.StageAt(Now("2025-04-01")).ShouldBe(PurchaseStage.Taken);
        Purchasing.Sign(purchase, Contracts, Now("2025-04-01")).Refusal!.Reason.ShouldContain("same terms");
        Done(Purchasing.Sign(Draft with { Seller = "azure" }, Contracts, Now("2025-04-01"))).SignedAt.ShouldNotBeNull();
    }

    [Fact]
    public void Other_terms_are_offered_anew_and_old_answers_do_not_count()
    {
        var purchase = Done(Purchasing.Offer(Draft, Contracts, Now("2025-03-03")));
        purchase = Done(Purchasing.Answer(purchase, "azure", OfferAnswer.Declined, "letter", Now("2025-03-04")));
        purchase = Done(Purchasing.ChangeTerms(purchase, purchase with { Megawatts = 500 }, Now("2025-03-05")));

        purchase.StageAt(Now("2025-03-05")).ShouldBe(PurchaseStage.Draft);
        Purchasing.Sign(purchase, Contracts, Now("2025-03-05")).Refusal.ShouldNotBeNull();
        purchase = Done(Purchasing.Offer(purchase, Contracts, Now("2025-03-06")));
        purchase.Offers.Count.ShouldBe(2);
        Done(Purchasing.Sign(purchase, Contracts, Now("2025-03-16"))).SignedAt.ShouldNotBeNull();
    }

    [Fact]
    public void A_refusal_frees_for_so_many_days_only()
    {
        var purchase = Done(Purchasing.Offer(Draft, Contracts, Now("2025-03-03")));
        purchase = Done(Purchasing.Answer(purchase, "azure", OfferAnswer.Declined, "letter", Now("2025-03-04")));

        Purchasing.Offer(purchase, Contracts, Now("2025-03-05")).Refusal.ShouldNotBeNull("it was asked already");
        Purchasing.Sign(purchase, Contracts, Now("2025-06-02")).Refusal!.Reason.ShouldContain("anew");
        purchase = Done(Purchasing.Offer(purchase, Contracts, Now("2025-06-02")));
        purchase.StageAt(Now("2025-06-03")).ShouldBe(PurchaseStage.Offered);
    }

    [Fact]
    public void A_right_that_an_amendment_dropped_stands_in_nobodys_way() =>
        Done(Purchasing.Sign(Draft, Contracts, Now("2025-11-03"))).SignedAt.ShouldNotBeNull();

    [Fact]
    public void Exclusivity_bars_the_deployments_and_the_capacity_of_others_until_its_end()
    {
        var use = new Use("coreweave", "us-east-04", "US", Use.Inference, "gpt", "gpt-coreweave");

        ContractRights.BarsUse(use, Contracts, Terms.At("2025-01-20T23:00"))!.Contract.ShouldBe("azure");
        ContractRights.BarsUse(use, Contracts, Terms.At("2025-01-21")).ShouldBeNull();
        ContractRights.BarsUse(use with { Provider = "azure" }, Contracts, Terms.At("2024-01-01")).ShouldBeNull();
        Purchasing.Sign(Draft with { DueAt = Terms.At("2024-06-01") }, Contracts, Now("2024-01-01"))
            .Refusal!.Clause.ShouldBe("sole");
    }

    /// <summary>
    /// A clock that jumps at random: whatever it shows, time as recorded never goes back, so once a window has ended it
    /// stays so, and none that begins is shorter than its notice by the recorded time.
    /// </summary>
    [Fact]
    public void A_clock_that_jumps_neither_shortens_nor_reopens_a_window() => Prop.ForAll(
        Arb.From(Gen.Choose(0, int.MaxValue).Select(seed => (ulong)seed)),
        seed =>
        {
            var random = new RandomSource(seed);
            var time = Now("2025-02-01");
            var purchase = Draft;
            var hasEnded = false;
            for (var turn = 0; turn < 40; turn++)
            {
                time = time.Read(Terms.At("2025-02-01").AddHours(random.NextInt32(24 * 40)));
                purchase = Purchasing.Offer(purchase, Contracts, time).Purchase;
                var offer = purchase.Offers[^1];
                hasEnded |= !offer.IsOpen(time);
                var signed = Purchasing.Sign(purchase, Contracts, time);
                if (offer.EndsAt - offer.OfferedAt != TimeSpan.FromDays(10)
                    || offer.OfferedAt > time.Latest
                    || hasEnded == offer.IsOpen(time)
                    || hasEnded == signed.Refusal is not null)
                {
                    return false;
                }
            }

            return purchase.Offers.Count == 1;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));

    [Fact]
    public void A_step_is_never_dated_before_the_one_that_came_before_it()
    {
        var purchase = Done(Purchasing.Offer(Draft, Contracts, Now("2025-03-03")));

        purchase = Done(Purchasing.Answer(purchase, "azure", OfferAnswer.Declined, "letter", Now("2025-02-01")));
        purchase.Offers[0].AnsweredAt.ShouldBe(Terms.At("2025-03-03"));
    }

    static RecordedTime Now(string text) => new(Terms.At(text));

    static CapacityPurchase Done(PurchaseStep step)
    {
        step.Refusal.ShouldBeNull();
        return step.Purchase;
    }
}
