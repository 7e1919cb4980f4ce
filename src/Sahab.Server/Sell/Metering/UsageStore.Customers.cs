using System.Data.Common;
using Dapper;
using Sahab.Ledger.Money;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Sell.Metering;

internal sealed partial class UsageStore
{
    /// <summary>The most rows of a series of usage; who asks for more is told to ask for less.</summary>
    public const int MaxSeriesRows = 50_000;

    /// <summary>The most hours that are looked at to find out where a page of calls begins.</summary>
    const int MaxHours = 10_000;

    /// <summary>Most lists begin within the last hours; where they do not, so many times as many are looked at.</summary>
    const long FirstHours = 24;

    const long MoreHours = 16;

    /// <summary>With more attempts than this, going through time finds a page sooner than sorting them.</summary>
    const int ManyAttempts = 5000;

    const int MaxAttempts = 64;

    /// <summary>
    /// What an organisation used, by time, and in it by group; by project, whose groups are keys, the caller sums up. Null:
    /// there are more than <see cref="MaxSeriesRows"/> rows.
    /// </summary>
    public async Task<List<CustomerUsage>?> CustomerUsageAsync(CustomerQuestion question, CancellationToken cancellation)
    {
        var group = question.By switch
        {
            CustomerDimension.None => "''",
            CustomerDimension.Model => "s.model",
            _ => "s.key_id",
        };
        await using var connection = await database.OpenAsync(cancellation);
        var rows = await connection.ReadAllAsync<CustomerUsageRow>(new CommandDefinition(
            $"""
            SELECT p.hour_us - p.hour_us % @Step AS StartUs, p.usage_group AS UsageGroup, SUM(p.calls) AS Calls,
                SUM(p.prompt_tokens) AS Prompt, SUM(p.cached_tokens) AS Cached, SUM(p.output_tokens) AS Output,
                SUM(p.usd) AS Usd, SUM(p.nano) AS Nano
            FROM ({PartsSql(group)}) AS p
            GROUP BY 1, 2 ORDER BY 1, 2 LIMIT @Most
            """,
            new
            {
                question.Organisation,
                From = UnixMicroseconds.From(question.From),
                Until = UnixMicroseconds.From(question.Until),
                Step = UnixMicroseconds.PerHour * (question.Step == UsageStep.Day ? 24 : 1),
                Most = MaxSeriesRows + 1,
            },
            cancellationToken: cancellation));
        return rows.Count > MaxSeriesRows ? null : rows.ConvertAll(row => row.ToUsage());
    }

    /// <summary>An organisation's calls, the newest first, before a mark; at most <see cref="MaxPage"/>.</summary>
    public async Task<List<CustomerCall>> CustomerCallsAsync(
        CustomerCalls which, EventMark? before, int limit, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        limit = Math.Min(limit, MaxPage);
        var (fromUs, attempts) = await BeginningAsync(connection, which, before, limit, cancellation);
        var calls = await CustomerCallsAsync(
            connection, which, before, fromUs, limit, attempts > ManyAttempts, cancellation);

        // The beginning is where there are as many attempts, and not all of them end a call.
        return calls.Count >= limit || fromUs == UnixMicroseconds.From(which.From) ? calls : await CustomerCallsAsync(
            connection, which, before, UnixMicroseconds.From(which.From), limit, throughTime: false, cancellation);
    }

    /// <summary>A call of an organisation; null: it has none of that id.</summary>
    public async Task<CustomerCall?> CustomerCallAsync(string organisation, Guid call, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        var rows = await connection.ReadAllAsync<UsageEventRow>(new CommandDefinition(
            $"""
            SELECT {EventColumns} FROM usage_event e JOIN usage_series s ON s.series_id = e.series_id
            WHERE e.call_id = @Call AND s.tenant = @Organisation ORDER BY e.attempt DESC LIMIT @MaxAttempts
            """,
            new { Call = database.IdValue(call), Organisation = organisation, MaxAttempts },
            cancellationToken: cancellation));
        return rows.Count == 0 ? null : ToCall(rows[0]);
    }

    /// <summary>From when on there are attempts enough for a page, and how many.</summary>
    static async Task<(long FromUs, decimal Attempts)> BeginningAsync(
        DbConnection connection, CustomerCalls which, EventMark? before, int limit, CancellationToken cancellation)
    {
        var fromUs = UnixMicroseconds.From(which.From);
        var untilUs = before is { } mark ? UnixMicroseconds.HourOf(mark.StartedUs) : UnixMicroseconds.From(which.Until);
        for (var hoursBack = FirstHours; ; hoursBack *= MoreHours)
        {
            var begin = Math.Max(fromUs, UnixMicroseconds.HourOf(untilUs) - (hoursBack * UnixMicroseconds.PerHour));
            var (foundUs, attempts) = await BeginningAsync(connection, which, begin, untilUs, limit, cancellation);
            if (attempts >= limit || begin == fromUs)
            {
                return (foundUs, attempts);
            }
        }
    }

