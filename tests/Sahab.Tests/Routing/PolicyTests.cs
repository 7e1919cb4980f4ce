using Sahab.Ledger.Rating;
using Sahab.Routing.Policies;
using static Sahab.Tests.Routing.World;

namespace Sahab.Tests.Routing;

public sealed class PolicyTests
{
    [Fact]
    public void Weighted_shuffle_follows_the_weights()
    {
        var snapshot = From(
            null,
            RoutingProfile.WeightedShuffle,
            Spec("a", spec => spec with { Weight = 1 }),
            Spec("b", spec => spec with { Weight = 3 }),
            Spec("c", spec => spec with { Weight = 0 }));
        var shares = snapshot.Shares(snapshot.Ask(), times: 4_000);
        shares["a"].ShouldBeInRange(900, 1_100);
        shares["b"].ShouldBeInRange(2_900, 3_100);
        shares["c"].ShouldBe(0);
        snapshot.Decide(snapshot.Ask() with { Tried = 0b011 }).Choice!.Spec.Id.ShouldBe("c", "a last resort");
    }

    [Fact]
    public void Least_busy_compares_the_calls_in_flight_with_the_size()
    {
        var snapshot = From(
            null,
            RoutingProfile.LeastBusy,
            Spec("large", spec => spec with { Limits = Limit(concurrency: 100) }),
            Spec("small", spec => spec with { Limits = Limit(concurrency: 4) }));
        for (var call = 0; call < 20; call++)
        {
            snapshot.State("large").Reserve();
        }

        snapshot.State("small").Reserve();
        snapshot.Shares(snapshot.Ask())["large"].ShouldBe(2_000);
        snapshot.State("large").Reserve();
        for (var call = 0; call < 5; call++)
        {
            snapshot.State("large").Reserve();
        }

        snapshot.Shares(snapshot.Ask())["small"].ShouldBe(2_000);
    }

    [Fact]
    public void Lowest_latency_looks_at_nothing_else()
    {
        var snapshot = From(
            null,
            RoutingProfile.LowestLatency,
            Spec("slow", spec => spec with { Prices = default }),
            Spec("fast", spec => spec with { Prices = PriceTerms.FromUsdPerMillion(90m, 90m, 90m) }));
        snapshot.State("slow").Serve(1, firstTokenMs: 310);
        snapshot.State("fast").Serve(1, firstTokenMs: 300);
        snapshot.Shares(snapshot.Ask())["fast"].ShouldBe(2_000);
    }

    [Fact]
    public void Lowest_price_looks_at_nothing_else()
    {
        var snapshot = From(
            null,
            RoutingProfile.LowestPrice,
            Spec("cheap", spec => spec with { Prices = PriceTerms.FromUsdPerMillion(1.99m, 1m, 8m) }),
            Spec("dear"));
        snapshot.State("cheap").Serve(1, firstTokenMs: 90_000);
        snapshot.State("dear").Serve(1);
        snapshot.Shares(snapshot.Ask() with { PrefixHash = 9 })["cheap"].ShouldBe(2_000);
    }

    [Fact]
    public void Priority_order_shares_the_first_level_by_weight_and_goes_on_to_the_next()
    {
        var snapshot = From(
            null,
            RoutingProfile.PriorityOrder,
            Spec("second", spec => spec with { Priority = 2 }),
            Spec("first", spec => spec with { Priority = 1, Weight = 1 }),
            Spec("first-too", spec => spec with { Priority = 1, Weight = 4 }));
        var shares = snapshot.Shares(snapshot.Ask());
        shares["second"].ShouldBe(0);
        shares["first"].ShouldBeInRange(320, 480);
        snapshot.Shares(snapshot.Ask() with { Tried = 0b110 })["second"].ShouldBe(2_000);
    }

    [Fact]
    public void A_profile_cannot_add_a_level_to_money()
    {
        Should.Throw<ArgumentOutOfRangeException>(() => From(
            null, RoutingProfile.Balanced with { Scorers = Scorers.Cost | Scorers.Priority }, Spec("a")));
        Should.Throw<ArgumentOutOfRangeException>(() => From(
            null, RoutingProfile.Balanced with { Scorers = Scorers.Busyness | Scorers.Priority }, Spec("a")));
        Should.Throw<ArgumentOutOfRangeException>(() => From(
            null, RoutingProfile.Balanced with { NearTieBand = double.NaN }, Spec("a")));
    }
}
