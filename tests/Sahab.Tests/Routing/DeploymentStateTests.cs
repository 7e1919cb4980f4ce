using Sahab.Routing.Admission;
using Sahab.Routing.Decisions;
using Sahab.Routing.Policies;
using Sahab.Routing.Snapshot;
using static Sahab.Tests.Routing.World;

namespace Sahab.Tests.Routing;

public sealed class DeploymentStateTests
{
    [Fact]
    public void Requests_tokens_and_concurrency_each_say_that_they_are_full()
    {
        var state = Of(Spec("a", spec => spec with { Limits = Limit(requests: 3, tokens: 1_000, concurrency: 2) }))
            .State("a");
        var first = state.Reserve(600);
        var second = state.Reserve(100);
        state.Refusal(100).ShouldBe(CandidateVerdict.ConcurrencyFull);
        first.Succeed(Used(600), Start);
        state.Refusal(301).ShouldBe(CandidateVerdict.TokensFull);
        state.Refusal(1_001).ShouldBe(CandidateVerdict.LargerThanLimit);
        state.Reserve(1).Release(1, Start);
        second.Succeed(Used(100), Start);
        state.Refusal(1).ShouldBe(CandidateVerdict.RequestsFull);
        state.Read(Start).RequestsLastMinute.ShouldBe(3);
        state.Read(Start).TokensLastMinute.ShouldBe(701);
    }

    [Fact]
    public void A_look_sees_room_as_soon_as_it_has_left_the_window_though_nobody_reserved_meanwhile()
    {
        var state = Of(Spec("a", spec => spec with { Limits = Limit(tokens: 100) })).State("a");
        state.Reserve(100);
        state.LookAtCapacity(new Demand(50), Start + 59_000).ShouldBe(CandidateVerdict.TokensFull);
        state.LookAtCapacity(new Demand(50), Start + 60_250).ShouldBe(CandidateVerdict.Eligible);
    }

    [Fact]
    public void Every_ending_ends_a_lease_once()
    {
        var state = Of(Spec("a")).State("a");
        Func<DeploymentLease, bool>[] endings =
        [
            lease => lease.Succeed(Used(1), Start),
            lease => lease.Fail(FailureKind.Cut, 1, Start),
            lease => lease.Throttle(5, Start - 10),
            lease => lease.RejectCredential(OutageReason.CredentialUnknown, Start - 100_000),
            lease => lease.Release(1, Start),
        ];
        foreach (var ending in endings)
        {
            var lease = state.Reserve();
            ending(lease).ShouldBeTrue();
            foreach (var again in endings)
            {
                again(lease).ShouldBeFalse();
            }
        }

        state.InFlight.ShouldBe(0);
        default(DeploymentLease).Release(0, Start).ShouldBeFalse();
    }

    [Fact]
    public void Sustained_failures_open_the_breaker_and_one_success_between_keeps_it_closed()
    {
        var state = Of(Spec("a")).State("a");
        state.Fail(4);
        state.Serve(1);
        state.Fail(4);
        state.Read(Start).Breaker.ShouldBe(BreakerState.Closed);
        state.Fail(1);
        var reading = state.Read(Start);
        (reading.Breaker, reading.Outage, reading.OpenForMs)
            .ShouldBe((BreakerState.Open, OutageReason.Failures, 5_000));
        state.Refusal().ShouldBe(CandidateVerdict.BreakerOpen);
    }

    [Fact]
    public void Half_open_lets_one_call_probe_at_a_time_also_after_it_was_given_up()
    {
        var state = Of(Spec("a")).State("a");
        state.Fail(5);
        const long Later = Start + 5_000;
        var probe = state.Reserve(nowMs: Later);
        state.Refusal(nowMs: Later).ShouldBe(CandidateVerdict.ProbeInFlight);
        probe.Release(0, Later).ShouldBeTrue();
        var next = state.Reserve(nowMs: Later);
        state.Refusal(nowMs: Later).ShouldBe(CandidateVerdict.ProbeInFlight);
        next.FirstToken(100, Later);
        state.Read(Later).Breaker.ShouldBe(BreakerState.Closed);
        state.Reserve(nowMs: Later).Release(0, Later);
        next.Succeed(Used(1), Later).ShouldBeTrue();
    }

