using Sahab.Ledger.Rating;
using Sahab.Routing.Policies;
using Sahab.Routing.Snapshot;
using static Sahab.Tests.Routing.World;

namespace Sahab.Tests.Routing;

public sealed class PrefixAffinityTests
{
    private static readonly string[] Ids = ["a", "b", "c", "d", "e"];

    [Fact]
    public void A_prefix_has_one_home_and_prefixes_spread_evenly()
    {
        var snapshot = Worn(Of([.. Ids.Select(id => Spec(id))]));
        var homes = Homes(snapshot, 0);
        Homes(snapshot, 0).ShouldBe(homes);
        foreach (var count in homes.CountBy(home => home))
        {
            count.Value.ShouldBeInRange(150, 250);
        }
    }

    [Fact]
    public void One_that_goes_moves_only_the_prefixes_that_lived_there()
    {
        var snapshot = Worn(Of([.. Ids.Select(id => Spec(id))]));
        var before = Homes(snapshot, 0);
        var after = Homes(snapshot, tried: 0b00100);
        for (var prefix = 0; prefix < before.Count; prefix++)
        {
            after[prefix].ShouldNotBe("c");
            if (before[prefix] != "c")
            {
                after[prefix].ShouldBe(before[prefix]);
            }
        }
    }

    [Fact]
    public void Affinity_is_worth_what_the_cached_price_saves_and_no_more()
    {
        var snapshot = Of(Spec("a"), Spec("b"));
        snapshot.State("a").Serve(200, cachedTokens: 800, atHome: true);
        snapshot.State("a").Serve(200, cachedTokens: 200, atHome: false);
        snapshot.State("b").Serve(200, cachedTokens: 800, atHome: true);
        snapshot.State("b").Serve(200, cachedTokens: 200, atHome: false);
        var candidates = snapshot.Explain(snapshot.Ask() with { PrefixHash = 42 }).Candidates;
        var home = candidates.Single(candidate => candidate.AtHome).Score;
        var other = candidates.Single(candidate => !candidate.AtHome).Score;

        // 600 tokens more from cache at 1 USD instead of 2 USD per million save 600,000 nano-USD.
        (other.Total - home.Total).ShouldBe(600_000, 10);
        home.CachedTokens.ShouldBe(800, 0.01);
    }

    [Fact]
    public void A_cache_that_costs_as_much_as_no_cache_draws_nobody()
    {
        var snapshot = Of(
            [.. Ids.Select(id => Spec(id, spec => spec with { Prices = PriceTerms.FromUsdPerMillion(2m, 2m, 8m) }))]);
        Worn(snapshot);
        var shares = snapshot.Shares(snapshot.Ask() with { PrefixHash = 42 });
        shares.Values.ShouldAllBe(share => share > 200);
    }

    [Fact]
    public void Without_a_prefix_or_with_affinity_off_nobody_is_home()
    {
        var snapshot = Of(Spec("a"), Spec("b"));
        snapshot.Explain(snapshot.Ask()).Candidates.ShouldAllBe(candidate => !candidate.AtHome);
        var off = From(null, RoutingProfile.Balanced with { PrefixAffinity = false }, Spec("a"), Spec("b"));
        off.Explain(off.Ask() with { PrefixHash = 42 }).Candidates.ShouldAllBe(candidate => !candidate.AtHome);
        off.Decide(off.Ask() with { PrefixHash = 42 }).AtHome.ShouldBeFalse();
    }

    // Long prompts, little output, a cache that holds nearly all: home wins clearly.
    private static RoutingSnapshot Worn(RoutingSnapshot snapshot)
    {
        foreach (var id in Ids)
        {
            snapshot.State(id).Serve(100, firstTokenMs: 10, tokensPerSecond: 1_000, cachedTokens: 990, atHome: true);
        }

        return snapshot;
    }

    private static List<string> Homes(RoutingSnapshot snapshot, ulong tried)
    {
        var homes = new List<string>();
        for (var prefix = 1UL; prefix <= 1_000; prefix++)
        {
            var request = snapshot.Ask() with
            {
                PrefixHash = prefix * 0x9E3779B97F4A7C15,
                PromptTokens = 10_000,
                OutputTokens = 1,
                Tried = tried,
            };
            var decision = snapshot.Decide(request, seed: prefix);
            decision.AtHome.ShouldBeTrue();
            homes.Add(decision.Choice!.Spec.Id);
        }

        return homes;
    }
}
