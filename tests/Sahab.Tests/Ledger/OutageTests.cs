using Sahab.Ledger.Claims;
using Sahab.Ledger.Contracts;

namespace Sahab.Tests.Ledger;

/// <summary>When a deployment was not there, by what was attempted at it.</summary>
public class OutageTests
{
    static readonly DateTimeOffset Start = new(2026, 11, 5, 9, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Bad_slots_that_are_near_each_other_are_one_outage_with_all_that_failed()
    {
        var outage = Find(Slot("a", 0, 4, 3), Slot("a", 12, 2, 1), Slot("a", 20, 6, 6)).ShouldHaveSingleItem();

        (outage.From, outage.Until).ShouldBe((Start, Start.AddMinutes(24)));
        (outage.Attempts, outage.Failed, outage.FailedUsd, outage.IsOpen).ShouldBe((12, 10, 1.0m, false));
    }

    [Fact]
    public void What_is_farther_apart_or_of_another_deployment_is_another_outage_the_last_first() => Find(
            Slot("a", 0, 4, 4), Slot("b", 3, 5, 5), Slot("a", 20, 4, 4))
        .Select(outage => (outage.Use.Deployment, (outage.From - Start).TotalMinutes))
        .ShouldBe([("a", 20), ("b", 3), ("a", 0)]);

    [Fact]
    public void A_failure_or_two_are_chance() => Find(Slot("a", 0, 2, 2)).ShouldBeEmpty();

    [Theory]
    [InlineData(18, true)]
    [InlineData(20, false)]
    public void An_outage_may_go_on_until_as_much_time_has_passed_as_would_make_another(int now, bool open) =>
        Outages.Find([Slot("a", 0, 4, 4)], Start.AddMinutes(now)).ShouldHaveSingleItem().IsOpen.ShouldBe(open);

    static IReadOnlyList<Outage> Find(params BadSlot[] slots) => Outages.Find(slots, Start.AddDays(1));

    static BadSlot Slot(string deployment, int minute, long attempts, long failed) => new(
        new Use("azure", "eastus", "US", Use.Inference, "m", deployment), Start.AddMinutes(minute), Start.AddMinutes(minute + 4),
        attempts, failed, failed * 0.1m);
}
