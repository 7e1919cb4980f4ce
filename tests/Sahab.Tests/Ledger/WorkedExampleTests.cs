using Sahab.Ledger.Contracts;
using Sahab.Ledger.Postings;
using Sahab.Ledger.Settlements;

namespace Sahab.Tests.Ledger;

/// <summary>The arithmetic of docs/contracts.md, to the cent.</summary>
public class WorkedExampleTests
{
    [Fact]
    public void Aws_draws_down_a_ramp_with_tiers_a_cap_and_a_shortfall_at_the_end_of_the_year()
    {
        var uses = Enumerable.Range(1, 12).SelectMany(month => new[]
        {
            Terms.Use("aws", $"2026-{month:00}-10", "gpu-hours", 30_000_000),
            Terms.Use("aws", $"2026-{month:00}-20", "marketplace", 60_000_000),
            Terms.Use("aws", $"2026-{month:00}-28", "support", 3_000_000),
        });
        var books = Terms.Settled(WorkedExamples.Aws(), "2027-01-01", uses);

        var spent = books.Usd("cost:service:aws:region:gpu-hours", "2026-01-01", "2026-02-01")
            + books.Usd(Account.Discount("aws", "gpu-hours").Name, "2026-01-01", "2026-02-01");
        spent.ShouldBeAsWritten("105,320,000.00");
        books.Standing("ramp", "2026-01-01").Drawn.ShouldBeAsWritten("1,763,840,000.00");
        books.Usd(Account.Drawn("aws", "ramp")).ShouldBeAsWritten("1,763,840,000.00");
        books.Usd(Account.ShortfallCost("aws", "ramp")).ShouldBeAsWritten("236,160,000.00");
        books.Usd("cost:").ShouldBeAsWritten("2,256,000,000.00");
        (-books.Usd(Account.Payable("aws"))).ShouldBeAsWritten("2,256,000,000.00");
        books.Usd(Account.Accrual("aws")).ShouldBe(0);
    }

    [Fact]
    public void Aws_takes_more_off_the_higher_the_volume_of_the_month()
    {
        var books = Terms.Settled(
            WorkedExamples.Aws(),
            "2027-02-01",
            Terms.Use("aws", "2027-01-05", "gpu-hours", 25_000_000),
            Terms.Use("aws", "2027-01-25", "gpu-hours", 35_000_000));

        books.Usd("cost:", "2027-01-01", "2027-02-01").ShouldBeAsWritten("205,304,000.00");
        (-books.Usd(Account.Discount("aws", "gpu-hours"))).ShouldBeAsWritten("5,896,000.00");
    }

    [Fact]
    public void Oracle_costs_30_billion_a_year_for_four_and_a_half_gigawatts_once_all_is_delivered()
    {
        var books = Terms.Settled(WorkedExamples.Oracle(), "2029-01-01");

        books.Usd("cost:reserved:oracle:dona-ana", "2027-07-01", "2027-08-01").ShouldBeAsWritten("193,548,387.10");
        books.Usd("cost:reserved:", "2027-01-01", "2028-01-01").ShouldBeAsWritten("14,693,548,387.10");
        (-books.Usd(Account.Credit("oracle", "dona-ana"))).ShouldBeAsWritten("28,000,000.00");
        books.Standing("power", "2027-01-01").Owed.ShouldBe(0);
        books.Standing("power", "2028-01-01").Deferred.ShouldBeAsWritten("306,451,612.90");
        books.Usd("cost:reserved:", "2028-01-01", "2029-01-01").ShouldBeAsWritten("30,000,000,000.00");
    }

    [Fact]
    public void CoreWeave_is_paid_by_the_gpu_and_month_used_or_not_and_first_from_the_deposit()
    {
        var books = Terms.Settled(WorkedExamples.CoreWeave(), "2026-09-01");
        books.Usd("cost:reserved:coreweave:h100", "2026-03-01", "2026-04-01").ShouldBeAsWritten("21,677,419.35");
        books.Usd("cost:reserved:").ShouldBeAsWritten("1,525,677,419.35");
        books.Usd(Account.Prepaid("coreweave", "deposit")).ShouldBeAsWritten("274,322,580.65");
        (-books.Usd(Account.Payable("coreweave"))).ShouldBeAsWritten("1,800,000,000.00");

        books.Take(books.Ledger.Settle(Terms.At("2027-01-01")));
        books.Usd(Account.Prepaid("coreweave", "deposit")).ShouldBe(0);
        books.Usd("cost:").ShouldBeAsWritten("2,325,677,419.35");
        (-books.Usd(Account.Payable("coreweave"))).ShouldBeAsWritten("2,325,677,419.35");
        books.Standing("term", "2027-01-01").Carried.ShouldBeAsWritten("25,677,419.35");

        books.Take(books.Ledger.Settle(Terms.At("2031-01-01")));
        books.Usd("cost:reserved:", "2027-01-01", "2028-01-01").ShouldBeAsWritten("2,400,000,000.00");
    }

