using Sahab.Ledger.Contracts;
using Sahab.Ledger.Rating;
using Sahab.Ledger.Settlements;

namespace Sahab.Server.Tests.Commitments;

/// <summary>What the events alone come to by the contracts, without a store.</summary>
internal sealed class RebuiltLedger
{
    readonly ContractLedger _ledger;

    public RebuiltLedger(ContractTimeline contracts, IEnumerable<UsageEvent> events, DateTimeOffset until)
    {
        _ledger = new ContractLedger(contracts);
        var entries = events.Select(_ledger.Add).OfType<Entry>().ToList();
        entries.AddRange(_ledger.Settle(until));
        foreach (var posting in entries.SelectMany(entry => entry.Postings))
        {
            var name = posting.Account.Name;
            Balances[name] = Balances.GetValueOrDefault(name) + posting.Amount.Value;
        }

        foreach (var name in Balances.Where(pair => pair.Value == 0).Select(pair => pair.Key).ToList())
        {
            Balances.Remove(name);
        }
    }

    /// <summary>In nano-USD, those that are not zero.</summary>
    public SortedDictionary<string, decimal> Balances { get; } = new(StringComparer.Ordinal);

    public IReadOnlyList<CommitmentStanding> Standings => _ledger.Standings;
}
