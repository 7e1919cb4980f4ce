using System.Data.Common;
using Dapper;
using Sahab.Ledger.Budgets;
using Sahab.Ledger.Rating;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Sell.Metering;

/// <summary>The place of an event in the order of time, to go on from.</summary>
internal readonly record struct SoldMark(long StartedUs, Guid EventId);

/// <summary>An attempt that its customer pays for.</summary>
/// <param name="StampUs">When its call began, as budgets count it.</param>
internal readonly record struct PaidAttempt(SoldMark Mark, long StampUs, string Key, BudgetUse Use);

/// <content>What an organisation has been sold, event by event.</content>
internal sealed partial class UsageStore
{
    const int SoldPage = 5000;

    /// <summary>What an organisation was sold, in the order of time, a page from after the mark.</summary>
    public async Task<List<PaidAttempt>> ReadSoldAsync(
        DbConnection connection, DbTransaction transaction, string tenant, SoldMark after, CancellationToken cancellation)
    {
        var rows = await connection.ReadAllAsync<PaidRow>(new CommandDefinition(
            $"""
            SELECT {database.IdText("e.event_id")} AS EventId, {database.IdText("e.call_id")} AS CallId,
                e.started_us AS StartedUs, s.key_id AS KeyId, e.prompt_tokens + e.output_tokens AS Tokens,
                e.sale_nano_usd AS Sale
            FROM usage_event e JOIN usage_series s ON s.series_id = e.series_id
            WHERE s.tenant = @Tenant AND e.outcome IN (@Succeeded, @Abandoned) AND e.started_us >= @StartedUs
                AND (e.started_us > @StartedUs OR e.event_id > @EventId)
            ORDER BY e.started_us, e.event_id LIMIT @Most
            """,
            new
            {
                Tenant = tenant,
                Succeeded = (long)AttemptOutcome.Succeeded,
                Abandoned = (long)AttemptOutcome.Abandoned,
                after.StartedUs,
                EventId = database.IdValue(after.EventId),
                Most = SoldPage,
            },
            transaction,
            cancellationToken: cancellation));
        return [.. rows.Select(row => row.ToUsage())];
    }

    sealed class PaidRow
    {
        public string EventId { get; init; } = "";

        public string CallId { get; init; } = "";

        public long StartedUs { get; init; }

        public string KeyId { get; init; } = "";

        public long Tokens { get; init; }

        public long Sale { get; init; }

        public PaidAttempt ToUsage() => new(
            new SoldMark(StartedUs, Guid.Parse(EventId)), CallStamp.Of(Guid.Parse(CallId), StartedUs), KeyId,
            new BudgetUse(1, Tokens, Sale));
    }
}
