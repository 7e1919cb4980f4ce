using Sahab.Ledger.Contracts;
using Sahab.Ledger.Settlements;

namespace Sahab.Tests.Ledger;

public class BurnDownTests
{
    static readonly DateOnly FirstOfApril = new(2026, 4, 1);

    static readonly Commitment Commitment = new()
    {
        Id = "ramp",
        Source = Terms.Page,
        Windows = CommitmentWindow.Yearly(Terms.At("2026-01-01"), 3650, 3650),
        ShortfallRollover = 0.02m,
    };

    [Fact]
    public void On_an_even_course_it_is_on_pace_and_met_on_the_last_day()
    {
        var burnDown = Of(drawn: 900, forecast: 10, most: 20);

        burnDown.Elapsed.ShouldBe(90m / 365);
        burnDown.Pace.ShouldBe(1);
        burnDown.RequiredPerDay.ShouldBe(10);
        burnDown.ForecastShortfall.ShouldBe(0);
        burnDown.MetOn.ShouldBe(new DateOnly(2026, 12, 31));
        burnDown.OutOfReachFrom.ShouldBeNull();
    }

    [Fact]
    public void Behind_pace_it_tells_what_will_be_missing_and_what_that_costs()
    {
        var burnDown = Of(drawn: 450, forecast: 5, most: 20);

        burnDown.Pace.ShouldBe(0.5m);
        burnDown.RequiredPerDay.ShouldBe(3200m / 275);
        burnDown.ForecastCounted.ShouldBe(450 + (275 * 5));
        burnDown.ForecastShortfall.ShouldBe(3650 - 1825);
        burnDown.ForecastOwed.ShouldBe(1825 - 73, "two per cent go to the next window");
        burnDown.MetOn.ShouldBeNull();
    }

    /// <summary>
    /// 3,200 are left; a day at the forecast draws 5, a day at full use 20. After n days 3,200 - 5n are left and
    /// 20 (275 - n) could be drawn: that is less from n = 154 on.
    /// </summary>
    [Fact]
    public void It_finds_the_first_date_from_which_even_full_use_is_too_little() =>
        Of(drawn: 450, forecast: 5, most: 20).OutOfReachFrom.ShouldBe(FirstOfApril.AddDays(154));

    [Fact]
    public void What_is_out_of_reach_already_is_so_from_today() =>
        Of(drawn: 450, forecast: 5, most: 11).OutOfReachFrom.ShouldBe(FirstOfApril);

    [Fact]
    public void Capacity_that_is_delivered_later_counts_from_then_on()
    {
        var july = new DateOnly(2026, 7, 1);

        BurnDown.Of(Commitment, Standing(450), FirstOfApril, _ => 30, day => day < july ? 0 : 30)
            .MetOn.ShouldBe(july.AddDays(106));
        BurnDown.Of(Commitment, Standing(450), FirstOfApril, _ => 30, day => day < july ? 0 : 17)
            .OutOfReachFrom.ShouldBe(FirstOfApril);
    }

    [Fact]
    public void What_is_met_has_a_surplus_and_needs_nothing_more()
    {
        var burnDown = Of(drawn: 3700, forecast: 1, most: 20);

        burnDown.RequiredPerDay.ShouldBe(0);
        burnDown.MetOn.ShouldBeNull();
        burnDown.OutOfReachFrom.ShouldBeNull();
        burnDown.ForecastSurplus.ShouldBe(50 + 275);
    }

    [Fact]
    public void Before_its_beginning_and_after_its_end_a_window_has_no_days_of_its_own_to_pass()
    {
        var early = BurnDown.Of(Commitment, Standing(0), new DateOnly(2025, 12, 1), _ => 10, _ => 10);
        early.Elapsed.ShouldBe(0);
        early.Pace.ShouldBeNull();
        early.ForecastShortfall.ShouldBe(0);

        var late = BurnDown.Of(Commitment, Standing(3000), new DateOnly(2027, 2, 1), _ => 10, _ => 10);
        late.Elapsed.ShouldBe(1);
        late.RequiredPerDay.ShouldBe(0);
        late.ForecastShortfall.ShouldBe(650);
        late.OutOfReachFrom.ShouldBe(new DateOnly(2027, 2, 1));
    }

    static BurnDown Of(decimal drawn, decimal forecast, decimal most) =>
        BurnDown.Of(Commitment, Standing(drawn), FirstOfApril, _ => forecast, _ => most);

    static CommitmentStanding Standing(decimal drawn) => new()
    {
        Contract = "aws",
        Commitment = "ramp",
        Window = Commitment.Windows[0],
        Drawn = drawn,
    };
}
