using Sahab.Ledger.Contracts;
using Sahab.Ledger.Postings;
using Sahab.Ledger.Rating;
using Sahab.Ledger.Settlements;

namespace Sahab.Tests.Ledger;

/// <summary>Tiers, payments, and what happens to postings when events come late or turn out otherwise.</summary>
public class ContractLedgerTests
{
    static readonly Rate Tiered = new()
    {
        Id = "rate",
        Source = Terms.Page,
        Discount = 0.1m,
        Tiers = [new VolumeTier(100, 0.2m), new VolumeTier(300, 0.5m)],
    };

    [Theory]
    [InlineData(0, 0)]
    [InlineData(100, 0)]
    [InlineData(150, 10)]
    [InlineData(300, 40)]
    [InlineData(400, 90)]
    public void A_tier_takes_its_discount_off_the_part_of_the_volume_within_it(int volume, int discount) =>
        Tiered.TierDiscount(volume).ShouldBe(discount);

    [Fact]
    public void Volume_begins_anew_with_each_period()
    {
        var books = Terms.Settled(
            Terms.Book(Terms.Contract("cloud", "2026-01-01", Tiered with { Discount = 0 })),
            "2026-03-01",
            Terms.Use("cloud", "2026-01-05", "gpu", 150),
            Terms.Use("cloud", "2026-02-05", "gpu", 150));

        books.Usd(Account.Discount("cloud", "rate")).ShouldBe(-20);
    }

    [Fact]
    public void Volume_runs_on_over_an_amendment_and_each_part_has_the_tiers_of_its_time()
    {
        var contract = Terms.Contract("cloud", "2026-01-01", Tiered with { Discount = 0 });
        contract = contract with
        {
            Versions =
            [
                contract.Versions[0],
                Terms.Version(2, "2026-01-15", Tiered with { Discount = 0, Tiers = [new VolumeTier(200, 0.3m)] }),
            ],
        };
        var books = Terms.Settled(
            Terms.Book(contract),
            "2026-02-01",
            Terms.Use("cloud", "2026-01-05", "gpu", 150),
            Terms.Use("cloud", "2026-01-20", "gpu", 150));

        // 150 in the first: 20 % of 50. From 150 to 300 in the second: 30 % of 100.
        books.Usd(Account.Discount("cloud", "rate").Name, "2026-01-01", "2026-01-15").ShouldBe(-10);
        books.Usd(Account.Discount("cloud", "rate")).ShouldBe(-40);
    }

    [Fact]
    public void A_late_event_adjusts_the_hours_after_it_and_edits_nothing()
    {
        var book = Terms.Book(Terms.Contract("cloud", "2026-01-01", Tiered with { Discount = 0 }));
        var books = Terms.Settled(book, "2026-02-01", Terms.Use("cloud", "2026-01-20", "gpu", 150));
        var posted = books.Entries.ToList();

        books.Take(books.Ledger.Add(Terms.Use("cloud", "2026-01-05", "gpu", 100)));
        books.Take(books.Ledger.Settle(Terms.At("2026-02-01")));

        books.Entries.Take(posted.Count).ShouldBe(posted);
        books.Usd(Account.Discount("cloud", "rate")).ShouldBe(-30);
        var adjusting = books.Entries.Single(entry => entry.BookedAt == Terms.At("2026-01-20") && entry.Revision == 1);
        adjusting.Cause.ShouldBe(EntryCause.Hour);
        adjusting.Postings.Single(posting => posting.Account == Account.Discount("cloud", "rate"))
            .Amount.ToUsd().ShouldBe(-20);
        books.Usd(Account.Payable("cloud")).ShouldBe(-220);
        books.Usd(Account.Accrual("cloud")).ShouldBe(0);
    }

    [Fact]
    public void A_correction_posts_the_difference_at_the_time_of_the_event()
    {
        var book = Terms.Book(Terms.Contract("cloud", "2026-01-01"));
        var books = Terms.Settled(book, "2026-02-01");
        var usage = Terms.Tokens("cloud", "gpt", "2026-01-05T10:30", 1_000_000, 0);
        books.Take(books.Ledger.Add(usage));
        var before = Charge.Of(usage, books.Ledger.Contracts);
        var after = Charge.Of(usage with { Usage = new TokenUsage(400_000, 0, 0, 0) }, books.Ledger.Contracts);
        books.Take(books.Ledger.Replace(before, after, 1));
        books.Take(books.Ledger.Settle(Terms.At("2026-02-01")));

        books.Usd(Account.ComputeCost("cloud", "region", "gpt")).ShouldBe(1);
        books.Usd(Account.Payable("cloud")).ShouldBe(-1);
        books.Entries.Single(entry => entry.Cause == EntryCause.Event && entry.Revision == 1).BookedAt
            .ShouldBe(Terms.At("2026-01-05T10:30"));
        Should.Throw<ArgumentException>(
            () => books.Ledger.Replace(before, after with { EventId = Guid.NewGuid() }, 2));
    }

