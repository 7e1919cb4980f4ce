using System.Data.Common;
using System.Runtime.CompilerServices;
using Dapper;
using Sahab.Ledger.Contracts;
using Sahab.Ledger.Rating;
using Sahab.Ledger.Settlements;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Sell.Metering;

internal sealed partial class UsageStore
{
    /// <summary>Events that one transaction rebooks at most.</summary>
    public const int RebookedAtOnce = 1000;

    /// <summary>
    /// Posts the differences for those events of an hour that other terms were posted by than these contracts have, and
    /// moves them to these in the hour's sums; page by page, each page in one transaction. What is done stays done: it
    /// can be begun anew at any time. Returns how many events have changed their terms.
    /// </summary>
    /// <param name="besides">What else belongs into each transaction.</param>
    public async Task<long> RebookAsync(
        Hour hour, ContractTimeline timeline, TransactionStep besides, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        var rebooked = 0L;
        await foreach (var page in RepricedPagesAsync(connection, hour, timeline, cancellation))
        {
            await PostRebookedAsync(connection, page, besides, cancellation);
            rebooked += page.Count;
        }

        return rebooked;
    }

    /// <summary>
    /// What those events of an hour were charged that other terms were posted by than these contracts have, and what they
    /// would be; nothing is written.
    /// </summary>
    public async IAsyncEnumerable<(Charge Before, Charge After)> RepricedAsync(
        Hour hour, ContractTimeline timeline, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await foreach (var page in RepricedPagesAsync(connection, hour, timeline, cancellation))
        {
            foreach (var one in page)
            {
                yield return (one.Before, one.After);
            }
        }
    }

    async IAsyncEnumerable<List<RepricedEvent>> RepricedPagesAsync(
        DbConnection connection,
        Hour hour,
        ContractTimeline timeline,
        [EnumeratorCancellation] CancellationToken cancellation)
    {
        var rating = new EventRating(timeline);
        EventMark? after = null;
        List<UsageEventRow> page;
        do
        {
            page = await HourPageAsync(connection, hour, after, cancellation);
            var repriced = new List<RepricedEvent>();
            foreach (var row in page)
            {
                if (await CompareAsync(connection, rating, row, cancellation) is { } one)
                {
                    repriced.Add(one);
                }
            }

            if (repriced.Count > 0)
            {
                yield return repriced;
            }

            after = page.Count == 0 ? null : new EventMark(page[^1].StartedUs, Guid.Parse(page[^1].EventId));
        }
        while (page.Count == RebookedAtOnce);
    }

    async Task<List<UsageEventRow>> HourPageAsync(
        DbConnection connection, Hour hour, EventMark? after, CancellationToken cancellation)
    {
        var fromUs = UnixMicroseconds.From(hour.Start);
        var parameters = new DynamicParameters(
            new { From = fromUs, To = fromUs + UnixMicroseconds.PerHour, Limit = RebookedAtOnce });
        if (after is { } mark)
        {
            parameters.Add("MarkUs", mark.StartedUs);
            parameters.Add("MarkId", database.IdValue(mark.EventId));
        }

        return await connection.ReadAllAsync<UsageEventRow>(new CommandDefinition(
            $"""
            SELECT {EventColumns}
            FROM usage_event e JOIN usage_series s ON s.series_id = e.series_id
            WHERE e.started_us >= @From AND e.started_us < @To
                {(after is null ? "" : "AND (e.started_us, e.event_id) > (@MarkUs, @MarkId)")}
            ORDER BY e.started_us, e.event_id LIMIT @Limit
            """,
            parameters,
            cancellationToken: cancellation));
    }

    /// <summary>An event by its old and new terms; null where they are the same.</summary>
    async ValueTask<RepricedEvent?> CompareAsync(
        DbConnection connection, EventRating rating, UsageEventRow row, CancellationToken cancellation)
    {
        var usage = row.FromRow();
        var rated = rating.For(usage, row.SeriesId, UnixMicroseconds.HourOf(row.StartedUs));
        var terms = await TermsAsync(connection, row.TermsId, cancellation);
        return terms == rated?.Terms
            ? null
            : new RepricedEvent(
                row, rated?.Terms, ChargeOf(usage, terms, version: 0), ChargeOf(usage, rated?.Terms, rated?.Version ?? 0));
    }

    static Charge ChargeOf(UsageEvent usage, ChargeTerms? terms, int version) =>
        Charge.Of(usage, Use.Of(usage), terms, version);

    async Task PostRebookedAsync(
        DbConnection connection, List<RepricedEvent> page, TransactionStep besides, CancellationToken cancellation)
    {
        var entries = page.SelectMany(one => one.Entries.Select(entry => (entry, (Guid?)one.After.EventId))).ToList();
        await MakeAccountsAsync(connection, entries.Select(pair => pair.entry), cancellation);
        var charges = new ChargeRows();
        var groups = new List<(long Before, long After, List<RepricedEvent> Events)>();
        foreach (var group in page.GroupBy(one => (one.Row.TermsId, one.Terms)))
        {
            groups.Add((group.Key.TermsId, await TermsIdAsync(connection, group.Key.Terms, cancellation), [.. group]));
            foreach (var one in group)
            {
                var hourUs = UnixMicroseconds.HourOf(one.Row.StartedUs);
                charges.Add(hourUs, one.Row.SeriesId, groups[^1].Before, one.Before, -1);
                charges.Add(hourUs, one.Row.SeriesId, groups[^1].After, one.After);
            }
        }

        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await besides(connection, transaction, cancellation);
        foreach (var (before, after, events) in groups)
        {
            await ChangeTermsAsync(connection, transaction, before, after, events, cancellation);
        }

        await database.InsertAsync(connection, transaction, charges.ToBatch(), cancellation);
        await AddEntriesAsync(connection, transaction, entries, cancellation);
        await transaction.CommitAsync(cancellation);
    }

    async Task ChangeTermsAsync(
        DbConnection connection,
        DbTransaction transaction,
        long before,
        long after,
        List<RepricedEvent> events,
        CancellationToken cancellation)
    {
        // Dapper finds a list only by what the value is at run time.
        var parameters = new DynamicParameters(new { Before = before, After = after });
        parameters.Add("Ids", database.IdValues(events.Select(one => one.After.EventId)));
        var changed = await connection.ExecuteAsync(new CommandDefinition(
            $"""
            UPDATE usage_event SET terms_id = @After, adjustments = adjustments + 1
            WHERE {database.IsAmong("event_id", "@Ids")} AND terms_id = @Before
            """,
            parameters,
            transaction,
            cancellationToken: cancellation));
        if (changed != events.Count)
        {
            throw new InvalidOperationException("Events were rebooked or corrected by somebody else at the same time.");
        }
    }

    /// <param name="Terms">The new terms; null: under no contract.</param>
    sealed record RepricedEvent(UsageEventRow Row, ChargeTerms? Terms, Charge Before, Charge After)
    {
        public IReadOnlyList<Entry> Entries => Entry.Adjusting(Before, After, (int)Row.Adjustments + 1);
    }
}
