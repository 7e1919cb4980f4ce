using Sahab.Ledger.Postings;
using Sahab.Ledger.Settlements;

namespace Sahab.Tests.Ledger;

/// <summary>A ledger with all that it has posted, which it checks as it comes.</summary>
internal sealed class Books(ContractLedger ledger)
{
    readonly HashSet<Guid> _ids = [];

    public ContractLedger Ledger { get; set; } = ledger;

    public List<Entry> Entries { get; } = [];

    public void Take(Entry? entry)
    {
        if (entry is not null)
        {
            Take([entry]);
        }
    }

    public void Take(IEnumerable<Entry> entries)
    {
        foreach (var entry in entries)
        {
            // By plain code: assertions on expressions would take most of the time of ten thousand histories.
            var isSound = entry.Postings.Count >= 2
                && entry.Postings.Sum(posting => (decimal)posting.Amount.Value) == 0
                && entry.Postings.All(posting => posting.Amount.Value != 0 && posting.BookedAt == entry.BookedAt
                    && posting.EventId == entry.Id)
                && entry.Postings.Select(posting => posting.Account).Distinct().Count() == entry.Postings.Count;
            isSound.ShouldBeTrue("postings of an entry sum to zero, and each account is there once");
            _ids.Add(entry.Id).ShouldBeTrue("ids are unique");
            Entries.Add(entry);
        }
    }

    /// <summary>Balances in whole nano-USD, those that are not zero.</summary>
    public SortedDictionary<string, decimal> Balances() => BalancesOf(Entries);

    public static SortedDictionary<string, decimal> BalancesOf(IEnumerable<Entry> entries)
    {
        var balances = new SortedDictionary<string, decimal>(StringComparer.Ordinal);
        foreach (var posting in entries.SelectMany(entry => entry.Postings))
        {
            var name = posting.Account.Name;
            balances[name] = balances.GetValueOrDefault(name) + posting.Amount.Value;
        }

        foreach (var name in balances.Keys.Where(name => balances[name] == 0).ToList())
        {
            balances.Remove(name);
        }

        return balances;
    }

    /// <summary>The balance of an account in US dollars.</summary>
    public decimal Usd(Account account) => Usd(account.Name);

    /// <summary>The balance in US dollars of all accounts whose names begin so.</summary>
    public decimal Usd(string prefix) => Entries.SelectMany(entry => entry.Postings)
        .Where(posting => posting.Account.Name.StartsWith(prefix, StringComparison.Ordinal))
        .Sum(posting => posting.Amount.ToUsd());

    /// <summary>The same, of what is booked within a span of time.</summary>
    public decimal Usd(string prefix, string from, string until) => Entries
        .Where(entry => entry.BookedAt >= Terms.At(from) && entry.BookedAt < Terms.At(until))
        .SelectMany(entry => entry.Postings)
        .Where(posting => posting.Account.Name.StartsWith(prefix, StringComparison.Ordinal))
        .Sum(posting => posting.Amount.ToUsd());

    public CommitmentStanding Standing(string commitment, string from) => Ledger.Standings
        .Single(standing => standing.Commitment == commitment && standing.Window.From == Terms.At(from));
}