    [Fact]
    public void A_shortfall_that_is_waived_afterwards_is_taken_back_and_the_original_entry_stands()
    {
        var commitment = new Commitment
        {
            Id = "c",
            Source = Terms.Page,
            Windows = [new CommitmentWindow(Terms.At("2026-01-01"), Terms.At("2026-02-01"), 100)],
        };
        var contract = Terms.Contract("cloud", "2026-01-01", commitment);
        var waived = Terms.Version(2, "2026-01-31T23:00", commitment with { OwedShare = 0 });
        var waiver = waived with { KnownFrom = Terms.At("2026-03-10") };
        var book = Terms.Book(contract with { Versions = [contract.Versions[0], waiver] });
        var use = Terms.Use("cloud", "2026-01-05", "gpu", 30);

        var books = new Books(new ContractLedger(book.KnownAt(Terms.At("2026-02-01"))));
        books.Take(books.Ledger.Add(use));
        books.Take(books.Ledger.Settle(Terms.At("2026-03-01")));
        books.Usd(Account.ShortfallCost("cloud", "c")).ShouldBe(70);
        var posted = books.Entries.ToList();

        books.Take(books.Ledger.Rebook(book.KnownAt(Terms.At("2026-03-10")), [], [use], 1));
        books.Usd(Account.ShortfallCost("cloud", "c")).ShouldBe(0);
        books.Usd(Account.Payable("cloud")).ShouldBe(-30);
        books.Entries.Take(posted.Count).ShouldBe(posted);
        books.Entries.Skip(posted.Count).ShouldHaveSingleItem().BookedAt.ShouldBe(Terms.At("2026-01-31T23:00"));
    }

    [Fact]
    public void What_is_paid_ahead_pays_for_use_and_is_lost_when_it_expires()
    {
        var prepayment = new Prepayment
        {
            Id = "p",
            Source = Terms.Page,
            Amount = 100,
            PaidAt = Terms.At("2026-01-01"),
            Until = Terms.At("2026-01-20"),
            Uses = Terms.Of("gpu"),
        };
        var books = Terms.Settled(
            Terms.Book(Terms.Contract("cloud", "2026-01-01", prepayment)),
            "2026-01-19",
            Terms.Use("cloud", "2026-01-05", "gpu", 60),
            Terms.Use("cloud", "2026-01-05", "support", 7));
        books.Usd(Account.Prepaid("cloud", "p")).ShouldBe(40);
        books.Usd(Account.Accrual("cloud")).ShouldBe(-7);

        books.Take(books.Ledger.Add(Terms.Use("cloud", "2026-01-25", "gpu", 10)));
        books.Take(books.Ledger.Settle(Terms.At("2026-02-01")));
        books.Usd(Account.Prepaid("cloud", "p")).ShouldBe(0);
        books.Usd(Account.ExpiredCost("cloud", "p")).ShouldBe(40);
        books.Usd(Account.Payable("cloud")).ShouldBe(-100 - 7 - 10);
    }

    [Fact]
    public void The_balance_that_expires_first_is_used_first_and_a_currency_s_course_shows_on_its_own_account()
    {
        var late = new Prepayment
        {
            Id = "a-late",
            Source = Terms.Page,
            Amount = 100,
            PaidAt = Terms.At("2026-01-01"),
            Until = Terms.At("2027-01-01"),
        };
        var early = late with { Id = "b-early", Until = Terms.At("2026-06-01") };
        var contract = Terms.Contract("cloud", "2026-01-01", late, early) with { Currency = "EUR" };
        var book = new ContractBook(
            [contract],
            [
                new CurrencyRate("EUR", new DateOnly(2026, 1, 1), 1m),
                new CurrencyRate("EUR", new DateOnly(2026, 1, 4), 1.1m),
            ]);
        var books = Terms.Settled(book, "2026-02-01", Terms.Use("cloud", "2026-01-05", "gpu", 120));

        books.Usd(Account.Prepaid("cloud", "b-early")).ShouldBe(0);
        books.Usd(Account.Prepaid("cloud", "a-late")).ShouldBe(80);
        books.Usd("cost:service:").ShouldBe(132);
        books.Usd(Account.ExchangeCost("cloud")).ShouldBe(-12);
        books.Usd(Account.Payable("cloud")).ShouldBe(-200);
    }

