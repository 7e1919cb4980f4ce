using Sahab.Routing.Admission;
using Sahab.Routing.Decisions;
using Sahab.Routing.Requests;
using Sahab.Routing.Snapshot;
using static Sahab.Tests.Routing.Shared;
using static Sahab.Tests.Routing.World;

namespace Sahab.Tests.Routing;

public sealed class GuaranteeTests
{
    [Fact]
    public void What_is_idle_is_lent_and_comes_back_as_calls_end()
    {
        var snapshot = Among(Limit(concurrency: 10), Share("research", 0.4m));
        var lent = Enumerable.Range(0, 10).Select(_ => snapshot.Enter("nobody")!.Value).ToList();

        snapshot.Enter("research").ShouldBeNull("nothing is taken from a call that runs");
        var reading = snapshot.State("own").ReadGuarantees(Start).ShouldHaveSingleItem();
        (reading.Guaranteed, reading.Used, reading.Lent, reading.Borrowed).ShouldBe((4, 0, 4.0, 0));

        lent[0].Succeed(Used(100), Start);
        snapshot.Enter("research").ShouldNotBeNull();
        snapshot.State("own").ReadGuarantees(Start)[0].Lent.ShouldBe(3);
    }

    [Fact]
    public void What_is_held_back_is_given_to_nobody_else_and_always_to_its_owner()
    {
        var snapshot = Among(
            Limit(concurrency: 10), Share("research", 0.4m, lending: 0.1m), Share("sales", 0.2m, lending: 0));

        snapshot.EnterAll("nobody").ShouldBe(5);
        snapshot.State("own").ReadGuarantees(Start).Select(reading => reading.HeldBack).ShouldBe([3, 2]);
        snapshot.EnterAll("research").ShouldBe(3, "one of the four was lent, and comes back when its call ends");
        snapshot.EnterAll("sales").ShouldBe(2);
        snapshot.State("own").Read(Start).InFlight.ShouldBe(10);
    }

    [Fact]
    public void A_group_takes_no_more_beyond_its_share_than_it_may_borrow()
    {
        var snapshot = Among(
            Limit(concurrency: 10), Share("research", 0.4m, borrowing: 0.2m), Share("none", 0, borrowing: 0.1m));

        snapshot.EnterAll("research").ShouldBe(6);
        snapshot.EnterAll("none").ShouldBe(1);
        Verdict(snapshot, "research").ShouldBe(CandidateVerdict.BorrowingLimit);
        snapshot.State("own").ReadGuarantees(Start)[0].Borrowed.ShouldBe(2);
        snapshot.EnterAll("nobody").ShouldBe(3);
    }

    [Fact]
    public void Tokens_per_minute_are_shared_as_places_are()
    {
        var snapshot = Among(Limit(tokens: 1_000), Share("research", 0.5m, lending: 0.2m));

        snapshot.Enter("nobody", 700).ShouldNotBeNull();
        Verdict(snapshot, "nobody").ShouldBe(CandidateVerdict.HeldBack);
        snapshot.Enter("research", 300).ShouldNotBeNull();
        Verdict(snapshot, "research").ShouldBe(CandidateVerdict.TokensFull);

        var later = Start + 60_250;
        Verdict(snapshot, "research", later).ShouldBe(CandidateVerdict.Eligible);
        snapshot.Enter("nobody", 700, later).ShouldNotBeNull();
        snapshot.State("own").ReadGuarantees(later)[0].Used.ShouldBe(0);
    }

    [Fact]
    public void What_a_call_did_not_use_of_its_estimate_is_its_group_s_again()
    {
        var snapshot = Among(Limit(tokens: 1_000), Share("research", 0.5m, borrowing: 0));
        var lease = snapshot.Enter("research", 500)!.Value;
        snapshot.Enter("research").ShouldBeNull();

        lease.Succeed(Used(100), Start);

        snapshot.State("own").ReadGuarantees(Start)[0].Used.ShouldBe(100);
        snapshot.Enter("research", 400).ShouldNotBeNull();
    }

    [Fact]
    public void Requests_per_minute_are_shared_and_given_back_by_calls_that_went_nowhere()
    {
        var snapshot = Among(Limit(requests: 4), Share("research", 0.5m, lending: 0));
        snapshot.EnterAll("nobody").ShouldBe(2);
        var lease = snapshot.Enter("research")!.Value;
        snapshot.Enter("research").ShouldNotBeNull().Release(0, Start);
        snapshot.Enter("research").ShouldBeNull();

        lease.Cancel(Start);

        snapshot.Enter("research").ShouldNotBeNull();
    }

