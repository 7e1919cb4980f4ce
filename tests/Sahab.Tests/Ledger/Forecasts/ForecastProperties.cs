using FsCheck;
using FsCheck.Fluent;
using Sahab.Ledger.Forecasts;

namespace Sahab.Tests.Ledger.Forecasts;

/// <summary>What holds for every history.</summary>
public class ForecastProperties
{
    static readonly DateOnly Today = new(2026, 6, 1);

    static readonly Gen<decimal[]> Histories = Gen.OneOf(
        Gen.Choose(0, 1_000_000).Select(cents => cents / 100m),
        Gen.Frequency((3, Gen.Constant(0m)), (1, Gen.Choose(0, 1_000_000).Select(cents => cents * 1000m))),
        Gen.Choose(90, 110).Select(each => (decimal)each)).ArrayOf().Where(days => days.Length <= 100);

    [Fact]
    public void No_figure_is_negative_and_each_lies_in_its_band() => Check(days =>
    {
        var coming = Of(days).Days(Today.AddDays(3), Today.AddDays(500));
        coming.Count.ShouldBe(497);
        var sum = 0m;
        for (var i = 0; i < coming.Count; i++)
        {
            Holds(coming[i].Amount);
            Holds(coming[i].Sum);
            sum += coming[i].Amount.Expected;
            coming[i].Sum.Expected.ShouldBe(sum, 0.000001m * (1 + sum));
            if (i > 0)
            {
                coming[i].Sum.Low.ShouldBeGreaterThanOrEqualTo(coming[i - 1].Sum.Low);
                coming[i].Sum.High.ShouldBeGreaterThanOrEqualTo(coming[i - 1].Sum.High);
            }
        }
    });

    [Fact]
    public void A_thousandfold_history_has_a_thousandfold_forecast() => Check(days =>
    {
        var one = Of(days).Total(Today, Today.AddDays(90));
        var thousand = Of([.. days.Select(day => day * 1000)]).Total(Today, Today.AddDays(90));
        foreach (var (small, large) in new[]
        {
            (one.Low, thousand.Low), (one.Expected, thousand.Expected), (one.High, thousand.High),
        })
        {
            large.ShouldBe(small * 1000, 0.0001m + (0.000001m * large));
        }
    });

    [Fact]
    public void The_same_history_some_weeks_or_days_later_has_the_same_forecast() => Check(days =>
    {
        var now = Of(days);
        var later = Of(days, Today.AddDays(23));
        for (var ahead = 0; ahead < 40; ahead++)
        {
            later.On(Today.AddDays(23 + ahead)).ShouldBe(now.On(Today.AddDays(ahead)));
        }
    });

    [Fact]
    public void Days_without_anything_before_the_first_change_nothing() => Check(days =>
    {
        var with = Of([.. Enumerable.Repeat(0m, 50), .. days]);

        with.Total(Today, Today.AddDays(60)).ShouldBe(Of(days).Total(Today, Today.AddDays(60)));
    });

    static void Holds(Estimate estimate)
    {
        estimate.Low.ShouldBeGreaterThanOrEqualTo(0);
        estimate.Expected.ShouldBeGreaterThanOrEqualTo(estimate.Low);
        estimate.High.ShouldBeGreaterThanOrEqualTo(estimate.Expected);
    }

    static DrawForecast Of(decimal[] days, DateOnly? today = null)
    {
        var end = today ?? Today;
        return DrawForecast.Of(DailyHistory.Of(
            days.Select((amount, index) => new DailyAmount(end.AddDays(index - days.Length), amount)), end));
    }

    static void Check(Action<decimal[]> holds) =>
        Prop.ForAll(Arb.From(Histories), holds).Check(Config.QuickThrowOnFailure.WithMaxTest(100));
}
