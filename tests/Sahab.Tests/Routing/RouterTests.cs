using Sahab.Ledger.Rating;
using Sahab.Routing.Decisions;
using Sahab.Routing.Requests;
using Sahab.Routing.Snapshot;
using static Sahab.Tests.Routing.World;

namespace Sahab.Tests.Routing;

public sealed class RouterTests
{
    [Fact]
    public void Whose_provider_is_barred_or_whose_use_is_not_allowed_is_never_chosen_and_that_is_told()
    {
        var snapshot = Of(
            Spec("barred"), Spec("unfit"), Spec("abroad", spec => spec with { Country = CountryCode.Parse("US") }), Spec("open"));
        var request = snapshot.Ask() with
        {
            Countries = CountrySet.FromCodes([CountryCode.Parse("NL")]),
            Barred = 0b0001,
            Unfit = 0b0011,
        };

        snapshot.Explain(request).Candidates.Select(candidate => candidate.Verdict).ShouldBe(
        [
            CandidateVerdict.ProviderBarred, CandidateVerdict.UseNotAllowed, CandidateVerdict.CountryNotAllowed,
            CandidateVerdict.Eligible,
        ]);
        snapshot.Shares(request).Where(share => share.Value > 0).ShouldHaveSingleItem().Key.ShouldBe("open");
        snapshot.Decide(request with { Barred = 0b1001 }).Reason.ShouldBe(RouteRejection.ProviderBarred);
        snapshot.Decide(request with { Barred = 0, Unfit = 0b1011 }).Reason.ShouldBe(RouteRejection.UseNotAllowed);
        snapshot.Decide(request with { Tried = 0b1000 }).Reason.ShouldBe(RouteRejection.AllTried);
    }

    [Fact]
    public void Each_filter_says_why_in_the_stated_order()
    {
        var snapshot = Of(
            Spec("incapable", spec => spec with
            {
                Capabilities = Capabilities.None,
                Country = CountryCode.Parse("US"),
            }),
            Spec("short", spec => spec with { ContextTokens = 1_199, Country = CountryCode.Parse("US") }),
            Spec("abroad", spec => spec with { Country = CountryCode.Parse("US") }),
            Spec("broken"),
            Spec("throttled"),
            Spec("locked"),
            Spec("small", spec => spec with { Limits = Limit(tokens: 1_199) }),
            Spec("full", spec => spec with { Limits = Limit(concurrency: 1) }),
            Spec("tried"),
            Spec("fits", spec => spec with { ContextTokens = 1_200, Limits = Limit(tokens: 1_200) }));
        snapshot.State("abroad").Fail(5);
        snapshot.State("broken").Fail(5);
        snapshot.State("throttled").Reserve().Throttle(9_000, Start);
        snapshot.State("locked").Reserve().RejectCredential(OutageReason.CredentialUnknown, Start);
        snapshot.State("full").Reserve();

        var trace = snapshot.Explain(snapshot.Ask() with
        {
            Needs = Capabilities.Tools,
            Countries = CountrySet.FromCodes([CountryCode.Parse("NL")]),
            Tried = 0b1_0000_0100, // also the one abroad: the earlier filter speaks
        });

        trace.Candidates.Select(candidate => candidate.Verdict).ShouldBe(
        [
            CandidateVerdict.LacksCapability,
            CandidateVerdict.ContextTooShort,
            CandidateVerdict.CountryNotAllowed,
            CandidateVerdict.BreakerOpen,
            CandidateVerdict.Throttled,
            CandidateVerdict.OutOfService,
            CandidateVerdict.LargerThanLimit,
            CandidateVerdict.ConcurrencyFull,
            CandidateVerdict.AlreadyTried,
            CandidateVerdict.Eligible,
        ]);
        trace.Decision.Choice!.Spec.Id.ShouldBe("fits");
        trace.Decision.PositionBit.ShouldBe(1UL << 9);
        trace.Candidates.Count(candidate => candidate.Chosen).ShouldBe(1);
        trace.Candidates[9].Score.Total.ShouldBeGreaterThan(0);
    }

