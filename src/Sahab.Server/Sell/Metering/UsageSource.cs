using System.Globalization;
using System.Text;
using Dapper;
using Sahab.Ledger.Money;
using Sahab.Ledger.Rating;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Sell.Metering;

/// <summary>
/// Where a question's figures come from: the hours' sums for whole hours, and the events themselves for what a time
/// leaves of an hour.
/// </summary>
internal sealed class UsageSource(SahabDatabase database, UsageQuery query, DynamicParameters parameters)
{
    const string Hours = """
        SELECT e.series_id, e.hour_us, e.attempts, e.calls, e.failed, e.estimated, e.prompt_tokens, e.cached_tokens,
            e.cache_write_tokens, e.cache_write_1h_tokens, e.output_tokens, e.reasoning_tokens, e.cost_usd,
            e.cost_nano_usd
        FROM usage_hour e
        """;

    /// <summary>
    /// The remainder of a negative time is negative, so that the hour is found by adding one and again.
    /// </summary>
    static readonly string Events = string.Create(CultureInfo.InvariantCulture, $"""
        SELECT e.series_id,
            e.started_us - (e.started_us % {UnixMicroseconds.PerHour} + {UnixMicroseconds.PerHour})
                % {UnixMicroseconds.PerHour} AS hour_us,
            1 AS attempts, CASE WHEN e.attempt = 1 THEN 1 ELSE 0 END AS calls,
            CASE WHEN e.outcome IN ({(int)AttemptOutcome.Succeeded}, {(int)AttemptOutcome.Abandoned})
                THEN 0 ELSE 1 END AS failed,
            e.flags & {(int)UsageFlags.Estimated} AS estimated,
            e.prompt_tokens, e.cached_tokens, e.cache_write_tokens, e.cache_write_1h_tokens, e.output_tokens,
            e.reasoning_tokens,
            e.cost_nano_usd / {NanoUsd.PerUsd} AS cost_usd, e.cost_nano_usd % {NanoUsd.PerUsd} AS cost_nano_usd
        FROM usage_event e
        """);

    /// <summary>A SQL query that yields rows of series, hour and figures.</summary>
    public string ToSql()
    {
        var firstHour = Round(query.From, up: true);
        var endHour = Round(query.To, up: false);
        if (firstHour > endHour || query.CallId is not null)
        {
            return $"{Events} {Filter("e.started_us", query.From, query.To)}";
        }

        var parts = new List<string> { $"{Hours} {Filter("e.hour_us", firstHour, endHour)}" };
        if (firstHour != query.From)
        {
            parts.Add($"{Events} {Filter("e.started_us", query.From, firstHour)}");
        }

        if (endHour != query.To)
        {
            parts.Add($"{Events} {Filter("e.started_us", endHour, query.To)}");
        }

        return string.Join(" UNION ALL ", parts);
    }

    /// <summary>A WHERE clause, or nothing, with its values added to the parameters.</summary>
    public string Filter(string timeColumn, DateTimeOffset? from, DateTimeOffset? to)
    {
        var filter = new StringBuilder();
        if (from is { } first)
        {
            And(filter, $"{timeColumn} >= {Name(first)}");
        }

        if (to is { } end)
        {
            And(filter, $"{timeColumn} < {Name(end)}");
        }

        if (query.CallId is { } callId)
        {
            And(filter, "e.call_id = @CallId");
            parameters.Add("CallId", database.IdValue(callId));
        }

        if (query.Where.Count > 0)
        {
            var conditions = string.Join(
                " AND ", query.Where.Keys.Select(dimension => $"{Column(dimension)} = @{dimension}"));
            And(filter, $"e.series_id IN (SELECT series_id FROM usage_series WHERE {conditions})");
            foreach (var (dimension, value) in query.Where)
            {
                parameters.Add(dimension.ToString(), value);
            }
        }

        return filter.ToString();

        static string Name(DateTimeOffset time) =>
            UnixMicroseconds.From(time).ToString(CultureInfo.InvariantCulture);
    }

    public static string Column(UsageDimension dimension) => dimension switch
    {
        UsageDimension.Tenant => "tenant",
        UsageDimension.Key => "key_id",
        UsageDimension.Model => "model",
        UsageDimension.Provider => "provider",
        UsageDimension.Region => "region",
        UsageDimension.Country => "country",
        UsageDimension.Deployment => "deployment",
        UsageDimension.Operation => "operation",
        UsageDimension.ServiceTier => "service_tier",
        _ => throw new ArgumentOutOfRangeException(nameof(dimension)),
    };

    static DateTimeOffset? Round(DateTimeOffset? time, bool up)
    {
        if (time is not { } exact)
        {
            return null;
        }

        var microseconds = UnixMicroseconds.From(exact);
        var hour = UnixMicroseconds.HourOf(microseconds);
        return UnixMicroseconds.ToTime(up && hour != microseconds ? hour + UnixMicroseconds.PerHour : hour);
    }

    static void And(StringBuilder filter, string condition) =>
        filter.Append(filter.Length == 0 ? "WHERE " : " AND ").Append(condition);
}
