using Dapper;
using Sahab.Ledger.Contracts;
using Sahab.Ledger.Rating;
using Sahab.Routing.Decisions;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Source.Commitments;
using Sahab.Server.Tests.Database;
using Sahab.Server.Tests.Metering;

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
        for (var seed = 1UL; seed <= Histories; seed++)
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

        var book = Terms.Book(contract with
        {
            Versions =
            [
                contract.Versions[0],
                Terms.Version(2, "2026-03-01T01:00:00Z", amended) with { KnownFrom = Start.AddDays(9) },
            ],
        });
        var balances = await node.BalancesAsync();
        var preview = await node.Preview.MakeAsync(book, CancellationToken.None);
        (await PostingsAsync(node)).ShouldBe(before, "a preview writes nothing");
        node.Shelf.PutInForce(book);
        await node.SettleAsync();

        preview.Versions.ShouldHaveSingleItem().Version.Number.ShouldBe(2);
        preview.Events.ShouldBe(events.Count(usage => usage.StartedAt >= Start.AddHours(1)));
        preview.Differences!.ToDictionary(pair => pair.Key, pair => pair.Value * 1_000_000_000m)
            .ShouldBe(Difference(balances, await node.BalancesAsync()), ignoreOrder: true);

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
    public async Task A_late_correction_adjusts_and_the_highest_stands()
    {
        var node = await NodeAsync(Book(Rate(0.5m), Spend));
        var (used, other) = (Usage(1, Start, usd: 10), Usage(2, Start, usd: 3) with { Provider = "other" });
        await node.PostAsync(used, other);
        _time.Now = Start.AddHours(3);
        await node.SettleAsync();
        var before = await PostingsAsync(node);
        UsageEvent Of(long tokens) => used with { Usage = new TokenUsage(tokens, 0, 0, 0), Flags = UsageFlags.Estimated };
        var notBilled = other with { Flags = UsageFlags.NotBilled };

        (await node.CorrectAsync(Of(600_000), 2)).ShouldBe(CorrectionOutcome.Applied);
        (await node.CorrectAsync(Of(900_000), 1)).ShouldBe(CorrectionOutcome.Superseded);
        (await node.CorrectAsync(Of(600_000), 2)).ShouldBe(CorrectionOutcome.Superseded);
        (await node.CorrectAsync(Usage(9, Start), 1)).ShouldBe(CorrectionOutcome.Unknown);
        (await node.CorrectAsync(notBilled, 1)).ShouldBe(CorrectionOutcome.Applied);
        await node.SettleAsync();

        before.ShouldBeSubsetOf(await PostingsAsync(node));
        var balances = await node.BalancesAsync();
        balances["accrual:cloud"].ShouldBe(-3_000_000_000m);
        balances.ShouldNotContainKey("payable:other");
        await AssertRebuiltAsync(node, [Of(600_000), notBilled]);
        (await UsageStoreTests.ReadAllAsync(node.Usage)).ShouldBe([notBilled, Of(600_000)], ignoreOrder: true);
        var total = (await node.Usage.TotalsAsync(new UsageQuery(), [], CancellationToken.None)).ShouldHaveSingleItem();
        (total.Attempts, total.PromptTokens, total.CostUsd, total.Estimated).ShouldBe((2, 1_600_000, 6, 1));
    }

    [Fact]
    public async Task What_is_posted_by_several_nodes_while_one_settles_is_settled_once_each()
    {
        var database = await DatabaseAsync();
        _time.Now = Start.AddHours(60);
        var book = Book(Rate(0.1m) with { Tiers = [new VolumeTier(100, 0.2m)] }, Spend);
        var (settling, posting) = (Node(database, book), new[] { Node(database, book), Node(database, book) });
        var events = Enumerable.Range(0, 400).Select(number => Usage(number, Start.AddMinutes(number * 7), usd: 1)).ToList();
        var done = 0;
        await Task.WhenAll(
        [
            .. posting.Select((node, index) => Task.Run(async () =>
            {
                for (var i = index * 180; i < (index * 180) + 220; i += 5)
                {
                    await node.PostAsync(events[i..(i + 5)]);
                }

                Interlocked.Increment(ref done);
            })),
            Task.Run(async () =>
            {
                while (Volatile.Read(ref done) < posting.Length)
                {
                    await settling.SettleAsync();
                }
            }),
        ]);
        await settling.SettleAsync();

        await AssertRebuiltAsync(settling, events);
        settling.Books.SettledUntil.ShouldBe(Start.AddHours(59));
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

    [Fact]
    public async Task What_was_used_before_the_books_is_listed_and_not_posted()
    {
        var node = await NodeAsync(Opened(Start.AddHours(5), 12));
        var events = new[] { Usage(1, Start.AddHours(6), usd: 3), Usage(2, Start.AddHours(1), usd: 40) };
        await node.PostAsync(events[0]);
        _time.Now = Start.AddHours(9);
        await node.SettleAsync();

        await node.PostAsync(events[1]);
        await node.SettleAsync();

        var balances = await node.BalancesAsync();
        balances["accrual:cloud"].ShouldBe(-3_000_000_000m);
        balances["commitment:drawn:cloud:spend"].ShouldBe(15_000_000_000m);
        balances["commitment:opening:cloud:spend"].ShouldBe(-12_000_000_000m);
        node.Books.Standings.ShouldHaveSingleItem().Drawn.ShouldBe(15);
        var (hours, count) = await node.Usage.BeforeBooksAsync("cloud", 10, CancellationToken.None);
        (count, hours.ShouldHaveSingleItem()).ShouldBe((1, new UnpostedHour(Start.AddHours(1), 1, 1_000_000, 40)));
        var day = DateOnly.FromDateTime(Start.UtcDateTime);
        (await node.Books.DrawnByDayAsync("cloud", "spend", day, day.AddDays(9), CancellationToken.None))
            .ShouldBe([new DailyDrawn(day, 3)], "what was drawn before is no day's draw");
        await AssertRebuiltAsync(node, events);
        var posted = (await PostingsAsync(node)).Count;
        node.Restart();
        await node.SettleAsync();
        (await PostingsAsync(node)).Count.ShouldBe(posted);
    }

    [Fact]
    public async Task An_opening_that_is_known_later_takes_back_what_was_posted_before_its_date()
    {
        var node = await NodeAsync(Book(Rate(0), Spend));
        var events = new[] { Usage(1, Start.AddHours(1), usd: 40), Usage(2, Start.AddHours(6), usd: 3) };
        await node.PostAsync(events);
        _time.Now = Start.AddHours(60);
        await node.SettleAsync();
        node.Books.Standings.Length.ShouldBe(2);

        var book = Opened(Start.AddHours(5), 12);
        var preview = await node.Preview.MakeAsync(book, CancellationToken.None);
        var before = await node.BalancesAsync();
        node.Shelf.PutInForce(book);
        await node.SettleAsync();

        preview.Differences!.ToDictionary(pair => pair.Key, pair => pair.Value * 1_000_000_000m)
            .ShouldBe(Difference(before, await node.BalancesAsync()), ignoreOrder: true);
        node.Books.Standings.Select(standing => standing.Drawn).ShouldBe([15, 0]);
        await AssertRebuiltAsync(node, events);
    }

    [Fact]
    public async Task A_restart_begins_with_the_last_month_before_which_nothing_has_changed()
    {
        var book = Book(Rate(0) with { Tiers = [new VolumeTier(50, 0.2m)], TierPeriod = CalendarPeriod.Quarter }, Spend);
        var node = await NodeAsync(book);
        var events = Enumerable.Range(0, 70).Select(day => Usage(day, Start.AddDays(day).AddHours(day % 24), usd: 2)).ToList();
        await node.PostAsync(events);
        _time.Now = Start.AddDays(71);
        await node.SettleAsync();
        node.Settler.Ledger!.Begins.ShouldBe(DateTimeOffset.MinValue);

        await RestartAsync();
        node.Settler.Ledger!.Begins.ShouldBe(Terms.At("2026-05-01"));

        events.Add(Usage(100, Start.AddDays(40), usd: 30));
        await node.PostAsync(events[^1]);
        await node.SettleAsync();
        node.Settler.Ledger!.Begins.ShouldBe(Terms.At("2026-04-01"), "what comes late is before what was in memory");
        await AssertRebuiltAsync(node, events);

        events.Add(Usage(101, Start.AddDays(2), usd: 30));
        await node.PostAsync(events[^1]);
        await RestartAsync(isQuiet: false);
        node.Settler.Ledger!.Begins.ShouldBe(Terms.At("2026-03-01"));
        await AssertRebuiltAsync(node, events);
        await RestartAsync();
        node.Settler.Ledger!.Begins.ShouldBe(Terms.At("2026-05-01"));

        var amended = book.Contracts[0] with
        {
            Versions = [book.Contracts[0].Versions[0], Terms.Version(2, "2026-04-05", Rate(0.5m)) with { KnownFrom = _time.Now }],
        };
        node.Shelf.PutInForce(Terms.Book(amended));
        await node.SettleAsync();
        node.Settler.Ledger!.Begins.ShouldBe(DateTimeOffset.MinValue);
        await AssertRebuiltAsync(node, events);

        async Task RestartAsync(bool isQuiet = true)
        {
            var posted = (await PostingsAsync(node)).Count;
            node.Restart();
            await node.SettleAsync();
            if (isQuiet)
            {
                (await PostingsAsync(node)).Count.ShouldBe(posted, "a restart posts nothing");
            }
        }
    }

    static ContractBook Opened(DateTimeOffset from, decimal drawn)
    {
        var contract = Terms.Contract("cloud", "2026-03-01", Rate(0), Spend);
        var opening = new OpeningBalances { BooksFrom = from, Commitments = [new OpeningDraw("spend", Start, drawn)] };
        return Terms.Book(contract with { Versions = [contract.Versions[0] with { Opening = opening }] });
    }

    private protected abstract Task<SahabDatabase> CreateDatabaseAsync();

    /// <summary>How many random histories there are.</summary>
    private protected virtual ulong Histories => 12;

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
        var rebuilt = new RebuiltLedger(node.Shelf.Known, events, node.Books.SettledUntil);
        (await node.BalancesAsync()).ShouldBe(rebuilt.Balances, message);
        node.Books.Standings.ShouldBe(rebuilt.Standings, message);
        (await node.Settlements.ReadStandingsAsync(CancellationToken.None)).Standings
            .ShouldBe(rebuilt.Standings, message);
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
        var corrections = new Dictionary<Guid, (int Revision, UsageEvent Usage)>();
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
                case 3:
                    var corrected = events[random.NextInt32(i + 1)];
                    corrected = corrected with { Usage = RandomTokens(ref random) };
                    var revision = 1 + random.NextInt32(4);
                    var stands = corrections.GetValueOrDefault(corrected.EventId).Revision >= revision;
                    var outcome = await node.CorrectAsync(corrected, revision);
                    outcome.ShouldBe(stands ? CorrectionOutcome.Superseded : CorrectionOutcome.Applied, $"seed {seed}");
                    corrections[corrected.EventId] =
                        stands ? corrections[corrected.EventId] : (revision, corrected);
                    break;
                default:
                    break;
            }
        }

        await node.PostAsync(events);
        _time.Now = RandomContracts.End > known.Max() ? RandomContracts.End.AddHours(2) : known.Max().AddHours(2);
        await node.SettleAsync();
        var last = events.Select(usage => corrections.TryGetValue(usage.EventId, out var of) ? of.Usage : usage);
        await AssertRebuiltAsync(node, last, $"seed {seed}");
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
            Usage = RandomTokens(ref random),
        };
    }

    static TokenUsage RandomTokens(ref RandomSource random) =>
        new(random.NextInt32(2_000_000), 0, random.NextInt32(300_000), 0);

    static SortedDictionary<string, decimal> Difference(
        SortedDictionary<string, decimal> before, SortedDictionary<string, decimal> after)
    {
        var difference = new SortedDictionary<string, decimal>(after, StringComparer.Ordinal);
        foreach (var (account, nano) in before)
        {
            difference[account] = difference.GetValueOrDefault(account) - nano;
        }

        foreach (var account in difference.Where(pair => pair.Value == 0).Select(pair => pair.Key).ToList())
        {
            difference.Remove(account);
        }

        return difference;
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
    readonly TemporaryFolder _folder = new();
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

    /// <summary>Fewer, for each step takes longer there.</summary>
    private protected override ulong Histories => 4;
}
