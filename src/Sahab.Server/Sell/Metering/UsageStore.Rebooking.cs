using System.Data.Common;
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
        var rating = new EventRating(timeline);
        await using var connection = await database.OpenAsync(cancellation);
        var rebooked = 0L;
        EventMark? after = null;
        List<UsageEventRow> page;
        do
        {
            page = await HourPageAsync(connection, hour, after, cancellation);
            var changed = new List<RebookedEvent>();
            foreach (var row in page)
            {
                if (await CompareAsync(connection, rating, row, cancellation) is { } one)
                {
                    changed.Add(one);
                }
            }

            if (changed.Count > 0)
            {
                await PostRebookedAsync(connection, changed, besides, cancellation);
                rebooked += changed.Count;
            }

            after = page.Count == 0 ? null : new EventMark(page[^1].StartedUs, Guid.Parse(page[^1].EventId));
        }
        while (page.Count == RebookedAtOnce);
        return rebooked;
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

    /// <summary>What is to be posted for an event; null where its terms are the same.</summary>
    async ValueTask<RebookedEvent?> CompareAsync(
        DbConnection connection, EventRating rating, UsageEventRow row, CancellationToken cancellation)
    {
        var usage = row.FromRow();
        var rated = rating.For(usage, row.SeriesId, UnixMicroseconds.HourOf(row.StartedUs));
        var terms = await TermsIdAsync(connection, rated?.Terms, cancellation);
        if (terms == row.TermsId)
        {
            return null;
        }

        var (before, after) = (await ChargeOfAsync(connection, row, usage, cancellation), ChargeOf(usage, rated));
        return new RebookedEvent(row, terms, before, after, Entry.Adjusting(before, after, (int)row.Adjustments + 1));
    }

    /// <summary>The charge that an event was posted by.</summary>
    async ValueTask<Charge> ChargeOfAsync(
        DbConnection connection, UsageEventRow row, UsageEvent usage, CancellationToken cancellation) =>
        Charge.Of(usage, Use.Of(usage), await TermsAsync(connection, row.TermsId, cancellation), version: 0);

    static Charge ChargeOf(UsageEvent usage, RatedSeries? rated) =>
        rated?.ChargeOf(usage) ?? Charge.Of(usage, Use.Of(usage), null, version: 0);

    async Task PostRebookedAsync(
        DbConnection connection, List<RebookedEvent> changed, TransactionStep besides, CancellationToken cancellation)
    {
        await MakeAccountsAsync(connection, changed.SelectMany(one => one.Entries), cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await besides(connection, transaction, cancellation);
        var charges = new ChargeRows();
        foreach (var one in changed)
        {
            var hourUs = UnixMicroseconds.HourOf(one.Row.StartedUs);
            charges.Add(hourUs, one.Row.SeriesId, one.Row.TermsId, one.Before, -1);
            charges.Add(hourUs, one.Row.SeriesId, one.Terms, one.After);
        }

        foreach (var group in changed.GroupBy(one => (Before: one.Row.TermsId, After: one.Terms)))
        {
            await ChangeTermsAsync(connection, transaction, group.Key.Before, group.Key.After, [.. group], cancellation);
        }

        await database.InsertAsync(connection, transaction, charges.ToBatch(), cancellation);
        await AddEntriesAsync(
            connection,
            transaction,
            [.. changed.SelectMany(one => one.Entries.Select(entry => (entry, (Guid?)one.After.EventId)))],
            cancellation);
        await transaction.CommitAsync(cancellation);
    }

    async Task ChangeTermsAsync(
        DbConnection connection,
        DbTransaction transaction,
        long before,
        long after,
        List<RebookedEvent> events,
        CancellationToken cancellation)
    {
        var changed = await connection.ExecuteAsync(new CommandDefinition(
            $"""
            UPDATE usage_event SET terms_id = @After, adjustments = adjustments + 1
            WHERE {database.IsAmong("event_id", "@Ids")} AND terms_id = @Before
            """,
            new { Before = before, After = after, Ids = database.IdValues(events.Select(one => one.After.EventId)) },
            transaction,
            cancellationToken: cancellation));
        if (changed != events.Count)
        {
            throw new InvalidOperationException("Events were rebooked or corrected by somebody else at the same time.");
        }
    }

    sealed record RebookedEvent(
        UsageEventRow Row, long Terms, Charge Before, Charge After, IReadOnlyList<Entry> Entries);
}