    [Theory]
    [InlineData("coreweave")]
    [InlineData("own")]
    public void Tokens_on_capacity_that_is_paid_for_otherwise_cost_nothing_more(string provider)
    {
        var book = provider == "own" ? WorkedExamples.Own() : WorkedExamples.CoreWeave();
        var contracts = book.KnownAt(Terms.Hindsight);

        var charge = Charge.Of(Terms.Tokens(provider, "gpt", "2026-06-01", 1_000_000, 1_000_000), contracts);
        (charge.Contract, charge.Rate, charge.Quantity).ShouldBe((provider, "included", 2_000_000));
        charge.Postings().ShouldBeEmpty();
    }

    [Fact]
    public void Google_covers_a_baseline_each_hour_and_five_countries_only()
    {
        var books = Terms.Settled(
            WorkedExamples.Google(),
            "2026-09-01T02:00",
            Terms.Use("google", "2026-09-01T00:10", "gpu-hours", 3_500, 4),
            Terms.Use("google", "2026-09-01T01:50", "gpu-hours", 1_500, 4));

        books.Usd("cost:", "2026-09-01T00:00", "2026-09-01T01:00").ShouldBeAsWritten("9,500.00");
        books.Usd("cost:", "2026-09-01T01:00", "2026-09-01T02:00").ShouldBeAsWritten("5,500.00");

        var usage = Terms.Tokens("google", "gpt-google", "2026-09-01T03:00", 40_000_000, 5_000_000);
        var dutch = Charge.Of(usage with { Country = "NL" }, books.Ledger.Contracts);
        dutch.List.ShouldBeAsWritten("30.00");
        dutch.Cost.ToUsd().ShouldBeAsWritten("27.00");
        dutch.Postings()[1].Account.ShouldBe(Account.Accrual("google"));
        var german = Charge.Of(usage with { Country = "DE" }, books.Ledger.Contracts);
        german.Contract.ShouldBeNull();
        german.Cost.ToUsd().ShouldBeAsWritten("150.00");
        german.Postings()[1].Account.ShouldBe(Account.Payable("google"));
    }

    [Fact]
    public void Azure_owes_by_the_amendment_and_would_have_owed_less_as_it_was_known_before()
    {
        var uses = Enumerable.Range(1, 12)
            .Select(month => Terms.Use("azure", $"2025-{month:00}-15", "compute", 800_000_000))
            .Concat(Enumerable.Range(1, 12)
                .Select(month => Terms.Use("azure", $"2026-{month:00}-15", "compute", 700_000_000)))
            .ToList();
        var before = new ContractLedger(WorkedExamples.Azure().KnownAt(Terms.At("2025-06-01")));
        uses.ForEach(use => before.Add(use));
        before.Settle(Terms.At("2027-01-01"));
        var books = Terms.Settled(WorkedExamples.Azure(), "2027-01-01", uses);

        Owed(before, "2025-01-01").ShouldBeAsWritten("400,000,000.00");
        Owed(books.Ledger, "2025-01-01").ShouldBeAsWritten("400,000,000.00");
        Owed(before, "2026-01-01").ShouldBeAsWritten("4,600,000,000.00");
        Owed(books.Ledger, "2026-01-01").ShouldBeAsWritten("11,600,000,000.00");

        books.Usd("cost:shortfall:", "2026-01-01", "2027-01-01").ShouldBe(11_600_000_000);
        books.Entries.Count(entry => entry.BookedAt == Terms.At("2026-12-31T23:00")).ShouldBeGreaterThan(
            1, "an amount beyond the range of a posting is posted in parts");

        static decimal Owed(ContractLedger ledger, string window) => ledger.Standings
            .Single(standing => standing.Window.From == Terms.At(window)).Owed!.Value;
    }

    [Theory]
    [InlineData("2024-06-01", "2100-01-01", "commitment, sole", 8)]
    [InlineData("2025-02-01", "2100-01-01", "commitment, first-refusal", 10)]
    [InlineData("2026-06-01", "2100-01-01", "commitment", 20)]
    [InlineData("2026-06-01", "2025-06-01", "commitment, first-refusal", 13)]
    [InlineData("2026-06-01", "2024-01-01", "commitment, sole", 13)]
    public void Azure_stood_differently_at_different_times_and_as_it_was_known(
        string validAt, string knownAt, string clauses, int billions)
    {
        var terms = WorkedExamples.Azure().AsOf(Terms.At(validAt), Terms.At(knownAt)).ShouldHaveSingleItem();

        string.Join(", ", terms.Clauses.Select(clause => clause.Id)).ShouldBe(clauses);
        terms.Commitments[0].WindowAt(Hour.Of(Terms.At(validAt)))!.Amount.ShouldBe(billions * 1_000_000_000m);
    }

    [Fact]
    public void Own_sites_cost_their_energy_and_their_fixed_cost()
    {
        var books = Terms.Settled(WorkedExamples.Own(), "2026-05-01");

        (books.Usd(Account.EnergyCost("own", "abilene")) + books.Usd(Account.SiteCost("own", "abilene")))
            .ShouldBeAsWritten("14,529,600.00");
        (books.Usd(Account.EnergyCost("own", "columbus")) + books.Usd(Account.SiteCost("own", "columbus")))
            .ShouldBeAsWritten("5,630,000.00");
        books.Usd("cost:energy:").ShouldBeAsWritten("14,324,400.00");
        books.Usd("cost:site:").ShouldBeAsWritten("22,700,000.00");
        (-books.Usd(Account.Payable("own"))).ShouldBeAsWritten("37,024,400.00");
    }
}
