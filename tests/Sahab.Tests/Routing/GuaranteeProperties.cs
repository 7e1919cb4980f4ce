using FsCheck;
using FsCheck.Fluent;
using Sahab.Routing.Admission;
using Sahab.Routing.Decisions;
using Sahab.Routing.Snapshot;
using static Sahab.Tests.Routing.Shared;
using static Sahab.Tests.Routing.World;

namespace Sahab.Tests.Routing;

/// <summary>The promises of guarantees under random shares and histories, checked against a list of all calls.</summary>
public sealed class GuaranteeProperties
{
    private const int Groups = 3;

    private static readonly Gen<GuaranteeTerms> Terms =
        from share in Gen.Choose(0, 33)
        from lending in Gen.Choose(-20, 33)
        from borrowing in Gen.Choose(-60, 60)
        select Share(
            "?", share / 100m, lending < 0 ? null : Math.Min(lending, share) / 100m,
            borrowing < 0 ? null : borrowing / 100m);

    private static readonly Gen<Ground> Grounds =
        from concurrency in Gen.Choose(0, 20)
        from tokens in Gen.Choose(-500, 2_000)
        from first in Terms
        from second in Terms
        from third in Terms
        select new Ground(
            Limit(
                tokens: tokens < 0 ? null : tokens,
                concurrency: concurrency == 0 && tokens >= 0 ? null : concurrency),
            [first with { Group = "g0" }, second with { Group = "g1" }, third with { Group = "g2" }]);

    private static readonly Gen<Step> Steps =
        from elapsed in Gen.Frequency((20, Gen.Choose(0, 900)), (2, Gen.Choose(900, 40_000)))
        from who in Gen.Choose(0, Groups)
        from tokens in Gen.Choose(0, 300)
        from which in Gen.Choose(0, 1_000)
        from enters in Gen.Frequency((6, Gen.Constant(true)), (4, Gen.Constant(false)))
        select new Step(elapsed, who, tokens, which, enters);

    [Fact]
    public void Exactly_those_calls_are_let_in_that_leave_others_what_is_held_back_for_them()
    {
        var (admitted, refused) = (0, 0);
        Prop.ForAll(Arb.From(Grounds), Arb.From(Gen.ArrayOf(Steps, 200)), (world, steps) =>
        {
            var history = new History(world);
            foreach (var step in steps)
            {
                if (history.Apply(step) is { } wasAdmitted)
                {
                    (admitted, refused) = (admitted + (wasAdmitted ? 1 : 0), refused + (wasAdmitted ? 0 : 1));
                }
            }

            return history.IsRight;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));
        admitted.ShouldBeGreaterThan(1_000);
        refused.ShouldBeGreaterThan(1_000);
    }