    [Fact]
    public void A_full_deployment_does_not_swallow_the_right_to_probe()
    {
        var state = Of(Spec("a", spec => spec with { Limits = Limit(tokens: 100) })).State("a");
        state.Reserve(100).Succeed(Used(100), Start);
        state.Fail(5);
        const long Later = Start + 5_000;
        state.Refusal(50, Later).ShouldBe(CandidateVerdict.TokensFull);
        state.Reserve(0, Later).Throttle(1, Later - 10);
        state.Reserve(0, Later).Succeed(Used(1), Later);
        state.Read(Later).Breaker.ShouldBe(BreakerState.Closed);
    }

    [Fact]
    public void A_failed_probe_opens_for_twice_as_long_up_to_the_most()
    {
        var state = Of(Spec("a")).State("a");
        state.Fail(5);
        var now = Start;
        foreach (var expected in new[] { 5_000, 10_000, 20_000, 40_000, 60_000, 60_000 })
        {
            state.Read(now).OpenForMs.ShouldBe(expected);
            now += expected;
            state.Fail(1, now);
        }
    }

    [Fact]
    public void What_calls_from_before_the_breaker_opened_report_does_not_close_it()
    {
        var state = Of(Spec("a")).State("a");
        var old = state.Reserve();
        state.Fail(5);
        old.Succeed(Used(1), Start + 6_000);
        state.Read(Start + 6_000).Breaker.ShouldBe(BreakerState.HalfOpen);
    }

    [Fact]
    public void Half_of_twenty_calls_failing_opens_the_breaker_though_never_five_in_a_row()
    {
        var state = Of(Spec("a")).State("a");
        for (var pair = 0; pair < 9; pair++)
        {
            state.Serve(1);
            state.Fail(1);
        }

        state.Serve(1);
        state.Read(Start).Breaker.ShouldBe(BreakerState.Closed);
        state.Fail(1);
        state.Read(Start).Breaker.ShouldBe(BreakerState.Open);
    }

    [Theory]
    [InlineData(7_000L, 7_000)]
    [InlineData(600_000L, 60_000)]
    [InlineData(null, 1_000)]
    [InlineData(0L, 1_000)]
    [InlineData(86_400_000L, 0)]
    public void A_throttled_deployment_rests_as_long_as_asked_within_reason(long? askedMs, long restsMs)
    {
        var state = Of(Spec("a")).State("a");
        state.Reserve(500).Throttle(askedMs, Start).ShouldBeTrue();
        var reading = state.Read(Start);
        (reading.ThrottledForMs, reading.Breaker, reading.FailureRate).ShouldBe((restsMs, BreakerState.Closed, 0.0));
        reading.TokensLastMinute.ShouldBe(0);
        state.Refusal().ShouldBe(restsMs == 0 ? CandidateVerdict.Eligible : CandidateVerdict.Throttled);
        state.Refusal(nowMs: Start + restsMs).ShouldBe(CandidateVerdict.Eligible);
    }

    [Fact]
    public void A_wait_of_a_day_that_keeps_coming_with_no_success_between_rests_the_deployment_briefly()
    {
        var state = Of(Spec("a")).State("a");
        for (var time = 0; time < 2; time++)
        {
            state.Reserve().Throttle(86_400_000, Start);
            state.Refusal().ShouldBe(CandidateVerdict.Eligible);
        }

        state.Serve(1);
        state.Reserve().Throttle(86_400_000, Start);
        state.Reserve().Throttle(86_400_000, Start);
        state.Read(Start).ThrottledForMs.ShouldBe(0);
        state.Reserve().Throttle(86_400_000, Start);
        state.Read(Start).ThrottledForMs.ShouldBe(1_000);
    }

    [Fact]
    public void Throttles_in_a_row_without_a_stated_wait_rest_it_twice_as_long_each_time()
    {
        var state = Of(Spec("a")).State("a");
        var now = Start;
        foreach (var expected in new[] { 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000 })
        {
            state.Reserve(nowMs: now).Throttle(null, now);
            state.Read(now).ThrottledForMs.ShouldBe(expected);
            now += expected;
        }
    }