    [Fact]
    public void A_credit_lowers_the_bill_of_its_month()
    {
        var credit = new Credit
        {
            Id = "sla",
            Source = Terms.Page,
            Amount = 12,
            GrantedAt = Terms.At("2026-01-07"),
            Reason = "below the promised availability",
        };
        var books = Terms.Settled(
            Terms.Book(Terms.Contract("cloud", "2026-01-01", credit)),
            "2026-02-01",
            Terms.Use("cloud", "2026-01-05", "gpu", 60));

        books.Usd(Account.Credit("cloud", "sla")).ShouldBe(-12);
        books.Usd(Account.Payable("cloud")).ShouldBe(-48);
    }

    [Fact]
    public void A_tranche_that_is_late_earns_credits_until_their_end_and_may_be_left()
    {
        var tranche = new CapacityTranche
        {
            Id = "t",
            Source = Terms.Page,
            Site = "s",
            Country = "US",
            Megawatts = 10,
            DueAt = Terms.At("2026-01-02"),
            Late = new LateDelivery(PerDay: 100, GraceDays: 1, MaxDays: 3),
            ExitAfterDays = 10,
        };
        var books = Terms.Settled(Terms.Book(Terms.Contract("cloud", "2026-01-01", tranche)), "2026-01-04T06:00");
        books.Usd(Account.Credit("cloud", "t")).ShouldBe(-125, "a day and a quarter");
        books.Take(books.Ledger.Settle(Terms.At("2026-02-01")));
        books.Usd(Account.Credit("cloud", "t")).ShouldBe(-300);

        tranche.MayBeEnded(Terms.At("2026-01-11")).ShouldBeFalse();
        tranche.MayBeEnded(Terms.At("2026-01-12")).ShouldBeTrue();
        (tranche with { AcceptedAt = Terms.At("2026-01-05") }).MayBeEnded(Terms.At("2026-01-12")).ShouldBeFalse();
    }

    [Fact]
    public void A_month_of_hourly_fees_is_the_monthly_fee_to_the_nano_dollar()
    {
        var tranche = new CapacityTranche
        {
            Id = "t",
            Source = Terms.Page,
            Site = "s",
            Country = "US",
            Gpus = 7,
            DueAt = Terms.At("2026-01-01"),
            AcceptedAt = Terms.At("2026-01-01"),
        };
        var fee = new ReservedFee
        {
            Id = "f",
            Source = Terms.Page,
            Tranches = ["t"],
            Per = FeeUnit.Gpu,
            PerMonth = 3333.333333333m,
        };
        var books = Terms.Settled(Terms.Book(Terms.Contract("cloud", "2026-01-01", tranche, fee)), "2026-03-01");

        books.Usd("cost:reserved:", "2026-01-01", "2026-02-01").ShouldBe(23333.333333331m);
        books.Usd("cost:reserved:", "2026-02-01", "2026-03-01").ShouldBe(23333.333333331m);
        books.Entries.Count.ShouldBe((31 + 28) * 24, "every hour is posted");
    }

    [Fact]
    public void Usage_at_a_discount_and_in_another_currency_is_rounded_once()
    {
        var prices = new PriceTerms(1_000_000, 0, 0);

        // Seven tokens at 1 nano-USD each, a half of that, at 3: 10.5 exactly, and not 3 × 4.
        Rater.Rate(new TokenUsage(7, 0, 0, 0), prices, 0.5m * 3m).Value.ShouldBe(10);
        Rater.Rate(new TokenUsage(7, 0, 0, 0), prices, 1m).ShouldBe(Rater.Rate(new TokenUsage(7, 0, 0, 0), prices));
        Should.Throw<ArgumentException>(() => Rater.Rate(new TokenUsage(7, 0, 0, 0), prices, -1m));
        Should.Throw<OverflowException>(() => Rater.Rate(
            new TokenUsage(1_000_000_000_000, 0, 0, 0), new PriceTerms(1_000_000_000_000, 0, 0),
            0.1234567890123456789012345678m));
    }
}
