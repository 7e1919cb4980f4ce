using System.Data.Common;
using Dapper;
using Sahab.Ledger.Money;
using Sahab.Ledger.Rating;
using Sahab.Ledger.Settlements;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Sell.Budgets;

namespace Sahab.Server.Sell.Metering;

/// <summary>What became of a correction.</summary>
internal enum CorrectionOutcome
{
    /// <summary>The event stands corrected, and the difference is posted.</summary>
    Applied,

    /// <summary>The event stands at this revision, or at a higher one: nothing has changed.</summary>
    Superseded,

    /// <summary>There is no such event.</summary>
    Unknown,
}

internal sealed partial class UsageStore
{
    /// <summary>Somebody else may correct or rebook the same event at the same time: so often it is tried anew.</summary>
    const int CorrectionTries = 10;

    const string KeepBefore = """
        INSERT INTO usage_correction (event_id, revision, flags, prompt_tokens, cached_tokens, cache_write_tokens,
            cache_write_1h_tokens, output_tokens, reasoning_tokens, corrected_us)
        SELECT event_id, revision, flags, prompt_tokens, cached_tokens, cache_write_tokens, cache_write_1h_tokens,
            output_tokens, reasoning_tokens, @NowUs
        FROM usage_event WHERE event_id = @Id
        """;

    const string Correct = """
        UPDATE usage_event SET revision = @Revision, adjustments = adjustments + 1, flags = @Flags,
            prompt_tokens = @PromptTokens, cached_tokens = @CachedTokens, cache_write_tokens = @CacheWriteTokens,
            cache_write_1h_tokens = @CacheWrite1hTokens, output_tokens = @OutputTokens,
            reasoning_tokens = @ReasoningTokens, cost_nano_usd = @Cost, sale_nano_usd = @Sale
        WHERE event_id = @Id AND revision = @Before AND adjustments = @Adjustments
        """;

    /// <summary>
    /// Corrects what an event used, once for each revision: the highest stands, in whatever order they come. What was
    /// posted stays; an entry posts the difference, booked when the event was, by the terms that it was posted by. What
    /// the event said before is kept.
    /// </summary>
    /// <param name="eventId">The event.</param>
    /// <param name="usage">What it used after all.</param>
    /// <param name="flags">What else is known of it after all.</param>
    /// <param name="revision">From 1.</param>
    /// <param name="now">When it is corrected.</param>
    /// <exception cref="ArgumentException">The usage is not consistent.</exception>
    public async Task<CorrectionOutcome> CorrectAsync(
        Guid eventId,
        TokenUsage usage,
        UsageFlags flags,
        int revision,
        DateTimeOffset now,
        CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(revision, 1);
        await using var connection = await database.OpenAsync(cancellation);
        for (var left = CorrectionTries; left > 0; left--)
        {
            var rows = await connection.ReadAllAsync<UsageEventRow>(new CommandDefinition(
                $"""
                SELECT {EventColumns} FROM usage_event e JOIN usage_series s ON s.series_id = e.series_id
                WHERE e.event_id = @Id
                """,
                new { Id = database.IdValue(eventId) },
                cancellationToken: cancellation));
            if (rows is not [var row])
            {
                return CorrectionOutcome.Unknown;
            }

            if (row.Revision >= revision)
            {
                return CorrectionOutcome.Superseded;
            }

            var corrected = row.FromRow() with { Usage = usage, Flags = flags };
            if (await CorrectAsync(connection, row, corrected, revision, now, cancellation))
            {
                return CorrectionOutcome.Applied;
            }
        }

        throw new InvalidOperationException($"The event {eventId} changes too often to be corrected.");
    }

    /// <summary>False where the event is no longer as it was read.</summary>
    async Task<bool> CorrectAsync(
        DbConnection connection,
        UsageEventRow row,
        UsageEvent corrected,
        int revision,
        DateTimeOffset now,
        CancellationToken cancellation)
    {
        var (before, hourUs) = (row.FromRow(), UnixMicroseconds.HourOf(row.StartedUs));
        var terms = await TermsAsync(connection, row.TermsId, cancellation);
        var version = CurrentRating().For(before, row.SeriesId, hourUs)?.Version ?? 0;
        var (old, right) = (ChargeOf(before, terms, version), ChargeOf(corrected, terms, version));
        var sold = await SaleOfAsync(connection, row, corrected, cancellation);
        var entries = Entry.Adjusting(
            old, right, (int)row.Adjustments + 1,
            sold is { } sale
                ? new ResoldEvent(before.Tenant, before.Model, new NanoUsd(row.SaleNano), sale.Amount)
                : null);
        await MakeAccountsAsync(connection, entries, cancellation);
        var (hours, charges, sales) = (new UsageHourRows(), new ChargeRows(), new SaleRows());
        if (sold is { } resold)
        {
            sales.Replace(before, corrected, hourUs, row.SeriesId, resold, new NanoUsd(row.SaleNano), revision);
        }

        hours.Add(before, row.SeriesId, -1);
        hours.Add(corrected, row.SeriesId);
        charges.Add(hourUs, row.SeriesId, row.TermsId, old, -1);
        charges.Add(hourUs, row.SeriesId, row.TermsId, right);

        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        var parameters = new
        {
            Id = database.IdValue(corrected.EventId),
            NowUs = UnixMicroseconds.From(now),
            Revision = (long)revision,
            Before = row.Revision,
            row.Adjustments,
            Flags = (long)corrected.Flags,
            corrected.Usage.PromptTokens,
            corrected.Usage.CachedTokens,
            corrected.Usage.CacheWriteTokens,
            corrected.Usage.CacheWrite1hTokens,
            corrected.Usage.OutputTokens,
            corrected.Usage.ReasoningTokens,
            Cost = corrected.Cost().Value,
            Sale = sold?.Amount.Value ?? 0,
        };
        await HoldBudgetsAsync(connection, transaction, cancellation);
        await ExecuteAsync(connection, transaction, KeepBefore, parameters, cancellation);
        if (await ExecuteAsync(connection, transaction, Correct, parameters, cancellation) != 1)
        {
            return false;
        }

        await database.InsertAsync(connection, transaction, hours.ToBatch(), cancellation);
        await database.InsertAsync(connection, transaction, charges.ToBatch(), cancellation);
        await database.InsertAsync(connection, transaction, charges.ToChanges(), cancellation);
        await AddSalesAsync(connection, transaction, sales, cancellation);
        await AddUsesAsync(
            connection, transaction,
            [new PostedUse(before, new NanoUsd(row.SaleNano), -1), new PostedUse(corrected, sold?.Amount ?? default)],
            cancellation);
        await AddEntriesAsync(
            connection, transaction, [.. entries.Select(entry => (entry, (Guid?)corrected.EventId))], cancellation);
        await transaction.CommitAsync(cancellation);
        return true;
    }
}
