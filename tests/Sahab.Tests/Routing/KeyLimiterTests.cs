using Sahab.Routing.Admission;
using static Sahab.Tests.Routing.World;

namespace Sahab.Tests.Routing;

public sealed class KeyLimiterTests
{
    [Fact]
    public void A_key_without_limits_is_always_admitted_and_holds_nothing()
    {
        var limiter = new KeyLimiter(Limits.None);
        limiter.TryAdmit(long.MaxValue, Start, out var lease).Admitted.ShouldBeTrue();
        lease.Settle(5, Start).ShouldBeFalse();
        limiter.Read(Start).ShouldBe(default);
    }

    [Fact]
    public void A_small_limit_of_requests_lets_all_of_them_pass_at_once()
    {
        var limiter = new KeyLimiter(Limit(requests: 5));
        Admitted(limiter, times: 20, Start).ShouldBe(5);
        limiter.TryAdmit(1, Start, out _).Verdict.ShouldBe(AdmitVerdict.RequestsPerMinute);
    }

    [Fact]
    public void The_stated_wait_is_when_a_request_is_admitted_and_not_a_millisecond_earlier()
    {
        var limiter = new KeyLimiter(Limit(requests: 2, tokens: 1_000));
        limiter.TryAdmit(300, Start, out _);
        limiter.TryAdmit(600, Start + 10_100, out _);
        var refused = limiter.TryAdmit(200, Start + 20_000, out _);
        refused.RetryAfterMs.ShouldBeInRange(40_000, 40_250);
        limiter.TryAdmit(200, Start + 20_000 + refused.RetryAfterMs - 1, out _).Admitted.ShouldBeFalse();
        limiter.TryAdmit(200, Start + 20_000 + refused.RetryAfterMs, out _).Admitted.ShouldBeTrue();
    }

    [Fact]
    public void Of_two_full_limits_the_one_that_takes_longer_speaks()
    {
        var limiter = new KeyLimiter(Limit(requests: 1, tokens: 100));
        limiter.TryAdmit(10, Start, out _);
        limiter.Change(Limit(requests: 2, tokens: 100));
        limiter.TryAdmit(90, Start + 5_000, out _);
        var refused = limiter.TryAdmit(50, Start + 6_000, out _);
        refused.Verdict.ShouldBe(AdmitVerdict.TokensPerMinute);
        refused.RetryAfterMs.ShouldBeInRange(59_000, 59_250);
    }

    [Fact]
    public void A_request_larger_than_the_whole_limit_is_told_so_and_not_to_wait()
    {
        var limiter = new KeyLimiter(Limit(tokens: 100));
        limiter.TryAdmit(101, Start, out _).ShouldBe(new AdmitResult(AdmitVerdict.LargerThanLimit, 0));
        limiter.TryAdmit(100, Start, out _).Admitted.ShouldBeTrue();
        new KeyLimiter(Limit(requests: 0)).TryAdmit(1, Start, out _).Verdict.ShouldBe(AdmitVerdict.LargerThanLimit);
    }

    [Fact]
    public void A_refund_is_free_at_once()
    {
        var limiter = new KeyLimiter(Limit(tokens: 100));
        limiter.TryAdmit(100, Start, out var lease);
        limiter.TryAdmit(40, Start + 1_000, out _).Verdict.ShouldBe(AdmitVerdict.TokensPerMinute);
        lease.Settle(60, Start + 2_000).ShouldBeTrue();
        limiter.TryAdmit(40, Start + 2_000, out _).Admitted.ShouldBeTrue();
        limiter.TryAdmit(1, Start + 2_000, out _).Admitted.ShouldBeFalse();
    }

    [Fact]
    public void A_correction_lies_where_the_call_was_admitted()
    {
        var limiter = new KeyLimiter(Limit(tokens: 100));
        limiter.TryAdmit(10, Start, out var lease);
        lease.Settle(100, Start + 50_000);
        limiter.Read(Start + 60_000).Tokens.ShouldBe(100);
        limiter.Read(Start + 60_250).Tokens.ShouldBe(0);
    }

