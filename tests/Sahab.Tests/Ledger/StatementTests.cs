using FsCheck;
using FsCheck.Fluent;
using Sahab.Ledger.Settlements;

namespace Sahab.Tests.Ledger;

/// <summary>A statement says of what the ledger's sums are.</summary>
public class StatementTests
{
    /// <summary>The ledger rounds each posting to a nano-dollar; a history has some thousands of them.</summary>
    const decimal Rounding = 0.000_02m;

    [Fact]
    public void What_a_statement_bills_is_what_the_ledger_owes_and_what_it_costs_is_what_the_ledger_has_cost() => Prop.ForAll(
        Arb.From(Gen.Choose(0, int.MaxValue).Select(seed => (ulong)seed)),
        seed =>
        {
            var history = new RandomHistory(seed).Collected();
            var books = history.Rebuilt();
            foreach (var provider in books.Ledger.Contracts.Providers)
            {
                var lines = Statement.Of(
                    books.Ledger.Contracts, provider, history.Charges(books.Ledger.Contracts), RandomContracts.End);
                var ids = history.Book.Contracts
                    .Where(contract => contract.Provider == provider).Select(contract => contract.Id).ToList();
                var billed = -books.Usd("payable:" + provider) - ids.Sum(id => books.Usd("accrual:" + id));
                var costs = books.Usd($"cost:compute:{provider}:") + books.Usd($"cost:service:{provider}:")
                    + ids.Sum(id => ((string[])["reserved", "site", "energy", "committed-use", "discount", "credit", "shortfall", "expired"])
                        .Sum(kind => books.Usd($"cost:{kind}:{id}:")));

                lines.Sum(line => line.BilledUsd).ShouldBe(billed, Rounding, $"billed by {provider}, seed {seed}");
                EffectiveOf(lines, provider, books, ids).ShouldBe(costs, Rounding, $"cost of {provider}, seed {seed}");
            }

            return true;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(200));

    /// <summary>What was paid ahead expires at the rate of the day on which it was paid, in the ledger as for accountants.</summary>
    static decimal EffectiveOf(
        IReadOnlyList<StatementLine> lines, string provider, Books books, IEnumerable<string> contracts) =>
        lines.Where(line => line.Kind != StatementKind.Expired).Sum(line => line.EffectiveUsd)
        + contracts.Sum(id => books.Usd($"cost:expired:{id}:"));

    [Fact]
    public void A_month_says_what_its_hours_say()
    {
        var history = new RandomHistory(42).Collected();
        var contracts = history.Rebuilt().Ledger.Contracts;
        var lines = Statement.Of(contracts, "alpha", history.Charges(contracts), RandomContracts.End);

        var months = Statement.Sum(
            lines, at => new DateTimeOffset(at.Year, at.Month, 1, 0, 0, 0, TimeSpan.Zero), at => at.AddMonths(1));

        months.Count.ShouldBeLessThan(lines.Count);
        months.Sum(line => line.BilledUsd).ShouldBe(lines.Sum(line => line.BilledUsd), 1e-18m);
        months.Sum(line => line.Effective).ShouldBe(lines.Sum(line => line.Effective), 1e-18m);
    }
}
