using System.Data.Common;
using Dapper;
using Sahab.Ledger.Money;
using Sahab.Ledger.Rating;
using Sahab.Ledger.Sales;
using Sahab.Ledger.Settlements;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Sell.Metering;

/// <summary>What was sold in a time with one key, of one model, tier and terms.</summary>
/// <param name="Nano">What it comes to, in nano-USD.</param>
internal sealed record SoldSum(
    string Key, string Model, string ServiceTier, SaleTerms Terms, long TermsId, long Calls, TokenUsage Usage, decimal Nano);

/// <summary>Which calls are meant: those of an organisation in a time, of a model where one is named, and so on.</summary>
internal sealed record SoldCalls(string Organisation, DateTimeOffset From, DateTimeOffset Until)
{
    public string Model { get; init; } = "";

    public string ServiceTier { get; init; } = "";

    public string Plan { get; init; } = "";

    /// <summary>0: whatever terms.</summary>
    public long TermsId { get; init; }

    /// <summary>Whether those that reserved capacity covered are left out.</summary>
    public bool WithoutCovered { get; init; }

    /// <summary>Only those that have a receipt with a higher number, which may be one of a correction.</summary>
    public long ReceiptsAfter { get; init; }

    /// <summary>Only those that have a receipt with this number or a lower one, and as these receipts have them.</summary>
    public long ReceiptsThrough { get; init; } = long.MaxValue;

    public bool IsByReceipts => ReceiptsAfter > 0 || ReceiptsThrough < long.MaxValue;
}

/// <summary>A usage event with what it was sold for.</summary>
/// <param name="Amount">0 too where it was not sold.</param>
/// <param name="Revision">0, or the number of its latest correction.</param>
/// <param name="Before">What was owed for it by the receipts up to <see cref="SoldCalls.ReceiptsAfter"/>.</param>
internal sealed record SoldCall(UsageEvent Usage, NanoUsd Amount, long Revision, NanoUsd Before = default);

internal sealed partial class UsageStore
{
    const string SelectSold = """
        SELECT s.key_id AS Key, s.model AS Model, s.service_tier AS ServiceTier, h.sale_terms_id AS TermsId,
            t.plan AS Plan, t.from_us AS FromUs, t.prices AS Prices, t.bands AS Bands, t.free_tokens AS FreeTokens,
            SUM(h.calls) AS Calls, SUM(h.prompt_tokens) AS Prompt, SUM(h.cached_tokens) AS Cached,
            SUM(h.cache_write_tokens) AS CacheWrite, SUM(h.cache_write_1h_tokens) AS CacheWrite1h,
            SUM(h.output_tokens) AS Output, SUM(h.amount_usd) AS Usd, SUM(h.amount_nano_usd) AS Nano
        FROM (
            SELECT v.series_id, v.sale_terms_id, SUM(v.calls) AS calls, SUM(v.prompt_tokens) AS prompt_tokens,
                SUM(v.cached_tokens) AS cached_tokens, SUM(v.cache_write_tokens) AS cache_write_tokens,
                SUM(v.cache_write_1h_tokens) AS cache_write_1h_tokens, SUM(v.output_tokens) AS output_tokens,
                SUM(v.amount_usd) AS amount_usd, SUM(v.amount_nano_usd) AS amount_nano_usd
            FROM usage_series o CROSS JOIN sale_hour v
            WHERE v.series_id = o.series_id AND o.tenant = @Organisation AND v.hour_us >= @From AND v.hour_us < @Until
            GROUP BY 1, 2) AS h
            JOIN usage_series s ON s.series_id = h.series_id
            JOIN sale_terms t ON t.sale_terms_id = h.sale_terms_id
        GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
        ORDER BY 1, 2, 3, 4
        """;

    const string HasReceipt = """
        AND EXISTS (SELECT 1 FROM receipt r WHERE r.call_id = e.call_id AND r.organisation = @Organisation
            AND r.sequence > @ReceiptsAfter AND r.sequence <= @ReceiptsThrough)
        """;

    /// <summary>What an organisation bought in whole hours.</summary>
    public static async Task<List<SoldSum>> SoldAsync(
        DbConnection connection, DbTransaction? transaction, string organisation, DateTimeOffset from,
        DateTimeOffset until, CancellationToken cancellation)
    {
        var rows = await connection.ReadAllAsync<SoldRow>(new CommandDefinition(
            SelectSold,
            new { Organisation = organisation, From = UnixMicroseconds.From(from), Until = UnixMicroseconds.From(until) },
            transaction, cancellationToken: cancellation));
        return [.. rows.Select(row => row.ToSum())];
    }