    [Fact]
    public void An_overrun_binds_until_it_has_left_the_window()
    {
        var limiter = new KeyLimiter(Limit(tokens: 100));
        limiter.TryAdmit(10, Start, out var lease);
        lease.Settle(250, Start + 1_000);
        limiter.TryAdmit(1, Start + 59_999, out _).Verdict.ShouldBe(AdmitVerdict.TokensPerMinute);
        limiter.TryAdmit(100, Start + 60_250, out _).Admitted.ShouldBeTrue();
    }

    [Fact]
    public void What_is_settled_after_it_left_the_window_changes_nothing()
    {
        var limiter = new KeyLimiter(Limit(tokens: 100));
        limiter.TryAdmit(100, Start, out var lease);
        limiter.TryAdmit(70, Start + 61_000, out _);
        lease.Settle(0, Start + 62_000).ShouldBeTrue();
        limiter.Read(Start + 62_000).Tokens.ShouldBe(70);
    }

    [Fact]
    public void A_lease_ends_once_from_a_copy_too()
    {
        var limiter = new KeyLimiter(Limit(tokens: 100, concurrency: 2));
        limiter.TryAdmit(50, Start, out var lease);
        var copy = lease;
        lease.Settle(20, Start).ShouldBeTrue();
        copy.Settle(20, Start).ShouldBeFalse();
        copy.Cancel(Start).ShouldBeFalse();
        limiter.TryAdmit(50, Start, out var next);
        copy.Settle(0, Start).ShouldBeFalse("the slot now belongs to another call");
        limiter.Read(Start).ShouldBe(new LimiterReading(0, 70, 1));
        next.Settle(50, Start).ShouldBeTrue();
        default(KeyLease).Settle(1, Start).ShouldBeFalse();
    }

    [Fact]
    public void A_cancelled_call_gives_its_request_back()
    {
        var limiter = new KeyLimiter(Limit(requests: 1, tokens: 100));
        limiter.TryAdmit(50, Start, out var lease);
        lease.Cancel(Start + 10).ShouldBeTrue();
        limiter.Read(Start + 10).ShouldBe(default);
        limiter.TryAdmit(50, Start + 10, out _).Admitted.ShouldBeTrue();
    }

    [Fact]
    public void Concurrency_is_given_back_at_the_end_of_a_call_and_the_wait_follows_how_long_calls_take()
    {
        var limiter = new KeyLimiter(Limit(concurrency: 2));
        for (var call = 0; call < 100; call++)
        {
            limiter.TryAdmit(1, Start + (call * 4_000), out var done);
            done.Settle(1, Start + (call * 4_000) + 4_000);
        }

        var now = Start + 400_000;
        limiter.TryAdmit(1, now, out var first);
        limiter.TryAdmit(1, now, out _);
        var refused = limiter.TryAdmit(1, now, out _);
        refused.Verdict.ShouldBe(AdmitVerdict.Concurrency);
        refused.RetryAfterMs.ShouldBeInRange(1_900, 2_000); // two calls of 4 s: one ends in 2 s
        first.Settle(1, now).ShouldBeTrue();
        limiter.TryAdmit(1, now, out _).Admitted.ShouldBeTrue();
    }

    [Fact]
    public void A_reload_keeps_what_is_used_and_held()
    {
        var limiter = new KeyLimiter(Limit(requests: 10, tokens: 1_000, concurrency: 5));
        limiter.TryAdmit(400, Start, out var lease);
        limiter.Change(Limit(requests: 1, tokens: 1_000, concurrency: 5));
        limiter.TryAdmit(1, Start, out _).Verdict.ShouldBe(AdmitVerdict.RequestsPerMinute);
        limiter.Change(Limit(requests: 2, tokens: 1_000, concurrency: 1));
        limiter.TryAdmit(1, Start, out _).Verdict.ShouldBe(AdmitVerdict.Concurrency);
        lease.Settle(300, Start);
        limiter.Read(Start).ShouldBe(new LimiterReading(1, 300, 0));
    }