    [Fact]
    public void A_rejected_credential_takes_it_out_until_a_probe_or_a_reload()
    {
        var before = Of(Spec("a"));
        var state = before.State("a");
        var alsoRunning = state.Reserve();
        state.Reserve().RejectCredential(OutageReason.CredentialForbidden, Start);
        alsoRunning.RejectCredential(OutageReason.CredentialForbidden, Start);
        state.Read(Start).Outage.ShouldBe(OutageReason.CredentialForbidden);
        state.Refusal(nowMs: Start + 59_999).ShouldBe(CandidateVerdict.OutOfService);
        state.Reserve(nowMs: Start + 60_000).RejectCredential(OutageReason.CredentialUnknown, Start + 60_000);
        state.Refusal(nowMs: Start + 179_999).ShouldBe(CandidateVerdict.OutOfService);

        var after = From(before, RoutingProfile.Balanced, Spec("a"));
        after.State("a").ShouldBeSameAs(state);
        state.Reserve(nowMs: Start + 70_000).Succeed(Used(1), Start + 70_000);
        state.Read(Start + 70_000).Breaker.ShouldBe(BreakerState.Closed);
        var lease = state.Reserve();
        Should.Throw<ArgumentOutOfRangeException>(() => lease.RejectCredential(OutageReason.Failures, Start));
    }

    [Fact]
    public void It_learns_speed_failures_and_what_the_cache_holds_at_home_and_elsewhere()
    {
        var state = Of(Spec("a")).State("a");
        double.IsNaN(state.Read(Start).FirstTokenMs).ShouldBeTrue();
        state.Serve(1, firstTokenMs: 400, tokensPerSecond: 40);
        state.Read(Start).FirstTokenMs.ShouldBe(400);
        state.Read(Start).TokensPerSecond.ShouldBe(40, 0.001);
        state.Serve(60, firstTokenMs: 200, tokensPerSecond: 80, cachedTokens: 900, atHome: true);
        state.Serve(60, firstTokenMs: 200, tokensPerSecond: 80, cachedTokens: 100, atHome: false);
        var reading = state.Read(Start);
        reading.FirstTokenMs.ShouldBe(200, 0.1);
        reading.TokensPerSecond.ShouldBe(80, 0.1);
        reading.CachedAtHome.ShouldBe(0.9, 0.01);
        reading.CachedElsewhere.ShouldBe(0.1, 0.01);
        state.Fail(1);
        state.Read(Start).FailureRate.ShouldBe(0.1, 0.0001);
        (state.Read(Start).Succeeded, state.Read(Start).Failed).ShouldBe((121, 1));
        state.Read(Start).LastFailure.ShouldBe(FailureKind.ServerError);
    }

    [Fact]
    public void Of_an_answer_that_was_not_streamed_the_time_of_its_tokens_is_taken_off()
    {
        var state = Of(Spec("a")).State("a");
        state.Reserve().Answered(elapsedMs: 3_000, outputTokens: 200, Start);
        state.Read(Start).FirstTokenMs.ShouldBe(1_000, "at 100 tokens per second, as no other rate is known");
        state.Serve(1, firstTokenMs: 1_000, tokensPerSecond: 80);
        state.Reserve().Answered(elapsedMs: 3_500, outputTokens: 200, Start);
        state.Read(Start).FirstTokenMs.ShouldBe(1_000);
        state.Reserve().Answered(elapsedMs: 1, outputTokens: 200, Start);
        state.Read(Start).FirstTokenMs.ShouldBe(800);
    }

    [Fact]
    public async Task Threads_never_have_more_calls_there_than_may_run()
    {
        const int Concurrency = 4;
        var state = Of(Spec("a", spec => spec with { Limits = Limit(concurrency: Concurrency) })).State("a");
        var (running, most, served) = (0, 0, 0);
        void Drive()
        {
            for (var call = 0; call < 2_000; call++)
            {
                if (!state.TryReserve(10, Start, out var lease, out _))
                {
                    Thread.Yield();
                    continue;
                }

                var now = Interlocked.Increment(ref running);
                for (var seen = Volatile.Read(ref most); now > seen; seen = Volatile.Read(ref most))
                {
                    Interlocked.CompareExchange(ref most, now, seen);
                }

                Interlocked.Increment(ref served);
                Thread.Yield();
                Interlocked.Decrement(ref running);
                lease.Succeed(Used(10), Start);
            }
        }

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ =>
            Task.Factory.StartNew(
                Drive, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        most.ShouldBeInRange(2, Concurrency);
        var reading = state.Read(Start);
        (reading.InFlight, reading.Succeeded, reading.TokensLastMinute).ShouldBe((0, served, served * 10L));
    }
}
