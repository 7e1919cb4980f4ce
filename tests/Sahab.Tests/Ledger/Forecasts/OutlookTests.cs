using Sahab.Ledger.Contracts;
using Sahab.Ledger.Forecasts;
using Sahab.Ledger.Rating;
using Sahab.Ledger.Settlements;

namespace Sahab.Tests.Ledger.Forecasts;

public class OutlookTests
{
    static readonly DateOnly April = new(2026, 4, 1);

    static readonly Commitment Commitment = new()
    {
        Id = "spend",
        Source = Terms.Page,
        Windows = CommitmentWindow.Yearly(Terms.At("2026-01-01"), 3650, 3650),
        ShortfallRollover = 0.02m,
    };

    static readonly CapacityTranche Hall = new()
    {
        Id = "hall",
        Source = Terms.Page,
        Site = "hall",
        Country = "US",
        Megawatts = 10,
        DueAt = Terms.At("2026-06-01"),
    };

    static readonly ReservedFee Fee = new()
    {
        Id = "fee",
        Source = Terms.Page,
        Tranches = ["hall"],
        Per = FeeUnit.Megawatt,
        PerMonth = 30,
    };

    [Fact]
    public void An_even_draw_is_on_course_behind_is_missing_and_more_than_can_be_used_is_out_of_reach()
    {
        Of(day: 10.2m, counted: 918, most: 100).Present.Alarm.ShouldBe(CommitmentAlarm.AtRisk);
        Of(day: 40, counted: 3600, most: 100).Present.Alarm.ShouldBe(CommitmentAlarm.OnCourse);
        Of(day: 5, counted: 450, most: 100).Present.Alarm.ShouldBe(CommitmentAlarm.Missing);
        Of(day: 5, counted: 450, most: 11).Present.Alarm.ShouldBe(CommitmentAlarm.OutOfReach);
        Of(day: 50, counted: 4500, most: 100).Present.Alarm.ShouldBe(CommitmentAlarm.Met);
    }

    [Fact]
    public void The_band_is_a_scenario_of_its_own_with_its_own_costs()
    {
        var window = Of(day: 5, counted: 450, most: 100).Present;

        window.Expected.ForecastCounted.ShouldBe(450 + (275 * 5), 0.001m);
        window.Low.ForecastCounted.ShouldBe(window.Days[^1].Counted.Low, 0.001m);
        window.High.ForecastCounted.ShouldBe(window.Days[^1].Counted.High, 0.001m);
        window.Low.ForecastOwed.ShouldBeGreaterThan(window.Expected.ForecastOwed);
        window.High.ForecastOwed.ShouldBeLessThan(window.Expected.ForecastOwed);
        window.Days.Count.ShouldBe(275);
        window.Days[^1].CountedAtFullUse.ShouldBe(450 + (275 * 100));
    }

    [Fact]
    public void What_is_left_to_the_next_window_is_counted_in_it()
    {
        var outlook = Of(day: 5, counted: 450, most: 100);

        outlook.Windows[1].Phase.ShouldBe(WindowPhase.Ahead);
        outlook.Windows[1].Expected.Standing.Deferred.ShouldBe(73);
        outlook.Windows[1].Expected.Standing.Target.ShouldBe(3723);
    }

    [Fact]
    public void Without_a_limit_it_can_be_reached_until_the_window_s_end()
    {
        var window = Of(day: 5, counted: 450, most: FullUse.Unbounded).Present;

        window.Alarm.ShouldBe(CommitmentAlarm.Missing);
        window.Expected.OutOfReachFrom.ShouldBe(new DateOnly(2027, 1, 1));
        window.Days[^1].CountedAtFullUse.ShouldBeNull();
    }

    [Fact]
    public void A_window_that_is_over_has_no_days_and_keeps_its_outcome()
    {
        var outlook = CommitmentOutlook.Of(
            "cloud", Commitment, [Standing(3000)], [], new DateOnly(2028, 2, 1), _ => 0, _ => 0);

        outlook.Windows.ShouldAllBe(window => window.Phase == WindowPhase.Over);
        outlook.Windows[0].Expected.ForecastShortfall.ShouldBe(650);
        outlook.Windows[0].Days.ShouldBeEmpty();
    }

    /// <summary>
    /// 300 a month for 30 days of June are 10 a day. Before, nothing; and late in September, from the day that is
    /// called today.
    /// </summary>
    [Fact]
    public void Capacity_that_is_paid_used_or_not_draws_from_its_acceptance_or_when_it_is_due()
    {
        var contracts = Terms.Book(Terms.Contract("cloud", "2026-01-01", Commitment, Hall, Fee)).KnownAt(Terms.Hindsight);

        Fixed(contracts, new DateOnly(2026, 5, 31), April).ShouldBe(0);
        Fixed(contracts, new DateOnly(2026, 6, 1), April).ShouldBe(10, 0.00001m);
        Fixed(contracts, new DateOnly(2026, 7, 1), April).ShouldBe(300m / 31, 0.00001m);
        Fixed(contracts, new DateOnly(2026, 9, 1), new DateOnly(2026, 9, 10)).ShouldBe(0);
        Fixed(contracts, new DateOnly(2026, 9, 10), new DateOnly(2026, 9, 10)).ShouldBe(10, 0.00001m);
    }