    [Fact]
    public void A_limit_that_comes_with_a_reload_is_not_refunded_what_it_never_charged()
    {
        var limiter = new KeyLimiter(Limit(concurrency: 5));
        limiter.TryAdmit(500, Start, out var early);
        limiter.Change(Limit(tokens: 100));
        limiter.TryAdmit(100, Start, out _).Admitted.ShouldBeTrue();
        early.Settle(0, Start);
        limiter.Read(Start).Tokens.ShouldBe(100);
    }

    [Fact]
    public void A_limit_that_went_and_came_back_counts_what_passed_meanwhile()
    {
        var limiter = new KeyLimiter(Limit(tokens: 100, concurrency: 9));
        limiter.TryAdmit(60, Start, out _);
        limiter.Change(Limit(concurrency: 9));
        limiter.TryAdmit(500, Start, out var large);
        limiter.Change(Limit(tokens: 100));
        limiter.Read(Start).Tokens.ShouldBe(560);
        large.Settle(30, Start);
        limiter.Read(Start).Tokens.ShouldBe(90);
    }

    [Theory]
    [InlineData(7)]
    [InlineData(100)]
    [InlineData(1_000)]
    public void At_saturation_the_limit_is_used_to_within_one_percent(int limit)
    {
        var limiter = new KeyLimiter(Limit(requests: limit));
        var admitted = 0;
        var minutes = 20;
        for (var now = Start; now < Start + (minutes * 60_000); now += 17)
        {
            admitted += Admitted(limiter, times: 1 + (limit / 1_000), now);
        }

        admitted.ShouldBeLessThanOrEqualTo(limit * minutes);
        admitted.ShouldBeGreaterThanOrEqualTo((int)(limit * minutes * 0.99) - 1);
    }

    [Fact]
    public void Steady_tokens_are_admitted_to_within_one_percent_though_estimates_are_twice_the_use()
    {
        var limiter = new KeyLimiter(Limit(tokens: 50_000));
        var used = 0L;
        var running = new Queue<(long EndMs, KeyLease Lease)>();
        const int Minutes = 20;
        for (var now = Start; now < Start + (Minutes * 60_000); now += 20)
        {
            while (running.TryPeek(out var first) && first.EndMs <= now)
            {
                running.Dequeue().Lease.Settle(100, now);
            }

            if (limiter.TryAdmit(200, now, out var lease).Admitted)
            {
                used += 100;
                running.Enqueue((now + 500, lease));
            }
        }

        used.ShouldBeInRange((long)(50_000 * Minutes * 0.99), 50_000 * Minutes);
    }

    [Fact]
    public void A_clock_that_was_set_back_does_not_stop_the_window()
    {
        var limiter = new KeyLimiter(Limit(requests: 3));
        Admitted(limiter, 3, Start).ShouldBe(3);
        const long Back = Start - 10_000_000;
        Admitted(limiter, 3, Back).ShouldBe(0);
        Admitted(limiter, 3, Back + 59_999).ShouldBe(0);
        Admitted(limiter, 9, Back + 60_250).ShouldBe(3);
    }

    [Fact]
    public void A_clock_that_leaps_ahead_starts_a_new_window()
    {
        var limiter = new KeyLimiter(Limit(requests: 3));
        Admitted(limiter, 3, Start).ShouldBe(3);
        Admitted(limiter, 9, long.MaxValue - 1).ShouldBe(3);
        Admitted(limiter, 9, long.MinValue + 1).ShouldBe(0);
    }

    private static int Admitted(KeyLimiter limiter, int times, long nowMs)
    {
        var admitted = 0;
        for (var time = 0; time < times; time++)
        {
            if (limiter.TryAdmit(1, nowMs, out var lease).Admitted)
            {
                admitted++;
                lease.Settle(1, nowMs);
            }
        }

        return admitted;
    }
}