    [Fact]
    public void A_call_without_a_country_rule_goes_nowhere()
    {
        var snapshot = Of(Spec("a"));
        snapshot.Decide(snapshot.Ask() with { Countries = null }).Reason.ShouldBe(RouteRejection.CountryNotAllowed);
    }

    [Fact]
    public void A_call_of_a_batch_goes_only_where_half_is_free()
    {
        var snapshot = Of(Spec("a", spec => spec with { Limits = Limit(concurrency: 4) }));
        var batch = snapshot.Ask() with { Tier = ServiceTier.Batch, PatienceMs = 1_000 };
        snapshot.State("a").Reserve();
        snapshot.State("a").Reserve();
        snapshot.Decide(batch).Choice.ShouldNotBeNull();
        snapshot.State("a").Reserve();
        snapshot.Decide(batch).Reason.ShouldBe(RouteRejection.Full);
        snapshot.Explain(batch).Candidates[0].Verdict.ShouldBe(CandidateVerdict.NotIdle);
        snapshot.Decide(snapshot.Ask() with { Tier = ServiceTier.Flex }).Choice.ShouldNotBeNull();
    }

    [Fact]
    public void A_full_deployment_means_the_next()
    {
        var snapshot = Of(
            Spec("cheap", spec => spec with { Limits = Limit(concurrency: 1), Prices = default }), Spec("dear"));
        var random = new RandomSource(3);
        var first = Router.DecideAndReserve(snapshot.Ask(), snapshot.Profile, Start, ref random, out _);
        var second = Router.DecideAndReserve(snapshot.Ask(), snapshot.Profile, Start, ref random, out var lease);
        first.Choice!.Spec.Id.ShouldBe("cheap");
        second.Choice!.Spec.Id.ShouldBe("dear");
        lease.IsTaken.ShouldBeTrue();
    }

    [Fact]
    public void When_all_are_full_the_wait_is_that_of_the_first_to_have_room()
    {
        var snapshot = Of(
            Spec("a", spec => spec with { Limits = Limit(requests: 1) }),
            Spec("b", spec => spec with { Limits = Limit(requests: 1) }));
        snapshot.State("a").Reserve(nowMs: Start);
        snapshot.State("b").Reserve(nowMs: Start + 20_000);
        var random = new RandomSource(3);
        var decision = Router.DecideAndReserve(
            snapshot.Ask(), snapshot.Profile, Start + 30_000, ref random, out var lease);
        (decision.Reason, decision.Position, decision.PositionBit).ShouldBe((RouteRejection.Full, -1, 0UL));
        decision.RetryAfterMs.ShouldBeInRange(30_000, 30_250);
        lease.IsTaken.ShouldBeFalse();
    }

    [Fact]
    public void The_reason_is_the_verdict_that_promises_most()
    {
        var snapshot = Of(Spec("broken"), Spec("throttled"), Spec("abroad", spec => spec with { Country = default }));
        snapshot.State("broken").Fail(5);
        var request = snapshot.Ask() with { Countries = CountrySet.FromCodes([CountryCode.Parse("NL")]) };
        snapshot.Decide(request).Choice!.Spec.Id.ShouldBe("throttled");
        snapshot.State("throttled").Reserve().Throttle(3_000, Start);
        var decision = snapshot.Decide(request);
        (decision.Reason, decision.RetryAfterMs).ShouldBe((RouteRejection.Throttled, 3_000));
        snapshot.Decide(request with { Tried = 0b010 }).Reason.ShouldBe(RouteRejection.Unhealthy);
        decision = snapshot.Decide(request with { Tried = 0b011 });
        (decision.Reason, decision.RetryAfterMs).ShouldBe((RouteRejection.AllTried, 3_000));
        snapshot.Decide(request with { Needs = Capabilities.Audio }).Reason.ShouldBe(RouteRejection.NotCapable);
        snapshot.Decide(request with { Needs = Capabilities.Audio }).RetryAfterMs.ShouldBe(0);
    }

    [Fact]
    public void A_model_without_deployments_says_so()
    {
        var snapshot = new RoutingSnapshotBuilder().AddModel("m").Build();
        snapshot.Decide(snapshot.Ask()).Reason.ShouldBe(RouteRejection.NoDeployment);
    }

