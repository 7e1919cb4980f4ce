using System.Data.Common;
using Sahab.Ledger.Contracts;
using Sahab.Ledger.Settlements;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Source.Contracts;

namespace Sahab.Server.Source.Commitments;

/// <summary>What a round of the settlement came to.</summary>
internal enum SettlementRound
{
    /// <summary>There are no contracts.</summary>
    NothingToSettle,

    /// <summary>Another node settles.</summary>
    SettledElsewhere,

    /// <summary>Another node knows versions of contracts that this one does not: it would settle by older ones.</summary>
    NodeIsBehind,

    /// <summary>All hours that have ended are settled.</summary>
    Settled,
}

/// <summary>
/// Settles the hours of all contracts, on one node at a time. What it has in memory is a copy: it is read anew from the
/// store whenever the lease was taken, other contracts are known, or anything went wrong. Not safe for several threads at
/// once.
/// </summary>
internal sealed class Settler(
    UsageStore usage,
    SettlementStore store,
    CheckpointStore checkpoints,
    ContractShelf shelf,
    ContractStore versions,
    Journal journal,
    CommitmentBooks books,
    TimeProvider time)
{
    /// <summary>An hour is settled so long after its end; what comes later adjusts it.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromMinutes(5);

    /// <summary>A node that does not say anything for so long loses the lease.</summary>
    public static readonly TimeSpan LeaseTime = TimeSpan.FromMinutes(2);

    /// <summary>Entries of one transaction.</summary>
    public const int EntriesAtOnce = 2000;

    /// <summary>Changed hours that one round takes in.</summary>
    public const int HoursAtOnce = 1000;

    readonly LedgerReading _reading = new(usage);
    ContractLedger? _ledger;
    string _book = "";
    SettlementLease? _lease;

    /// <summary>The ledger as last settled by this node; null where another settles.</summary>
    public ContractLedger? Ledger => _ledger;

    /// <summary>Settles what has ended or changed, where it falls to this node.</summary>
    public async Task<SettlementRound> SettleAsync(CancellationToken cancellation)
    {
        var contracts = shelf.Known;
        if (contracts.Providers.Count == 0)
        {
            return SettlementRound.NothingToSettle;
        }

        try
        {
            if (await versions.IsAheadOfAsync(shelf.Book, cancellation))
            {
                await ReleaseAsync(cancellation);
                await books.RefreshAsync(cancellation);
                return SettlementRound.NodeIsBehind;
            }

            if (!await HoldLeaseAsync(cancellation))
            {
                await books.RefreshAsync(cancellation);
                return SettlementRound.SettledElsewhere;
            }

            var entries = _ledger is { } ledger && ReferenceEquals(ledger.Contracts, contracts)
                ? await SettleOnAsync(ledger, cancellation)
                : await SettleAnewAsync(contracts, cancellation);
            await PostAsync(entries, cancellation);
            return SettlementRound.Settled;
        }
        catch
        {
            // What is in memory may be ahead of what is in the store.
            (_ledger, _lease) = (null, null);
            throw;
        }
    }

    /// <summary>Lets another node settle.</summary>
    public async Task ReleaseAsync(CancellationToken cancellation)
    {
        var lease = _lease;
        (_ledger, _lease) = (null, null);
        if (lease is not null)
        {
            await store.ReleaseAsync(lease, cancellation);
        }
    }

    async Task<bool> HoldLeaseAsync(CancellationToken cancellation)
    {
        if (_lease is not null && await RenewAsync(cancellation))
        {
            return true;
        }

        var now = time.GetUtcNow();
        _ledger = null;
        _lease = await store.TakeAsync(journal.Id, now, now + LeaseTime, cancellation);
        return _lease is not null;
    }

    /// <summary>Keeps the lease through what takes long.</summary>
    async Task HoldOnAsync(CancellationToken cancellation)
    {
        if (!await RenewAsync(cancellation))
        {
            throw new SettlementLeaseLostException();
        }
    }

    /// <summary>Renews the lease where half of its time is over; false where another node has it.</summary>
    async Task<bool> RenewAsync(CancellationToken cancellation)
    {
        var (lease, now) = (_lease!, time.GetUtcNow());
        if (lease.Until - now > LeaseTime / 2)
        {
            return true;
        }

        _lease = lease with { Until = now + LeaseTime };
        return await store.RenewAsync(lease, now + LeaseTime, cancellation);
    }

    /// <summary>Takes in what has changed, and settles on; anew where it has changed before what is in memory.</summary>
    async Task<IReadOnlyList<Entry>> SettleOnAsync(ContractLedger ledger, CancellationToken cancellation)
    {
        var until = Until(ledger.SettledUntil);
        var changed = await TakeChangedAsync(until, cancellation);
        if (changed.Exists(hour => hour.Start < ledger.Begins))
        {
            return await SettleAnewAsync(ledger.Contracts, cancellation);
        }

        if (changed.Count > 0)
        {
            ledger.OfferCheckpointsAfter(changed[0].Start);
        }

        foreach (var hour in changed)
        {
            await TakeInAsync(ledger, hour, hour.Next, cancellation);
        }

        return ledger.Settle(until);
    }

    /// <summary>
    /// Reads what was posted and charged since the last month before which nothing has changed, and settles from there.
    /// </summary>
    async Task<IReadOnlyList<Entry>> SettleAnewAsync(ContractTimeline contracts, CancellationToken cancellation)
    {
        _ledger = null;
        var until = Until(_lease!.SettledUntil > books.SettledUntil ? _lease.SettledUntil : books.SettledUntil);
        while (await TakeChangedAsync(until, cancellation) is { Count: > 0 })
        {
            // What has changed is read below; checkpoints that knew less are dropped.
        }

        _book = BookPrint.Of(contracts);
        var ledger = new ContractLedger(contracts, await checkpoints.ReadLastAsync(_book, cancellation));
        foreach (var contract in shelf.Book.Contracts.Select(contract => contract.Id))
        {
            await _reading.RestoreAsync(ledger, contract, cancellation);
            await HoldOnAsync(cancellation);
        }

        await foreach (var (from, end) in _reading.ChargedSpansAsync(
            Hour.Of(ledger.Begins), Hour.Of(until), cancellation))
        {
            await TakeInAsync(ledger, from, end, cancellation);
            await HoldOnAsync(cancellation);
        }

        var entries = ledger.SettleRestored(until);
        _ledger = ledger;
        return entries;
    }

    /// <summary>Takes hours that have changed from their list, and drops the checkpoints that did not know of it.</summary>
    Task<List<Hour>> TakeChangedAsync(DateTimeOffset until, CancellationToken cancellation) => usage.TakeChangedHoursAsync(
        until,
        HoursAtOnce,
        hour => async (connection, transaction, cancel) =>
        {
            await FenceAsync(connection, transaction, cancel);
            await CheckpointStore.DropAfterAsync(connection, transaction, hour, cancel);
        },
        cancellation);

    /// <summary>
    /// Takes in the sums of some hours. Events that were posted by other terms than now hold, before an amendment was
    /// known or by a node that did not know it, are rebooked first.
    /// </summary>
    async Task TakeInAsync(ContractLedger ledger, Hour from, Hour until, CancellationToken cancellation)
    {
        var contracts = ledger.Contracts;
        var charges = await usage.ChargesAsync(from, until, cancellation);
        var stale = charges.Where(charge => !LedgerReading.HasTermsOf(contracts, charge))
            .Select(charge => charge.Sum.Hour).ToHashSet();
        foreach (var hour in stale.Order())
        {
            await usage.RebookAsync(hour, contracts, FenceAsync, cancellation);
            charges.RemoveAll(charge => charge.Sum.Hour == hour);
            charges.AddRange(await usage.ChargesAsync(hour, hour.Next, cancellation));
        }

        // What another node has posted by older terms meanwhile is on the list of changes, and waits for the next round.
        foreach (var charge in charges.Where(charge =>
            charge.Terms is { IsBeforeBooks: false } && LedgerReading.HasTermsOf(contracts, charge)))
        {
            ledger.Put(charge.Sum);
        }
    }

    /// <summary>The end of the last whole hour that is over by more than the grace; never before what was settled.</summary>
    DateTimeOffset Until(DateTimeOffset settled)
    {
        var until = Hour.Of(time.GetUtcNow() - Grace).Start;
        return until > settled ? until : settled;
    }

    async Task PostAsync(IReadOnlyList<Entry> entries, CancellationToken cancellation)
    {
        var settled = new SettledStandings([.. _ledger!.Standings], _ledger.SettledUntil);
        var isNew = settled.Until != books.SettledUntil || !settled.Standings.SequenceEqual(books.Standings);
        for (var from = 0; from < entries.Count || isNew; from += EntriesAtOnce)
        {
            var batch = entries.Skip(from).Take(EntriesAtOnce).ToList();
            var isLast = from + EntriesAtOnce >= entries.Count;
            await usage.PostEntriesAsync(
                batch,
                async (connection, transaction, cancel) =>
                {
                    await FenceAsync(connection, transaction, cancel);
                    if (isLast)
                    {
                        await store.WriteStandingsAsync(connection, transaction, settled, cancel);
                        await CheckpointStore.WriteAsync(
                            connection, transaction, _book, _ledger.TakeCheckpoints(), cancel);
                    }
                },
                cancellation);
            isNew &= !isLast;
        }

        books.Publish(settled);
    }

    async Task FenceAsync(DbConnection connection, DbTransaction transaction, CancellationToken cancellation)
    {
        var until = time.GetUtcNow() + LeaseTime;
        await store.FenceAsync(connection, transaction, _lease!, until, cancellation);
        _lease = _lease! with { Until = until };
    }
}