    /// <summary>The organisations that bought anything in whole hours, or whose earlier months have changed.</summary>
    public async Task<List<string>> BuyersAsync(
        DateTimeOffset from, DateTimeOffset until, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return await connection.ReadAllAsync<string>(new CommandDefinition(
            """
            SELECT tenant FROM usage_series WHERE series_id IN
                (SELECT series_id FROM sale_hour WHERE hour_us >= @From AND hour_us < @Until)
            UNION SELECT organisation FROM sale_change WHERE month_us < @Until
            """,
            new { From = UnixMicroseconds.From(from), Until = UnixMicroseconds.From(until) },
            cancellationToken: cancellation));
    }

    /// <summary>The months up to one whose sums have changed since they were last taken, in order.</summary>
    public static async Task<List<DateOnly>> SaleChangesAsync(
        DbConnection connection, DbTransaction transaction, string organisation, DateOnly month,
        CancellationToken cancellation)
    {
        var months = await connection.ReadAllAsync<long>(new CommandDefinition(
            """
            SELECT month_us FROM sale_change WHERE organisation = @Organisation AND month_us <= @MonthUs
            ORDER BY month_us
            """,
            new { Organisation = organisation, MonthUs = StartUs(month) }, transaction, cancellationToken: cancellation));
        return [.. months.Select(monthUs => DateOnly.FromDateTime(UnixMicroseconds.ToTime(monthUs).UtcDateTime))];
    }

    /// <summary>
    /// The same, and takes them off the list. Who posts to one of them, or to the month itself, waits until the transaction
    /// ends, and puts it on the list again.
    /// </summary>
    public static async Task<List<DateOnly>> TakeSaleChangesAsync(
        DbConnection connection, DbTransaction transaction, string organisation, DateOnly month,
        CancellationToken cancellation)
    {
        await ExecuteAsync(
            connection, transaction,
            """
            INSERT INTO sale_change (organisation, month_us, changes) VALUES (@Organisation, @MonthUs, 1)
            ON CONFLICT (organisation, month_us) DO UPDATE SET changes = sale_change.changes + 1
            """,
            new { Organisation = organisation, MonthUs = StartUs(month) }, cancellation);
        var months = await SaleChangesAsync(connection, transaction, organisation, month, cancellation);
        foreach (var each in months)
        {
            await ExecuteAsync(
                connection, transaction,
                "DELETE FROM sale_change WHERE organisation = @Organisation AND month_us = @MonthUs",
                new { Organisation = organisation, MonthUs = StartUs(each) }, cancellation);
        }

        return months;
    }

    /// <summary>Posts entries in a transaction of the caller, the last of it to change balances.</summary>
    /// <exception cref="InvalidOperationException">One of them is posted already.</exception>
    public async Task BookAsync(
        DbConnection connection, DbTransaction transaction, IReadOnlyList<Entry> entries, CancellationToken cancellation)
    {
        // Made within the transaction, so not remembered: it may be rolled back.
        var ids = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var name in entries.SelectMany(entry => entry.Postings).Select(posting => posting.Account.Name)
            .Distinct().Order(StringComparer.Ordinal))
        {
            await ExecuteAsync(
                connection, transaction, "INSERT INTO account (name) VALUES (@Name) ON CONFLICT DO NOTHING",
                new { Name = name }, cancellation);
            ids[name] = await connection.ReadOneAsync<long>(new CommandDefinition(
                "SELECT account_id FROM account WHERE name = @Name", new { Name = name }, transaction,
                cancellationToken: cancellation));
        }