    /// <summary>The same, looked for from a time on.</summary>
    static async Task<(long FromUs, decimal Attempts)> BeginningAsync(
        DbConnection connection, CustomerCalls which, long fromUs, long untilUs, int limit, CancellationToken cancellation)
    {
        var hours = await connection.ReadAllAsync<(long HourUs, decimal Attempts)>(new CommandDefinition(
            $"""
            SELECT h.hour_us, SUM(h.attempts) FROM usage_series s CROSS JOIN usage_hour h
            WHERE h.series_id = s.series_id AND s.tenant = @Organisation AND h.hour_us >= @From AND h.hour_us < @Until
                {FilterOf(which)}
            GROUP BY 1 ORDER BY 1 DESC LIMIT @Most
            """,
            new
            {
                which.Organisation,
                which.Model,
                which.Key,
                From = UnixMicroseconds.HourOf(fromUs),
                Until = untilUs,
                Most = MaxHours,
            },
            cancellationToken: cancellation));
        var attempts = 0m;
        foreach (var hour in hours)
        {
            attempts += hour.Attempts;
            if (attempts >= limit)
            {
                return (Math.Max(hour.HourUs, fromUs), attempts);
            }
        }

        return (fromUs, attempts);
    }

    /// <param name="throughTime">Whether to go back through time until there are enough; else through the series.</param>
    async Task<List<CustomerCall>> CustomerCallsAsync(
        DbConnection connection, CustomerCalls which, EventMark? before, long fromUs, int limit, bool throughTime,
        CancellationToken cancellation)
    {
        var parameters = new DynamicParameters(new
        {
            which.Organisation,
            which.Model,
            which.Key,
            From = fromUs,
            Until = UnixMicroseconds.From(which.Until),
            Limit = limit,
        });
        if (before is { } mark)
        {
            parameters.Add("MarkUs", mark.StartedUs);
            parameters.Add("MarkId", database.IdValue(mark.EventId));
        }

        var rows = await connection.ReadAllAsync<UsageEventRow>(new CommandDefinition(
            CallsSql(EventColumns, which, before is not null, throughTime), parameters, cancellationToken: cancellation));
        return rows.ConvertAll(ToCall);
    }

    /// <summary>An attempt that another one followed did not end its call.</summary>
    internal static string CallsSql(string columns, CustomerCalls which, bool hasMark, bool throughTime) => $"""
        SELECT {columns}
        FROM {(throughTime ? "usage_event e CROSS JOIN usage_series s" : "usage_series s CROSS JOIN usage_event e")}
        WHERE s.series_id = e.series_id AND s.tenant = @Organisation AND e.started_us >= @From AND e.started_us < @Until
            {FilterOf(which)}
            {(hasMark ? "AND (e.started_us, e.event_id) < (@MarkUs, @MarkId)" : "")}
            AND NOT EXISTS (SELECT 1 FROM usage_event l WHERE l.call_id = e.call_id AND l.attempt > e.attempt)
        ORDER BY e.started_us DESC, e.event_id DESC LIMIT @Limit
        """;

    /// <summary>
    /// Requests are all calls. Tokens and amounts are of what was sold, by the same sums that invoices are made from; of
    /// what has no price, tokens are those of hours in which anything was answered.
    /// </summary>
    internal static string PartsSql(string group) => $"""
        SELECT h.hour_us AS hour_us, {group} AS usage_group, h.calls AS calls, 0 AS prompt_tokens, 0 AS cached_tokens,
            0 AS output_tokens, 0 AS usd, 0 AS nano
        FROM usage_series s CROSS JOIN usage_hour h
        WHERE h.series_id = s.series_id AND s.tenant = @Organisation AND h.hour_us >= @From AND h.hour_us < @Until
        UNION ALL
        SELECT h.hour_us, {group}, 0, h.prompt_tokens, h.cached_tokens, h.output_tokens, 0, 0
        FROM usage_series s CROSS JOIN usage_hour h
        WHERE h.series_id = s.series_id AND s.tenant = @Organisation AND h.hour_us >= @From AND h.hour_us < @Until
            AND h.attempts > h.failed
            AND NOT EXISTS (SELECT 1 FROM sale_hour x WHERE x.series_id = h.series_id AND x.hour_us = h.hour_us)
        UNION ALL
        SELECT v.hour_us, {group}, 0, v.prompt_tokens, v.cached_tokens, v.output_tokens, v.amount_usd, v.amount_nano_usd
        FROM usage_series s CROSS JOIN sale_hour v
        WHERE v.series_id = s.series_id AND s.tenant = @Organisation AND v.hour_us >= @From AND v.hour_us < @Until
        """;

    static string FilterOf(CustomerCalls which) =>
        (which.Model.Length > 0 ? "AND s.model = @Model " : "") + (which.Key.Length > 0 ? "AND s.key_id = @Key" : "");

    static CustomerCall ToCall(UsageEventRow row) =>
        new(row.FromRow(), new NanoUsd(row.SaleNano), row.SaleTermsId != 0, row.Revision);

    /// <summary>As the query yields it. PostgreSQL sums integers to numeric, SQLite to integer.</summary>
    sealed record CustomerUsageRow
    {
        public long StartUs { get; init; }

        public string UsageGroup { get; init; } = "";

        public decimal Calls { get; init; }

        public decimal Prompt { get; init; }

        public decimal Cached { get; init; }

        public decimal Output { get; init; }

        public decimal Usd { get; init; }

        public decimal Nano { get; init; }

        public CustomerUsage ToUsage() => new(
            UnixMicroseconds.ToTime(StartUs), UsageGroup, (long)Calls, (long)Prompt, (long)Cached, (long)Output,
            (Usd * NanoUsd.PerUsd) + Nano);
    }
}
