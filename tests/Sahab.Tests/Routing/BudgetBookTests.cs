using Sahab.Ledger.Budgets;
using Sahab.Routing.Admission;

namespace Sahab.Tests.Routing;

public sealed class BudgetBookTests
{
    private static readonly BudgetTerms Hourly = new()
    {
        Id = "hourly",
        Measure = BudgetMeasure.Money,
        Period = BudgetPeriod.Hour,
        Limit = 100,
        IsHard = true,
    };

    private readonly BudgetBook _book = new();

    [Fact]
    public void A_node_asks_before_it_gives_what_it_does_not_hold()
    {
        _book.Change([Hourly]);
        Ask(10, At(12)).Standing.ShouldBe(BudgetStanding.MustAsk);

        Grant(spent: 95);
        Ask(10, At(12)).Standing.ShouldBe(BudgetStanding.Exhausted);
        Ask(5, At(12)).Standing.ShouldBe(BudgetStanding.Admitted);
    }

    [Fact]
    public void A_refusal_tells_what_waiting_helps_with_from_what_it_does_not()
    {
        Hold(Hourly);
        _book.TryReserve("p", "k", Money(80), At(12), out var lease);

        Ask(30, At(12)).Standing.ShouldBe(BudgetStanding.MustAsk);
        Grant();
        Ask(30, At(12)).Standing.ShouldBe(BudgetStanding.Held);
        lease!.Settle(Money(80));
        var verdict = Ask(30, At(12));

        verdict.Standing.ShouldBe(BudgetStanding.Exhausted);
        (verdict.Left, verdict.Needed, verdict.ResetsAtUs).ShouldBe((20, 30, At(13)));
    }

    [Fact]
    public void All_budgets_give_or_none_does()
    {
        var small = Hourly with { Id = "small", Key = "k", Limit = 10 };
        Hold(Hourly, small);

        Ask(20, At(12)).Budget!.Id.ShouldBe("small");
        _book.Read("hourly", At(12)).Reserved.ShouldBe(0);
        _book.TryReserve("p", "other", Money(20), At(12), out _).Admitted.ShouldBeTrue();
    }

    [Fact]
    public void A_soft_budget_never_refuses()
    {
        _book.Change([Hourly with { IsHard = false }]);

        _book.TryReserve("p", "k", Money(500), At(12), out var lease).Admitted.ShouldBeTrue();
        lease.ShouldBeNull();
    }

    [Fact]
    public void A_call_counts_in_the_window_in_which_it_began_and_holds_nothing_of_the_next()
    {
        Hold(Hourly);
        _book.TryReserve("p", "k", Money(70), At(12), out var lease);
        Ask(100, At(13));
        Grant();

        Ask(100, At(13)).Standing.ShouldBe(BudgetStanding.Admitted);
        lease!.Settle(Money(70));
        Ask(31, At(12)).Standing.ShouldBe(BudgetStanding.Exhausted);
        Ask(100, At(13)).Standing.ShouldBe(BudgetStanding.Admitted);
    }

    [Fact]
    public void What_began_before_a_budget_counts_holds_of_its_first_window()
    {
        _book.Change([Hourly with { SinceUs = At(12) }]);

        Ask(10, At(3));

        _book.ClaimWanted().ShouldHaveSingleItem().WindowUs.ShouldBe(At(12));
    }

    [Fact]
    public void A_raised_limit_counts_at_once_and_keeps_what_was_used()
    {
        Hold(Hourly);
        Spend(100, At(12));
        _book.Change([Hourly with { Limit = 150 }]);

        Ask(50, At(12)).Standing.ShouldBe(BudgetStanding.MustAsk);
        Grant(limit: 150);
        Ask(51, At(12)).Standing.ShouldBe(BudgetStanding.MustAsk);
        Ask(50, At(12)).Standing.ShouldBe(BudgetStanding.Admitted);
    }

    [Fact]
    public void A_lowered_limit_takes_what_is_not_in_use()
    {
        Hold(Hourly);
        _book.TryReserve("p", "k", Money(30), At(12), out _);
        _book.Change([Hourly with { Limit = 50 }]);

        _book.Read("hourly", At(12)).Held.ShouldBe(30);
        Ask(20, At(12)).Standing.ShouldBe(BudgetStanding.MustAsk);
    }

    [Fact]
    public void What_is_posted_need_not_be_held_any_more_and_what_came_since_must()
    {
        Hold(Hourly);
        Spend(40, At(12));
        var marks = _book.Mark();
        Spend(10, At(12));

        _book.Posted(marks);
        _book.Posted(marks);

        (_book.Read("hourly", At(12)) is { Held: 60, Unposted: 10 }).ShouldBeTrue();
    }

    [Fact]
    public void An_answer_from_before_a_posting_pays_first_for_what_its_calls_cost_beyond_what_was_held()
    {
        _book.Change([Hourly]);
        Ask(40, At(12));
        Answer(held: 40);
        _book.TryReserve("p", "k", Money(40), At(12), out var lease);
        lease!.Settle(Money(70));
        Ask(10, At(12));
        var claim = _book.ClaimWanted().ShouldHaveSingleItem();
        (claim.Keep, claim.Lacks).ShouldBe((40, 40));
        var marks = _book.Mark();

        // The store gives 25 before it hears of the 70, and the node learns of it after.
        _book.Posted(marks);
        _book.Apply([new BudgetAnswer(claim, new BudgetGrant(40, 25, IsEnough: false), 0, 0)], isLast: true);

        _book.Read("hourly", At(12)).Held.ShouldBe(0);
        Ask(1, At(12)).Admitted.ShouldBeFalse();
    }

