using System.Globalization;
using Dapper;
using Sahab.Ledger.Focus;
using Sahab.Ledger.Rating;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Sell.Metering;

internal sealed partial class UsageStore
{
    /// <summary>
    /// The hours' sums; where tokens were written to caches, from the events, which know the prices of such tokens.
    /// The remainder of a negative time is negative, so that the hour is found by adding one and again.
    /// </summary>
    static readonly string Hourly = string.Create(CultureInfo.InvariantCulture, $"""
        SELECT e.hour_us AS HourUs, s.tenant AS Tenant, s.model AS Model, s.deployment AS Deployment,
            s.provider AS Provider, s.region AS Region, s.country AS Country, s.service_tier AS ServiceTier,
            s.prompt_nano_per_million AS PromptPrice, s.cached_nano_per_million AS CachedPrice,
            s.output_nano_per_million AS OutputPrice, COALESCE(e.write_price, s.prompt_nano_per_million) AS WritePrice,
            COALESCE(e.write_1h_price, s.prompt_nano_per_million) AS Write1hPrice,
            SUM(e.prompt_tokens) AS Prompt, SUM(e.cached_tokens) AS Cached, SUM(e.cache_write_tokens) AS Written,
            SUM(e.cache_write_1h_tokens) AS Written1h, SUM(e.output_tokens) AS Output, SUM(e.cost_usd) AS Usd,
            SUM(e.cost_nano_usd) AS Nano
        FROM (
            SELECT series_id, hour_us, NULL AS write_price, NULL AS write_1h_price, prompt_tokens, cached_tokens,
                cache_write_tokens, cache_write_1h_tokens, output_tokens, cost_usd, cost_nano_usd
            FROM usage_hour
            WHERE hour_us >= @From AND hour_us < @To AND cache_write_tokens = 0
            UNION ALL
            SELECT v.series_id, h.hour_us, v.cache_write_nano_per_million, v.cache_write_1h_nano_per_million,
                v.prompt_tokens, v.cached_tokens, v.cache_write_tokens, v.cache_write_1h_tokens, v.output_tokens,
                0, v.cost_nano_usd
            FROM usage_event v JOIN usage_hour h ON h.series_id = v.series_id AND h.hour_us = v.started_us
                - (v.started_us % {UnixMicroseconds.PerHour} + {UnixMicroseconds.PerHour}) % {UnixMicroseconds.PerHour}
            WHERE v.started_us >= @From AND v.started_us < @To AND h.cache_write_tokens > 0
        ) e JOIN usage_series s ON s.series_id = e.series_id
        WHERE (@Provider = '' OR s.provider = @Provider)
        GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13
        ORDER BY 1, 5, 6, 4, 2, 8, 9, 10, 11, 12, 13
        LIMIT @Limit
        """);

    /// <summary>
    /// What was used in each hour at each deployment, by tenant, tier and prices, in order of time; null where there are
    /// more rows than the limit.
    /// </summary>
    /// <param name="from">The beginning of an hour.</param>
    /// <param name="to">The beginning of an hour, not included.</param>
    /// <param name="provider">Of this provider only; null: of all.</param>
    /// <param name="limit">The most rows.</param>
    public async Task<List<HourlyUsage>?> HourlyUsageAsync(
        DateTimeOffset from, DateTimeOffset to, string? provider, int limit, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        var rows = await connection.ReadAllAsync<HourlyRow>(new CommandDefinition(
            Hourly,
            new
            {
                From = UnixMicroseconds.From(from),
                To = UnixMicroseconds.From(to),
                Provider = provider ?? "",
                Limit = limit + 1,
            },
            cancellationToken: cancellation));
        return rows.Count <= limit ? rows.Select(row => row.ToUsage()).ToList() : null;
    }

    /// <summary>As the query yields it. PostgreSQL sums integers to numeric, SQLite to integer.</summary>
    sealed record HourlyRow
    {
        public long HourUs { get; init; }

        public string Tenant { get; init; } = "";

        public string Model { get; init; } = "";

        public string Deployment { get; init; } = "";

        public string Provider { get; init; } = "";

        public string Region { get; init; } = "";

        public string Country { get; init; } = "";

        public string ServiceTier { get; init; } = "";

        public long PromptPrice { get; init; }

        public long CachedPrice { get; init; }

        public long OutputPrice { get; init; }

        public long WritePrice { get; init; }

        public long Write1hPrice { get; init; }

        public decimal Prompt { get; init; }

        public decimal Cached { get; init; }

        public decimal Written { get; init; }

        public decimal Written1h { get; init; }

        public decimal Output { get; init; }

        public decimal Usd { get; init; }

        public decimal Nano { get; init; }

        public HourlyUsage ToUsage() => new()
        {
            Hour = UnixMicroseconds.ToTime(HourUs),
            Provider = Provider,
            Region = Region,
            Country = Country,
            Deployment = Deployment,
            Model = Model,
            Tenant = Tenant,
            ServiceTier = ServiceTier,
            Usage = new TokenUsage((long)Prompt, (long)Cached, (long)Output, 0)
            {
                CacheWriteTokens = (long)Written,
                CacheWrite1hTokens = (long)Written1h,
            },
            Prices = new PriceTerms(PromptPrice, CachedPrice, WritePrice, Write1hPrice, OutputPrice),
            CostUsd = ToUsd((long)Usd, (long)Nano),
        };
    }
}