    [Fact]
    public void Each_group_gets_what_it_is_guaranteed_once_borrowed_calls_have_ended() =>
        Prop.ForAll(Arb.From(Grounds), Arb.From(Gen.ArrayOf(Steps, 120)), (world, steps) =>
        {
            var history = new History(world);
            foreach (var step in steps)
            {
                history.Apply(step);
            }

            return history.AllGetTheirPlaces();
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(200));

    [Fact]
    public void Where_all_is_lent_nothing_stays_idle_while_somebody_wants_it() =>
        Prop.ForAll(Arb.From(Grounds), Arb.From(Gen.ArrayOf(Steps, 120)), (world, steps) =>
        {
            var generous = world with
            {
                Terms = [.. world.Terms.Select(terms => terms with { LendingLimit = null, BorrowingLimit = null })],
            };
            var (shared, plain) = (new History(generous), new History(generous with { Terms = [] }));
            return steps.All(step => shared.Apply(step) == plain.Apply(step));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(200));

    [Fact]
    public async Task Threads_never_have_more_than_there_is_nor_what_is_held_back_for_others()
    {
        var snapshot = Among(
            Limit(concurrency: 10), Share("g0", 0.3m, lending: 0), Share("g1", 0.3m, lending: 0.1m),
            Share("g2", 0.2m, borrowing: 0.1m));
        var state = snapshot.State("own");
        var (running, others, borrower, wrong) = (0, 0, 0, 0);
        using var begin = new Barrier(8);

        // Three places are held back for g0 and two for g1; g2 may have two and one more.
        void Drive(int thread)
        {
            var group = thread % (Groups + 1);
            var demand = new Demand(1, snapshot.FindGroup("g" + group));
            begin.SignalAndWait();
            for (var call = 0; call < 3_000; call++)
            {
                if (!state.TryReserve(demand, Start, out var lease, out _))
                {
                    Thread.Yield();
                    continue;
                }

                var isWrong = Interlocked.Increment(ref running) > 10;
                isWrong |= group != 0 && Interlocked.Increment(ref others) > 7;
                isWrong |= group == 2 && Interlocked.Increment(ref borrower) > 3;
                _ = isWrong && Interlocked.Increment(ref wrong) > 0;
                Thread.Yield();
                Interlocked.Add(ref running, -1);
                Interlocked.Add(ref others, group != 0 ? -1 : 0);
                Interlocked.Add(ref borrower, group == 2 ? -1 : 0);
                lease.Succeed(Used(1), Start);
            }
        }

        await Task.WhenAll(Enumerable.Range(0, 8).Select(thread => Task.Factory.StartNew(
            () => Drive(thread), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        wrong.ShouldBe(0);
        state.ReadGuarantees(Start).ShouldAllBe(reading => reading.Used == 0);
        snapshot.EnterAll("nobody").ShouldBe(5);
        snapshot.EnterAll("g0").ShouldBe(3);
        snapshot.EnterAll("g1").ShouldBe(2);
    }

    private sealed record Ground(Limits Limits, GuaranteeTerms[] Terms)
    {
        public override string ToString() => $"{Limits}, {string.Join(", ", (object[])Terms)}";
    }

    private sealed record Step(int ElapsedMs, int Group, int Tokens, int Which, bool Enters);

    private sealed record Entry(int Group, long AtMs, DeploymentLease Lease)
    {
        public long Tokens { get; set; }

        public bool Runs { get; set; } = true;
    }

    private sealed class History(Ground world)
    {
        private readonly RoutingSnapshot _snapshot = Among(world.Limits, world.Terms);
        private readonly List<Entry> _entries = [];
        private readonly Allotment[] _places = Of(world, world.Limits.Concurrency);
        private readonly Allotment[] _tokens = Of(world, world.Limits.TokensPerMinute);
        private long _nowMs = Start;

        public bool IsRight { get; private set; } = true;

        /// <summary>Whether a call was let in; null if none came.</summary>
        public bool? Apply(Step step)
        {
            _nowMs += step.ElapsedMs;
            if (!step.Enters)
            {
                Leave(step);
                return null;
            }

            var demand = new Demand(step.Tokens, _snapshot.FindGroup("g" + step.Group));
            var fitsSurely = Fits(step.Group, step.Tokens, windowMs: 60_251);
            var fitsPerhaps = Fits(step.Group, step.Tokens, windowMs: 60_000);
            var looks = _snapshot.State("own").LookAtCapacity(demand, _nowMs) == CandidateVerdict.Eligible;
            var isAdmitted = _snapshot.State("own").TryReserve(demand, _nowMs, out var lease, out _);
            IsRight &= isAdmitted ? fitsPerhaps : !fitsSurely;
            IsRight &= looks == isAdmitted;
            if (isAdmitted)
            {
                _entries.Add(new Entry(step.Group, _nowMs, lease) { Tokens = step.Tokens });
            }

            return isAdmitted;
        }

        /// <summary>After a minute, and when who has more than its share has given that back.</summary>
        public bool AllGetTheirPlaces()
        {
            _nowMs += 61_000;
            for (var group = 0; group <= Groups; group++)
            {
                var running = _entries.Where(entry => entry.Runs && entry.Group == group).ToList();
                foreach (var entry in running.Skip((int)(group < Groups ? _places[group].Guaranteed : 0)))
                {
                    entry.Runs = false;
                    entry.Lease.Release(0, _nowMs);
                }
            }

            for (var group = 0; group < Groups && world.Limits.TokensPerMinute is null or > 0; group++)
            {
                while (_entries.Count(entry => entry.Runs && entry.Group == group) < _places[group].Guaranteed)
                {
                    if (_snapshot.Enter("g" + group, tokens: 0, _nowMs) is not { } lease)
                    {
                        return false;
                    }

                    _entries.Add(new Entry(group, _nowMs, lease));
                }
            }

            return true;
        }

        private static Allotment[] Of(Ground world, long? limit) => Allotment.Of(
            [.. world.Terms.Select(terms => new GroupGuarantee(null!, terms))], limit ?? long.MaxValue);

        private void Leave(Step step)
        {
            var running = _entries.Where(entry => entry.Runs).ToList();
            if (running.Count > 0)
            {
                var entry = running[step.Which % running.Count];
                entry.Runs = false;
                entry.Tokens = Math.Min(entry.Tokens, step.Tokens);
                entry.Lease.Succeed(Used(entry.Tokens), _nowMs);
            }
        }

        private bool Fits(int group, long tokens, long windowMs) =>
            Fits(group, 1, world.Limits.Concurrency, _places, entry => entry.Runs ? 1 : 0)
            && Fits(
                group, tokens, world.Limits.TokensPerMinute, _tokens,
                entry => entry.AtMs > _nowMs - windowMs ? entry.Tokens : 0);

        private bool Fits(int group, long amount, long? limit, Allotment[] allotments, Func<Entry, long> use)
        {
            var used = Enumerable.Range(0, Groups + 1)
                .Select(each => _entries.Where(entry => entry.Group == each).Sum(use)).ToArray();
            var held = allotments.Select((allotment, each) =>
                each == group ? 0 : Math.Max(0, allotment.HeldBack - used[each])).Sum();
            return limit is null
                || (used.Sum() + amount + held <= limit
                    && (group >= allotments.Length || allotments[group].Most == long.MaxValue
                        || used[group] + amount <= allotments[group].Most));
        }
    }
}
