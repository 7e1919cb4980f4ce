using Dapper;
using Sahab.Ledger.Contracts;
using Sahab.Ledger.Postings;
using Sahab.Ledger.Rating;
using Sahab.Ledger.Settlements;
using Sahab.Routing.Decisions;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Source.Commitments;
using Sahab.Server.Tests.Database;
using LedgerBooks = Sahab.Tests.Ledger.Books;

namespace Sahab.Server.Tests.Commitments;

/// <summary>What posting and settling by contracts promise, on either engine.</summary>
public abstract class SettlementTests : IAsyncLifetime
{
    static readonly DateTimeOffset Start = Terms.At("2026-03-01");

    static readonly Commitment Spend = new()
    {
        Id = "spend",
        Source = Terms.Page,
        Windows =
        [
            new CommitmentWindow(Start, Start.AddDays(2), 30),
            new CommitmentWindow(Start.AddDays(2), Start.AddDays(40), 70),
        ],
        ShortfallRollover = 0.5m,
    };

    readonly List<SettlingNode> _nodes = [];
    readonly List<SahabDatabase> _databases = [];
    readonly SetTime _time = new(Start);

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            await node.DisposeAsync();
        }

        foreach (var database in _databases)
        {
            await database.DisposeAsync();
        }
    }

    [Fact]
    public async Task Balances_are_those_of_a_rebuild_from_the_events()
    {
        for (var seed = 1UL; seed <= 12; seed++)
        {
            await LiveAsync(seed);
        }
    }

    [Fact]
    public async Task Usage_is_posted_by_its_contract_and_without_one_as_it_was()
    {
        var node = await NodeAsync(Book(Rate(0.25m)));
        var (under, none) = (Usage(1, Start), Usage(2, Start) with { Provider = "other" });

        await node.PostAsync(under, none);

        var balances = await node.BalancesAsync();
        balances["accrual:cloud"].ShouldBe(-under.Cost().Value * 0.75m);
        balances["cost:compute:cloud:region:d"].ShouldBe(under.Cost().Value * 0.75m);
        balances["payable:other"].ShouldBe(-none.Cost().Value);
        (await node.PostAsync(under, none)).ShouldBe(0);
        (await node.BalancesAsync()).ShouldBe(balances);
    }

    [Fact]
    public async Task An_hour_is_settled_once_it_has_ended_and_the_grace_is_over()
    {
        var node = await NodeAsync(Book(Rate(0), Spend));
        await node.PostAsync(Usage(1, Start.AddMinutes(10), usd: 12));
        _time.Now = Start.AddHours(1) + Settler.Grace - TimeSpan.FromSeconds(1);

        (await node.SettleAsync()).ShouldBe(SettlementRound.Settled);
        node.Books.SettledUntil.ShouldBe(Start);
        _time.Now += TimeSpan.FromSeconds(1);
        await node.SettleAsync();

        node.Books.SettledUntil.ShouldBe(Start.AddHours(1));
        node.Books.Standings.ShouldHaveSingleItem().Drawn.ShouldBe(12);
        (await node.BalancesAsync())["commitment:drawn:cloud:spend"].ShouldBe(12_000_000_000m);
    }

    [Fact]
    public async Task What_comes_late_is_drawn_on_the_day_to_which_it_belongs()
    {
        var node = await NodeAsync(Book(Rate(0), Spend));
        await node.PostAsync(Usage(1, Start.AddHours(5), usd: 12), Usage(2, Start.AddHours(30), usd: 3));
        _time.Now = Start.AddHours(60);
        await node.SettleAsync();
        node.Books.Standings.Select(of => (of.Drawn, of.Deferred, of.Owed)).ShouldBe([(15, 0, 0), (0, 15, null)]);

        await node.PostAsync(Usage(3, Start.AddHours(6), usd: 5));
        await node.SettleAsync();

        node.Books.Standings.Select(of => (of.Drawn, of.Deferred)).ShouldBe([(20, 0), (0, 10)]);
        var from = DateOnly.FromDateTime(Start.UtcDateTime);
        (await node.Books.DrawnByDayAsync("cloud", "spend", from, from.AddDays(40), CancellationToken.None))
            .ShouldBe([new DailyDrawn(from, 17), new DailyDrawn(from.AddDays(1), 3)]);
        (await node.Books.DrawnByDayAsync("cloud", "spend", from.AddDays(1), from.AddDays(2), CancellationToken.None))
            .ShouldBe([new DailyDrawn(from.AddDays(1), 3)]);
        (await node.Books.DrawnByDayAsync("cloud", "other", from, from.AddDays(40), CancellationToken.None)).ShouldBeEmpty();
    }

    [Fact]
    public async Task One_node_settles_and_the_others_read_what_it_has_settled()
    {
        var database = await DatabaseAsync();
        var (one, two) = (Node(database, Book(Rate(0), Spend)), Node(database, Book(Rate(0), Spend)));
        await two.PostAsync(Usage(1, Start, usd: 4));
        _time.Now = Start.AddHours(3);

        (await one.SettleAsync()).ShouldBe(SettlementRound.Settled);
        (await two.SettleAsync()).ShouldBe(SettlementRound.SettledElsewhere);
        two.Books.Standings.ShouldBe(one.Books.Standings);
        two.Books.SettledUntil.ShouldBe(_time.Now.AddHours(-1));

        // A node that says nothing loses the lease, and what it had in mind then is refused.
        var stale = one.Settler;
        _time.Now += Settler.LeaseTime;
        (await two.SettleAsync()).ShouldBe(SettlementRound.Settled);
        _time.Now += TimeSpan.FromHours(1);
        (await stale.SettleAsync(CancellationToken.None)).ShouldBe(SettlementRound.Settled);
        (await two.SettleAsync()).ShouldBe(SettlementRound.SettledElsewhere);
        two.Books.Standings.ShouldBe(one.Books.Standings);
    }

    [Fact]
    public async Task A_node_that_has_lost_the_lease_without_knowing_it_writes_nothing()
    {
        var database = await DatabaseAsync();
        var (one, two) = (Node(database, Book(Rate(0), Spend)), Node(database, Book(Rate(0), Spend)));
        await one.PostAsync(Usage(1, Start, usd: 4));
        _time.Now = Start.AddHours(2);
        await one.SettleAsync();
        (await two.Settlements.TakeAsync(
            Guid.Parse("00000000-0000-0000-0000-000000000001"), _time.Now.AddHours(1), _time.Now.AddHours(2),
            CancellationToken.None)).ShouldNotBeNull();
        var balances = await one.BalancesAsync();

        await one.PostAsync(Usage(2, Start, usd: 5));
        await Should.ThrowAsync<SettlementLeaseLostException>(one.SettleAsync());

        (await one.BalancesAsync())["commitment:drawn:cloud:spend"].ShouldBe(balances["commitment:drawn:cloud:spend"]);
        (await one.SettleAsync()).ShouldBe(SettlementRound.SettledElsewhere);
    }

    [Fact]
    public async Task An_amendment_that_reaches_back_adjusts_by_entries_and_edits_none()
    {
        var amended = Rate(0) with { Id = "rate", Discount = 0.5m };
        var contract = Terms.Contract("cloud", "2026-03-01", Rate(0), Spend);
        var node = await NodeAsync(Terms.Book(contract));
        var events = Enumerable.Range(0, UsageStore.RebookedAtOnce + 300)
            .Select(number => Usage(number, Start.AddSeconds(number * 6), usd: 0.01m)).ToArray();
        await node.PostAsync(events);
        _time.Now = Start.AddDays(10);
        await node.SettleAsync();
        var before = await PostingsAsync(node);

        node.Shelf.PutInForce(Terms.Book(contract with
        {
            Versions =
            [
                contract.Versions[0],
                Terms.Version(2, "2026-03-01T01:00:00Z", amended) with { KnownFrom = Start.AddDays(9) },
            ],
        }));
        await node.SettleAsync();

        var after = await PostingsAsync(node);
        before.ShouldBeSubsetOf(after);
        var late = events.Where(usage => usage.StartedAt >= Start.AddHours(1)).Sum(usage => usage.Cost().Value);
        (await node.BalancesAsync())["cost:compute:cloud:region:d"]
            .ShouldBe(events.Sum(usage => usage.Cost().Value) - (late / 2));
        await AssertRebuiltAsync(node, events);
        var count = after.Count;
        node.Restart();
        await node.SettleAsync();
        (await PostingsAsync(node)).Count.ShouldBe(count);
    }

    [Fact]
    public async Task A_node_with_an_older_configuration_posts_by_it_and_the_one_that_settles_puts_it_right()
    {
        var database = await DatabaseAsync();
        var old = Terms.Contract("cloud", "2026-03-01", Rate(0), Spend);
        var amended = old with
        {
            Versions = [old.Versions[0], Terms.Version(2, "2026-03-01", Rate(0.1m)) with { KnownFrom = Start }],
        };
        var (one, two) = (Node(database, Terms.Book(amended)), Node(database, Terms.Book(old)));
        await one.PostAsync(Usage(1, Start, usd: 10));
        await two.PostAsync(Usage(2, Start, usd: 20));
        _time.Now = Start.AddHours(2);
        await one.SettleAsync();
        await two.PostAsync(Usage(3, Start, usd: 30));
        await one.SettleAsync();

        (await one.BalancesAsync())["accrual:cloud"].ShouldBe(-54_000_000_000m);
        await AssertRebuiltAsync(one, [Usage(1, Start, usd: 10), Usage(2, Start, usd: 20), Usage(3, Start, usd: 30)]);
    }

    [Fact]
    public async Task A_node_that_lacks_a_version_which_was_in_force_elsewhere_does_not_settle()
    {
        var node = await NodeAsync(Book(Rate(0)));
        var versions = new Source.Contracts.ContractStore(_databases[^1]);
        await versions.AddAsync(new("cloud", 2, "later", Start), CancellationToken.None);
        _time.Now = Start.AddHours(2);

        (await node.SettleAsync()).ShouldBe(SettlementRound.NodeIsBehind);
        node.Books.SettledUntil.ShouldBe(DateTimeOffset.MinValue);
    }

    [Fact]
    public async Task Usage_posted_before_a_contract_was_known_comes_under_it_when_it_is()
    {
        var node = await NodeAsync(ContractBook.Empty);
        var events = new[] { Usage(1, Start, usd: 10), Usage(2, Start.AddHours(1), usd: 20) };
        await node.PostAsync(events);
        (await node.SettleAsync()).ShouldBe(SettlementRound.NothingToSettle);
        _time.Now = Start.AddHours(9);

        node.Shelf.PutInForce(Book(Rate(0.5m), Spend));
        await node.SettleAsync();

        var balances = await node.BalancesAsync();
        balances.ShouldNotContainKey("payable:cloud");
        balances["accrual:cloud"].ShouldBe(-15_000_000_000m);
        await AssertRebuiltAsync(node, events);
    }

    private protected abstract Task<SahabDatabase> CreateDatabaseAsync();

    static ContractBook Book(params Clause[] clauses) => Terms.Book(Terms.Contract("cloud", "2026-03-01", clauses));

    static Rate Rate(decimal discount) =>
        new() { Id = "rate", Source = Terms.Page, Discount = discount };

    static UsageEvent Usage(int number, DateTimeOffset at, decimal usd = 4) => SampleUsage.Make(number) with
    {
        EventId = SampleUsage.Id(3, number),
        Provider = "cloud",
        Region = "region",
        Deployment = "d",
        Model = "m",
        Country = "US",
        StartedAt = at,
        Flags = UsageFlags.None,
        Usage = new TokenUsage(1_000_000, 0, 0, 0),
        Prices = PriceTerms.FromUsdPerMillion(usd, usd, usd),
    };

    static async Task AssertRebuiltAsync(SettlingNode node, IEnumerable<UsageEvent> events, string? message = null)
    {
        var books = new LedgerBooks(new ContractLedger(node.Shelf.Known));
        foreach (var usage in events)
        {
            books.Take(books.Ledger.Add(usage));
        }

        books.Take(books.Ledger.Settle(node.Books.SettledUntil));
        (await node.BalancesAsync()).ShouldBe(books.Balances(), message);
        node.Books.Standings.ShouldBe(books.Ledger.Standings, message);
        (await node.Settlements.ReadStandingsAsync(CancellationToken.None)).Standings
            .ShouldBe(books.Ledger.Standings, message);
    }

    /// <summary>
    /// A life of random contracts: events that come late, twice and by way of a node that knows less; amendments as they
    /// become known; settlements and restarts in between.
    /// </summary>
    async Task LiveAsync(ulong seed)
    {
        var random = new RandomSource(seed);
        var book = new RandomContracts(seed ^ 0xC0FFEE).Book();
        var known = book.Contracts.SelectMany(contract => contract.Versions).Select(version => version.KnownFrom).ToList();
        _time.Now = RandomContracts.Start;
        var database = await DatabaseAsync();
        var (node, older) = (Node(database, book), Node(database, book, new SetTime(known.Min())));
        var events = Enumerable.Range(0, 40).Select(number => RandomUsage(ref random, number)).ToList();
        for (var i = 0; i < events.Count; i++)
        {
            await (random.NextInt32(6) == 0 ? older : node).PostAsync([.. events.Skip(i - random.NextInt32(3)).Take(3)]);
            _time.Now += TimeSpan.FromMinutes(random.NextInt32(900));
            switch (random.NextInt32(5))
            {
                case 0 or 1:
                    await node.SettleAsync();
                    break;
                case 2:
                    node.Restart();
                    break;
                default:
                    break;
            }
        }

        await node.PostAsync(events);
        _time.Now = RandomContracts.End > known.Max() ? RandomContracts.End.AddHours(2) : known.Max().AddHours(2);
        await node.SettleAsync();
        await AssertRebuiltAsync(node, events, $"seed {seed}");
        var count = (await PostingsAsync(node)).Count;
        node.Restart();
        await node.SettleAsync();
        (await PostingsAsync(node)).Count.ShouldBe(count, $"a restart posts nothing (seed {seed})");
    }

    static UsageEvent RandomUsage(ref RandomSource random, int number)
    {
        var deployment = "d" + random.NextInt32(3);
        return SampleUsage.Make(number) with
        {
            Provider = random.NextInt32(3) == 0 ? "beta" : random.NextInt32(8) == 0 ? "gamma" : "alpha",
            Deployment = deployment,
            Country = random.NextInt32(2) == 0 ? "US" : "NO",
            Region = "region",
            Model = "model-" + deployment,
            StartedAt = RandomContracts.Start.AddSeconds(random.NextInt32(RandomContracts.Hours * 3600)),
            Usage = new TokenUsage(random.NextInt32(2_000_000), 0, random.NextInt32(300_000), 0),
        };
    }

    async Task<List<string>> PostingsAsync(SettlingNode node)
    {
        _ = node;
        await using var connection = await _databases[^1].OpenAsync(CancellationToken.None);
        return await connection.ReadAllAsync<string>(new CommandDefinition(
            $"""
            SELECT {_databases[^1].IdText("event_id")} || ' ' || account_id || ' ' || nano_usd || ' ' || booked_us
            FROM posting
            """));
    }

    async Task<SettlingNode> NodeAsync(ContractBook book) => Node(await DatabaseAsync(), book);

    SettlingNode Node(SahabDatabase database, ContractBook book, TimeProvider? time = null)
    {
        var node = new SettlingNode(database, book, time ?? _time);
        _nodes.Add(node);
        return node;
    }

    async Task<SahabDatabase> DatabaseAsync()
    {
        var database = await CreateDatabaseAsync();
        await database.MigrateAsync(TimeProvider.System, CancellationToken.None);
        _databases.Add(database);
        return database;
    }
}

public sealed class SettlementOnSqliteTests : SettlementTests, IDisposable
{
    readonly Metering.TemporaryFolder _folder = new();
    int _databases;

    public void Dispose() => _folder.Dispose();

    private protected override Task<SahabDatabase> CreateDatabaseAsync() =>
        Task.FromResult<SahabDatabase>(new SqliteDatabase(_folder.File($"sahab-{++_databases}.db")));
}

[Collection(PostgresTests.Name)]
public sealed class SettlementOnPostgresTests(PostgresServer server) : SettlementTests
{
    private protected override async Task<SahabDatabase> CreateDatabaseAsync() =>
        new PostgresDatabase(await server.CreateDatabaseAsync());
}
