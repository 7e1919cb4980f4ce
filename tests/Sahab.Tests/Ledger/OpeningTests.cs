using Sahab.Ledger.Contracts;
using Sahab.Ledger.Forecasts;
using Sahab.Ledger.Settlements;

namespace Sahab.Tests.Ledger;

/// <summary>Books that begin within a contract.</summary>
public class OpeningTests
{
    static readonly Commitment Spend = new()
    {
        Id = "spend",
        Source = Terms.Page,
        Windows = CommitmentWindow.Yearly(Terms.At("2025-01-01"), 500, 1000, 1000),
        SurplusRollover = 0.1m,
    };

    static readonly Rate Rate = new()
    {
        Id = "rate",
        Source = Terms.Page,
        Tiers = [new VolumeTier(0, 0), new VolumeTier(100, 0.5m)],
        TierPeriod = CalendarPeriod.Year,
    };

    static readonly Prepayment Deposit = new()
    {
        Id = "deposit",
        Source = Terms.Page,
        Amount = 300,
        PaidAt = Terms.At("2025-01-01"),
        Until = Terms.At("2026-07-01"),
    };

    static readonly OpeningBalances Opening = new()
    {
        BooksFrom = Terms.At("2026-03-01"),
        Accrued = 7,
        Owed = 11,
        Commitments = [new OpeningDraw("spend", Terms.At("2026-01-01"), 880) { Carried = 50 }],
        Rates = [new OpeningVolume("rate", Terms.At("2026-01-01"), 90)],
        Prepayments = [new OpeningPrepaid("deposit", 25)],
    };

    [Fact]
    public void The_books_go_on_from_the_balances_that_they_begin_with()
    {
        var books = Terms.Settled(
            Book(Opening), "2026-04-01", Terms.Use("cloud", "2026-02-20", "gpu", 40), Terms.Use("cloud", "2026-03-10", "gpu", 30));

        // 10 at the whole price until 100 of volume, 20 at half of it; the deposit pays for 20 of them.
        var standing = books.Standing("spend", "2026-01-01");
        (standing.Drawn, standing.Carried, standing.Remaining).ShouldBe((900, 50, 50));
        books.Ledger.Standings.Count.ShouldBe(1, "the window before is closed");
        books.Usd("prepaid:cloud:deposit").ShouldBe(5);
        books.Usd("accrual:").ShouldBe(0, "it was billed with March");
        books.Usd("payable:cloud").ShouldBe(-18, "11 that were owed and 7 of the open month");
        books.Usd("cost:").ShouldBe(20);
        books.Usd("commitment:drawn:").ShouldBe(900);
        books.Usd("opening:cloud").ShouldBe(7 + 11 - 25);
        books.Usd("commitment:opening:cloud:spend").ShouldBe(-880);
    }

    [Fact]
    public void What_was_used_before_posts_nothing_however_late_it_comes()
    {
        var ledger = new ContractLedger(Book(Opening).KnownAt(Terms.Hindsight));
        ledger.Settle(Terms.At("2026-04-01")).Count(entry => entry.Cause == EntryCause.Opening).ShouldBe(1);

        ledger.Add(Terms.Use("cloud", "2026-02-28T23:59", "gpu", 40)).ShouldBeNull();
        ledger.Add(Terms.Tokens("cloud", "d", "2026-01-05", 1_000_000, 0)).ShouldBeNull();

        ledger.Settle(Terms.At("2026-04-01")).ShouldBeEmpty();
    }

