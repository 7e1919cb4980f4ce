using System.Collections.Concurrent;
using System.Data.Common;
using Dapper;
using Sahab.Ledger.Postings;
using Sahab.Ledger.Rating;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Sell.Metering;

/// <summary>Usage events and the ledger's postings in the database: writing them once, and asking for them.</summary>
internal sealed partial class UsageStore(SahabDatabase database)
{
    const int MaxKnownNames = 100_000;

    const string InsertSeries = """
        INSERT INTO usage_series (tenant, key_id, model, deployment, provider, region, country, operation, service_tier,
            prompt_nano_per_million, cached_nano_per_million, output_nano_per_million)
        VALUES (@Tenant, @Key, @Model, @Deployment, @Provider, @Region, @Country, @Operation, @ServiceTier,
            @Prompt, @Cached, @Output)
        ON CONFLICT DO NOTHING
        """;

    const string SelectSeries = """
        SELECT series_id FROM usage_series
        WHERE tenant = @Tenant AND key_id = @Key AND model = @Model AND deployment = @Deployment
            AND provider = @Provider AND region = @Region AND country = @Country AND operation = @Operation
            AND service_tier = @ServiceTier AND prompt_nano_per_million = @Prompt
            AND cached_nano_per_million = @Cached AND output_nano_per_million = @Output
        """;

    const string Advance = """
        INSERT INTO journal_position (journal_id, position) VALUES (@Journal, @Position)
        ON CONFLICT (journal_id) DO UPDATE SET position = excluded.position
        WHERE journal_position.position < excluded.position
        """;

    const string ChangeBalance = """
        UPDATE account SET balance_usd = balance_usd + @Usd, balance_nano_usd = balance_nano_usd + @Nano,
            postings = postings + @Postings
        WHERE account_id = @Account
        """;

    readonly ConcurrentDictionary<UsageSeries, long> _series = new();
    readonly ConcurrentDictionary<string, long> _accounts = new(StringComparer.Ordinal);

    /// <summary>How far a journal has been posted; 0 for one that is not known yet.</summary>
    public async Task<long> PositionAsync(Guid journal, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return await connection.ReadOneAsync<long>(new CommandDefinition(
            "SELECT position FROM journal_position WHERE journal_id = @Journal",
            new { Journal = database.IdValue(journal) },
            cancellationToken: cancellation));
    }

    /// <summary>
    /// Stores and posts the events, and notes the journal's position, in one transaction. An event whose id is known
    /// already changes nothing. Returns how many were new.
    /// </summary>
    public async Task<int> PostAsync(
        Guid journal, long position, IReadOnlyList<UsageEvent> events, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        var rows = new UsageRows(withCacheWrites: TellOfCacheWrites(events));
        var postings = new List<IReadOnlyList<Posting>>(events.Count);
        foreach (var usage in events)
        {
            rows.Add(usage, await SeriesIdAsync(connection, UsageSeries.Of(usage), cancellation));
            var ofEvent = PostingRules.ForUsage(usage);
            foreach (var posting in ofEvent)
            {
                await AccountIdAsync(connection, posting.Account, cancellation);
            }

            postings.Add(ofEvent);
        }

        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        var inserted = await database.InsertNewAsync(connection, transaction, rows.Batch, cancellation);
        var hours = new UsageHourRows();
        var lines = new PostingRows();
        foreach (var index in inserted)
        {
            hours.Add(events[index], rows.SeriesOf(index));
            foreach (var posting in postings[index])
            {
                lines.Add(posting, _accounts[posting.Account.Name]);
            }
        }

        await database.InsertAsync(connection, transaction, hours.ToBatch(), cancellation);
        await database.InsertAsync(connection, transaction, lines.Batch, cancellation);
        await ExecuteAsync(connection, transaction, ChangeBalance, lines.BalanceChanges, cancellation);
        await ExecuteAsync(
            connection,
            transaction,
            Advance,
            new { Journal = database.IdValue(journal), Position = position },
            cancellation);
        await transaction.CommitAsync(cancellation);
        return inserted.Count;
    }

    static bool TellOfCacheWrites(IReadOnlyList<UsageEvent> events)
    {
        for (var i = 0; i < events.Count; i++)
        {
            if (events[i].TellsOfCacheWrites)
            {
                return true;
            }
        }

        return false;
    }

    static Task<int> ExecuteAsync(
        DbConnection connection,
        DbTransaction transaction,
        string sql,
        object parameters,
        CancellationToken cancellation) =>
        connection.ExecuteAsync(new CommandDefinition(sql, parameters, transaction, cancellationToken: cancellation));

    /// <summary>
    /// The id of a series, made where it is new: before the transaction that uses it, because an unused series harms
    /// nobody and a long transaction that others wait for does.
    /// </summary>
    async ValueTask<long> SeriesIdAsync(DbConnection connection, UsageSeries series, CancellationToken cancellation)
    {
        if (_series.TryGetValue(series, out var known))
        {
            return known;
        }

        var parameters = new
        {
            series.Tenant,
            series.Key,
            series.Model,
            series.Deployment,
            series.Provider,
            series.Region,
            series.Country,
            series.Operation,
            series.ServiceTier,
            Prompt = series.Prices.PromptNanoPerMillion,
            Cached = series.Prices.CachedNanoPerMillion,
            Output = series.Prices.OutputNanoPerMillion,
        };
        var select = new CommandDefinition(SelectSeries, parameters, cancellationToken: cancellation);
        var id = await connection.ReadOneAsync<long?>(select);
        if (id is null)
        {
            await connection.ExecuteAsync(
                new CommandDefinition(InsertSeries, parameters, cancellationToken: cancellation));
            id = await connection.ReadOneAsync<long>(select);
        }

        if (_series.Count >= MaxKnownNames)
        {
            _series.Clear();
        }

        _series[series] = id.Value;
        return id.Value;
    }

    async ValueTask AccountIdAsync(DbConnection connection, Account account, CancellationToken cancellation)
    {
        if (_accounts.ContainsKey(account.Name))
        {
            return;
        }

        await connection.ExecuteAsync(new CommandDefinition(
            "INSERT INTO account (name) VALUES (@Name) ON CONFLICT DO NOTHING",
            new { account.Name },
            cancellationToken: cancellation));
        _accounts[account.Name] = await connection.ReadOneAsync<long>(new CommandDefinition(
            "SELECT account_id FROM account WHERE name = @Name",
            new { account.Name },
            cancellationToken: cancellation));
    }
}
