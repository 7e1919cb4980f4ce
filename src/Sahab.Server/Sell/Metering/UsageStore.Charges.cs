using System.Collections.Concurrent;
using System.Data.Common;
using System.Globalization;
using Dapper;
using Sahab.Ledger.Contracts;
using Sahab.Ledger.Rating;
using Sahab.Ledger.Settlements;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Sell.Metering;

/// <summary>What was charged for a use in an hour by one set of terms.</summary>
/// <param name="Terms">The terms; null: under no contract, of which no amounts are kept.</param>
/// <param name="Events">How many events they were. At least 1.</param>
internal sealed record HourlyCharge(ChargeTerms? Terms, long Events, ChargeSum Sum);

/// <summary>What was used of a contract in an hour before its books begin, and so is not posted.</summary>
/// <param name="Quantity">Tokens.</param>
/// <param name="Net">What it cost by the contract's rate, in its currency.</param>
internal sealed record UnpostedHour(DateTimeOffset Hour, long Events, decimal Quantity, decimal Net);

internal sealed partial class UsageStore
{
    const string InsertTerms = """
        INSERT INTO charge_terms (contract_id, rate_id, token_prices, discount, usd_per_unit)
        VALUES (@Contract, @Rate, @Tokens, @Discount, @UsdPerUnit)
        ON CONFLICT DO NOTHING
        """;

    const string SelectTerms = """
        SELECT terms_id FROM charge_terms
        WHERE contract_id = @Contract AND rate_id = @Rate AND token_prices = @Tokens AND discount = @Discount
            AND usd_per_unit = @UsdPerUnit
        """;

    const string SelectCharges = """
        SELECT c.hour_us AS HourUs, s.provider AS Provider, s.region AS Region, s.country AS Country, s.model AS Model,
            s.deployment AS Deployment, c.terms_id AS TermsId, SUM(c.events) AS Events, SUM(c.quantity) AS Quantity,
            SUM(c.list_units) AS ListUnits, SUM(c.list_nano) AS ListNano, SUM(c.net_units) AS NetUnits,
            SUM(c.net_nano) AS NetNano, SUM(c.cost_usd) AS Usd, SUM(c.cost_nano_usd) AS Nano
        FROM usage_charge c JOIN usage_series s ON s.series_id = c.series_id
        WHERE c.hour_us >= @From AND c.hour_us < @To AND c.events > 0
        GROUP BY 1, 2, 3, 4, 5, 6, 7
        """;

    readonly ConcurrentDictionary<ChargeTerms, long> _termsIds = new();
    readonly ConcurrentDictionary<long, ChargeTerms> _terms = new();

    /// <summary>
    /// Takes hours before an instant from the list of those whose sums have changed; the oldest first. What is read after
    /// that of such an hour has every change for which it was on the list.
    /// </summary>
    /// <param name="limit">The most hours.</param>
    /// <param name="besides">What else belongs into the transaction that takes an hour.</param>
    public async Task<List<Hour>> TakeChangedHoursAsync(
        DateTimeOffset until, int limit, Func<Hour, TransactionStep> besides, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        var hours = await connection.ReadAllAsync<long>(new CommandDefinition(
            "SELECT hour_us FROM charge_change WHERE hour_us < @Until ORDER BY hour_us LIMIT @Limit",
            new { Until = UnixMicroseconds.From(until), Limit = limit },
            cancellationToken: cancellation));
        foreach (var hour in hours)
        {
            // One by one: who waits for a node that posts to one hour must not hold another that the node waits for.
            await using var transaction = await connection.BeginTransactionAsync(cancellation);
            await besides(Hour.Of(UnixMicroseconds.ToTime(hour)))(connection, transaction, cancellation);
            await connection.ExecuteAsync(new CommandDefinition(
                "DELETE FROM charge_change WHERE hour_us = @Hour", new { Hour = hour }, transaction,
                cancellationToken: cancellation));
            await transaction.CommitAsync(cancellation);
        }

        return [.. hours.Select(hour => Hour.Of(UnixMicroseconds.ToTime(hour)))];
    }

