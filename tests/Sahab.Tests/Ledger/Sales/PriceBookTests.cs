using Sahab.Ledger.Rating;
using Sahab.Ledger.Sales;

namespace Sahab.Tests.Ledger.Sales;

public class PriceBookTests
{
    static readonly PriceBook Book = new(
        [
            Prices.List("first", "2026-01-01", ("large", Prices.Plan(3, 15)), ("small", Prices.Plan(1, 4))),
            Prices.List("second", "2026-03-01", ("small", Prices.Plan(0.8m, 3))),
        ],
        [
            new PriceAgreement
            {
                Id = "acme", Organisation = "acme", From = Prices.Day("2026-02-01"), Until = Prices.Day("2026-04-01"),
                Discount = 0.1m, Prices = [new ModelPrice("large", Prices.Plan(2, 10))],
            },
            new PriceAgreement { Id = "acme-2", Organisation = "acme", From = Prices.Day("2026-03-15"), Discount = 0.25m },
        ],
        TimeSpan.FromDays(30));

    [Theory]
    [InlineData("2025-12-31", "large", null, 0)]
    [InlineData("2026-01-01", "large", "list:first", 3)]
    [InlineData("2026-04-01", "large", "list:first", 3)]
    [InlineData("2026-02-28", "small", "list:first", 1)]
    [InlineData("2026-03-01", "small", "list:second", 0.8)]
    [InlineData("2026-03-01", "other", null, 0)]
    public void The_latest_list_that_names_a_model_prices_it(string day, string model, string? plan, double prompt)
    {
        var terms = Book.TermsFor("anybody", model, "default", Prices.Day(day));

        terms?.Plan.ShouldBe(plan);
        (terms?.Prices.PromptNanoPerMillion ?? 0).ShouldBe((long)(prompt * 1_000_000_000));
    }

    [Theory]
    [InlineData("2026-01-31", "large", "list:first", 3)]
    [InlineData("2026-02-01", "large", "agreement:acme", 2)]
    [InlineData("2026-02-01", "small", "agreement:acme/list:first", 0.9)]
    [InlineData("2026-03-01", "small", "agreement:acme/list:second", 0.72)]
    [InlineData("2026-03-15", "large", "agreement:acme-2/list:first", 2.25)]
    [InlineData("2026-05-01", "small", "agreement:acme-2/list:second", 0.6)]
    public void The_agreement_that_began_last_overrides_prices_or_takes_something_off(
        string day, string model, string plan, double prompt)
    {
        var terms = Book.TermsFor("acme", model, "default", Prices.Day(day))!;

        terms.Plan.ShouldBe(plan);
        terms.Prices.PromptNanoPerMillion.ShouldBe((long)(decimal.Round((decimal)prompt, 4) * 1_000_000_000));
    }

    [Fact]
    public void An_agreement_that_ends_leaves_list_prices_as_terms_of_their_own()
    {
        var book = new PriceBook(
            Book.Lists,
            [new PriceAgreement
            {
                Id = "short", Organisation = "acme", From = Prices.Day("2026-02-01"), Until = Prices.Day("2026-02-10"), Discount = 0.5m,
            }],
            TimeSpan.Zero);

        var (before, after) = (Terms("2026-01-15"), Terms("2026-02-15"));

        after.Plan.ShouldBe(before.Plan);
        after.From.ShouldBe(Prices.Day("2026-02-10"));
        after.ShouldNotBe(before);
        Terms("2026-02-05").Prices.ShouldBe(PriceTerms.FromUsdPerMillion(1.5m, 1.5m, 7.5m));

        SaleTerms Terms(string day) => book.TermsFor("acme", "large", "default", Prices.Day(day))!;
    }

    [Fact]
    public void Flex_and_batch_cost_half_unless_batch_or_both_are_said()
    {
        var half = Prices.Plan(3, 15);
        var said = half with { Batch = Prices.Price(1, 5) };

        half.PriceOf("batch").ShouldBe(Prices.Price(1.5m, 7.5m));
        half.PriceOf("flex").ShouldBe(Prices.Price(1.5m, 7.5m));
        half.PriceOf("priority").ShouldBe(half.Default);
        said.PriceOf("flex").ShouldBe(Prices.Price(1, 5));
        (said with { Flex = Prices.Price(2, 6) }).PriceOf("flex").ShouldBe(Prices.Price(2, 6));
    }

    [Fact]
    public void Asking_for_a_price_allocates_nothing()
    {
        var at = Prices.Day("2026-03-20");
        Ask();
        var before = GC.GetAllocatedBytesForCurrentThread();

        for (var i = 0; i < 100; i++)
        {
            Ask();
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);

        void Ask()
        {
            Book.TermsFor("acme", "small", "flex", at);
            Book.TermsFor("anybody", "large", "batch", at);
            Book.TermsFor("anybody", "unknown", "batch", at);
        }
    }

    [Theory]
    [InlineData(AttemptOutcome.Succeeded, 45_000)]
    [InlineData(AttemptOutcome.Abandoned, 45_000)]
    [InlineData(AttemptOutcome.Cut, 0)]
    [InlineData(AttemptOutcome.Stalled, 0)]
    [InlineData(AttemptOutcome.ServerError, 0)]
    public void A_customer_pays_for_the_attempt_that_answered_and_for_no_other(AttemptOutcome outcome, long nano) =>
        Book.TermsFor("anybody", "large", "default", Prices.Day("2026-03-20"))!
            .AmountOf(outcome, new TokenUsage(10, 0, 1, 0)).Value.ShouldBe(nano);

    [Fact]
    public void Terms_with_equal_values_are_equal()
    {
        var (one, other) = (Book.TermsFor("a", "small", "default", Prices.Day("2026-03-02")),
            new PriceBook(Book.Lists, Book.Agreements, Book.Notice).TermsFor("b", "small", "default", Prices.Day("2026-03-09")));

        one.ShouldBe(other);
        one!.GetHashCode().ShouldBe(other!.GetHashCode());
    }
}
