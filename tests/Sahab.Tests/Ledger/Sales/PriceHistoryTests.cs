using Sahab.Ledger.Sales;

namespace Sahab.Tests.Ledger.Sales;

public class PriceHistoryTests
{
    static readonly DateTimeOffset Now = Prices.Day("2026-06-01");

    static readonly PriceList First = Prices.List("first", "2026-01-01", ("large", Prices.Plan(3, 15)));

    static readonly PriceAgreement Acme = new()
    {
        Id = "acme",
        Organisation = "acme",
        From = Prices.Day("2026-02-01"),
        Until = Prices.Day("2026-12-01"),
        Discount = 0.1m,
    };

    [Fact]
    public void The_same_book_again_is_no_change() => Problems(Book([First], Acme), Book([First], Acme)).ShouldBeEmpty();

    [Fact]
    public void The_first_book_of_all_may_begin_in_the_past() => Problems(null, Book([First], Acme)).ShouldBeEmpty();

    [Fact]
    public void What_was_in_force_cannot_be_edited_removed_or_backdated()
    {
        Single(Book([First]), Book([First with { Prices = [new ModelPrice("large", Prices.Plan(2, 15))] }]))
            .ShouldContain("The price list first was edited");
        Single(Book([First]), Book([])).ShouldContain("The price list first is gone");
        Single(Book([First]), Book([First, Prices.List("late", "2026-05-31", ("large", Prices.Plan(1, 1)))]))
            .ShouldContain("The price list late is new and begins on 2026-05-31T00:00:00Z, in the past");
        Single(Book([First], Acme), Book([First])).ShouldContain("The agreement acme is gone");
        Single(Book([First], Acme), Book([First], Acme with { Discount = 0.2m })).ShouldContain("The agreement acme was edited");
        Single(Book([First], Acme), Book([First], Acme with { Until = Prices.Day("2026-05-01") }))
            .ShouldContain("The end of the agreement acme was moved in the past");
        Single(Book([First]), Book([First], Acme)).ShouldContain("The agreement acme is new and begins on 2026-02-01");
    }

    [Fact]
    public void An_agreement_may_end_sooner_or_later_than_was_said() =>
        Problems(Book([First], Acme), Book([First], Acme with { Until = null })).ShouldBeEmpty();

    [Theory]
    [InlineData("2026-06-30", 4, 15, 1)]
    [InlineData("2026-07-01", 4, 15, 0)]
    [InlineData("2026-06-02", 3, 16, 1)]
    [InlineData("2026-06-02", 2, 15, 0)]
    public void An_increase_is_announced_and_a_decrease_may_begin_at_once(string from, int prompt, int output, int problems)
    {
        var after = Book([First, Prices.List("next", from, ("large", Prices.Plan(prompt, output)))]);

        var found = Problems(Book([First]), after);

        found.Count.ShouldBe(problems);
        found.ShouldAllBe(problem => problem.Contains("large would cost more from ") && problem.Contains("2026-07-01"));
        Problems(null, after).Count.ShouldBe(problems);
    }

    [Fact]
    public void What_was_announced_in_time_stays_and_may_be_taken_back()
    {
        var dearer = Prices.List("next", "2026-06-10", ("large", Prices.Plan(4, 15)));

        Problems(Book([First, dearer]), Book([First, dearer])).ShouldBeEmpty();
        Problems(Book([First, dearer]), Book([First])).ShouldBeEmpty();
    }

    [Fact]
    public void What_was_announced_to_become_cheaper_cannot_be_taken_back_within_the_notice()
    {
        var cheaper = Prices.List("next", "2026-06-10", ("large", Prices.Plan(1, 5)));

        Single(Book([First, cheaper]), Book([First])).ShouldContain("large would cost more from 2026-06-10");
    }

    [Fact]
    public void Less_free_tokens_or_a_smaller_discount_for_volume_is_an_increase()
    {
        var plan = Prices.Plan(3, 15) with { FreeTokens = 1000, Bands = [new VolumeBand(5000, 0.1m), new VolumeBand(9000, 0.2m)] };

        plan.IsDearerThan(plan).ShouldBeFalse();
        (plan with { FreeTokens = 999 }).IsDearerThan(plan).ShouldBeTrue();
        (plan with { FreeTokens = 1001 }).IsDearerThan(plan).ShouldBeFalse();
        (plan with { Bands = [new VolumeBand(5000, 0.1m)] }).IsDearerThan(plan).ShouldBeTrue();
        (plan with { Bands = [new VolumeBand(5001, 0.3m)] }).IsDearerThan(plan).ShouldBeTrue();
        (plan with { Bands = [new VolumeBand(100, 0.2m)] }).IsDearerThan(plan).ShouldBeFalse();
        (plan with { Batch = Prices.Price(1.6m, 7m) }).IsDearerThan(plan).ShouldBeTrue();

        // Nobody sees where a band begins that begins among the free tokens.
        var hidden = plan with { Bands = [new VolumeBand(500, 0.5m)] };
        (hidden with { Bands = [new VolumeBand(2000, 0.5m)] }).IsDearerThan(hidden).ShouldBeTrue();
        hidden.IsDearerThan(hidden with { Bands = [new VolumeBand(2000, 0.5m)] }).ShouldBeFalse();
    }

    [Fact]
    public void To_shorten_the_notice_takes_as_long_as_the_notice()
    {
        var after = new PriceBook(
            [First, Prices.List("next", "2026-06-10", ("large", Prices.Plan(4, 15)))], [], TimeSpan.Zero);

        Single(Book([First]), after).ShouldContain("the notice of 30 days");
    }

    static PriceBook Book(PriceList[] lists, params PriceAgreement[] agreements) => new(lists, agreements, TimeSpan.FromDays(30));

    static IReadOnlyList<string> Problems(PriceBook? before, PriceBook after) => PriceHistory.ProblemsOf(before, after, Now);

    static string Single(PriceBook before, PriceBook after) => Problems(before, after).ShouldHaveSingleItem();
}