    /// <summary>The first hour from one on that anything was charged in; null: there is none.</summary>
    public async Task<Hour?> NextChargedHourAsync(Hour from, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        var hour = await connection.ReadOneAsync<long?>(new CommandDefinition(
            "SELECT MIN(hour_us) FROM usage_charge WHERE hour_us >= @From",
            new { From = UnixMicroseconds.From(from.Start) },
            cancellationToken: cancellation));
        return hour is { } found ? Hour.Of(UnixMicroseconds.ToTime(found)) : null;
    }

    /// <summary>What was charged in the hours, by use and terms.</summary>
    /// <param name="from">The first hour.</param>
    /// <param name="until">The first hour that is not asked for.</param>
    public async Task<List<HourlyCharge>> ChargesAsync(Hour from, Hour until, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        var rows = await connection.ReadAllAsync<ChargeRow>(new CommandDefinition(
            SelectCharges,
            new { From = UnixMicroseconds.From(from.Start), To = UnixMicroseconds.From(until.Start) },
            cancellationToken: cancellation));
        var charges = new List<HourlyCharge>(rows.Count);
        foreach (var row in rows)
        {
            charges.Add(new HourlyCharge(
                await TermsAsync(connection, row.TermsId, cancellation), (long)row.Events, row.ToSum()));
        }

        return charges;
    }

    /// <summary>What was used of a contract before its books begin, the latest hours first, and how many events it is.</summary>
    public async Task<(IReadOnlyList<UnpostedHour> Hours, long Events)> BeforeBooksAsync(
        string contract, int limit, CancellationToken cancellation)
    {
        const string from = """
            FROM usage_charge c JOIN charge_terms t ON t.terms_id = c.terms_id
            WHERE t.contract_id = @Contract AND t.usd_per_unit = '0' AND c.events > 0
            """;
        await using var connection = await database.OpenAsync(cancellation);
        var rows = await connection.ReadAllAsync<(long HourUs, decimal Events, decimal Quantity, decimal Units, decimal Nano)>(
            new CommandDefinition(
                $"""
                SELECT c.hour_us, SUM(c.events), SUM(c.quantity), SUM(c.net_units), SUM(c.net_nano) {from}
                GROUP BY c.hour_us ORDER BY c.hour_us DESC LIMIT @Limit
                """,
                new { Contract = contract, Limit = limit },
                cancellationToken: cancellation));
        var events = await connection.ReadOneAsync<long>(new CommandDefinition(
            $"SELECT CAST(COALESCE(SUM(c.events), 0) AS BIGINT) {from}", new { Contract = contract },
            cancellationToken: cancellation));
        return (
            [
                .. rows.Select(row => new UnpostedHour(
                    UnixMicroseconds.ToTime(row.HourUs), (long)row.Events, row.Quantity,
                    ToUsd((long)row.Units, (long)row.Nano))),
            ],
            events);
    }

    /// <summary>The terms of an id; null for 0, which is no contract.</summary>
    async ValueTask<ChargeTerms?> TermsAsync(DbConnection connection, long id, CancellationToken cancellation)
    {
        if (id == 0 || _terms.TryGetValue(id, out var known))
        {
            return id == 0 ? null : _terms[id];
        }

        var row = await connection.ReadOneAsync<TermsRow>(new CommandDefinition(
            """
            SELECT contract_id AS Contract, rate_id AS Rate, token_prices AS Tokens, discount AS Discount,
                usd_per_unit AS UsdPerUnit
            FROM charge_terms WHERE terms_id = @Id
            """,
            new { Id = id },
            cancellationToken: cancellation)) ?? throw new InvalidOperationException($"There are no terms {id}.");
        var terms = row.ToTerms();
        _termsIds[terms] = id;
        return _terms[id] = terms;
    }