    [Fact]
    public void The_reasons_say_whose_guarantee_holds_the_room()
    {
        var snapshot = Among(
            Limit(concurrency: 10), Share("research", 0.2m, lending: 0), Share("sales", 0.3m, lending: 0));
        snapshot.EnterAll("nobody").ShouldBe(5);

        var trace = snapshot.Explain(snapshot.AskOf("nobody"));

        trace.Candidates[0].Verdict.ShouldBe(CandidateVerdict.HeldBack);
        trace.Candidates[0].HeldFor.ShouldBe("sales");
        trace.Decision.Reason.ShouldBe(RouteRejection.Full);
        trace.Decision.RetryAfterMs.ShouldBeGreaterThan(0);
        snapshot.Explain(snapshot.AskOf("sales")).Candidates[0].HeldFor.ShouldBeNull();
    }

    [Fact]
    public void Who_may_borrow_no_more_waits_as_for_a_full_deployment_and_then_pays_by_the_token()
    {
        var snapshot = Among(
            null, [Reserved("own", Limit(concurrency: 4)), Spec("cloud")], Share("research", 0.5m, lending: 0));
        snapshot.EnterAll("nobody").ShouldBe(2);
        var patient = snapshot.AskOf("nobody") with { PatienceMs = 500 };

        snapshot.Decide(patient).WaitsFor!.Spec.Id.ShouldBe("own");
        snapshot.Decide(patient with { PatienceMs = 0 }).Choice!.Spec.Id.ShouldBe("cloud");
        snapshot.Decide(snapshot.AskOf("research")).Choice!.Spec.Id.ShouldBe("own");
    }

    [Fact]
    public void Nobody_waits_for_what_will_never_be_theirs()
    {
        var snapshot = Among(
            null, [Reserved("own", Limit(concurrency: 4)), Spec("cloud")], Share("research", 1, lending: 0));
        var patient = snapshot.AskOf("nobody") with { PatienceMs = 500 };

        snapshot.Decide(patient).Choice!.Spec.Id.ShouldBe("cloud");
        var trace = snapshot.Explain(patient);
        trace.Candidates[0].Verdict.ShouldBe(CandidateVerdict.BeyondShare);
        trace.Candidates[0].HeldFor.ShouldBe("research");

        var alone = Among(Limit(concurrency: 4), Share("research", 1, lending: 0));
        var refused = alone.Decide(alone.AskOf("nobody"));
        (refused.Reason, refused.RetryAfterMs).ShouldBe((RouteRejection.BeyondShare, 0));
    }

    [Fact]
    public void A_call_larger_than_the_whole_limit_is_too_large_whoever_is_guaranteed_what()
    {
        var snapshot = Among(Limit(tokens: 90), Share("research", 0.5m, lending: 0));

        Verdict(snapshot, "research").ShouldBe(CandidateVerdict.LargerThanLimit);
        snapshot.Decide(snapshot.AskOf("research")).Reason.ShouldBe(RouteRejection.TooLarge);
    }

    [Fact]
    public void A_waiting_call_within_its_share_claims_what_comes_free_and_borrowers_stand_back()
    {
        var snapshot = Among(
            null, [Reserved("own", Limit(concurrency: 2)), Spec("cloud")], Share("research", 0.5m), Share("sales", 0.5m));
        var first = snapshot.Enter("nobody")!.Value;
        snapshot.Enter("nobody").ShouldNotBeNull();
        var route = snapshot.AskOf("research").Route;
        var both = snapshot.Groups.Aggregate(0UL, (bits, group) => bits | group.Bit);
        route.UnderGuarantee(both).ShouldBe(both);

        var owner = snapshot.Decide(snapshot.AskOf("research") with { WithinShare = true });
        (owner.Choice, owner.Claimed).ShouldBe((null, 1UL), "the cloud is not within the share of anybody");
        first.Release(0, Start);

        var borrower = snapshot.AskOf("nobody") with { Claimed = owner.Claimed };
        snapshot.Explain(borrower).Candidates[0].Verdict.ShouldBe(CandidateVerdict.OwnersFirst);
        snapshot.Decide(snapshot.AskOf("sales") with { Claimed = owner.Claimed }).Choice!.Spec.Id.ShouldBe("own");
        snapshot.Decide(snapshot.AskOf("research") with { WithinShare = true }).Choice!.Spec.Id.ShouldBe("own");
        snapshot.Enter("research").ShouldNotBeNull();
        route.UnderGuarantee(both).ShouldBe(snapshot.FindGroup("sales")!.Bit);
        snapshot.Decide(snapshot.AskOf("research") with { WithinShare = true }).Claimed.ShouldBe(0UL);
    }

    [Fact]
    public void Each_deployment_is_shared_by_itself_so_that_an_outage_takes_of_each_group_its_share()
    {
        var snapshot = Among(
            null, [Reserved("here", Limit(concurrency: 10)), Reserved("there", Limit(concurrency: 5))],
            Share("research", 0.4m, lending: 0));

        snapshot.EnterAll("nobody", "here").ShouldBe(6);
        snapshot.EnterAll("nobody", "there").ShouldBe(3);
        snapshot.State("here").Fail(0);
        snapshot.EnterAll("research", "there").ShouldBe(2);
    }