    [Fact]
    public void What_is_paid_used_or_not_is_what_the_ledger_draws_without_use()
    {
        var accepted = Hall with { AcceptedAt = Terms.At("2026-02-10T07:00") };
        var book = Terms.Book(Terms.Contract("cloud", "2026-01-01", Commitment, accepted, Fee));
        var drawn = Terms.Settled(book, "2026-04-01").Ledger.Standings.Single().Drawn;
        var contracts = book.KnownAt(Terms.Hindsight);
        var day = new DateOnly(2026, 1, 1);

        var sum = Enumerable.Range(0, 90).Sum(offset => Fixed(contracts, day.AddDays(offset), April));

        sum.ShouldBe(drawn, 0.00001m);
    }

    /// <summary>1,000,000 tokens a day at the dearest price, 2 dollars a million, less ten per cent.</summary>
    [Fact]
    public void Full_use_is_tokens_by_the_contract_s_rate_and_by_the_mix_that_was_seen()
    {
        var rate = new Rate { Id = "rate", Source = Terms.Page, Discount = 0.1m };
        var contracts = Terms.Book(Terms.Contract("cloud", "2026-01-01", Commitment, rate)).KnownAt(Terms.Hindsight);
        var use = new Use("cloud", "region", "US", Use.Inference, "small", "one");
        var prices = PriceTerms.FromUsdPerMillion(0.5m, 0.25m, 2);
        decimal Most(params Outlet[] outlets) => FullUse.DayOf(contracts, "cloud", Commitment, outlets, April);

        Most(new Outlet(use, 1_000_000, prices, default)).ShouldBe(1.8m);
        Most(new Outlet(use, 1_000_000, prices, new TokenUsage(300, 100, 100, 0)))
            .ShouldBe(0.9m * ((200 * 0.5m) + (100 * 0.25m) + (100 * 2m)) / 400);
        Most(new Outlet(use, null, prices, default)).ShouldBe(FullUse.Unbounded);
        Most(new Outlet(use, null, default, default)).ShouldBe(0, "what is free draws nothing");
        Most(new Outlet(use with { Provider = "other" }, 1_000_000, prices, default)).ShouldBe(0);
        FullUse.DayOf(contracts, "cloud", Commitment with { Eligible = Terms.Of("storage") },
            [new Outlet(use, 1_000_000, prices, default)], April).ShouldBe(0);
    }

    /// <summary>The worked example of docs/burn-down.md, to the cent.</summary>
    [Fact]
    public void The_worked_example_is_as_documented()
    {
        var window = new CommitmentWindow(Terms.At("2026-07-01"), Terms.At("2027-07-01"), 5_000_000);
        var commitment = Commitment with { Windows = [window], ShortfallRollover = 0 };
        var today = new DateOnly(2026, 11, 1);
        var drawn = Enumerable.Range(1, 123).Select(ago => new DailyAmount(
            today.AddDays(-ago), today.AddDays(-ago).DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday ? 5_000 : 12_000));
        var standing = Standing(drawn.Sum(day => day.Amount)) with { Window = window };

        var outlook = CommitmentOutlook.Of("cloud", commitment, [standing], drawn, today, _ => 0, _ => 20_000).Present;

        var expected = outlook.Expected;
        Document("of 5,000,000.00, until the end of October are drawn", standing.Drawn);
        Document("will count on 1 July 2027, by the forecast", expected.ForecastCounted);
        Document("missing, and owed", expected.ForecastOwed);
        Document("owed at the lower bound", outlook.Low.ForecastOwed);
        Document("owed at the upper bound", outlook.High.ForecastOwed);
        Document("needed a day from now on", expected.RequiredPerDay);
        House.Repository.Read("docs/burn-down.md").ShouldContain(
            $"| out of reach, at 20,000 a day, from | {expected.OutOfReachFrom:yyyy-MM-dd} |");
        outlook.Alarm.ShouldBe(CommitmentAlarm.Missing);
    }

    static void Document(string what, decimal amount) => House.Repository.Read("docs/burn-down.md").ShouldContain(
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"| {what} | {amount:#,0.00} |"));

    static decimal Fixed(ContractTimeline contracts, DateOnly day, DateOnly today) =>
        FixedDraw.DayOf(contracts, "cloud", Commitment, day, today);

    static CommitmentOutlook Of(decimal day, decimal counted, decimal most) => CommitmentOutlook.Of(
        "cloud", Commitment, [Standing(counted)],
        Enumerable.Range(1, 90).Select(ago => new DailyAmount(April.AddDays(-ago), day)), April, _ => 0, _ => most);

    static CommitmentStanding Standing(decimal drawn) => new()
    {
        Contract = "cloud",
        Commitment = "spend",
        Window = Commitment.Windows[0],
        Drawn = drawn,
    };
}