    [Fact]
    public void What_others_want_and_nobody_needs_here_goes_back()
    {
        Hold(Hourly);
        _book.TryReserve("p", "k", Money(30), At(12), out _);
        _book.BeginTick();

        var claim = _book.Tick(At(12), isShared: true, Holdings(100, wanted: 1)).ShouldHaveSingleItem();

        (claim.Keep, claim.Lacks).ShouldBe((30, 0));
        _book.Read("hourly", At(12)).Held.ShouldBe(30);
    }

    [Fact]
    public void A_node_that_was_said_to_be_gone_gives_nothing_more()
    {
        Hold(Hourly);
        _book.BeginTick();

        _book.Tick(At(12), isShared: true, Holdings(0, wanted: 0));

        Ask(1, At(12)).Standing.ShouldBe(BudgetStanding.MustAsk);
    }

    [Theory]
    [InlineData(1000, 0, 0, 10, 125)]
    [InlineData(1000, 0, 0, 300, 300)]
    [InlineData(1000, 600, 390, 10, 10)]
    [InlineData(1000, 600, 395, 10, 5)]
    [InlineData(1000, 2000, 0, 10, 0)]
    public void A_slice_is_a_part_of_what_is_free_or_what_is_needed(long limit, long spent, long others, long lacks, long given) =>
        BudgetSlice.Of(new BudgetStock(limit, spent, others, 0), 0, lacks, isAlone: false).Given.ShouldBe(given);

    [Fact]
    public void An_id_tells_when_its_call_began() =>
        CallStamp.Of(Guid.CreateVersion7(DateTimeOffset.UnixEpoch.AddMilliseconds(1234)), 5).ShouldBe(1_234_000);

    [Fact]
    public void An_id_that_tells_nothing_leaves_it_to_the_event() => CallStamp.Of(Guid.NewGuid(), 5).ShouldBe(5);

    [Theory]
    [InlineData(BudgetPeriod.Hour, "2026-03-04T05:06:07", "2026-03-04T05:00:00", "2026-03-04T06:00:00")]
    [InlineData(BudgetPeriod.Day, "2026-03-04T05:06:07", "2026-03-04", "2026-03-05")]
    [InlineData(BudgetPeriod.Week, "2026-03-04T05:06:07", "2026-03-02", "2026-03-09")]
    [InlineData(BudgetPeriod.Week, "2026-03-02T00:00:00", "2026-03-02", "2026-03-09")]
    [InlineData(BudgetPeriod.Week, "2026-03-01T23:59:59", "2026-02-23", "2026-03-02")]
    [InlineData(BudgetPeriod.Month, "2028-02-29T12:00:00", "2028-02-01", "2028-03-01")]
    [InlineData(BudgetPeriod.Quarter, "2026-12-31T23:59:59", "2026-10-01", "2027-01-01")]
    [InlineData(BudgetPeriod.Year, "2026-12-31T23:59:59", "2026-01-01", "2027-01-01")]
    public void Windows_are_those_of_the_calendar(BudgetPeriod period, string at, string from, string until) =>
        BudgetWindow.Of(period, Us(at)).ShouldBe(new BudgetWindow(Us(from), Us(until)));

    private static BudgetUse Money(long amount) => new(1, 0, amount);

    private static long At(int hour) => Us($"2026-03-04T{hour:00}:00:00");

    private static long Us(string time) =>
        (DateTimeOffset.Parse(time + (time.Contains('T') ? "Z" : "T00:00:00Z"), System.Globalization.CultureInfo.InvariantCulture)
            - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    private static Dictionary<(string, long), (long, long)> Holdings(long held, long wanted) =>
        new() { [("hourly", At(12))] = (held, wanted) };

    /// <summary>The node gets all that there is of the budgets' windows at noon.</summary>
    private void Hold(params BudgetTerms[] budgets)
    {
        _book.Change(budgets);
        _book.TryReserve("p", "k", Money(1), At(12), out _);
        Grant();
    }

    /// <summary>The store answers what is asked of it, as one that no other node uses.</summary>
    private void Grant(long spent = 0, long? limit = null) => _book.Apply(
        _book.ClaimWanted().Select(claim => new BudgetAnswer(
            claim,
            BudgetSlice.Of(
                new BudgetStock(limit ?? (claim.Budget == "small" ? 10 : 100), spent, 0, claim.Keep), claim.Keep, claim.Lacks,
                isAlone: true),
            spent, 0)).ToList(),
        isLast: true);

    /// <summary>The store gives so much to whoever asks.</summary>
    private void Answer(long held) => _book.Apply(
        _book.ClaimWanted().Select(claim => new BudgetAnswer(claim, new BudgetGrant(0, held, IsEnough: true), 0, 0)).ToList(),
        isLast: true);

    private void Spend(long amount, long us)
    {
        _book.TryReserve("p", "k", Money(amount), us, out var lease).Admitted.ShouldBeTrue();
        lease!.Settle(Money(amount));
    }

    private BudgetVerdict Ask(long amount, long us)
    {
        var verdict = _book.TryReserve("p", "k", Money(amount), us, out var lease);
        lease?.End();
        return verdict;
    }
}