    [Fact]
    public void A_reload_keeps_what_groups_hold_and_puts_the_new_shares_in_force()
    {
        var before = Among(Limit(concurrency: 10), Share("old", 0.1m), Share("research", 0.4m, lending: 0));
        var lease = before.Enter("research")!.Value;
        before.Enter("old").ShouldNotBeNull();

        var after = Among(
            before, [Reserved("own", Limit(concurrency: 10))], Share("new", 0.2m, lending: 0),
            Share("research", 0.5m, lending: 0));

        after.FindGroup("research").ShouldBeSameAs(before.FindGroup("research"));
        after.State("own").ReadGuarantees(Start).Select(reading => (reading.Group, reading.Guaranteed, reading.Used))
            .ShouldBe([("new", 2, 0), ("research", 5, 1)]);
        after.EnterAll("nobody").ShouldBe(2, "two and four are held back, and two calls of before still run");
        lease.Succeed(Used(10), Start).ShouldBeTrue();
        after.State("own").ReadGuarantees(Start)[1].Used.ShouldBe(0);
    }

    [Fact]
    public void Shares_are_rounded_so_that_together_they_are_what_they_come_to()
    {
        GuaranteedOf(4, 0.4m, 0.6m).ShouldBe([2, 2]);
        GuaranteedOf(10, 0.25m, 0.25m, 0.25m).ShouldBe([3, 2, 2]);
        GuaranteedOf(1, 0.5m, 0.5m).ShouldBe([1, 0]);
        GuaranteedOf(10, 0.1m, 0.2m, 0.7m).ShouldBe([1, 2, 7]);
        GuaranteedOf(3, 0m, 0.5m).ShouldBe([0, 1]);
    }

    [Fact]
    public void More_than_all_of_a_model_cannot_be_guaranteed()
    {
        Should.Throw<InvalidOperationException>(
            () => Among(Limit(concurrency: 4), Share("a", 0.6m), Share("b", 0.5m)));
        Should.Throw<ArgumentException>(() => Among(Limit(concurrency: 4), Share("a", 0.3m, lending: 0.4m)));
    }

    [Fact]
    public void What_is_paid_by_the_token_is_guaranteed_to_nobody()
    {
        var snapshot = Among(
            null, [Spec("cloud", spec => spec with { Limits = Limit(concurrency: 2) })], Share("research", 1, lending: 0));

        snapshot.EnterAll("nobody", "cloud").ShouldBe(2);
        snapshot.State("cloud").ReadGuarantees(Start).ShouldBeEmpty();
    }

    [Fact]
    public void The_queue_tells_who_of_some_groups_waits_in_the_order_of_tiers_and_shares()
    {
        var snapshot = Among(Limit(concurrency: 4), Share("research", 0.5m), Share("sales", 0.5m));
        var (research, sales) = (snapshot.FindGroup("research")!, snapshot.FindGroup("sales")!);
        var queue = new FairQueue<string>(100);
        queue.Enqueue("other", ServiceTier.Priority, "x", 1, 10, 1_000, out _);
        queue.Enqueue("batch", ServiceTier.Batch, "lab", research, 1, 10, 1_000, out _);
        queue.Enqueue("sale", ServiceTier.Default, "shop", sales, 1, 10, 1_000, out _);
        var first = queue.Enqueue("call", ServiceTier.Default, "lab", research, 1, 10, 1_000, out _)!;
        queue.Enqueue("second", ServiceTier.Default, "lab", research, 1, 10, 1_000, out _);
        queue.WaitingGroups.ShouldBe(research.Bit | sales.Bit);

        var heads = new QueueTicket<string>[8];
        Items(heads, queue.PeekOf(heads, research.Bit)).ShouldBe(["call", "second", "batch"]);
        Items(heads, queue.PeekOf(heads, research.Bit | sales.Bit)).ShouldBe(["sale", "call", "second", "batch"]);
        Items(heads, queue.Peek(heads)).ShouldBe(["other", "sale", "call", "second", "batch"]);

        queue.Take(first).ShouldBeTrue();
        Items(heads, queue.PeekOf(heads, research.Bit)).ShouldBe(["second", "batch"]);
        queue.Remove(heads[0]).ShouldBeTrue();
        queue.TryRemoveExpired(2_000, out _).ShouldBeTrue();
        while (queue.TryDequeue(out _))
        {
        }

        queue.WaitingGroups.ShouldBe(0UL);
    }

    private static string[] Items(QueueTicket<string>[] heads, int count) =>
        [.. heads.Take(count).Select(ticket => ticket.Item)];

    private static CandidateVerdict Verdict(RoutingSnapshot snapshot, string group, long nowMs = Start) =>
        snapshot.Explain(snapshot.AskOf(group), nowMs).Candidates[0].Verdict;

    private static long[] GuaranteedOf(long limit, params decimal[] shares) =>
    [
        .. Allotment.Of(
            [.. shares.Select((share, index) => new GroupGuarantee(null!, Share("g" + index, share)))], limit)
            .Select(allotment => allotment.Guaranteed),
    ];
}
