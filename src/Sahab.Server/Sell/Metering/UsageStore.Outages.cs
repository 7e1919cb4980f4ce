using System.Globalization;
using Dapper;
using Sahab.Ledger.Claims;
using Sahab.Ledger.Contracts;
using Sahab.Ledger.Money;
using Sahab.Ledger.Rating;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Sell.Metering;

/// <summary>How many calls of a model there were, and how many of them were answered.</summary>
/// <param name="Calls">Those that clouds did not refuse for what was wrong with them.</param>
/// <param name="Answered">At most the calls.</param>
internal sealed record ModelCalls(string Model, long Calls, long Answered);

internal sealed partial class UsageStore
{
    /// <summary>The most slots that one question about outages yields, the last ones.</summary>
    public const int MaxSlots = 100_000;

    static readonly long SlotUs = (long)Outages.Slot.TotalMicroseconds;

    /// <summary>Only in slots with a fault, which an index knows, is looked at what else was attempted.</summary>
    internal static readonly string BadSlots = string.Create(CultureInfo.InvariantCulture, $"""
        SELECT s.provider AS Provider, s.region AS Region, s.country AS Country, s.deployment AS Deployment,
            s.model AS Model, f.slot AS Slot, COUNT(*) AS Attempts,
            SUM(CASE WHEN v.outcome IN ({NumbersOf(ServiceLevels.IsFault)}) THEN 1 ELSE 0 END) AS Failed,
            MIN(CASE WHEN v.outcome IN ({NumbersOf(ServiceLevels.IsFault)}) THEN v.started_us END) AS FirstUs,
            MAX(CASE WHEN v.outcome IN ({NumbersOf(ServiceLevels.IsFault)}) THEN v.started_us + v.duration_us END) AS LastUs,
            SUM(CASE WHEN v.outcome IN ({NumbersOf(ServiceLevels.IsFault)}) THEN v.cost_nano_usd ELSE 0 END) AS Nano
        FROM (
            SELECT DISTINCT started_us / {SlotUs} AS slot FROM usage_event
            WHERE started_us >= @From AND started_us < @To AND outcome IN ({NumbersOf(ServiceLevels.IsFault)})) AS f
            CROSS JOIN usage_event v
            JOIN usage_series s ON s.series_id = v.series_id
        WHERE v.started_us >= f.slot * {SlotUs} AND v.started_us < (f.slot + 1) * {SlotUs}
            AND v.outcome IN ({NumbersOf(ServiceLevels.Tells)})
        GROUP BY 1, 2, 3, 4, 5, 6
        HAVING SUM(CASE WHEN v.outcome IN ({NumbersOf(ServiceLevels.IsFault)}) THEN 2 ELSE 0 END) >= COUNT(*)
        ORDER BY 6 DESC, 4
        LIMIT {MaxSlots}
        """);

    static readonly string Answered = string.Create(CultureInfo.InvariantCulture, $"""
        SELECT s.model AS Model, SUM(CASE WHEN v.attempt = 1 THEN 1 ELSE 0 END) AS Calls,
            SUM(CASE WHEN v.outcome = {(int)AttemptOutcome.Refused} THEN 1 ELSE 0 END) AS Refused,
            SUM(CASE WHEN v.outcome IN ({(int)AttemptOutcome.Succeeded}, {(int)AttemptOutcome.Abandoned}) THEN 1 ELSE 0 END)
                AS Answered
        FROM usage_event v JOIN usage_series s ON s.series_id = v.series_id
        WHERE v.started_us >= @From AND v.started_us < @To
        GROUP BY 1 ORDER BY 1 LIMIT {MaxGroups}
        """);

    /// <summary>
    /// The times in which at least half of what was attempted at a deployment failed by the provider's fault. A slot of which
    /// a part is meant is looked at as a whole.
    /// </summary>
    public async Task<List<BadSlot>> BadSlotsAsync(DateTimeOffset from, DateTimeOffset to, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return (await connection.ReadAllAsync<BadSlotRow>(new CommandDefinition(
                BadSlots,
                new
                {
                    From = UnixMicroseconds.From(from) / SlotUs * SlotUs,
                    To = (UnixMicroseconds.From(to) + SlotUs - 1) / SlotUs * SlotUs,
                },
                cancellationToken: cancellation)))
            .ConvertAll(row => new BadSlot(
                new Use(row.Provider, row.Region, row.Country, Use.Inference, row.Model, row.Deployment),
                UnixMicroseconds.ToTime(row.FirstUs), UnixMicroseconds.ToTime(row.LastUs), row.Attempts, row.Failed,
                row.Nano / NanoUsd.PerUsd));
    }

    /// <summary>
    /// How many calls of each model there were, and how many were answered: at whichever attempt, and to whoever stayed or
    /// left. What a cloud refused for what was wrong with it is not counted.
    /// </summary>
    public async Task<List<ModelCalls>> AnsweredAsync(DateTimeOffset from, DateTimeOffset to, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return (await connection.ReadAllAsync<(string Model, long Calls, long Refused, long Answered)>(new CommandDefinition(
                Answered, new { From = UnixMicroseconds.From(from), To = UnixMicroseconds.From(to) },
                cancellationToken: cancellation)))
            .ConvertAll(row => new ModelCalls(
                row.Model, Math.Max(0, row.Calls - row.Refused), Math.Min(row.Answered, Math.Max(0, row.Calls - row.Refused))));
    }

    /// <summary>When the first event of the ledger began; null: there is none.</summary>
    public async Task<DateTimeOffset?> FirstEventAsync(CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        var first = await connection.ReadAllAsync<long>(new CommandDefinition(
            "SELECT started_us FROM usage_event ORDER BY started_us LIMIT 1", cancellationToken: cancellation));
        return first.Count == 0 ? null : UnixMicroseconds.ToTime(first[0]);
    }

    /// <summary>As the query yields it.</summary>
    sealed record BadSlotRow
    {
        public string Provider { get; init; } = "";

        public string Region { get; init; } = "";

        public string Country { get; init; } = "";

        public string Deployment { get; init; } = "";

        public string Model { get; init; } = "";

        public long Slot { get; init; }

        public long Attempts { get; init; }

        public long Failed { get; init; }

        public long FirstUs { get; init; }

        public long LastUs { get; init; }

        public decimal Nano { get; init; }
    }
}