    /// <summary>The id of terms, made where they are new; as with a series, before the transaction that uses it.</summary>
    async ValueTask<long> TermsIdAsync(DbConnection connection, ChargeTerms? terms, CancellationToken cancellation)
    {
        if (terms is null)
        {
            return 0;
        }

        if (_termsIds.TryGetValue(terms, out var known))
        {
            return known;
        }

        var row = TermsRow.Of(terms);
        var select = new CommandDefinition(SelectTerms, row, cancellationToken: cancellation);
        var id = await connection.ReadOneAsync<long?>(select);
        if (id is null)
        {
            await connection.ExecuteAsync(new CommandDefinition(InsertTerms, row, cancellationToken: cancellation));
            id = await connection.ReadOneAsync<long>(select);
        }

        if (_termsIds.Count >= MaxKnownNames)
        {
            _termsIds.Clear();
            _terms.Clear();
        }

        _terms[id.Value] = terms;
        return _termsIds[terms] = id.Value;
    }

    /// <summary>As the query yields it. PostgreSQL sums integers to numeric, SQLite to integer.</summary>
    sealed record ChargeRow
    {
        public long HourUs { get; init; }

        public string Provider { get; init; } = "";

        public string Region { get; init; } = "";

        public string Country { get; init; } = "";

        public string Model { get; init; } = "";

        public string Deployment { get; init; } = "";

        public long TermsId { get; init; }

        public decimal Events { get; init; }

        public decimal Quantity { get; init; }

        public decimal ListUnits { get; init; }

        public decimal ListNano { get; init; }

        public decimal NetUnits { get; init; }

        public decimal NetNano { get; init; }

        public decimal Usd { get; init; }

        public decimal Nano { get; init; }

        public ChargeSum ToSum() => new(
            new Use(Provider, Region, Country, Use.Inference, Model, Deployment),
            Hour.Of(UnixMicroseconds.ToTime(HourUs)),
            ToUsd((long)ListUnits, (long)ListNano),
            ToUsd((long)NetUnits, (long)NetNano),
            Quantity,
            (Usd * Ledger.Money.NanoUsd.PerUsd) + Nano);
    }

    sealed record TermsRow
    {
        public string Contract { get; init; } = "";

        public string Rate { get; init; } = "";

        public string Tokens { get; init; } = "";

        public string Discount { get; init; } = "";

        public string UsdPerUnit { get; init; } = "";

        public static TermsRow Of(ChargeTerms terms) => new()
        {
            Contract = terms.Contract,
            Rate = terms.Rate ?? "",
            Tokens = terms.Tokens is { } prices
                ? string.Create(
                    CultureInfo.InvariantCulture,
                    $"{prices.PromptNanoPerMillion} {prices.CachedNanoPerMillion} {prices.CacheWriteNanoPerMillion} "
                    + $"{prices.CacheWrite1hNanoPerMillion} {prices.OutputNanoPerMillion}")
                : "",
            Discount = ToText(terms.Discount),
            UsdPerUnit = ToText(terms.UsdPerUnit),
        };

        public ChargeTerms ToTerms()
        {
            var prices = Tokens.Length == 0
                ? null
                : Tokens.Split(' ').Select(price => long.Parse(price, CultureInfo.InvariantCulture)).ToArray();
            return new ChargeTerms(
                Contract,
                Rate.Length == 0 ? null : Rate,
                prices is null ? null : new PriceTerms(prices[0], prices[1], prices[2], prices[3], prices[4]),
                decimal.Parse(Discount, CultureInfo.InvariantCulture),
                decimal.Parse(UsdPerUnit, CultureInfo.InvariantCulture));
        }

        /// <summary>Without zeros that change nothing, so that equal terms are one row.</summary>
        static string ToText(decimal value) => value.ToString("0.############################", CultureInfo.InvariantCulture);
    }
}
