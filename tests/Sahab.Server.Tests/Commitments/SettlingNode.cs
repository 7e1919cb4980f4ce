using Microsoft.Extensions.Logging.Abstractions;
using Sahab.Ledger.Contracts;
using Sahab.Ledger.Rating;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Source.Commitments;
using Sahab.Server.Source.Contracts;

namespace Sahab.Server.Tests.Commitments;

/// <summary>A clock that a test sets.</summary>
internal sealed class SetTime(DateTimeOffset now) : TimeProvider
{
    public DateTimeOffset Now { get; set; } = now;

    public override DateTimeOffset GetUtcNow() => Now;
}

/// <summary>What one node of a server has to post and to settle by, on a store that it may share.</summary>
internal sealed class SettlingNode : IAsyncDisposable
{
    readonly SahabDatabase _database;
    readonly Metering.TemporaryFolder _folder = new();
    readonly Journal _journal;
    readonly TimeProvider _time;
    long _position;

    public SettlingNode(SahabDatabase database, ContractBook book, TimeProvider time)
    {
        (_database, _time) = (database, time);
        _journal = Journal.Open(
            new JournalOptions { Path = _folder.File("journal.db") }, NullLogger<Journal>.Instance);
        Shelf = new ContractShelf(time);
        Shelf.PutInForce(book);
        Restart();
    }

    public ContractShelf Shelf { get; }

    public UsageStore Usage { get; private set; } = null!;

    public SettlementStore Settlements { get; private set; } = null!;

    public CommitmentBooks Books { get; private set; } = null!;

    public Settler Settler { get; private set; } = null!;

    public AmendmentPreview Preview { get; private set; } = null!;

    /// <summary>Forgets everything that is not in the store.</summary>
    public void Restart()
    {
        Usage = new UsageStore(_database, () => Shelf.Known);
        Settlements = new SettlementStore(_database);
        Books = new CommitmentBooks(Usage, Settlements);
        Preview = new AmendmentPreview(Usage, Shelf, Books, _time);
        Settler = new Settler(
            Usage, Settlements, new CheckpointStore(_database), Shelf, new ContractStore(_database), _journal, Books, _time);
    }

    public Task<int> PostAsync(params IReadOnlyList<UsageEvent> events) =>
        Usage.PostAsync(_journal.Id, ++_position, events, CancellationToken.None);

    public Task<CorrectionOutcome> CorrectAsync(UsageEvent corrected, int revision) => Usage.CorrectAsync(
        corrected.EventId, corrected.Usage, corrected.Flags, revision, _time.GetUtcNow(), CancellationToken.None);

    public Task<SettlementRound> SettleAsync() => Settler.SettleAsync(CancellationToken.None);

    /// <summary>Balances in nano-USD, those that are not zero.</summary>
    public async Task<SortedDictionary<string, decimal>> BalancesAsync()
    {
        var balances = new SortedDictionary<string, decimal>(StringComparer.Ordinal);
        foreach (var balance in await Usage.BalancesAsync(CancellationToken.None))
        {
            if (balance.Usd != 0)
            {
                balances[balance.Account] = balance.Usd * 1_000_000_000m;
            }
        }

        return balances;
    }

    public async ValueTask DisposeAsync()
    {
        await _journal.DisposeAsync();
        _folder.Dispose();
    }
}
