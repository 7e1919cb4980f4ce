using Sahab.Routing.Admission;
using Sahab.Routing.Requests;
using static Sahab.Tests.Routing.World;

namespace Sahab.Tests.Routing;

public sealed class FairQueueTests
{
    private const long Deadline = Start + 10_000;

    [Fact]
    public void A_higher_tier_goes_first_whatever_came_first()
    {
        var queue = new FairQueue<string>(10);
        Add(queue, "batch", ServiceTier.Batch);
        Add(queue, "flex", ServiceTier.Flex);
        Add(queue, "default", ServiceTier.Default);
        Add(queue, "priority", ServiceTier.Priority);
        queue.CountOf(ServiceTier.Flex).ShouldBe(1);
        Drain(queue).ShouldBe(["priority", "default", "flex", "batch"]);
    }

    [Fact]
    public void One_tenants_calls_keep_their_order()
    {
        var queue = new FairQueue<string>(10);
        foreach (var name in new[] { "1", "2", "3", "4" })
        {
            Add(queue, name, tokens: name == "1" ? 5_000 : 1);
        }

        Drain(queue).ShouldBe(["1", "2", "3", "4"]);
    }

    [Fact]
    public void A_tenant_that_comes_late_does_not_wait_behind_the_backlog_of_another()
    {
        var queue = new FairQueue<string>(100);
        for (var call = 0; call < 50; call++)
        {
            Add(queue, "greedy", tenant: "greedy");
        }

        Add(queue, "modest", tenant: "modest");
        Drain(queue).IndexOf("modest").ShouldBeLessThanOrEqualTo(1);
    }

    [Fact]
    public void Past_service_counts_against_a_tenant_while_others_wait()
    {
        var queue = new FairQueue<string>(100);
        for (var call = 0; call < 5; call++)
        {
            Add(queue, "other", tenant: "other", tokens: 100);
        }

        Add(queue, "large", tenant: "large", tokens: 290);
        Take(queue, "large");
        Add(queue, "large again", tenant: "large", tokens: 290);
        Drain(queue).IndexOf("large again").ShouldBe(3);
    }

    [Fact]
    public void A_tenant_that_comes_late_starts_now_and_does_not_catch_up_on_what_it_never_asked_for()
    {
        var queue = new FairQueue<string>(100);
        for (var call = 0; call < 30; call++)
        {
            Add(queue, "early", tenant: "early");
        }

        for (var call = 0; call < 20; call++)
        {
            queue.TryDequeue(out _).ShouldBeTrue();
        }

        for (var call = 0; call < 10; call++)
        {
            Add(queue, "late", tenant: "late");
        }

        Drain(queue).Take(10).Count(item => item == "late").ShouldBe(5);
    }

    [Fact]
    public void What_was_served_is_no_backlog_any_more()
    {
        var queue = new FairQueue<string>(3);
        Add(queue, "a 1", tenant: "a", tokens: 5_000);
        Add(queue, "a 2", tenant: "a", tokens: 100);
        Add(queue, "b 1", tenant: "b", tokens: 6_000);
        queue.Remove(Add(new FairQueue<string>(1), "elsewhere")).ShouldBeFalse();
        queue.TryDequeue(out var first).ShouldBeTrue();
        first.ShouldBe("a 1");
        Add(queue, "c 1", tenant: "c", tokens: 100);

        // "a" waits with 100 tokens behind the 5,000 that it was served: less than the 6,000 of "b".
        PushedOutBy(queue, "c 2", tenant: "c").ShouldBe("b 1");
    }

    [Fact]
    public void Tenants_with_nothing_waiting_are_forgotten_before_they_are_many()
    {
        var queue = new FairQueue<string>(10);
        Add(queue, "stays", ServiceTier.Default, "stays", tokens: 1_000_000);
        for (var call = 0; call < 5_000; call++)
        {
            Add(queue, "passes", ServiceTier.Default, "tenant " + call);
            Take(queue, "passes");
            queue.RememberedTenants.ShouldBeLessThanOrEqualTo(10 + 64);
        }

        Drain(queue).ShouldBe(["stays"]);
        queue.RememberedTenants.ShouldBe(0);
    }

    [Fact]
    public void A_full_queue_pushes_out_the_last_of_the_lowest_tier_and_of_the_longest_backlog()
    {
        var queue = new FairQueue<string>(4);
        Add(queue, "flex 1", ServiceTier.Flex, "x");
        Add(queue, "flex 2", ServiceTier.Flex, "x");
        Add(queue, "a 1", tenant: "a");
        Add(queue, "a 2", tenant: "a");
        PushedOutBy(queue, "b 1", tenant: "b").ShouldBe("flex 2");
        PushedOutBy(queue, "b 2", tenant: "b", tokens: 10).ShouldBe("flex 1");
        PushedOutBy(queue, "c 1", tenant: "c", tokens: 10).ShouldBe("a 2");
        queue.Enqueue("flex 3", ServiceTier.Flex, "y", 1, 1, Deadline, out var pushedOut).ShouldBeNull();
        pushedOut!.Item.ShouldBe("flex 3");
        pushedOut.IsWaiting.ShouldBeFalse();
        queue.Count.ShouldBe(4);
        Drain(queue).ShouldBe(["a 1", "b 1", "c 1", "b 2"]);
    }

