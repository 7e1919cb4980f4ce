using Sahab.Routing.Admission;
using Sahab.Routing.Decisions;
using Sahab.Routing.Policies;
using Sahab.Routing.Snapshot;
using static Sahab.Tests.Routing.World;

namespace Sahab.Tests.Routing;

/// <summary>What a call must not allocate. Counted on this thread, so other tests do not disturb it.</summary>
public sealed class AllocationTests
{
    private const int Calls = 5_000;

    public static TheoryData<string> ProfileNames =>
        ["balanced", "weighted_shuffle", "least_busy", "lowest_latency", "lowest_price", "priority_order"];

    [Theory]
    [MemberData(nameof(ProfileNames))]
    public void A_decision_allocates_nothing(string name)
    {
        var snapshot = Crowd(64, Named(name));
        var request = snapshot.Ask() with { PrefixHash = 77 };
        var random = new RandomSource(1);
        AllocatedBy(() => Router.Decide(request, snapshot.Profile, Start, ref random)).ShouldBe(0);
    }

    [Fact]
    public void A_refusal_allocates_nothing()
    {
        var snapshot = Crowd(8, RoutingProfile.Balanced, full: true);
        var request = snapshot.Ask();
        var random = new RandomSource(1);
        AllocatedBy(() => Router.Decide(request, snapshot.Profile, Start, ref random)).ShouldBe(0);
        snapshot.Decide(request).Reason.ShouldBe(RouteRejection.Full);
    }

    [Fact]
    public void A_whole_call_of_a_limited_key_allocates_nothing()
    {
        var snapshot = Crowd(8, RoutingProfile.Balanced);
        var limiter = new KeyLimiter(Limit(requests: int.MaxValue, tokens: long.MaxValue - 1, concurrency: 100));
        var random = new RandomSource(1);
        var now = Start;
        AllocatedBy(() =>
        {
            now++;
            snapshot.TryGetModel("alias-of-m"u8, out var route).ShouldBeTrue();
            limiter.TryAdmit(1_200, now, out var key).Admitted.ShouldBeTrue();
            var request = snapshot.Ask() with { Route = route! };
            Router.DecideAndReserve(request, snapshot.Profile, now, ref random, out var lease);
            lease.FirstToken(120, now);
            lease.Succeed(Used(1_000), now).ShouldBeTrue();
            key.Settle(1_000, now).ShouldBeTrue();
        }).ShouldBe(0);
    }

    [Fact]
    public void A_whole_call_of_a_group_that_is_guaranteed_a_share_allocates_nothing()
    {
        var snapshot = Shared.Among(
            Limit(requests: 1_000_000, tokens: 10_000_000_000, concurrency: 50),
            [.. Enumerable.Range(0, 8).Select(index => Shared.Share("g" + index, 0.1m, lending: 0.05m, borrowing: 0.5m))]);
        var request = snapshot.AskOf("g3");
        var owners = snapshot.Groups.Aggregate(0UL, (bits, group) => bits | group.Bit);
        var random = new RandomSource(1);
        var now = Start;
        AllocatedBy(() =>
        {
            now++;
            (request.Route.UnderGuarantee(owners) != 0).ShouldBeTrue();
            Router.Decide(request with { WithinShare = true }, snapshot.Profile, now, ref random);
            Router.DecideAndReserve(request, snapshot.Profile, now, ref random, out var lease);
            lease.FirstToken(120, now);
            lease.Succeed(Used(1_000), now).ShouldBeTrue();
        }).ShouldBe(0);
    }

    [Fact]
    public void A_key_without_limits_costs_less_than_a_hundred_bytes()
    {
        var keys = new KeyLimiter[1_000];
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var index = 0; index < keys.Length; index++)
        {
            keys[index] = new KeyLimiter(Limits.None);
            keys[index].TryAdmit(100, Start, out _);
        }

        var each = (GC.GetAllocatedBytesForCurrentThread() - before) / keys.Length;
        each.ShouldBeLessThan(100);
        GC.KeepAlive(keys);
    }

    [Fact]
    public void A_key_with_all_limits_costs_less_than_five_kilobytes()
    {
        var keys = new KeyLimiter[1_000];
        var limits = Limit(requests: 10, tokens: 1_000, concurrency: 10);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var index = 0; index < keys.Length; index++)
        {
            keys[index] = new KeyLimiter(limits);
            keys[index].TryAdmit(100, Start, out _);
        }

        var each = (GC.GetAllocatedBytesForCurrentThread() - before) / keys.Length;
        each.ShouldBeInRange(3_900, 5_000);
        GC.KeepAlive(keys);
    }

    private static RoutingSnapshot Crowd(int count, RoutingProfile profile, bool full = false)
    {
        var specs = Enumerable.Range(0, count).Select(index => Spec("d" + index, spec => spec with
        {
            Limits = Limit(requests: 1_000_000, tokens: 10_000_000_000, concurrency: full ? 1 : 50),
            Priority = 1 + (index % 2),
        }));
        var snapshot = From(null, profile, [.. specs]);
        foreach (var deployment in snapshot.Deployments)
        {
            deployment.State.Serve(2);
            if (full)
            {
                deployment.State.Reserve();
            }
        }

        return snapshot;
    }

    private static RoutingProfile Named(string name) => new[]
    {
        RoutingProfile.Balanced, RoutingProfile.LeastCost, RoutingProfile.WeightedShuffle, RoutingProfile.LeastBusy,
        RoutingProfile.LowestLatency, RoutingProfile.LowestPrice, RoutingProfile.PriorityOrder,
    }.Single(profile => profile.Name == name);

    private static long AllocatedBy(Action call)
    {
        for (var warm = 0; warm < 200; warm++)
        {
            call();
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var time = 0; time < Calls; time++)
        {
            call();
        }

        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
