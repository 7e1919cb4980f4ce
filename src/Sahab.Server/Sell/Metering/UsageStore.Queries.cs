using System.Globalization;
using Dapper;
using Sahab.Ledger.Money;
using Sahab.Ledger.Rating;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Sell.Metering;

internal sealed partial class UsageStore
{
    /// <summary>The most groups that one question yields.</summary>
    public const int MaxGroups = 10_000;

    /// <summary>The most events of one page.</summary>
    public const int MaxPage = 1000;

    /// <summary>
    /// What was used, by the dimensions asked for, the dearest group first (in time's order where an hour is asked
    /// for); at most <see cref="MaxGroups"/> groups.
    /// </summary>
    public async Task<List<UsageTotal>> TotalsAsync(
        UsageQuery query, IReadOnlyList<UsageDimension> by, CancellationToken cancellation)
    {
        var parameters = new DynamicParameters();
        var source = new UsageSource(database, query, parameters).ToSql();
        parameters.Add("Limit", MaxGroups);
        var names = by.Select(GroupExpression).ToList();
        var groups = names.Count == 0 ? "" : string.Join(", ", names) + ", ";
        var sql = $"""
            SELECT {groups}SUM(e.calls), SUM(e.attempts), SUM(e.failed), SUM(e.estimated), SUM(e.prompt_tokens),
                SUM(e.cached_tokens), SUM(e.cache_write_tokens), SUM(e.cache_write_1h_tokens), SUM(e.output_tokens),
                SUM(e.reasoning_tokens), SUM(e.cost_usd) AS usd, SUM(e.cost_nano_usd) AS nano
            FROM ({source}) e JOIN usage_series s ON s.series_id = e.series_id
            {(by.Count == 0 ? "" : $"GROUP BY {Ordinals(by.Count)}")}
            ORDER BY {Order(by)} LIMIT @Limit
            """;
        await using var connection = await database.OpenAsync(cancellation);
        await using var reader = await connection.ExecuteReaderAsync(
            new CommandDefinition(sql, parameters, cancellationToken: cancellation));
        var totals = new List<UsageTotal>();
        while (await reader.ReadAsync(cancellation))
        {
            if (await reader.IsDBNullAsync(by.Count, cancellation))
            {
                break;
            }

            totals.Add(ToTotal(reader, by));
        }

        return totals;
    }

    /// <summary>Events, the newest first, before a mark; at most <see cref="MaxPage"/>.</summary>
    public async Task<List<UsageEvent>> EventsAsync(
        UsageQuery query, EventMark? before, int limit, CancellationToken cancellation) =>
        (await PricedEventsAsync(query, before, limit, cancellation)).ConvertAll(priced => priced.Usage);

    /// <summary>The same with what they were sold for.</summary>
    public async Task<List<SoldCall>> PricedEventsAsync(
        UsageQuery query, EventMark? before, int limit, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        var parameters = new DynamicParameters();
        var filter = new UsageSource(database, query, parameters).Filter("e.started_us", query.From, query.To);
        parameters.Add("Limit", Math.Min(limit, MaxPage));
        if (before is { } mark)
        {
            parameters.Add("MarkUs", mark.StartedUs);
            parameters.Add("MarkId", database.IdValue(mark.EventId));
            filter += (filter.Length == 0 ? "WHERE " : " AND ") + "(e.started_us, e.event_id) < (@MarkUs, @MarkId)";
        }

        var sql = $"""
            SELECT {EventColumns}
            FROM usage_event e JOIN usage_series s ON s.series_id = e.series_id
            {filter}
            ORDER BY e.started_us DESC, e.event_id DESC LIMIT @Limit
            """;
        await using var connection = await database.OpenAsync(cancellation);
        var rows = await connection.ReadAllAsync<UsageEventRow>(
            new CommandDefinition(sql, parameters, cancellationToken: cancellation));
        return [.. rows.Select(row => new SoldCall(row.FromRow(), new NanoUsd(row.SaleNano), row.Revision))];
    }