        await AddEntriesAsync(
            connection, transaction, [.. entries.Select(entry => (entry, (Guid?)null))], cancellation, ids);
    }

    /// <summary>Calls that were sold, the newest first, before a mark; at most <see cref="MaxPage"/>.</summary>
    public async Task<List<SoldCall>> SoldCallsAsync(
        SoldCalls which, EventMark? before, int limit, CancellationToken cancellation)
    {
        var parameters = new DynamicParameters(new
        {
            which.Organisation,
            From = UnixMicroseconds.From(which.From),
            Until = UnixMicroseconds.From(which.Until),
            which.Model,
            which.ServiceTier,
            which.Plan,
            which.TermsId,
            PricePlan.Reserved,
            which.ReceiptsAfter,
            which.ReceiptsThrough,
            Limit = Math.Min(limit, MaxPage),
        });
        if (before is { } mark)
        {
            parameters.Add("MarkUs", mark.StartedUs);
            parameters.Add("MarkId", database.IdValue(mark.EventId));
        }

        await using var connection = await database.OpenAsync(cancellation);
        var rows = await connection.ReadAllAsync<UsageEventRow>(new CommandDefinition(
            $"""
            SELECT {EventColumns} FROM usage_event e JOIN usage_series s ON s.series_id = e.series_id
            WHERE e.started_us >= @From AND e.started_us < @Until AND e.sale_terms_id <> 0 AND s.tenant = @Organisation
                {(which.Model.Length > 0 ? "AND s.model = @Model" : "")}
                {(which.ServiceTier.Length > 0 ? "AND s.service_tier = @ServiceTier" : "")}
                {(which.TermsId != 0 ? "AND e.sale_terms_id = @TermsId" : "")}
                {(which.Plan.Length > 0
                    ? "AND e.sale_terms_id IN (SELECT sale_terms_id FROM sale_terms WHERE plan = @Plan)" : "")}
                {(which.WithoutCovered ? "AND s.service_tier <> @Reserved" : "")}
                {(which.IsByReceipts ? HasReceipt : "")}
                {(before is null ? "" : "AND (e.started_us, e.event_id) < (@MarkUs, @MarkId)")}
            ORDER BY e.started_us DESC, e.event_id DESC LIMIT @Limit
            """,
            parameters, cancellationToken: cancellation));
        List<SoldCall> calls = [.. rows.Select(row => new SoldCall(row.FromRow(), new NanoUsd(row.SaleNano), row.Revision))];
        return which.IsByReceipts ? await AsReceiptsHaveThemAsync(connection, which, calls, cancellation) : calls;
    }

    /// <summary>Puts in the place of calls that were corrected what the receipts up to a number say of them.</summary>
    async Task<List<SoldCall>> AsReceiptsHaveThemAsync(
        DbConnection connection, SoldCalls which, List<SoldCall> calls, CancellationToken cancellation)
    {
        var corrected = calls.Where(call => call.Revision > 0).Select(call => call.Usage.CallId).ToList();
        if (corrected.Count == 0)
        {
            return calls;
        }

        // Dapper finds a list only by what the value is at run time.
        var parameters = new DynamicParameters(new { which.Organisation, which.ReceiptsThrough });
        parameters.Add("Calls", database.IdValues(corrected));
        var lines = await connection.ReadAllAsync<string>(new CommandDefinition(
            $"""
            SELECT line FROM receipt WHERE organisation = @Organisation AND sequence <= @ReceiptsThrough
                AND {database.IsAmong("call_id", "@Calls")}
            """,
            parameters, cancellationToken: cancellation));
        var receipts = lines.Select(line => Receipt.Parse(line)!.Value.Receipt)
            .OrderBy(receipt => receipt.Revision).ToLookup(receipt => receipt.EventId);
        return [.. calls.Select(call => receipts[call.Usage.EventId].LastOrDefault() is { } known
            ? new SoldCall(
                call.Usage with { Usage = known.Usage }, known.Amount, known.Revision,
                receipts[call.Usage.EventId].LastOrDefault(each => each.Sequence <= which.ReceiptsAfter)?.Amount ?? default)
            : call)];
    }

    static long StartUs(DateOnly month) =>
        UnixMicroseconds.From(new DateTimeOffset(month, TimeOnly.MinValue, TimeSpan.Zero));

    /// <summary>As the query yields it. PostgreSQL sums integers to numeric, SQLite to integer.</summary>
    sealed record SoldRow
    {
        public string Key { get; init; } = "";

        public string Model { get; init; } = "";

        public string ServiceTier { get; init; } = "";

        public long TermsId { get; init; }

        public string Plan { get; init; } = "";

        public long FromUs { get; init; }

        public string Prices { get; init; } = "";

        public string Bands { get; init; } = "";

        public long FreeTokens { get; init; }

        public decimal Calls { get; init; }

        public decimal Prompt { get; init; }

        public decimal Cached { get; init; }

        public decimal CacheWrite { get; init; }

        public decimal CacheWrite1h { get; init; }

        public decimal Output { get; init; }

        public decimal Usd { get; init; }

        public decimal Nano { get; init; }

        public SoldSum ToSum() => new(
            Key, Model, ServiceTier,
            new SaleTermsRow { Plan = Plan, FromUs = FromUs, Prices = Prices, Bands = Bands, FreeTokens = FreeTokens }.ToTerms(),
            TermsId, (long)Calls,
            new TokenUsage((long)Prompt, (long)Cached, (long)Output, 0)
            {
                CacheWriteTokens = (long)CacheWrite,
                CacheWrite1hTokens = (long)CacheWrite1h,
            },
            (Usd * NanoUsd.PerUsd) + Nano);
    }
}
