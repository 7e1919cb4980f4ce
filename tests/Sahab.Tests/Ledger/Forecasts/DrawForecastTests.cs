using Sahab.Ledger.Forecasts;

namespace Sahab.Tests.Ledger.Forecasts;

public class DrawForecastTests
{
    static readonly DateOnly Today = new(2026, 6, 1);

    [Fact]
    public void Without_history_nothing_is_forecast()
    {
        var forecast = Of([]);

        forecast.History.First.ShouldBe(Today);
        forecast.Total(Today, Today.AddDays(365)).ShouldBe(default);
        forecast.Weekdays.ShouldBeEmpty();
    }

    [Fact]
    public void One_day_is_carried_on_and_half_of_it_or_as_much_again_is_thought_possible()
    {
        var forecast = Of([100]);

        forecast.On(Today).ShouldBe(new Estimate(50, 100, 150));
        forecast.Total(Today, Today.AddDays(365)).ShouldBe(new Estimate(Of([100]).Total(Today, Today.AddDays(2)).Low, 36_500, 73_000));
    }

    [Fact]
    public void Three_days_have_a_level_but_no_trend()
    {
        var forecast = Of([10, 20, 30]);

        forecast.Level.ShouldBe(20);
        forecast.TrendPerDay.ShouldBe(0);
        forecast.Total(Today, Today.AddDays(10)).Expected.ShouldBe(200);
    }

    [Fact]
    public void A_steep_week_does_not_run_away()
    {
        var tenDays = Of([.. Enumerable.Range(1, 10).Select(day => (decimal)day)]);

        tenDays.On(Today).Expected.ShouldBeGreaterThan(5);
        tenDays.On(Today.AddDays(364)).Expected.ShouldBeLessThan(12, "ten days of a rise say little of a year");
    }

    [Fact]
    public void A_trend_that_lasts_is_carried_on_and_fades()
    {
        var forecast = Of([.. Enumerable.Range(0, 200).Select(day => 100 + (decimal)day)]);

        forecast.TrendPerDay.ShouldBe(1, 0.01m);
        forecast.TrendDays.ShouldBe(56);
        forecast.On(Today).Expected.ShouldBe(300, 1);
        forecast.On(Today.AddDays(13)).Expected.ShouldBe(312, 2);
        forecast.On(Today.AddDays(999)).Expected.ShouldBe(299 + 56, 1);
    }

    [Fact]
    public void The_week_is_learned_and_shown()
    {
        var forecast = Of([.. History(70).Select(day => IsWeekend(day) ? 30m : 100m)]);

        forecast.Weekdays[DayOfWeek.Sunday].ShouldBe(0.375m, 0.05m);
        forecast.Weekdays[DayOfWeek.Monday].ShouldBe(1.25m, 0.02m);
        forecast.On(new DateOnly(2026, 6, 3)).Expected.ShouldBe(100, 3);
        forecast.On(new DateOnly(2026, 6, 6)).Expected.ShouldBe(30, 6);
        forecast.Total(Today, Today.AddDays(70)).Expected.ShouldBe(5600, 60);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(20)]
    [InlineData(60)]
    public void A_launch_of_three_days_is_not_taken_for_a_trend(int daysAgo)
    {
        var days = History(70).Select(day =>
            day >= Today.AddDays(-daysAgo) && day < Today.AddDays(3 - daysAgo) ? 800m : 100m);

        var total = Of([.. days]).Total(Today, Today.AddDays(100));

        total.Expected.ShouldBe(10_000, 500);
    }

    /// <summary>Four purchases in a month: the middle of all days is nothing, but the month is not.</summary>
    [Fact]
    public void What_comes_on_few_days_only_is_not_lost() =>
        Of([.. Enumerable.Range(0, 84).Select(day => day % 7 == 3 ? 700m : 0m)])
            .Total(Today, Today.AddDays(28)).Expected.ShouldBe(2800, 60);

    [Fact]
    public void What_has_stopped_for_a_month_is_not_expected_to_go_on() =>
        Of([.. Enumerable.Repeat(100m, 60), .. Enumerable.Repeat(0m, 30)])
            .Total(Today, Today.AddDays(30)).ShouldBe(default);

    [Fact]
    public void What_never_changed_is_certain_for_a_while_and_less_so_far_ahead()
    {
        var forecast = Of([.. Enumerable.Repeat(100m, 400)]);
        var week = forecast.Total(Today, Today.AddDays(7));
        var year = forecast.Total(Today, Today.AddDays(365));

        week.Expected.ShouldBe(700, 0.001m);
        (week.High - week.Low).ShouldBeLessThan(10);
        ((year.High - year.Low) / year.Expected).ShouldBeGreaterThan((week.High - week.Low) / week.Expected);
    }

    /// <summary>
    /// Errors of the same sign follow one another, so the band of a total is wider than if they were independent, and
    /// narrower than the bands of its days added up.
    /// </summary>
    [Fact]
    public void The_band_of_a_total_lies_between_days_that_err_alone_and_days_that_err_together()
    {
        var walk = new Random(5);
        var level = 100.0;
        var days = new List<decimal>();
        for (var day = 0; day < 300; day++)
        {
            level *= Math.Exp(0.04 * (walk.NextDouble() - 0.5));
            days.Add((decimal)(level * (0.85 + (0.3 * walk.NextDouble()))));
        }

        var coming = Of(days).Days(Today, Today.AddDays(28));
        var half = (coming[^1].Sum.High - coming[^1].Sum.Low) / 2;
        var daily = coming.Select(day => (double)(day.Amount.High - day.Amount.Low) / 2).ToList();

        half.ShouldBeLessThan((decimal)daily.Sum());
        half.ShouldBeGreaterThan((decimal)Math.Sqrt(daily.Sum(each => each * each)));
    }

    [Fact]
    public void Today_is_not_over_and_left_out()
    {
        var history = DailyHistory.Of(
            [new(Today, 5), new(Today.AddDays(-2), 40), new(Today.AddDays(-2), 2), new(Today.AddDays(1), 7)], Today);

        history.First.ShouldBe(Today.AddDays(-2));
        history.Amounts.ShouldBe([42, 0]);
        history.Until.ShouldBe(Today);
    }

    [Fact]
    public void What_is_asked_for_must_be_to_come()
    {
        Should.Throw<ArgumentOutOfRangeException>(() => Of([1]).On(Today.AddDays(-1)));
        Should.Throw<ArgumentOutOfRangeException>(() => Of([1]).Total(Today, Today.AddDays(36_601)));
    }

    static bool IsWeekend(DateOnly day) => day.DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday;

    static IEnumerable<DateOnly> History(int days) =>
        Enumerable.Range(0, days).Select(day => Today.AddDays(day - days));

    static DrawForecast Of(List<decimal> days) => DrawForecast.Of(DailyHistory.Of(
        days.Select((amount, index) => new DailyAmount(Today.AddDays(index - days.Count), amount)), Today));
}
