using System.Collections.Immutable;
using Sahab.Ledger.Contracts;
using Sahab.Ledger.Settlements;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Source.Contracts;

namespace Sahab.Server.Source.Commitments;

/// <summary>A version that a proposed configuration adds.</summary>
internal sealed record ProposedVersion(string Contract, ContractVersion Version);

/// <summary>What a proposed configuration would change in the ledger.</summary>
/// <param name="Rewritten">What it says otherwise that was in force; then nothing else is told.</param>
/// <param name="Versions">The versions that are new.</param>
/// <param name="KnownAt">When the last of them is known: what it would come to then is told.</param>
/// <param name="SettledUntil">Until when hours are settled, and so compared.</param>
/// <param name="Events">Events whose terms would be others.</param>
/// <param name="Differences">By account, in US dollars, those that are not zero; null: too many events.</param>
internal sealed record ProposedChange(
    ImmutableArray<string> Rewritten,
    ImmutableArray<ProposedVersion> Versions,
    DateTimeOffset KnownAt,
    DateTimeOffset SettledUntil,
    long Events,
    IReadOnlyDictionary<string, decimal>? Differences);

/// <summary>
/// Says what would be booked if a configuration were in force, by the same arithmetic that would book it, and writes
/// nothing.
/// </summary>
internal sealed class AmendmentPreview(UsageStore usage, ContractShelf shelf, CommitmentBooks books, TimeProvider time)
    : IDisposable
{
    /// <summary>Events that are rated anew at most; where there are more, their number is told and no amounts are.</summary>
    public const long MaxEvents = 250_000;

    readonly LedgerReading _reading = new(usage);
    readonly SemaphoreSlim _one = new(1, 1);

    public void Dispose() => _one.Dispose();

    /// <summary>What a configuration would change; only what it rewrites, where it does.</summary>
    public async Task<ProposedChange> MakeAsync(SahabConfig config, CancellationToken cancellation)
    {
        var rewritten = shelf.FindRewritten(config);
        return rewritten.Count > 0
            ? new ProposedChange([.. rewritten], [], time.GetUtcNow(), books.SettledUntil, 0, null)
            : await MakeAsync(ContractBinding.BookOf(config), cancellation);
    }

    /// <summary>What a book would change that rewrites nothing.</summary>
    public async Task<ProposedChange> MakeAsync(ContractBook book, CancellationToken cancellation)
    {
        ImmutableArray<ProposedVersion> versions =
        [
            .. from contract in book.Contracts
               from version in contract.Versions
               where shelf.Book.Contracts.FirstOrDefault(before => before.Id == contract.Id) is not { } before
                   || before.Versions.Count < version.Number
               select new ProposedVersion(contract.Id, version),
        ];
        var knownAt = versions.Select(of => of.Version.KnownFrom).Append(time.GetUtcNow()).Max();

        // One at a time: it reads all that was settled.
        await _one.WaitAsync(cancellation);
        try
        {
            return await CompareAsync(book.KnownAt(knownAt), versions, cancellation);
        }
        finally
        {
            _one.Release();
        }
    }

    async Task<ProposedChange> CompareAsync(
        ContractTimeline contracts, ImmutableArray<ProposedVersion> versions, CancellationToken cancellation)
    {
        var until = books.SettledUntil;
        var ledger = new ContractLedger(contracts);
        foreach (var contract in shelf.Book.Contracts.Select(contract => contract.Id))
        {
            await _reading.RestoreAsync(ledger, contract, cancellation);
        }

        var difference = new Dictionary<string, decimal>(StringComparer.Ordinal);
        var events = 0L;
        await foreach (var (from, end) in _reading.ChargedSpansAsync(
            new Hour(0), new Hour(long.MaxValue / 2), cancellation))
        {
            var charges = await usage.ChargesAsync(from, end, cancellation);
            events += charges.Where(charge => !LedgerReading.HasTermsOf(contracts, charge)).Sum(charge => charge.Events);
            if (events <= MaxEvents)
            {
                await TakeInAsync(ledger, charges, difference, cancellation);
            }
        }

        if (events > MaxEvents)
        {
            return new ProposedChange([], versions, contracts.KnownAt, until, events, null);
        }

        Add(difference, ledger.SettleRestored(until));
        return new ProposedChange(
            [],
            versions,
            contracts.KnownAt,
            until,
            events,
            difference.Where(pair => pair.Value != 0).ToDictionary(StringComparer.Ordinal));
    }

    /// <summary>Gives the ledger the sums that the charges would have, and notes what events would post for that.</summary>
    async Task TakeInAsync(
        ContractLedger ledger,
        List<HourlyCharge> charges,
        Dictionary<string, decimal> difference,
        CancellationToken cancellation)
    {
        var stale = charges.Where(charge => !LedgerReading.HasTermsOf(ledger.Contracts, charge)).ToHashSet();
        var sums = charges.Where(charge => charge.Terms is { IsBeforeBooks: false } && !stale.Contains(charge))
            .ToDictionary(charge => (charge.Sum.Hour, charge.Sum.Use), charge => charge.Sum);
        foreach (var hour in stale.Select(charge => charge.Sum.Hour).Distinct())
        {
            await foreach (var (before, after) in usage.RepricedAsync(hour, ledger.Contracts, cancellation))
            {
                Add(difference, Entry.Adjusting(before, after, revision: 1));
                Add(sums, hour, after);
            }
        }

        foreach (var sum in sums.Values)
        {
            ledger.Put(sum);
        }
    }

    static void Add(Dictionary<(Hour Hour, Use Use), ChargeSum> sums, Hour hour, Charge charge)
    {
        if (charge.Contract is not null && !charge.IsBeforeBooks)
        {
            var sum = sums.GetValueOrDefault((hour, charge.Use)) ?? new ChargeSum(charge.Use, hour, 0, 0, 0, 0);
            sums[(hour, charge.Use)] = sum with
            {
                List = sum.List + charge.List,
                Net = sum.Net + charge.Net,
                Quantity = sum.Quantity + charge.Quantity,
                Nano = sum.Nano + charge.Cost.Value,
            };
        }
    }

    static void Add(Dictionary<string, decimal> difference, IEnumerable<Entry> entries)
    {
        foreach (var posting in entries.SelectMany(entry => entry.Postings))
        {
            var name = posting.Account.Name;
            difference[name] = difference.GetValueOrDefault(name) + posting.Amount.ToUsd();
        }
    }
}