    /// <summary>What every account holds, by name.</summary>
    public async Task<List<AccountBalance>> BalancesAsync(CancellationToken cancellation)
    {
        const string Sql = """
            SELECT name AS Name, balance_usd AS Usd, balance_nano_usd AS Nano, postings AS Postings
            FROM account WHERE postings > 0
            """;
        await using var connection = await database.OpenAsync(cancellation);
        var rows = await connection.ReadAllAsync<(string Name, long Usd, long Nano, long Postings)>(
            new CommandDefinition(Sql, cancellationToken: cancellation));
        return rows
            .Select(row => new AccountBalance(row.Name, ToUsd(row.Usd, row.Nano), row.Postings))
            .OrderBy(balance => balance.Account, StringComparer.Ordinal)
            .ToList();
    }

    /// <summary>An event <c>e</c> of a series <c>s</c> as a <see cref="UsageEventRow"/>.</summary>
    string EventColumns => $"""
        {database.IdText("e.event_id")} AS EventId, {database.IdText("e.call_id")} AS CallId,
        e.attempt AS Attempt, e.started_us AS StartedUs, e.duration_us AS DurationUs,
        e.first_token_us AS FirstTokenUs, e.outcome AS Outcome, e.upstream_status AS UpstreamStatus,
        e.flags AS Flags, e.prompt_tokens AS PromptTokens, e.cached_tokens AS CachedTokens,
        e.cache_write_tokens AS CacheWriteTokens, e.cache_write_1h_tokens AS CacheWrite1hTokens,
        e.cache_write_nano_per_million AS CacheWritePrice,
        e.cache_write_1h_nano_per_million AS CacheWrite1hPrice,
        e.output_tokens AS OutputTokens, e.reasoning_tokens AS ReasoningTokens,
        e.upstream_request_id AS UpstreamRequestId, s.tenant AS Tenant, s.key_id AS KeyId, s.model AS Model,
        s.deployment AS Deployment, s.provider AS Provider, s.region AS Region, s.country AS Country,
        s.operation AS Operation, s.service_tier AS ServiceTier,
        s.prompt_nano_per_million AS PromptPrice, s.cached_nano_per_million AS CachedPrice,
        s.output_nano_per_million AS OutputPrice,
        e.series_id AS SeriesId, e.terms_id AS TermsId, e.revision AS Revision, e.adjustments AS Adjustments,
        e.sale_terms_id AS SaleTermsId, e.sale_nano_usd AS SaleNano
        """;

    static decimal ToUsd(long usd, long nano) => usd + ((decimal)nano / NanoUsd.PerUsd);

    static string GroupExpression(UsageDimension dimension) =>
        dimension == UsageDimension.Hour ? "e.hour_us" : "s." + UsageSource.Column(dimension);

    static string Ordinals(int count) => string.Join(", ", Enumerable.Range(1, count));

    static string Order(IReadOnlyList<UsageDimension> by)
    {
        var hour = by.ToList().IndexOf(UsageDimension.Hour) + 1;
        var byName = by.Count == 0 ? "" : ", " + Ordinals(by.Count);
        return hour > 0 ? $"{hour}, usd DESC, nano DESC{byName}" : $"usd DESC, nano DESC{byName}";
    }

    static UsageTotal ToTotal(System.Data.Common.DbDataReader reader, IReadOnlyList<UsageDimension> by)
    {
        var group = new string[by.Count];
        for (var i = 0; i < by.Count; i++)
        {
            group[i] = by[i] == UsageDimension.Hour
                ? UnixMicroseconds.ToTime(reader.GetInt64(i))
                    .ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture)
                : reader.GetString(i);
        }

        // PostgreSQL sums integers to numeric, SQLite to integer.
        long Sum(int offset) => Convert.ToInt64(reader.GetValue(by.Count + offset), CultureInfo.InvariantCulture);
        return new UsageTotal(
            group, Sum(0), Sum(1), Sum(2), Sum(3), Sum(4), Sum(5), Sum(6), Sum(7), Sum(8), Sum(9),
            ToUsd(Sum(10), Sum(11)));
    }
}
