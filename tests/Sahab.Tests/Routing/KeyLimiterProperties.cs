using FsCheck;
using FsCheck.Fluent;
using Sahab.Routing.Admission;
using static Sahab.Tests.Routing.World;

namespace Sahab.Tests.Routing;

/// <summary>
/// The promises of the limiter under random histories, checked against a list of all that was admitted.
/// </summary>
public sealed class KeyLimiterProperties
{
    private const int Requests = 6;
    private const long Tokens = 1_000;

    private static readonly Gen<Step> Steps =
        from elapsed in Gen.Frequency(
            (20, Gen.Choose(0, 900)), (4, Gen.Choose(-300, 0)), (3, Gen.Choose(900, 30_000)),
            (1, Gen.Choose(50_000, 90_000)))
        from kind in Gen.Frequency((6, Gen.Constant(StepKind.Admit)), (4, Gen.Constant(StepKind.Settle)),
            (1, Gen.Constant(StepKind.Cancel)))
        from tokens in Gen.Choose(0, 400)
        from which in Gen.Choose(0, 1_000)
        select new Step(elapsed, kind, tokens, which);

    private enum StepKind
    {
        Admit,
        Settle,
        Cancel,
    }

    [Fact]
    public void No_minute_holds_more_than_the_limit_but_for_what_its_calls_were_underestimated() =>
        Prop.ForAll(Arb.From(Gen.ArrayOf(Steps, 300)), steps => HoldsInEveryMinute(steps, leap: 0))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(200));

    [Fact]
    public void A_clock_that_is_set_back_by_hours_breaks_no_minute_of_the_time_that_really_passed() =>
        Prop.ForAll(Arb.From(Gen.ArrayOf(Steps, 300)), steps => HoldsInEveryMinute(steps, leap: -7_200_000))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(100));

    [Fact]
    public void A_refused_call_is_admitted_after_the_stated_wait_if_nobody_else_comes() =>
        Prop.ForAll(Arb.From(Gen.ArrayOf(Steps, 120)), steps =>
        {
            var history = new History();
            foreach (var step in steps)
            {
                history.Apply(step, offset: 0);
            }

            var refused = history.Limiter.TryAdmit(Tokens, history.NowMs, out _);
            var later = Math.Max(history.LatestMs, history.NowMs) + refused.RetryAfterMs;
            return refused.Admitted
                || history.Limiter.TryAdmit(Tokens, later, out _).Admitted;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(200));

    [Fact]
    public async Task Threads_together_get_exactly_the_limit_and_never_more_at_the_same_time()
    {
        const int Concurrency = 5;
        var limiter = new KeyLimiter(Limit(requests: 2_000, concurrency: Concurrency));
        var (admitted, running, most) = (0, 0, 0);
        using var full = new Barrier(Concurrency);
        void Drive()
        {
            for (var call = 0; call < 4_000; call++)
            {
                if (!limiter.TryAdmit(1, Start, out var lease).Admitted)
                {
                    Thread.Yield();
                    continue;
                }

                var order = Interlocked.Increment(ref admitted);
                var now = Interlocked.Increment(ref running);
                for (var seen = Volatile.Read(ref most); now > seen; seen = Volatile.Read(ref most))
                {
                    Interlocked.CompareExchange(ref most, now, seen);
                }

                // The first calls wait for each other, so that the limit is reached however slow the machine is.
                if (order <= Concurrency)
                {
                    full.SignalAndWait();
                }

                Thread.Yield();
                Interlocked.Decrement(ref running);
                lease.Settle(1, Start);
                lease.Settle(1, Start);
            }
        }

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ =>
            Task.Factory.StartNew(
                Drive, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        admitted.ShouldBe(2_000);
        most.ShouldBe(Concurrency);
        limiter.Read(Start).ShouldBe(new LimiterReading(2_000, 0, 0));
    }

    private static bool HoldsInEveryMinute(Step[] steps, long leap)
    {
        var history = new History();
        for (var index = 0; index < steps.Length; index++)
        {
            // A clock that is set back while threads also arrive out of order can be told from neither alone, so
            // here they arrive in order.
            var step = leap == 0 ? steps[index] : steps[index] with { ElapsedMs = Math.Abs(steps[index].ElapsedMs) };
            history.Apply(step, index < steps.Length / 2 ? 0 : leap);
        }

        return history.HoldsInEveryMinute();
    }

    private sealed record Step(int ElapsedMs, StepKind Kind, int Tokens, int Which);

    private sealed class Call(long atMs, long estimate, KeyLease lease)
    {
        public long AtMs { get; } = atMs;

        public long Estimate { get; } = estimate;

        public KeyLease Lease { get; } = lease;

        public long Used { get; set; } = estimate;

        public bool Ended { get; set; }

        public bool Cancelled { get; set; }
    }

    private sealed class History
    {
        private readonly List<Call> _calls = [];

        public KeyLimiter Limiter { get; } = new(Limit(requests: Requests, tokens: Tokens));

        public long NowMs { get; private set; } = Start;

        // Before it is told any, it has no time: the first may lie before the start.
        public long LatestMs { get; private set; } = long.MinValue;

        public void Apply(Step step, long offset)
        {
            NowMs += step.ElapsedMs;
            var told = NowMs + offset;
            if (step.Kind == StepKind.Admit)
            {
                Tell();
                if (Limiter.TryAdmit(step.Tokens, told, out var lease).Admitted)
                {
                    _calls.Add(new Call(LatestMs, step.Tokens, lease));
                }

                return;
            }

            var open = _calls.Where(call => !call.Ended).ToList();
            if (open.Count == 0)
            {
                return;
            }

            Tell();
            var call = open[step.Which % open.Count];
            call.Ended = true;
            if (step.Kind == StepKind.Cancel)
            {
                (call.Cancelled, call.Used) = (true, 0);
                call.Lease.Cancel(told).ShouldBeTrue();
            }
            else
            {
                call.Used = step.Tokens;
                call.Lease.Settle(step.Tokens, told).ShouldBeTrue();
            }
        }

        // A limiter's time is the latest that it was told; of times between two calls it knows nothing.
        private void Tell() => LatestMs = Math.Max(LatestMs, NowMs);

        public bool HoldsInEveryMinute()
        {
            foreach (var first in _calls)
            {
                var minute = _calls.Where(call => call.AtMs >= first.AtMs && call.AtMs < first.AtMs + 60_000).ToList();
                var overrun = minute.Sum(call => Math.Max(0, call.Used - call.Estimate));
                if (minute.Count(call => !call.Cancelled) > Requests
                    || minute.Sum(call => call.Used) > Tokens + overrun)
                {
                    return false;
                }
            }

            return _calls.Count > 0;
        }
    }
}
