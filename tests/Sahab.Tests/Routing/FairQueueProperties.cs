using FsCheck;
using FsCheck.Fluent;
using Sahab.Routing.Admission;
using Sahab.Routing.Decisions;
using Sahab.Routing.Requests;

namespace Sahab.Tests.Routing;

public sealed class FairQueueProperties
{
    private const int LargestCall = 1_000;

    private static readonly Gen<ulong> Seeds = Gen.Choose(0, int.MaxValue).Select(seed => (ulong)seed);

    [Fact]
    public void Between_tenants_that_both_wait_shares_differ_by_a_call_of_each_at_most() =>
        Prop.ForAll(Arb.From(Seeds), seed => SharesStayWithinTheBound(seed))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(60));

    [Fact]
    public void Nothing_is_lost_nothing_comes_twice_and_the_bound_holds() =>
        Prop.ForAll(Arb.From(Seeds), seed => EveryCallLeavesOnce(seed))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(200));

    [Fact]
    public void Taking_one_by_one_follows_the_order_that_was_shown() =>
        Prop.ForAll(Arb.From(Seeds), seed =>
        {
            var random = new RandomSource(seed);
            var queue = new FairQueue<int>(500);
            for (var call = 0; call < 60; call++)
            {
                Enqueue(queue, ref random, call, "t" + random.NextInt32(6), 1 + random.NextInt32(3));
            }

            var shown = new QueueTicket<int>[60];
            queue.Peek(shown).ShouldBe(60);
            return shown.All(ticket => queue.TryDequeue(out var item) && item == ticket.Item);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(200));

    // Every tenant keeps a backlog while calls are taken; from any moment to any later one the weighted service of
    // two of them may differ by the largest call of each, weighted.
    private static bool SharesStayWithinTheBound(ulong seed)
    {
        var random = new RandomSource(seed);
        var tenants = 2 + random.NextInt32(4);
        var weights = new int[tenants];
        var served = new double[tenants];
        var queue = new FairQueue<int>(10_000);
        for (var tenant = 0; tenant < tenants; tenant++)
        {
            weights[tenant] = 1 + random.NextInt32(5);
        }

        var history = new List<double[]> { (double[])served.Clone() };
        var first = new QueueTicket<int>[1];
        for (var turn = 0; turn < 300; turn++)
        {
            for (var tenant = 0; tenant < tenants; tenant++)
            {
                while (turn == 0 ? queue.Count < (tenant + 1) * 5 : random.NextInt32(2) == 0)
                {
                    Enqueue(queue, ref random, tenant, "t" + tenant, weights[tenant]);
                }
            }

            queue.Peek(first);
            var next = first[0];
            queue.Take(next).ShouldBeTrue();
            served[next.Item] += (double)next.Tokens / weights[next.Item];
            Enqueue(queue, ref random, next.Item, "t" + next.Item, weights[next.Item]);
            history.Add((double[])served.Clone());
        }

        for (var one = 0; one < tenants; one++)
        {
            for (var other = 0; other < one; other++)
            {
                var bound = ((double)LargestCall / weights[one]) + ((double)LargestCall / weights[other]);
                var gaps = history.ConvertAll(moment => moment[one] - moment[other]);
                if (gaps.Max() - gaps.Min() > bound + 0.001)
                {
                    return false;
                }
            }
        }

        return true;
    }

    private static bool EveryCallLeavesOnce(ulong seed)
    {
        const int Capacity = 12;
        var random = new RandomSource(seed);
        var queue = new FairQueue<int>(Capacity);
        var (waiting, left) = (new Dictionary<int, QueueTicket<int>>(), new HashSet<int>());
        for (var call = 0; call < 400; call++)
        {
            var ticket = queue.Enqueue(
                call,
                (ServiceTier)random.NextInt32(4),
                "t" + random.NextInt32(40),
                1 + random.NextInt32(3),
                random.NextInt32(LargestCall + 1),
                call + random.NextInt32(60),
                out var pushedOut);
            if (ticket is not null)
            {
                waiting.Add(call, ticket);
            }

            if (pushedOut is not null)
            {
                (waiting.Remove(pushedOut.Item) || pushedOut.Item == call).ShouldBeTrue();
                left.Add(pushedOut.Item).ShouldBeTrue();
            }

            if (random.NextInt32(4) == 0 && waiting.Count > 0)
            {
                var some = waiting.Values.ElementAt(random.NextInt32(waiting.Count));
                queue.Remove(some).ShouldBeTrue();
                waiting.Remove(some.Item).ShouldBeTrue();
                left.Add(some.Item).ShouldBeTrue();
            }

            if (random.NextInt32(4) == 0 && queue.TryDequeue(out var taken))
            {
                waiting.Remove(taken).ShouldBeTrue();
                left.Add(taken).ShouldBeTrue();
            }

            while (queue.TryRemoveExpired(call, out var expired))
            {
                waiting[expired].DeadlineMs.ShouldBeLessThanOrEqualTo(call);
                waiting.Remove(expired).ShouldBeTrue();
                left.Add(expired).ShouldBeTrue();
            }

            if (queue.Count != waiting.Count || queue.Count > Capacity || left.Count + waiting.Count != call + 1)
            {
                return false;
            }
        }

        return waiting.Values.All(ticket => ticket.DeadlineMs > 399);
    }

    private static void Enqueue(
        FairQueue<int> queue, ref RandomSource random, int item, string tenant, int weight) =>
        queue.Enqueue(
            item, ServiceTier.Default, tenant, weight, 1 + random.NextInt32(LargestCall), long.MaxValue, out _)
            .ShouldNotBeNull();
}
