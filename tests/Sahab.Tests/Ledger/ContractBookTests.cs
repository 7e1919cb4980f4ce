using Sahab.Ledger.Contracts;

namespace Sahab.Tests.Ledger;

public class ContractBookTests
{
    static readonly Rate Rate = new() { Id = "rate", Source = Terms.Page, Discount = 0.1m };

    [Fact]
    public void An_amendment_supersedes_from_its_date_and_leaves_what_was_before()
    {
        var contract = Terms.Contract("cloud", "2026-01-01", Rate);
        contract = contract with
        {
            Versions = [contract.Versions[0], Terms.Version(2, "2026-06-01", Rate with { Discount = 0.3m })],
        };
        var book = Terms.Book(contract);

        DiscountAt(book, "2026-05-31T23:00", "2100-01-01").ShouldBe(0.1m);
        DiscountAt(book, "2026-06-01", "2100-01-01").ShouldBe(0.3m);
        DiscountAt(book, "2026-06-01", "2026-05-31").ShouldBe(0.1m, "that is what was known then");
        book.AsOf(Terms.At("2025-12-31"), Terms.Hindsight).ShouldBeEmpty();
    }

    [Fact]
    public void What_became_known_last_holds_from_its_date_even_where_that_lies_before_another_s()
    {
        var contract = Terms.Contract("cloud", "2026-01-01", Rate);
        contract = contract with
        {
            Versions =
            [
                contract.Versions[0],
                Discounted(2, "2026-06-01", "2026-02-01", 0.3m),
                Discounted(3, "2026-03-01", "2026-04-01", 0.5m),
            ],
        };
        var book = Terms.Book(contract);

        DiscountAt(book, "2026-07-01", "2026-03-15").ShouldBe(0.3m);
        DiscountAt(book, "2026-07-01", "2026-04-01").ShouldBe(0.5m);
        DiscountAt(book, "2026-03-15", "2026-03-15").ShouldBe(0.1m);
        DiscountAt(book, "2026-03-15", "2026-04-01").ShouldBe(0.5m);

        static ContractVersion Discounted(int number, string validFrom, string knownFrom, decimal discount) =>
            Terms.Version(number, validFrom, Rate with { Discount = discount }) with { KnownFrom = Terms.At(knownFrom) };
    }

    [Fact]
    public void A_clause_with_a_date_of_its_own_begins_and_ends_by_it()
    {
        var book = Terms.Book(Terms.Contract(
            "cloud",
            "2026-01-01",
            Rate with { Until = Terms.At("2026-03-01") },
            Rate with { Id = "later", From = Terms.At("2026-03-01"), Discount = 0.2m }));

        DiscountAt(book, "2026-02-28T23:00", "2100-01-01").ShouldBe(0.1m);
        DiscountAt(book, "2026-03-01", "2100-01-01").ShouldBe(0.2m);
    }

    [Fact]
    public void A_contract_ends_when_its_version_says_and_goes_on_when_a_later_one_extends_it()
    {
        var contract = Terms.Contract("cloud", "2026-01-01", Rate);
        var ending = contract.Versions[0] with { Ends = Terms.At("2026-07-01") };
        var ended = Terms.Book(contract with { Versions = [ending] });
        var extended = Terms.Book(contract with { Versions = [ending, Terms.Version(2, "2026-06-01")] });

        ended.AsOf(Terms.At("2026-06-30T23:00"), Terms.Hindsight).ShouldHaveSingleItem();
        ended.AsOf(Terms.At("2026-07-01"), Terms.Hindsight).ShouldBeEmpty();
        DiscountAt(extended, "2026-07-01", "2100-01-01").ShouldBe(0.1m);
    }

    [Fact]
    public void A_use_falls_under_the_first_contract_in_order_that_covers_it()
    {
        var general = Terms.Contract("cloud", "2026-01-01") with { Id = "general", Order = 2 };
        var scope = new Scope { Id = "s", Source = Terms.Page, Uses = Terms.Of("gpu") };
        var special = Terms.Contract("cloud", "2026-01-01", scope) with { Id = "special", Order = 1 };
        var contracts = Terms.Book(general, special).KnownAt(Terms.Hindsight);
        var hour = Hour.Of(Terms.At("2026-02-01"));

        contracts.TermsFor(UseOf("gpu"), hour)!.Contract.Id.ShouldBe("special");
        contracts.TermsFor(UseOf("storage"), hour)!.Contract.Id.ShouldBe("general");
        contracts.TermsFor(UseOf("gpu") with { Provider = "other" }, hour).ShouldBeNull();
    }

