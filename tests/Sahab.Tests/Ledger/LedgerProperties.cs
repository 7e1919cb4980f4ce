using FsCheck;
using FsCheck.Fluent;
using Sahab.Ledger.Contracts;
using Sahab.Ledger.Settlements;

namespace Sahab.Tests.Ledger;

/// <summary>What holds for every history of events, corrections, amendments, settlements and restarts.</summary>
public class LedgerProperties
{
    static readonly Gen<ulong> Seeds = Gen.Choose(0, int.MaxValue).Select(seed => (ulong)seed);

    [Fact]
    public void Balances_are_a_function_of_the_events_and_the_contracts() => Check(LivesAsItIsRebuilt, 1_000);

    [Fact]
    [Trait("Suite", "All")]
    public void Balances_are_a_function_of_the_events_and_the_contracts_in_10_000_histories() =>
        Check(LivesAsItIsRebuilt, 10_000);

    [Fact]
    public void An_amendment_leaves_what_was_booked_before_its_date_as_it_was() =>
        Check(KeepsWhatWasBefore, 100);

    [Fact]
    public void Sums_of_charges_settle_as_the_charges_do() => Check(
        seed =>
        {
            var history = new RandomHistory(seed).Collected();
            var (summed, rebuilt) = (history.Summed(), history.Rebuilt());
            summed.Balances().ShouldBe(rebuilt.Balances(), $"seed {seed}");
            summed.Ledger.Standings.ShouldBe(rebuilt.Ledger.Standings, $"seed {seed}");
            return true;
        },
        200);

    static bool LivesAsItIsRebuilt(ulong seed)
    {
        var history = new RandomHistory(seed);
        history.Run();
        var rebuilt = history.Rebuilt();

        history.Books.Balances().ShouldBe(rebuilt.Balances(), $"seed {seed}");
        history.Books.Ledger.Standings.ShouldBe(rebuilt.Ledger.Standings, $"seed {seed}");
        foreach (var entry in rebuilt.Entries)
        {
            if (!LiesInItsVersion(entry, history.Book))
            {
                throw new InvalidOperationException($"seed {seed}: {entry} crosses a version");
            }
        }

        return true;
    }

    /// <summary>The version is looked for by hand here: the last that is valid when the entry counts.</summary>
    static bool LiesInItsVersion(Entry entry, ContractBook book)
    {
        if (entry.Contract is null)
        {
            return entry.Version == 0;
        }

        var valid = book.Contracts.Single(contract => contract.Id == entry.Contract).Versions
            .Where(version => version.ValidFrom <= entry.BookedAt)
            .MaxBy(version => version.Number)!;
        return valid.Number == entry.Version && (valid.Ends is null || valid.Ends > entry.BookedAt);
    }

    static bool KeepsWhatWasBefore(ulong seed)
    {
        var history = new RandomHistory(seed).Collected();
        var book = history.Book;
        var amended = book.Contracts[0];
        if (amended.Versions.Count == 1)
        {
            return true;
        }

        var last = amended.Versions[^1];
        var without = new ContractBook(
            [amended with { Versions = amended.Versions.SkipLast(1).ToValueList() }, .. book.Contracts.Skip(1)],
            book.Rates);
        var before = new RandomHistory(seed, without).Collected();

        Booked(before).ShouldBe(Booked(history), $"seed {seed}");
        return true;

        SortedDictionary<string, decimal> Booked(RandomHistory of) => Books.BalancesOf(
            of.Rebuilt().Entries.Where(entry => entry.BookedAt < last.ValidFrom));
    }

    static void Check(Func<ulong, bool> property, int histories) =>
        Prop.ForAll(Arb.From(Seeds), property).Check(Config.QuickThrowOnFailure.WithMaxTest(histories));
}
