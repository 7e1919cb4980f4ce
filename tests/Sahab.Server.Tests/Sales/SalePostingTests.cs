using Dapper;
using Sahab.Ledger.Contracts;
using Sahab.Ledger.Rating;
using Sahab.Ledger.Sales;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Sell.Receipts;
using Sahab.Server.Tests.Database;
using Sahab.Server.Tests.Metering;
using SomePrices = Sahab.Tests.Ledger.Sales.Prices;

namespace Sahab.Server.Tests.Sales;

/// <summary>What customers owe is posted with the events, on either engine.</summary>
public abstract class SalePostingTests : IAsyncLifetime, IDisposable
{
    static readonly Guid JournalId = SampleUsage.Id(9, 1);

    readonly TemporaryFolder _keys = new();
    PriceBook _book = new(
        [
            SomePrices.List("first", "2026-01-01", ("gpt-large", SomePrices.Plan(3.00000001m, 15))),
            SomePrices.List("second", "2026-03-01T13:30:00Z", ("gpt-large", SomePrices.Plan(2, 12))),
        ],
        [new PriceAgreement { Id = "one", Organisation = "tenant-1", From = SomePrices.Day("2026-01-01"), Discount = 0.1m }],
        TimeSpan.Zero);

    SahabDatabase _database = null!;
    UsageStore _store = null!;
    ReceiptSigner _signer = null!;

    public async Task InitializeAsync()
    {
        _database = await CreateDatabaseAsync(_keys.Path);
        await _database.MigrateAsync(TimeProvider.System, CancellationToken.None);
        _signer = ReceiptSigner.Open(_keys.Path);
        _store = NewStore();
    }

    public async Task DisposeAsync()
    {
        _signer.Dispose();
        await _database.DisposeAsync();
    }