    [Fact]
    public void Every_contradiction_is_named_with_its_place()
    {
        var contract = Terms.Contract(
            "cloud",
            "2026-01-01T00:30",
            Rate with { Discount = 1.5m },
            Rate with { Source = new ClauseSource("", 0) },
            new Commitment
            {
                Id = "c",
                Source = Terms.Page,
                Windows =
                [
                    new CommitmentWindow(Terms.At("2026-01-01"), Terms.At("2026-03-01"), -5),
                    new CommitmentWindow(Terms.At("2026-02-01"), Terms.At("2026-01-01"), 5),
                ],
            },
            new ReservedFee { Id = "fee", Source = Terms.Page, Tranches = ["none", "none"], PerMonth = 1 }) with
        { Currency = "EUR" };
        var second = Terms.Version(4, "2025-01-01", new Scope { Id = "c", Source = Terms.Page }) with
        {
            Drops = ["x"],
            Ends = Terms.At("2024-01-01"),
        };
        contract = contract with { Versions = [contract.Versions[0], second] };

        var problems = ContractProblems.Of([contract, contract], []);
        foreach (var part in new[]
        {
            "contract cloud: the id is used 2 times",
            "contract cloud: no rate is known for EUR",
            "contract cloud, version 1: valid from 2026-01-01 00:30:00Z is not a whole hour",
            "contract cloud, version 1, clause rate: a discount is from 0 to 1",
            "contract cloud, version 1, clause rate: the id is used twice",
            "contract cloud, version 1, clause rate: names no document",
            "contract cloud, version 1, clause c: the amount of a window is at least 0",
            "contract cloud, version 1, clause c: windows overlap",
            "contract cloud, version 1, clause c: a window ends before it begins",
            "contract cloud, version 1, clause fee: there is no tranche none",
            "contract cloud, version 1: the tranche none has 2 fees",
            "contract cloud, version 4: ends before it is valid",
            "contract cloud, version 4, clause c: was a Commitment and is a Scope now",
            "contract cloud, version 4: versions are numbered",
            "contract cloud, version 4: became known before",
            "contract cloud, version 4: drops the clause x",
        })
        {
            problems.ShouldContain(problem => problem.StartsWith(part, StringComparison.Ordinal), part);
        }

        Should.Throw<ArgumentException>(() => Terms.Book(contract)).Message.ShouldContain("not a whole hour");
    }

    [Fact]
    public void A_contract_in_another_currency_needs_a_rate_from_its_first_day()
    {
        var contract = Terms.Contract("cloud", "2026-01-02", Rate) with { Currency = "EUR" };

        ContractProblems.Of([contract], [new CurrencyRate("EUR", new DateOnly(2026, 1, 2), 1.1m)]).ShouldBeEmpty();
        ContractProblems.Of([contract], [new CurrencyRate("EUR", new DateOnly(2026, 1, 3), 1.1m)])
            .ShouldHaveSingleItem().ShouldContain("no rate is known for EUR from its beginning");
    }

    [Fact]
    public void A_currency_without_a_rate_for_the_day_is_an_error_that_says_so()
    {
        var contracts = new ContractBook([], [new CurrencyRate("EUR", new DateOnly(2026, 1, 2), 1.1m)])
            .KnownAt(Terms.Hindsight);

        Should.Throw<ArgumentException>(() => contracts.UsdPerUnit("EUR", Hour.Of(Terms.At("2026-01-01"))))
            .Message.ShouldContain("No rate of EUR is known for 2026-01-01");
        contracts.UsdPerUnit("EUR", Hour.Of(Terms.At("2026-01-02"))).ShouldBe(1.1m);
        contracts.UsdPerUnit("USD", Hour.Of(Terms.At("2020-01-01"))).ShouldBe(1);
    }

    [Theory]
    [InlineData("2026-01-01T00:00", 1, 744, false)]
    [InlineData("2026-02-28T23:00", 672, 672, true)]
    [InlineData("2028-02-29T22:00", 695, 696, false)]
    public void An_hour_knows_its_place_in_its_month(string at, int ofMonth, int hours, bool last)
    {
        var hour = Hour.Of(Terms.At(at).AddMinutes(59));

        hour.Start.ShouldBe(Terms.At(at));
        (hour.OfMonth, hour.HoursInMonth, hour.EndsMonth).ShouldBe((ofMonth, hours, last));
        hour.StartOf(CalendarPeriod.Quarter).Start.ShouldBe(Terms.At(at[..4] + "-01-01"));
    }

    static Use UseOf(string service) => new("cloud", "region", "US", service, "", "");

    static decimal DiscountAt(ContractBook book, string validAt, string knownAt) =>
        book.AsOf(Terms.At(validAt), Terms.At(knownAt)).ShouldHaveSingleItem().Rates.ShouldHaveSingleItem().Discount;
}