    [Fact]
    public void Another_opening_takes_the_place_of_the_one_before()
    {
        var before = Book(Opening);
        var books = new Books(new ContractLedger(before.KnownAt(Terms.Hindsight)));
        books.Take(books.Ledger.Settle(Terms.At("2026-05-01")));
        var later = Opening with
        {
            BooksFrom = Terms.At("2026-04-01"),
            Accrued = 0,
            Commitments = [new OpeningDraw("spend", Terms.At("2026-01-01"), 900)],
        };
        var contract = before.Contracts[0];
        var after = Terms.Book(contract with
        {
            Versions = [.. contract.Versions, Terms.Version(2, "2026-04-01") with { Opening = later }],
        });

        books.Take(books.Ledger.Rebook(after.KnownAt(Terms.Hindsight), [], [], 1));

        books.Balances().ShouldBe(Terms.Settled(after, "2026-05-01").Balances());
        books.Standing("spend", "2026-01-01").Drawn.ShouldBe(900);
    }

    [Fact]
    public void An_outlook_begins_with_what_was_drawn_before_and_says_nothing_of_windows_that_had_ended()
    {
        var today = new DateOnly(2026, 3, 11);

        var outlook = CommitmentOutlook.Of("cloud", Spend, [], [], today, _ => 1, _ => 10, Opening);

        outlook.Windows.Select(window => window.Phase).ShouldBe([WindowPhase.BeforeBooks, WindowPhase.Running, WindowPhase.Ahead]);
        var present = outlook.Present.Expected;
        (present.Standing.Counted, present.Standing.Remaining).ShouldBe((930, 70));
        present.ForecastCounted.ShouldBe(930 + 296, "one a day until the year's end");
        outlook.Windows[2].Expected.Standing.Carried.ShouldBe(100, "a surplus goes on, up to a tenth");
    }

    [Fact]
    public void What_contradicts_the_contract_is_told_with_its_remedy()
    {
        ProblemOf(Opening with { BooksFrom = Terms.At("2026-03-01T00:30") }).ShouldContain("not a whole hour of UTC; begin");
        ProblemOf(Opening with { BooksFrom = Terms.At("2024-03-01") }).ShouldContain("is not in force");
        ProblemOf(Drawn("spend", "2026-01-01", 951)).ShouldBe(
            "contract cloud, version 1, clause opening.commitments.spend: 951 drawn exceeds what is committed, 950; "
            + "write what was drawn beyond it as surplus");
        ProblemOf(Drawn("spend", "2026-02-01", 1)).ShouldContain("windows begin on 2025-01-01, 2026-01-01, 2027-01-01");
        ProblemOf(Drawn("spend", "2025-01-01", 1)).ShouldContain("has ended before the books begin");
        ProblemOf(Drawn("spend", "2027-01-01", 1)).ShouldContain("has not begun");
        ProblemOf(Drawn("other", "2026-01-01", 1)).ShouldContain("the contract has spend");
        ProblemOf(Opening with { Commitments = [] }).ShouldContain("nothing is said of it; write what was drawn");
        ProblemOf(Opening with { Rates = [] }).ShouldContain("nothing is said of its volume");
        ProblemOf(Opening with { Rates = [Opening.Rates[0] with { From = Terms.At("2026-03-01") }] }).ShouldContain("begins on 2026-01-01");
        ProblemOf(Opening with { Prepayments = [] }).ShouldContain("write what is left");
        ProblemOf(Opening with { Prepayments = [new OpeningPrepaid("deposit", 301)] }).ShouldContain("301 cannot be left of 300");
        ContractProblems.Of(Contracts(Drawn("spend", "2026-01-01", 950)), []).ShouldBeEmpty();
        ContractProblems.Of(Contracts(Opening), []).ShouldBeEmpty();
    }

    static OpeningBalances Drawn(string commitment, string window, decimal drawn) => Opening with
    {
        Commitments = [new OpeningDraw(commitment, Terms.At(window), drawn) { Carried = 50 }],
    };

    static string ProblemOf(OpeningBalances opening) => ContractProblems.Of(Contracts(opening), [])[0];

    static ContractBook Book(OpeningBalances opening) => new(Contracts(opening), []);

    static Contract[] Contracts(OpeningBalances opening)
    {
        var contract = Terms.Contract("cloud", "2025-01-01", Spend, Rate, Deposit);
        return [contract with { Versions = [contract.Versions[0] with { Opening = opening }] }];
    }
}
