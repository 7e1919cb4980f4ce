using System.Data.Common;
using Dapper;
using Sahab.Ledger.Money;
using Sahab.Ledger.Postings;
using Sahab.Ledger.Settlements;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Sell.Metering;

/// <summary>What else happens in a transaction that writes to the ledger; it refuses by throwing.</summary>
internal delegate Task TransactionStep(
    DbConnection connection, DbTransaction transaction, CancellationToken cancellation);

internal sealed partial class UsageStore
{
    const long MicrosecondsPerDay = 24 * UnixMicroseconds.PerHour;

    /// <summary>
    /// The postings of an hour, causes and revisions apart; an hour that was booked in parts comes as one.
    /// </summary>
    const string SelectEntries = """
        SELECT e.version AS Version, e.booked_us AS BookedUs, e.cause AS Cause, e.revision AS Revision,
            p.account_id AS Account, p.nano_usd AS Nano
        FROM ledger_entry e JOIN posting p ON p.event_id = e.entry_id
        WHERE e.contract_id = @Contract AND e.booked_us >= @From AND e.booked_us < @To AND e.cause > 0
        ORDER BY e.booked_us, e.cause, e.revision
        """;

    const string SelectDays = """
        SELECT e.booked_us / @Day AS Day, SUM(p.nano_usd / @PerUsd) AS Usd, SUM(p.nano_usd % @PerUsd) AS Nano
        FROM ledger_entry e
            JOIN posting p ON p.event_id = e.entry_id
            JOIN account a ON a.account_id = p.account_id
        WHERE e.contract_id = @Contract AND e.booked_us >= @From AND e.booked_us < @To AND e.cause = 1
            AND a.name = @Account
        GROUP BY 1 ORDER BY 1
        """;

    /// <summary>
    /// Posts entries of settled hours in one transaction, with what else belongs into it.
    /// </summary>
    /// <exception cref="InvalidOperationException">
    /// One of them is posted already: whoever made them did not know all that was posted.
    /// </exception>
    public async Task PostEntriesAsync(
        IReadOnlyList<Entry> entries, TransactionStep besides, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await MakeAccountsAsync(connection, entries, cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await besides(connection, transaction, cancellation);
        await AddEntriesAsync(connection, transaction, [.. entries.Select(entry => (entry, (Guid?)null))], cancellation);
        await transaction.CommitAsync(cancellation);
    }

    /// <summary>
    /// What was posted for hours of a contract, and what its books begin with, in time's order. The entries have no ids:
    /// they are to be summed.
    /// </summary>
    public async Task<List<Entry>> HourEntriesAsync(
        string contract, DateTimeOffset from, DateTimeOffset until, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        var rows =
            await connection.ReadAllAsync<(long Version, long BookedUs, long Cause, long Revision, long Account, long Nano)>(
            new CommandDefinition(
                SelectEntries,
                new { Contract = contract, From = UnixMicroseconds.From(from), To = UnixMicroseconds.From(until) },
                cancellationToken: cancellation));
        var names = await AccountNamesAsync(connection, cancellation);
        var entries = new List<Entry>();
        for (var i = 0; i < rows.Count;)
        {
            var (version, bookedUs, cause, revision, _, _) = rows[i];
            var bookedAt = UnixMicroseconds.ToTime(bookedUs);
            var postings = new List<Posting>();
            for (; i < rows.Count && rows[i].BookedUs == bookedUs && rows[i].Cause == cause && rows[i].Revision == revision;
                i++)
            {
                postings.Add(new Posting(
                    Guid.Empty, Account.Named(names[rows[i].Account]), new NanoUsd(rows[i].Nano), bookedAt));
            }

            entries.Add(new Entry(
                Guid.Empty, (EntryCause)cause, contract, (int)version, bookedAt, (int)revision, postings));
        }

        return entries;
    }

    /// <summary>The first hour from an instant on that was posted for a contract; null: there is none.</summary>
    public async Task<DateTimeOffset?> NextPostedHourAsync(
        string contract, DateTimeOffset from, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        var booked = await connection.ReadOneAsync<long?>(new CommandDefinition(
            "SELECT MIN(booked_us) FROM ledger_entry WHERE contract_id = @Contract AND booked_us >= @From AND cause > 0",
            new { Contract = contract, From = UnixMicroseconds.From(from) },
            cancellationToken: cancellation));
        return booked is { } found ? UnixMicroseconds.ToTime(found) : null;
    }

    /// <summary>
    /// What the settled hours of each day (UTC) booked to an account of a contract, in US dollars; days without any are
    /// left out.
    /// </summary>
    public async Task<List<(DateOnly Day, decimal Usd)>> HourEntriesByDayAsync(
        string contract, Account account, DateOnly from, DateOnly until, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        var rows = await connection.ReadAllAsync<(long Day, decimal Usd, decimal Nano)>(new CommandDefinition(
            SelectDays,
            new
            {
                Contract = contract,
                Account = account.Name,
                Day = MicrosecondsPerDay,
                NanoUsd.PerUsd,
                From = UnixMicroseconds.From(new DateTimeOffset(from, TimeOnly.MinValue, TimeSpan.Zero)),
                To = UnixMicroseconds.From(new DateTimeOffset(until, TimeOnly.MinValue, TimeSpan.Zero)),
            },
            cancellationToken: cancellation));
        return [.. rows.Select(row => (
            DateOnly.FromDateTime(DateTime.UnixEpoch.AddDays(row.Day)), ToUsd((long)row.Usd, (long)row.Nano)))];
    }

    static async Task<Dictionary<long, string>> AccountNamesAsync(
        DbConnection connection, CancellationToken cancellation)
    {
        var rows = await connection.ReadAllAsync<(long Id, string Name)>(new CommandDefinition(
            "SELECT account_id, name FROM account", cancellationToken: cancellation));
        return rows.ToDictionary(row => row.Id, row => row.Name);
    }

    async Task MakeAccountsAsync(
        DbConnection connection, IEnumerable<Entry> entries, CancellationToken cancellation)
    {
        foreach (var posting in entries.SelectMany(entry => entry.Postings))
        {
            await AccountIdAsync(connection, posting.Account, cancellation);
        }
    }

    /// <summary>Adds entries with their postings and balances; their accounts are made already.</summary>
    /// <param name="ids">The ids of the accounts; null: those that are remembered.</param>
    async Task AddEntriesAsync(
        DbConnection connection,
        DbTransaction transaction,
        List<(Entry Entry, Guid? EventId)> entries,
        CancellationToken cancellation,
        Dictionary<string, long>? ids = null)
    {
        var (rows, lines) = (new EntryRows(), new PostingRows());
        foreach (var (entry, eventId) in entries)
        {
            rows.Add(entry, eventId);
            foreach (var posting in entry.Postings)
            {
                lines.Add(posting, ids is null ? _accounts[posting.Account.Name] : ids[posting.Account.Name]);
            }
        }

        if ((await database.InsertNewAsync(connection, transaction, rows.Batch, cancellation)).Count != entries.Count)
        {
            throw new InvalidOperationException("An entry of the ledger is posted already.");
        }

        await database.InsertAsync(connection, transaction, lines.Batch, cancellation);
        await ExecuteAsync(connection, transaction, ChangeBalance, lines.BalanceChanges, cancellation);
    }
}
