using Sahab.Ledger.Contracts;
using Sahab.Ledger.Postings;

namespace Sahab.Tests.Ledger;

/// <summary>What counts toward which commitment, and what becomes of the rest.</summary>
public class DrawdownTests
{
    [Fact]
    public void A_use_counts_toward_the_first_commitment_until_that_is_met_and_then_toward_the_next()
    {
        var book = Terms.Book(
            Contract("first", 1, Commitment("c", 100)), Contract("second", 2, Commitment("c", 500)));
        var books = Terms.Settled(book, "2026-03-01", Terms.Use("cloud", "2026-01-05", "gpu", 130));

        books.Usd(Account.Drawn("first", "c")).ShouldBe(100);
        books.Usd(Account.Drawn("second", "c")).ShouldBe(30);
        books.Usd(Account.DrawnAgainst("second", "c")).ShouldBe(-30);
        books.Usd(Account.ShortfallCost("second", "c")).ShouldBe(470);
    }

    [Fact]
    public void What_no_commitment_needs_is_surplus_of_the_first_and_carries_over_up_to_its_bound()
    {
        var commitment = Commitment("c", 100, 100) with { SurplusRollover = 0.25m };
        var books = Terms.Settled(
            Terms.Book(Contract("only", 1, commitment)), "2026-03-01", Terms.Use("cloud", "2026-01-05", "gpu", 130));

        books.Standing("c", "2026-01-01").Drawn.ShouldBe(130);
        books.Standing("c", "2026-02-01").Carried.ShouldBe(25);
        books.Usd(Account.ShortfallCost("only", "c")).ShouldBe(75);
    }

    [Fact]
    public void A_shortfall_moves_to_the_next_window_up_to_its_bound_and_the_rest_is_owed_at_its_share()
    {
        var commitment = Commitment("c", 100, 100) with { ShortfallRollover = 0.1m, OwedShare = 0.5m };
        var books = Terms.Settled(
            Terms.Book(Contract("only", 1, commitment)), "2026-03-01", Terms.Use("cloud", "2026-01-05", "gpu", 30));

        books.Standing("c", "2026-01-01").Owed.ShouldBe((70 - 10) / 2m);
        books.Standing("c", "2026-02-01").Target.ShouldBe(110);
        books.Standing("c", "2026-02-01").Owed.ShouldBe(110 / 2m, "there is no window after it");
    }

    [Fact]
    public void Excluded_services_do_not_count_and_capped_ones_up_to_their_cap()
    {
        var commitment = Commitment("c", 100) with
        {
            Excluded = [Terms.Of("support")],
            Caps = [new DrawdownCap(Terms.Of("market"), 0.25m)],
        };
        var books = Terms.Settled(
            Terms.Book(Contract("only", 1, commitment)),
            "2026-01-20",
            Terms.Use("cloud", "2026-01-05", "support", 50),
            Terms.Use("cloud", "2026-01-05", "market", 20),
            Terms.Use("cloud", "2026-01-06", "market", 20),
            Terms.Use("cloud", "2026-01-07", "gpu", 10));

        books.Usd(Account.Drawn("only", "c")).ShouldBe(35);
    }

    [Fact]
    public void What_a_cap_keeps_from_one_commitment_may_count_toward_the_next()
    {
        var capped = Commitment("c", 100) with { Caps = [new DrawdownCap(Terms.Of("market"), 0.25m)] };
        var book = Terms.Book(Contract("first", 1, capped), Contract("second", 2, Commitment("c", 500)));
        var books = Terms.Settled(book, "2026-01-20", Terms.Use("cloud", "2026-01-05", "market", 60));

        books.Usd(Account.Drawn("first", "c")).ShouldBe(25);
        books.Usd(Account.Drawn("second", "c")).ShouldBe(35);
    }

    [Theory]
    [InlineData(DrawdownBasis.ListPrice, 100)]
    [InlineData(DrawdownBasis.DiscountedPrice, 80)]
    public void Spend_counts_at_list_price_or_after_discount(DrawdownBasis basis, int drawn)
    {
        var rate = new Rate { Id = "r", Source = Terms.Page, Discount = 0.2m };
        var books = Terms.Settled(
            Terms.Book(Contract("only", 1, Commitment("c", 500) with { Basis = basis }, rate)),
            "2026-01-20",
            Terms.Use("cloud", "2026-01-05", "gpu", 100));

        books.Usd(Account.Drawn("only", "c")).ShouldBe(drawn);
    }

