using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Tests.Configuration;

public sealed class PriceRulesTests
{
    const string Plain = "first: { from: 2026-01-01, prices: { gpt-oss-120b: { prompt: 1, output: 2 } } }";

    [Fact]
    public void A_price_book_is_read_with_its_tiers_and_bands()
    {
        var book = PriceBinding.BookOf(Read($$"""
              lists:
                first:
                  from: 2026-01-01T08:00Z
                  prices:
                    gpt-oss-120b:
                      prompt: 1
                      cache_write: 1.25
                      output: 2
                      tiers: { batch: { prompt: 0.4, output: 0.8 } }
                      volume: { some: { from: 1000, discount: 0.1 }, much: { from: 5000, discount: 0.2 } }
                      free_tokens: 500
              agreements:
                demo: { organisation: demo, from: 2026-02-01, until: 2026-03-01, discount: 0.5 }
                stored: { organisation: org_01, from: 2026-02-01, prices: { gpt-oss-120b: { prompt: 7, output: 8 } } }
            """).Config.ShouldNotBeNull().PriceBook);

        var plan = book.ListStretchesOf("gpt-oss-120b").ShouldHaveSingleItem().Plan;
        plan.Default.ShouldBe(new Ledger.Sales.TokenPrice(1, 1, 1.25m, 1.25m, 2));
        plan.PriceOf("flex").Prompt.ShouldBe(0.4m);
        plan.Bands.Select(band => (band.FromTokens, band.Discount)).ShouldBe([(1000, 0.1m), (5000, 0.2m)]);
        plan.FreeTokens.ShouldBe(500);
        book.Notice.ShouldBe(TimeSpan.FromDays(30));
        book.StretchesOf("demo", "gpt-oss-120b").Count.ShouldBe(3);
        book.StretchesOf("org_01", "gpt-oss-120b").Count.ShouldBe(2);
    }

    [Theory]
    [InlineData(
        $"lists: {{ {Plain}, second: {{ from: 2026-01-01, prices: {{ gpt-oss-120b: {{ prompt: 1, output: 2 }} }} }} }}",
        "price_book.lists.second.from", "the list first begins then too")]
    [InlineData(
        "lists: { first: { from: 2199-01-01, prices: { gpt-oss: { prompt: 1, output: 2 } } } }",
        "price_book.lists.first.prices.gpt-oss", "there is no \"gpt-oss\" among the models")]
    [InlineData(
        "lists: { first: { from: 2026-01-01, prices: { default: { prompt: 1, output: 2 } } } }",
        "price_book.lists.first.prices.default", "default is an alias")]
    [InlineData(
        "lists: { first: { from: 2026-01-01, prices: { gpt-oss-120b: { prompt: 1, output: 2, "
        + "volume: { a: { from: 9, discount: 0.1 }, b: { from: 8, discount: 0.2 } } } } } }",
        "price_book.lists.first.prices.gpt-oss-120b.volume.b.from", "it does not begin after a")]
    [InlineData(
        "lists: { first: { from: 2026-01-01, prices: { gpt-oss-120b: { prompt: 1, output: 2, "
        + "volume: { a: { from: 8, discount: 0.2 }, b: { from: 9, discount: 0.1 } } } } } }",
        "price_book.lists.first.prices.gpt-oss-120b.volume.b.discount", "it takes off less than a")]
    [InlineData(
        "agreements: { a: { organisation: dema, from: 2026-01-01, discount: 0.1 } }",
        "price_book.agreements.a.organisation", "there is no \"dema\" among the tenants")]
    [InlineData(
        "agreements: { a: { organisation: demo, from: 2026-01-01 } }", "price_book.agreements.a", "it agrees on nothing")]
    [InlineData(
        "agreements: { a: { organisation: demo, from: 2026-01-01, until: 2026-01-01, discount: 0.1 } }",
        "price_book.agreements.a.until", "it ends before it begins")]
    [InlineData(
        "agreements: { a: { organisation: demo, from: 2026-01-01, discount: 0.1 }, "
        + "b: { organisation: demo, from: 2026-01-01, discount: 0.2 } }",
        "price_book.agreements.b.from", "the agreement a with demo begins then too")]
    public void What_makes_no_sense_is_refused_where_it_stands(string book, string key, string message)
    {
        var problem = Read("  " + book).Errors.ShouldHaveSingleItem();

        problem.Key.ShouldBe(key);
        problem.Message.ShouldContain(message);
        problem.Remedy.ShouldNotBeEmpty();
    }

    static ConfigReading Read(string book) => ConfigText.Read($"{ConfigText.Small}\n\nprice_book:\n{book}\n");
}