    [Fact]
    public void The_cheaper_of_two_equally_fast_is_chosen_until_its_latency_costs_more_than_it_saves()
    {
        // 1,000 prompt and 200 output tokens cost 3,600,000 nano-USD at "dear", half at "cheap".
        var snapshot = Of(
            Spec("cheap", spec => spec with { Prices = PriceTerms.FromUsdPerMillion(1m, 1m, 4m) }), Spec("dear"));
        snapshot.State("cheap").Serve(1, firstTokenMs: 300);
        snapshot.State("dear").Serve(1, firstTokenMs: 300);
        snapshot.Shares(snapshot.Ask())["cheap"].ShouldBe(2_000);
        snapshot.State("cheap").Serve(80, firstTokenMs: 300 + 3_400); // 1.7 million of waiting: still cheaper
        snapshot.Shares(snapshot.Ask())["cheap"].ShouldBeGreaterThan(0);
        snapshot.State("cheap").Serve(80, firstTokenMs: 300 + 6_000); // 3 million: beyond the band of near ties
        snapshot.Shares(snapshot.Ask())["dear"].ShouldBe(2_000);
        snapshot.Shares(snapshot.Ask() with { Tier = ServiceTier.Batch })["cheap"].ShouldBe(2_000);
    }

    [Fact]
    public void Failures_short_of_the_breaker_already_send_traffic_elsewhere()
    {
        var snapshot = Of(Spec("a"), Spec("b"));
        snapshot.State("a").Serve(1);
        snapshot.State("b").Serve(1);
        snapshot.State("a").Fail(2);
        snapshot.Shares(snapshot.Ask())["b"].ShouldBe(2_000);
        snapshot.Explain(snapshot.Ask()).Candidates[0].Score.FailureNanoUsd.ShouldBe(1_900_000, 1);
    }

    [Fact]
    public void Near_ties_share_by_load_and_the_rest_gets_nothing()
    {
        var snapshot = Of(
            Spec("a", spec => spec with { Limits = Limit(concurrency: 10) }),
            Spec("b", spec => spec with { Limits = Limit(concurrency: 10) }),
            Spec("c", spec => spec with { Limits = Limit(concurrency: 10) }),
            Spec("dear", spec => spec with { Prices = PriceTerms.FromUsdPerMillion(20m, 10m, 80m) }));
        foreach (var id in new[] { "a", "b", "c", "dear" })
        {
            snapshot.State(id).Serve(1, firstTokenMs: 1);
        }

        snapshot.State("c").Reserve();
        var shares = snapshot.Shares(snapshot.Ask());
        shares["dear"].ShouldBe(0);
        shares["c"].ShouldBe(0, "the more loaded of any two");
        shares["a"].ShouldBeInRange(800, 1_200);
    }

    [Fact]
    public void A_near_tie_is_within_a_tenth_of_the_best()
    {
        // 1,000 prompt tokens at 2, 2.18 and 2.22 USD for a million; no output, so that nothing else differs.
        var snapshot = Of(
            Spec("best", spec => spec with { Prices = PriceTerms.FromUsdPerMillion(2m, 2m, 8m) }),
            Spec("near", spec => spec with { Prices = PriceTerms.FromUsdPerMillion(2.18m, 2.18m, 8m) }),
            Spec("far", spec => spec with { Prices = PriceTerms.FromUsdPerMillion(2.22m, 2.22m, 8m) }));
        var request = snapshot.Ask() with { OutputTokens = 0, Tier = ServiceTier.Batch };
        snapshot.State("best").Reserve();
        snapshot.Shares(request)["near"].ShouldBe(2_000, "the less loaded of the two that are near ties");
    }

