using System.Collections.Concurrent;
using System.Data.Common;
using Dapper;
using Sahab.Ledger.Contracts;
using Sahab.Ledger.Postings;
using Sahab.Ledger.Rating;
using Sahab.Ledger.Sales;
using Sahab.Ledger.Settlements;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Sell.Budgets;
using Sahab.Server.Sell.Receipts;

namespace Sahab.Server.Sell.Metering;

/// <summary>Usage events and the ledger's postings in the database: writing them once, and asking for them.</summary>
/// <param name="contracts">
/// The contracts as they are known now, by which usage is posted; left out: there are none.
/// </param>
/// <param name="prices">The price book in force, by which usage is sold; left out: nothing is.</param>
/// <param name="receipts">Writes a receipt for each event that is sold; left out: there are none.</param>
/// <param name="spends">Adds what is sold to what is spent of budgets; left out: there are none.</param>
internal sealed partial class UsageStore(
    SahabDatabase database, Func<ContractTimeline>? contracts = null, Func<PriceBook>? prices = null,
    ReceiptWriter? receipts = null, SpendWriter? spends = null)
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

    static readonly ContractTimeline NoContracts = ContractBook.Empty.KnownAt(DateTimeOffset.MinValue);

    readonly ConcurrentDictionary<UsageSeries, long> _series = new();
    readonly ConcurrentDictionary<string, long> _accounts = new(StringComparer.Ordinal);
    EventRating? _rating;

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
    /// already changes nothing. Each is posted by the contract that it falls under, as known now. Returns how many were
    /// new.
    /// </summary>
    public async Task<int> PostAsync(
        Guid journal, long position, IReadOnlyList<UsageEvent> events, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        var (rating, book) = (CurrentRating(), prices?.Invoke() ?? PriceBook.Empty);
        var rows = new UsageRows(
            withCacheWrites: TellOfCacheWrites(events), withTerms: rating.HasContracts, withSales: !book.IsEmpty);
        var posted = new List<PostedEvent>(events.Count);
        foreach (var usage in events)
        {
            var series = await SeriesIdAsync(connection, UsageSeries.Of(usage), cancellation);
            var of = await RateAsync(connection, rating, usage, series, cancellation);
            of = await SellAsync(connection, book, usage, of, cancellation);
            rows.Add(usage, series, of.Terms, of.Sale);
            posted.Add(of);
        }

        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await HoldBudgetsAsync(connection, transaction, cancellation);
        var inserted = await database.InsertNewAsync(connection, transaction, rows.Batch, cancellation);
        var (hours, charges, lines, sales) = (new UsageHourRows(), new ChargeRows(), new PostingRows(), new SaleRows());
        foreach (var index in inserted)
        {
            var (usage, series, of) = (events[index], rows.SeriesOf(index), posted[index]);
            hours.Add(usage, series);
            charges.Add(of.HourUs, series, of.Terms, of.Charge);
            if (of.Sale is { } sale)
            {
                sales.Add(usage, of.HourUs, series, sale);
            }

            foreach (var posting in of.Postings)
            {
                lines.Add(posting, _accounts[posting.Account.Name]);
            }
        }

        await database.InsertAsync(connection, transaction, hours.ToBatch(), cancellation);
        await database.InsertAsync(connection, transaction, charges.ToBatch(), cancellation);
        await database.InsertAsync(connection, transaction, charges.ToChanges(), cancellation);
        await AddSalesAsync(connection, transaction, sales, cancellation);
        var uses = inserted.Select(index => new PostedUse(events[index], posted[index].Sale?.Amount ?? default));
        await AddUsesAsync(connection, transaction, uses, cancellation);
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

    /// <summary>From here on no budget is set until the transaction ends.</summary>
    Task HoldBudgetsAsync(DbConnection connection, DbTransaction transaction, CancellationToken cancellation) =>
        spends?.HoldAsync(connection, transaction, cancellation) ?? Task.CompletedTask;

    /// <summary>After receipts and before balances of accounts.</summary>
    Task AddUsesAsync(
        DbConnection connection, DbTransaction transaction, IEnumerable<PostedUse> uses, CancellationToken cancellation) =>
        spends?.AddAsync(connection, transaction, uses, cancellation) ?? Task.CompletedTask;

    /// <summary>By the contracts as they are known now; the same object as long as they are.</summary>
    EventRating CurrentRating()
    {
        var timeline = contracts?.Invoke() ?? NoContracts;
        var rating = Volatile.Read(ref _rating);
        if (rating is null || !ReferenceEquals(rating.Contracts, timeline))
        {
            Volatile.Write(ref _rating, rating = new EventRating(timeline));
        }

        return rating;
    }

    /// <summary>What the event posts, with the ids of all that it names made where they are new.</summary>
    async ValueTask<PostedEvent> RateAsync(
        DbConnection connection, EventRating rating, UsageEvent usage, long series, CancellationToken cancellation)
    {
        var hourUs = UnixMicroseconds.HourOf(UnixMicroseconds.From(usage.StartedAt));
        var rated = rating.For(usage, series, hourUs);
        var charge = rated?.ChargeOf(usage);
        var postings = charge?.Postings() ?? PostingRules.ForUsage(usage);
        foreach (var posting in postings)
        {
            await AccountIdAsync(connection, posting.Account, cancellation);
        }

        if (rated is { TermsId: 0 })
        {
            rated.TermsId = await TermsIdAsync(connection, rated.Terms, cancellation);
        }

        return new PostedEvent(hourUs, rated?.TermsId ?? 0, charge, postings);
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

    /// <summary>An event as it is posted.</summary>
    /// <param name="Terms">The id of its terms; 0: under no contract.</param>
    /// <param name="Charge">Its charge by the terms; null: under no contract.</param>
    /// <param name="Postings">Of its cost and of its sale.</param>
    /// <param name="Sale">What it was sold for; null: it was not.</param>
    readonly record struct PostedEvent(
        long HourUs, long Terms, Charge? Charge, IReadOnlyList<Posting> Postings, EventSale? Sale = null);
}
