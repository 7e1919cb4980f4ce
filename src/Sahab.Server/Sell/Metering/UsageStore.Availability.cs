using System.Globalization;
using Dapper;
using Sahab.Ledger.Claims;
using Sahab.Ledger.Contracts;
using Sahab.Ledger.Rating;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Sell.Metering;

internal sealed partial class UsageStore
{
    /// <summary>The most deployments and models together that an answer about availability holds.</summary>
    public const int MaxServices = 100_000;

    static readonly string Availability = string.Create(CultureInfo.InvariantCulture, $"""
        SELECT s.provider AS Provider, s.region AS Region, s.country AS Country, s.deployment AS Deployment,
            s.model AS Model, COUNT(*) AS Attempts,
            SUM(CASE WHEN v.outcome IN ({NumbersOf(ServiceLevels.IsFault)}) THEN 1 ELSE 0 END) AS Failed
        FROM usage_event v JOIN usage_series s ON s.series_id = v.series_id
        WHERE v.started_us >= @From AND v.started_us < @To AND s.provider = @Provider
            AND v.outcome IN ({NumbersOf(ServiceLevels.Tells)})
        GROUP BY 1, 2, 3, 4, 5
        ORDER BY 1, 2, 3, 4, 5
        LIMIT {MaxServices}
        """);

    /// <summary>
    /// What was attempted at each of a provider's deployments, of what tells of availability, without charges. Counts
    /// events: hours know of failures, but not whose fault they were.
    /// </summary>
    public async Task<List<ServiceRecord>> AvailabilityAsync(
        DateTimeOffset from, DateTimeOffset to, string provider, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        var rows = await connection.ReadAllAsync<AvailabilityRow>(new CommandDefinition(
            Availability,
            new { From = UnixMicroseconds.From(from), To = UnixMicroseconds.From(to), Provider = provider },
            cancellationToken: cancellation));
        return
        [
            .. rows.Select(row => new ServiceRecord(
                new Use(row.Provider, row.Region, row.Country, Use.Inference, row.Model, row.Deployment),
                row.Attempts, row.Failed, 0)),
        ];
    }

    static string NumbersOf(Func<AttemptOutcome, bool> which) => string.Join(
        ", ", Enum.GetValues<AttemptOutcome>().Where(which).Select(outcome => (int)outcome));

    /// <summary>As the query yields it.</summary>
    sealed record AvailabilityRow
    {
        public string Provider { get; init; } = "";

        public string Region { get; init; } = "";

        public string Country { get; init; } = "";

        public string Deployment { get; init; } = "";

        public string Model { get; init; } = "";

        public long Attempts { get; init; }

        public long Failed { get; init; }
    }
}