    [Fact]
    public void A_queue_of_no_places_lets_nobody_in()
    {
        var queue = new FairQueue<string>(0);
        queue.Enqueue("a", ServiceTier.Priority, "t", 1, 1, Deadline, out var pushedOut).ShouldBeNull();
        pushedOut!.Item.ShouldBe("a");
        queue.Count.ShouldBe(0);
        queue.NextDeadlineMs.ShouldBeNull();
    }

    [Fact]
    public void Expired_calls_come_out_by_deadline_and_charge_nobody()
    {
        var queue = new FairQueue<string>(10);
        queue.Enqueue("late", ServiceTier.Default, "a", 1, 1_000, Start + 3, out _);
        queue.Enqueue("early", ServiceTier.Batch, "a", 1, 1_000, Start + 1, out _);
        queue.Enqueue("stays", ServiceTier.Default, "a", 1, 1_000, Start + 5, out _);
        queue.NextDeadlineMs.ShouldBe(Start + 1);
        queue.TryRemoveExpired(Start, out _).ShouldBeFalse();
        queue.TryRemoveExpired(Start + 4, out var first).ShouldBeTrue();
        queue.TryRemoveExpired(Start + 4, out var second).ShouldBeTrue();
        queue.TryRemoveExpired(Start + 4, out _).ShouldBeFalse();
        (first, second).ShouldBe(("early", "late"));
        Add(queue, "b", tenant: "b");
        Drain(queue).ShouldBe(["stays", "b"]);
    }

    [Fact]
    public void A_ticket_leaves_once()
    {
        var queue = new FairQueue<string>(10);
        var ticket = Add(queue, "a");
        Add(queue, "b");
        queue.Remove(ticket).ShouldBeTrue();
        queue.Remove(ticket).ShouldBeFalse();
        queue.Take(ticket).ShouldBeFalse();
        new FairQueue<string>(1).Remove(Add(queue, "c")).ShouldBeFalse("it waits elsewhere");
        Drain(queue).ShouldBe(["b", "c"]);
    }

    [Fact]
    public void The_owner_sees_the_first_in_order_and_may_take_one_that_is_not_the_head()
    {
        var queue = new FairQueue<string>(100);
        for (var call = 0; call < 3; call++)
        {
            Add(queue, "a" + call, tenant: "a", tokens: 100);
            Add(queue, "b" + call, tenant: "b", tokens: 150);
        }

        Add(queue, "first", ServiceTier.Priority, "c");
        var seen = new QueueTicket<string>[20];
        queue.Peek(seen).ShouldBe(7);
        seen.Take(7).Select(ticket => ticket.Item).ShouldBe(["first", "a0", "b0", "a1", "b1", "a2", "b2"]);
        queue.Peek(seen.AsSpan(0, 3)).ShouldBe(3);
        queue.Count.ShouldBe(7);
        queue.Take(seen[5]).ShouldBeTrue();
        Drain(queue).ShouldBe(["first", "b0", "a0", "b1", "a1", "b2"]);
    }

    private static QueueTicket<string> Add(
        FairQueue<string> queue,
        string name,
        ServiceTier tier = ServiceTier.Default,
        string tenant = "t",
        long tokens = 100)
    {
        var ticket = queue.Enqueue(name, tier, tenant, 1, tokens, Deadline, out var pushedOut);
        pushedOut.ShouldBeNull();
        return ticket.ShouldNotBeNull();
    }

    private static string PushedOutBy(FairQueue<string> queue, string name, string tenant, long tokens = 100)
    {
        queue.Enqueue(name, ServiceTier.Default, tenant, 1, tokens, Deadline, out var pushedOut).ShouldNotBeNull();
        return pushedOut.ShouldNotBeNull().Item;
    }

    private static void Take(FairQueue<string> queue, string name)
    {
        var seen = new QueueTicket<string>[queue.Count];
        queue.Peek(seen);
        queue.Take(seen.Single(ticket => ticket.Item == name)).ShouldBeTrue();
    }

    private static List<string> Drain(FairQueue<string> queue)
    {
        var items = new List<string>();
        while (queue.TryDequeue(out var item))
        {
            items.Add(item!);
        }

        queue.Count.ShouldBe(0);
        queue.NextDeadlineMs.ShouldBeNull();
        return items;
    }
}