    public void Dispose()
    {
        _keys.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task An_attempt_that_answered_is_owed_for_at_the_price_in_force_and_no_other_is()
    {
        await PostAsync(SampleUsage.Many(300));

        var balances = await BalancesAsync();

        var sold = SampleUsage.Many(300).Where(usage => usage.Outcome == AttemptOutcome.Succeeded && usage.Model == "gpt-large");
        foreach (var tenant in sold.GroupBy(usage => usage.Tenant))
        {
            balances[$"receivable:{tenant.Key}"].ShouldBe(tenant.Sum(usage => _book
                .TermsFor(usage.Tenant, usage.Model, usage.ServiceTier, usage.StartedAt)!
                .AmountOf(usage.Outcome, usage.Usage).ToUsd()));
        }

        balances.Keys.Where(name => name.StartsWith("revenue:", StringComparison.Ordinal)).ShouldBe(["revenue:gpt-large"]);
        balances.Values.Sum().ShouldBe(0);
        await AssertSumsAsync();
    }

    [Fact]
    public async Task Without_prices_nothing_is_posted_and_no_column_is_written()
    {
        _book = PriceBook.Empty;
        await PostAsync(SampleUsage.Many(100));

        (await BalancesAsync()).Keys.ShouldAllBe(name => !name.StartsWith("receivable", StringComparison.Ordinal));
        (await RowsAsync("sale_hour")).ShouldBe(0);
        (await RowsAsync("sale_change")).ShouldBe(0);
        (await RowsAsync("receipt")).ShouldBe(0);
    }

    [Fact]
    public async Task A_correction_posts_the_difference_and_has_a_receipt_of_its_own()
    {
        var usage = SampleUsage.Make(2) with { Outcome = AttemptOutcome.Succeeded };
        await PostAsync([usage]);
        var before = (await BalancesAsync())[$"receivable:{usage.Tenant}"];

        (await _store.CorrectAsync(
            usage.EventId, usage.Usage with { OutputTokens = usage.Usage.OutputTokens + 100 }, usage.Flags, 1,
            SampleUsage.Start, CancellationToken.None)).ShouldBe(CorrectionOutcome.Applied);

        ((await BalancesAsync())[$"receivable:{usage.Tenant}"] - before).ShouldBe(100 * 15m / 1_000_000);
        (await RowsAsync("receipt")).ShouldBe(2);
        await AssertSumsAsync();
    }

    [Fact]
    public async Task Sums_equal_the_events_at_any_time_whatever_the_order_of_deliveries_and_corrections()
    {
        var random = new Random(20260301);
        var events = Enumerable.Range(0, 400).Select(number => SampleUsage.Make(number) with
        {
            Outcome = random.Next(4) == 0 ? AttemptOutcome.Cut : AttemptOutcome.Succeeded,
        }).ToArray();
        random.Shuffle(events);
        foreach (var chunk in events.Chunk(57))
        {
            await PostAsync([.. chunk, .. chunk.Take(5)]);
            foreach (var usage in chunk.Where(_ => random.Next(3) == 0))
            {
                foreach (var revision in (int[])[random.Next(1, 4), random.Next(1, 4)])
                {
                    await _store.CorrectAsync(
                        usage.EventId, new TokenUsage(random.Next(3000), 0, random.Next(900), 0), usage.Flags, revision,
                        SampleUsage.Start, CancellationToken.None);
                }
            }

            await AssertSumsAsync();
        }
    }

    [Fact]
    public async Task Two_nodes_at_once_number_receipts_without_gaps()
    {
        var events = SampleUsage.Many(600);

        await Task.WhenAll(Enumerable.Range(1, 3).Select(node => Task.Run(() => NewStore().PostAsync(
            SampleUsage.Id(9, node), 1, [.. events.Skip(node * 100).Take(300)], CancellationToken.None))));

        await AssertSumsAsync();
    }

    [Fact]
    public async Task Usage_that_contracts_rebook_stays_sold_as_it_was()
    {
        await PostAsync(SampleUsage.Many(100));
        var before = await BalancesAsync();

        await _store.RebookAsync(
            Hour.Of(SampleUsage.Start), ContractBook.Empty.KnownAt(SampleUsage.Start), (_, _, _) => Task.CompletedTask,
            CancellationToken.None);

        (await BalancesAsync())["receivable:tenant-2"].ShouldBe(before["receivable:tenant-2"]);
        await AssertSumsAsync();
    }

    private protected abstract Task<SahabDatabase> CreateDatabaseAsync(string folder);

    UsageStore NewStore() => new(_database, null, () => _book, new ReceiptWriter(_database, _signer));

    Task<int> PostAsync(IReadOnlyList<UsageEvent> events) => _store.PostAsync(JournalId, 1, events, CancellationToken.None);

    async Task<Dictionary<string, decimal>> BalancesAsync() =>
        (await _store.BalancesAsync(CancellationToken.None)).ToDictionary(balance => balance.Account, balance => balance.Usd);

    async Task<long> RowsAsync(string table)
    {
        await using var connection = await _database.OpenAsync(CancellationToken.None);
        return await connection.ReadOneAsync<long>(new CommandDefinition($"SELECT COUNT(*) FROM {table}"));
    }

    /// <summary>Sums, balances, postings and receipts say the same as the events.</summary>
    async Task AssertSumsAsync()
    {
        await using var connection = await _database.OpenAsync(CancellationToken.None);
        var ofEvents = await ReadAsync("""
            SELECT s.tenant, s.model, e.sale_terms_id, COUNT(*), SUM(e.prompt_tokens), SUM(e.output_tokens), SUM(e.sale_nano_usd)
            FROM usage_event e JOIN usage_series s ON s.series_id = e.series_id WHERE e.sale_terms_id <> 0 GROUP BY 1, 2, 3
            """);
        (await ReadAsync("""
            SELECT s.tenant, s.model, h.sale_terms_id, SUM(h.calls), SUM(h.prompt_tokens), SUM(h.output_tokens),
                SUM(h.amount_usd) * 1000000000 + SUM(h.amount_nano_usd)
            FROM sale_hour h JOIN usage_series s ON s.series_id = h.series_id GROUP BY 1, 2, 3
            """)).ShouldBe(ofEvents);
        var balances = await BalancesAsync();
        balances.Values.Sum().ShouldBe(0);
        using var keys = ReceiptKey.ReadAll(_signer.PublicKey).Single();
        var receipts = new ReceiptStore(_database);
        foreach (var tenant in ofEvents.GroupBy(row => row.Tenant))
        {
            var owed = tenant.Sum(row => row.Nano);
            balances.GetValueOrDefault($"receivable:{tenant.Key}").ShouldBe(owed / 1_000_000_000);
            var chain = new ReceiptChain([keys]);
            (await receipts.ReadAsync(tenant.Key, 0, long.MaxValue, CancellationToken.None)).ForEach(chain.Add);
            var (sequence, hash) = await receipts.HeadAsync(tenant.Key, CancellationToken.None);
            chain.Add(_signer.Sign(new ReceiptHead(tenant.Key, sequence, hash, _signer.KeyId).ToBody()));
            chain.End();
            chain.Problems.ShouldBeEmpty();
            ((decimal)chain.SumsOf(new DateOnly(2026, 3, 1), long.MaxValue).Values.Aggregate((Int128)0, (sum, one) => sum + one))
                .ShouldBe(owed);
        }

        async Task<List<(string Tenant, string Model, long Terms, decimal Calls, decimal Prompt, decimal Output, decimal Nano)>>
            ReadAsync(string sql) =>
            [
                .. (await connection.ReadAllAsync<(string, string, long, decimal, decimal, decimal, decimal)>(
                    new CommandDefinition(sql))).Order(),
            ];
    }
}

/// <summary>On SQLite.</summary>
public sealed class SalePostingOnSqliteTests : SalePostingTests
{
    private protected override Task<SahabDatabase> CreateDatabaseAsync(string folder) =>
        Task.FromResult<SahabDatabase>(new SqliteDatabase(Path.Combine(folder, "sahab.db")));
}

/// <summary>On PostgreSQL.</summary>
[Collection(PostgresTests.Name)]
public sealed class SalePostingOnPostgresTests(PostgresServer server) : SalePostingTests
{
    private protected override async Task<SahabDatabase> CreateDatabaseAsync(string folder) =>
        new PostgresDatabase(await server.CreateDatabaseAsync());
}