    [Fact]
    public async Task Threads_that_choose_at_once_never_overfill_a_deployment()
    {
        var snapshot = Of(
            [.. new[] { "a", "b", "c" }.Select(id => Spec(id, spec => spec with { Limits = Limit(concurrency: 2) }))]);
        var most = new int[3];
        var running = new int[3];
        var request = snapshot.Ask();
        void Drive(int thread)
        {
            var random = new RandomSource((ulong)thread);
            for (var call = 0; call < 1_500; call++)
            {
                var decision = Router.DecideAndReserve(request, snapshot.Profile, Start, ref random, out var lease);
                if (decision.Choice is null)
                {
                    decision.Reason.ShouldBe(RouteRejection.Full);
                    continue;
                }

                var now = Interlocked.Increment(ref running[decision.Position]);
                for (var seen = Volatile.Read(ref most[decision.Position]); now > seen;)
                {
                    seen = Interlocked.CompareExchange(ref most[decision.Position], now, seen);
                }

                Thread.Yield();
                Interlocked.Decrement(ref running[decision.Position]);
                lease.Succeed(Used(1_000), Start).ShouldBeTrue();
            }
        }

        await Task.WhenAll(Enumerable.Range(1, 10).Select(thread => Task.Factory.StartNew(
            () => Drive(thread), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        most.ShouldBe([2, 2, 2]);
        snapshot.Deployments.Sum(deployment => deployment.State.InFlight).ShouldBe(0);
    }

    [Fact]
    public void A_deployment_that_was_never_seen_is_tried_but_not_flooded()
    {
        var snapshot = Of(Spec("known"), Spec("new"));
        snapshot.State("known").Serve(20, firstTokenMs: 1_500);
        var chosen = new List<string>();
        var random = new RandomSource(5);
        for (var call = 0; call < 40; call++)
        {
            chosen.Add(Router.DecideAndReserve(snapshot.Ask(), snapshot.Profile, Start, ref random, out _)
                .Choice!.Spec.Id);
        }

        chosen[0].ShouldBe("new");
        chosen.Count(id => id == "new").ShouldBeInRange(2, 25);
    }

    [Fact]
    public void A_deployment_that_was_slow_once_is_tried_again_when_the_memory_fades()
    {
        var snapshot = Of(Spec("a"), Spec("b"));
        snapshot.State("a").Serve(5, firstTokenMs: 2_000);
        snapshot.State("b").Serve(5, firstTokenMs: 30_000);
        snapshot.Shares(snapshot.Ask())["b"].ShouldBe(0);
        const long Later = Start + 3_600_000;
        snapshot.State("a").Serve(50, firstTokenMs: 2_000, nowMs: Later);
        snapshot.Shares(snapshot.Ask(), nowMs: Later)["b"].ShouldBeGreaterThan(0);
    }

    [Fact]
    public void Latency_is_predicted_to_grow_with_the_calls_in_flight()
    {
        var snapshot = Of(
            Spec("limited", spec => spec with { Limits = Limit(concurrency: 10) }), Spec("unlimited"));
        var before = new double[2];
        snapshot.State("limited").Serve(10);
        snapshot.State("unlimited").Serve(10);
        for (var call = 0; call < 9; call++)
        {
            var trace = snapshot.Explain(snapshot.Ask());
            for (var position = 0; position < 2; position++)
            {
                var predicted = trace.Candidates[position].Score.FirstTokenMs;
                predicted.ShouldBeGreaterThan(before[position]);
                before[position] = predicted;
            }

            snapshot.State("limited").Reserve();
            snapshot.State("unlimited").Reserve();
        }

        before[0].ShouldBeGreaterThan(before[1] * 2);
    }

    [Fact]
    public void A_half_open_deployment_that_would_be_chosen_is_probed_by_one_live_call()
    {
        var snapshot = Of(
            Spec("cheap", spec => spec with { Prices = PriceTerms.FromUsdPerMillion(1m, 1m, 4m) }), Spec("dear"));
        snapshot.State("cheap").Serve(1);
        snapshot.State("dear").Serve(1);
        snapshot.State("cheap").Fail(5);
        var random = new RandomSource(1);
        string Next(long nowMs) =>
            Router.DecideAndReserve(snapshot.Ask(), snapshot.Profile, nowMs, ref random, out _).Choice!.Spec.Id;
        Next(Start + 4_999).ShouldBe("dear");
        Next(Start + 5_000).ShouldBe("cheap");
        Next(Start + 5_000).ShouldBe("dear");
    }
}