    [Fact]
    public void A_commitment_to_a_quantity_is_valued_at_what_a_missing_unit_costs()
    {
        var commitment = Commitment("c", 1000) with
        {
            Measure = Measure.Quantity,
            Unit = "GPU-hours",
            UnitPrice = 2.5m,
            Eligible = Terms.Of("gpu"),
        };
        var books = Terms.Settled(
            Terms.Book(Contract("only", 1, commitment)), "2026-02-01", Terms.Use("cloud", "2026-01-05", "gpu", 600, 4));

        books.Standing("c", "2026-01-01").Drawn.ShouldBe(600);
        books.Usd(Account.Drawn("only", "c")).ShouldBe(1500);
        books.Usd(Account.ShortfallCost("only", "c")).ShouldBe(1000);
    }

    [Fact]
    public void Reserved_capacity_counts_with_its_fee_and_its_hours()
    {
        var spend = Commitment("spend", 1_000_000);
        var hours = Commitment("hours", 1_000_000) with { Measure = Measure.Quantity, UnitPrice = 1 };
        var tranche = new CapacityTranche
        {
            Id = "t",
            Source = Terms.Page,
            Site = "s",
            Country = "US",
            Gpus = 10,
            DueAt = Terms.At("2026-01-01"),
            AcceptedAt = Terms.At("2026-01-31"),
        };
        var fee = new ReservedFee { Id = "f", Source = Terms.Page, Tranches = ["t"], PerMonth = 31_000 };
        var books = Terms.Settled(Terms.Book(Contract("only", 1, spend, tranche, fee)), "2026-02-01");
        books.Standing("spend", "2026-01-01").Drawn.ShouldBe(1000);

        books = Terms.Settled(Terms.Book(Contract("only", 1, hours, tranche, fee)), "2026-02-01");
        books.Standing("hours", "2026-01-01").Drawn.ShouldBe(240);
    }

    [Fact]
    public void A_commitment_in_another_currency_is_counted_in_it_and_posted_at_the_rate_of_the_day()
    {
        var contract = Contract("only", 1, Commitment("c", 500)) with { Currency = "EUR" };
        var book = new ContractBook(
            [contract],
            [
                new CurrencyRate("EUR", new DateOnly(2026, 1, 1), 1.10m),
                new CurrencyRate("EUR", new DateOnly(2026, 1, 10), 1.20m),
            ]);
        var books = Terms.Settled(
            book,
            "2026-02-01",
            Terms.Use("cloud", "2026-01-09", "gpu", 100),
            Terms.Use("cloud", "2026-01-10", "gpu", 100));

        books.Standing("c", "2026-01-01").Drawn.ShouldBe(200);
        books.Usd(Account.Drawn("only", "c")).ShouldBe(110 + 120);
        books.Usd(Account.ShortfallCost("only", "c")).ShouldBe(300 * 1.20m);
        books.Usd(Account.Payable("cloud")).ShouldBe(-110 - 120 - 360);
    }

    [Fact]
    public void An_amendment_goes_on_with_a_window_that_it_keeps_and_drops_what_it_does_not()
    {
        var kept = Contract("only", 1, Commitment("c", 100));
        var more = kept with
        {
            Versions = [kept.Versions[0], Terms.Version(2, "2026-01-15", Commitment("c", 300))],
        };
        var books = Terms.Settled(Terms.Book(more), "2026-02-01",
            Terms.Use("cloud", "2026-01-05", "gpu", 60), Terms.Use("cloud", "2026-01-20", "gpu", 60));
        books.Usd(Account.ShortfallCost("only", "c")).ShouldBe(180);

        var dropped = kept with
        {
            Versions = [kept.Versions[0], Terms.Version(2, "2026-01-15") with { Drops = ["c"] }],
        };
        books = Terms.Settled(Terms.Book(dropped), "2026-02-01",
            Terms.Use("cloud", "2026-01-05", "gpu", 60), Terms.Use("cloud", "2026-01-20", "gpu", 60));
        books.Usd(Account.ShortfallCost("only", "c")).ShouldBe(0);
        books.Usd(Account.Drawn("only", "c")).ShouldBe(60);
    }

    static Contract Contract(string id, int order, params Clause[] clauses) =>
        Terms.Contract("cloud", "2026-01-01", clauses) with { Id = id, Order = order };

    static Commitment Commitment(string id, params decimal[] monthly) => new()
    {
        Id = id,
        Source = Terms.Page,
        Windows = monthly
            .Select((amount, month) => new CommitmentWindow(
                Terms.At("2026-01-01").AddMonths(month), Terms.At("2026-01-01").AddMonths(month + 1), amount))
            .ToValueList(),
    };
}
