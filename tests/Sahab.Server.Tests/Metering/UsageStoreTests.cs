using Dapper;
using Sahab.Ledger.Postings;
using Sahab.Ledger.Rating;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Tests.Database;

namespace Sahab.Server.Tests.Metering;

/// <summary>What the store promises, on either engine.</summary>
public abstract class UsageStoreTests : IAsyncLifetime
{
    static readonly Guid JournalId = SampleUsage.Id(9, 1);
    static readonly UsageQuery Everything = new();

    const string RowsOfTheReleaseBefore = """
        INSERT INTO usage_series (tenant, key_id, model, deployment, provider, region, country, operation, service_tier,
            prompt_nano_per_million, cached_nano_per_million, output_nano_per_million)
        VALUES ('t', 'k', 'm', 'd', 'p', 'r', 'US', 'chat.completions', 'default', 3000000000, 300000000, 15000000000);
        INSERT INTO usage_event (event_id, call_id, attempt, series_id, started_us, duration_us, outcome,
            upstream_status, flags, prompt_tokens, cached_tokens, output_tokens, reasoning_tokens, cost_nano_usd)
        SELECT @Id, @Id, 1, series_id, 1772366400000000, 10, 1, 200, 0, 1000, 400, 500, 0, 9420000 FROM usage_series;
        INSERT INTO usage_hour (hour_us, series_id, attempts, calls, failed, estimated, prompt_tokens, cached_tokens,
            output_tokens, reasoning_tokens, cost_usd, cost_nano_usd)
        SELECT 1772366400000000, series_id, 1, 1, 0, 0, 1000, 400, 500, 0, 0, 9420000 FROM usage_series;
        """;

    SahabDatabase _database = null!;
    UsageStore _store = null!;

    public async Task InitializeAsync()
    {
        _database = await CreateDatabaseAsync("sahab");
        await _database.MigrateAsync(TimeProvider.System, CancellationToken.None);
        _store = new UsageStore(_database);
    }

    public async Task DisposeAsync() => await _database.DisposeAsync();

    [Fact]
    public async Task Events_are_read_as_they_were_posted_the_newest_first()
    {
        var events = SampleUsage.Many(40);
        (await PostAsync(1, events)).ShouldBe(40);
        (await _store.EventsAsync(Everything, before: null, 100, CancellationToken.None))
            .ShouldBe(Enumerable.Reverse(events));
    }

    [Fact]
    public async Task Cache_writes_are_kept_summed_and_charged_at_their_own_prices()
    {
        // One series, as far as the store tells them apart, at three price lists for cache writes.
        var events = SampleUsage.Many(60)
            .Concat(Enumerable.Range(60, 60).Select(SampleUsage.MakeWithCacheWrites))
            .Concat(Enumerable.Range(120, 60).Select(number => SampleUsage.MakeWithCacheWrites(number) with
            {
                Prices = PriceTerms.FromUsdPerMillion(2.5m, 0.25m, 10m + (number % 2), 2.5m, 4.000000001m),
            }))
            .ToList();
        await PostAsync(1, events);
        (await ReadAllAsync(_store)).ShouldBe(Enumerable.Reverse(events));
        var total = (await _store.TotalsAsync(Everything, [], CancellationToken.None)).ShouldHaveSingleItem();
        Text(total).ShouldBe(Text(Total(events, [])));
        total.CacheWriteTokens.ShouldBeGreaterThan(total.CacheWrite1hTokens);
        total.CacheWrite1hTokens.ShouldBeGreaterThan(0);

        // A part of an hour is summed from the events themselves.
        var query = new UsageQuery { From = SampleUsage.Start.AddMinutes(70), To = SampleUsage.Start.AddMinutes(130) };
        var part = (await _store.TotalsAsync(query, [], CancellationToken.None)).ShouldHaveSingleItem();
        Text(part).ShouldBe(Text(Total(events[70..130], [])));
        await AssertLedgerFollowsFromEventsAsync(_store);
    }

    [Fact]
    public async Task Hourly_usage_is_the_sum_of_the_events_at_their_prices()
    {
        var events = SampleUsage.Many(60).Concat(Enumerable.Range(60, 90).Select(SampleUsage.MakeWithCacheWrites))
            .ToList();
        await PostAsync(1, events);
        var hours = (await _store.HourlyUsageAsync(
            SampleUsage.Start, SampleUsage.Start.AddHours(2), null, 1000, CancellationToken.None)).ShouldNotBeNull();
        var expected = events.Where(each => each.StartedAt < SampleUsage.Start.AddHours(2)).ToList();

        hours.Sum(hour => hour.CostUsd).ShouldBe(expected.Sum(each => each.Cost().ToUsd()));
        hours.Sum(hour => hour.Usage.TotalTokens).ShouldBe(expected.Sum(each => each.Usage.TotalTokens));
        hours.Sum(hour => hour.Usage.CacheWriteTokens).ShouldBe(expected.Sum(each => each.Usage.CacheWriteTokens));
        foreach (var hour in hours)
        {
            var own = expected.Where(each => each.StartedAt >= hour.Hour && each.StartedAt < hour.Hour.AddHours(1)
                && (each.Tenant, each.Model, each.Deployment, each.ServiceTier, each.Prices)
                    == (hour.Tenant, hour.Model, hour.Deployment, hour.ServiceTier, hour.Prices)).ToList();
            hour.CostUsd.ShouldBe(own.Sum(each => each.Cost().ToUsd()));
            hour.Usage.OutputTokens.ShouldBe(own.Sum(each => each.Usage.OutputTokens));
        }

        (await _store.HourlyUsageAsync(SampleUsage.Start, SampleUsage.Start.AddHours(2), "own", 1000, CancellationToken.None))
            .ShouldBe(hours.Where(hour => hour.Provider == "own"));
        (await _store.HourlyUsageAsync(
            SampleUsage.Start, SampleUsage.Start.AddHours(2), null, hours.Count - 1, CancellationToken.None)).ShouldBeNull();
    }

    [Fact]
    public async Task A_store_of_the_release_before_cache_writes_is_read_and_added_to()
    {
        await using var older = await CreateDatabaseAsync("older");
        await new Migrator(older, TimeProvider.System)
            .RunAsync([.. Migration.All.Where(step => step.Number < 4)], CancellationToken.None);
        await using (var connection = await older.OpenAsync(CancellationToken.None))
        {
            await connection.ExecuteAsync(
                RowsOfTheReleaseBefore, new { Id = older.IdValue(SampleUsage.Id(1, 0)) });
        }

        await older.MigrateAsync(TimeProvider.System, CancellationToken.None);
        var store = new UsageStore(older);
        var read = (await ReadAllAsync(store)).ShouldHaveSingleItem();
        read.Usage.ShouldBe(new TokenUsage(1000, 400, 500, 0));
        read.Prices.ShouldBe(PriceTerms.FromUsdPerMillion(3m, 0.3m, 15m));
        await store.PostAsync(JournalId, 1, [SampleUsage.MakeWithCacheWrites(7)], CancellationToken.None);
        var totals = await store.TotalsAsync(Everything, [UsageDimension.Model], CancellationToken.None);
        totals.Single(total => total.Group[0] == "m").CacheWriteTokens.ShouldBe(0);
        totals.Sum(total => total.CacheWriteTokens).ShouldBe(307);
    }

    [Fact]
    public async Task An_event_delivered_again_changes_nothing()
    {
        await PostAsync(1, SampleUsage.Many(10));
        var balances = await BalancesAsync();
        (await PostAsync(2, SampleUsage.Many(12))).ShouldBe(2);
        (await PostAsync(1, SampleUsage.Many(10))).ShouldBe(0);
        (await BalancesAsync()).ShouldNotBe(balances);
        (await ReadAllAsync(_store)).Count.ShouldBe(12);
        await AssertLedgerFollowsFromEventsAsync(_store);
    }

    [Fact]
    public async Task An_event_twice_in_one_delivery_counts_once()
    {
        (await PostAsync(1, [SampleUsage.Make(1), SampleUsage.Make(2), SampleUsage.Make(1)])).ShouldBe(2);
        await AssertLedgerFollowsFromEventsAsync(_store);
    }

    [Fact]
    public async Task An_id_that_comes_again_with_other_content_posts_nothing()
    {
        await PostAsync(1, [SampleUsage.Make(1)]);
        var balances = await BalancesAsync();
        var other = SampleUsage.Make(1) with { Provider = "other", Usage = new TokenUsage(9, 0, 9, 0) };
        (await PostAsync(2, [other])).ShouldBe(0);
        (await BalancesAsync()).ShouldBe(balances);
    }

    [Fact]
    public async Task Deliveries_at_the_same_time_post_each_event_once()
    {
        var events = SampleUsage.Many(200);
        var posted = await Task.WhenAll(Enumerable.Range(1, 4).Select(
            node => Task.Run(() => new UsageStore(_database).PostAsync(
                SampleUsage.Id(9, node), 1, events, CancellationToken.None))));
        posted.Sum().ShouldBe(200);
        await AssertLedgerFollowsFromEventsAsync(_store);
    }

    [Fact]
    public async Task The_position_of_each_journal_is_kept_and_never_goes_back()
    {
        (await _store.PositionAsync(JournalId, CancellationToken.None)).ShouldBe(0);
        await PostAsync(7, []);
        await PostAsync(3, []);
        await _store.PostAsync(SampleUsage.Id(9, 2), 1, [], CancellationToken.None);
        (await _store.PositionAsync(JournalId, CancellationToken.None)).ShouldBe(7);
    }

    [Fact]
    public async Task An_event_that_costs_nothing_is_kept_and_posts_nothing()
    {
        await PostAsync(1, [SampleUsage.Make(1) with { Flags = UsageFlags.NotBilled }]);
        (await ReadAllAsync(_store)).Count.ShouldBe(1);
        (await BalancesAsync()).ShouldBeEmpty();
        var total = (await _store.TotalsAsync(Everything, [], CancellationToken.None)).ShouldHaveSingleItem();
        total.CostUsd.ShouldBe(0);
        total.PromptTokens.ShouldBe(SampleUsage.Make(1).Usage.PromptTokens);
    }

    [Fact]
    public async Task Balances_equal_those_that_follow_from_the_events_alone()
    {
        await PostAsync(1, SampleUsage.Many(300));
        await AssertLedgerFollowsFromEventsAsync(_store);
        (await BalancesAsync()).Sum(balance => balance.Usd).ShouldBe(0);
    }

    [Fact]
    public async Task Totals_are_exact_beyond_what_one_amount_can_hold()
    {
        // 9 billion dollars each: three of them exceed 64 bits of nano-USD.
        var dear = Enumerable.Range(0, 3).Select(i => SampleUsage.Make(i * 4) with
        {
            Flags = UsageFlags.None,
            Usage = new TokenUsage(1_000_000, 0, 0, 0),
            Prices = new PriceTerms(9_000_000_000_000_000_001, 0, 0),
        }).ToList();
        await PostAsync(1, dear);
        var total = (await _store.TotalsAsync(Everything, [], CancellationToken.None)).ShouldHaveSingleItem();
        total.CostUsd.ShouldBe(27_000_000_000.000000003m);
        (await BalancesAsync()).Single(balance => balance.Account == "payable:azure").Usd
            .ShouldBe(-27_000_000_000.000000003m);
    }

    [Theory]
    [InlineData("Provider")]
    [InlineData("Key")]
    [InlineData("Tenant")]
    [InlineData("Model")]
    [InlineData("Region")]
    [InlineData("Country")]
    [InlineData("Deployment")]
    [InlineData("Operation")]
    [InlineData("ServiceTier")]
    [InlineData("Hour")]
    [InlineData("Provider,Model,Hour")]
    [InlineData("")]
    public async Task Totals_by_any_dimension_equal_sums_over_the_events(string dimensions)
    {
        var by = dimensions.Split(',', StringSplitOptions.RemoveEmptyEntries)
            .Select(Enum.Parse<UsageDimension>).ToList();
        var events = SampleUsage.Many(250);
        await PostAsync(1, events);
        var expected = events
            .GroupBy(usage => string.Join('|', by.Select(dimension => ValueOf(usage, dimension))))
            .Select(group => Total([.. group], by))
            .OrderBy(Text);
        var totals = await _store.TotalsAsync(Everything, by, CancellationToken.None);
        totals.Select(Text).Order().ShouldBe(expected.Select(Text));
    }

    [Fact]
    public async Task Totals_of_no_usage_are_empty() =>
        (await _store.TotalsAsync(Everything, [], CancellationToken.None)).ShouldBeEmpty();

    [Fact]
    public async Task The_dearest_group_comes_first_and_hours_come_in_times_order()
    {
        await PostAsync(1, SampleUsage.Many(250));
        var byProvider = await _store.TotalsAsync(Everything, [UsageDimension.Provider], CancellationToken.None);
        byProvider.Select(total => total.CostUsd).ShouldBeInOrder(SortDirection.Descending);
        var byHour = await _store.TotalsAsync(Everything, [UsageDimension.Hour], CancellationToken.None);
        byHour.Select(total => total.Group[0]).ShouldBeInOrder();
        byHour[0].Group[0].ShouldBe("2026-03-01T12:00:00Z");
    }

    [Fact]
    public async Task Questions_are_restricted_by_time_and_by_value()
    {
        var events = SampleUsage.Many(250);
        await PostAsync(1, events);
        var query = new UsageQuery
        {
            From = events[10].StartedAt,
            To = events[200].StartedAt,
            Where = new Dictionary<UsageDimension, string>
            {
                [UsageDimension.Key] = "key-2",
                [UsageDimension.Provider] = "google",
            },
        };
        var expected = events[10..200].Where(usage => usage is { Key: "key-2", Provider: "google" }).ToList();
        expected.ShouldNotBeEmpty();
        (await _store.EventsAsync(query, before: null, 1000, CancellationToken.None))
            .ShouldBe(Enumerable.Reverse(expected));
        var total = (await _store.TotalsAsync(query, [], CancellationToken.None)).ShouldHaveSingleItem();
        Text(total).ShouldBe(Text(Total(expected, [])));
    }

    [Theory]
    [InlineData(0, 60)]
    [InlineData(0, 240)]
    [InlineData(7, 23)]
    [InlineData(7, 60)]
    [InlineData(60, 67)]
    [InlineData(30, 61)]
    [InlineData(59, 181)]
    [InlineData(60, 120)]
    [InlineData(1, 249)]
    public async Task Whole_hours_and_parts_of_hours_add_up(int from, int to)
    {
        var events = SampleUsage.Many(250);
        await PostAsync(1, events[..100]);
        await PostAsync(2, events[50..]);
        var query = new UsageQuery { From = events[from].StartedAt, To = events[to].StartedAt };
        var byHour = await _store.TotalsAsync(query, [UsageDimension.Hour], CancellationToken.None);
        byHour.Select(Text).ShouldBe(events[from..to]
            .GroupBy(usage => ValueOf(usage, UsageDimension.Hour))
            .Select(hour => Text(Total([.. hour], [UsageDimension.Hour]))));
    }

    [Fact]
    public async Task An_hour_before_1970_is_an_hour_too()
    {
        var early = SampleUsage.Make(1) with { StartedAt = new DateTimeOffset(1969, 12, 31, 23, 40, 0, TimeSpan.Zero) };
        await PostAsync(1, [early]);
        foreach (var query in (UsageQuery[])[Everything, new UsageQuery { From = early.StartedAt.AddMinutes(-1) }])
        {
            (await _store.TotalsAsync(query, [UsageDimension.Hour], CancellationToken.None))
                .ShouldHaveSingleItem().Group[0].ShouldBe("1969-12-31T23:00:00Z");
        }
    }

    [Fact]
    public async Task Kept_balances_equal_the_sums_of_the_postings()
    {
        await PostAsync(1, SampleUsage.Many(200));
        await PostAsync(2, SampleUsage.Many(220));
        await using var connection = await _database.OpenAsync(CancellationToken.None);
        var sums = await connection.QueryAsync<(string Name, decimal Nano, long Count)>("""
            SELECT a.name, SUM(p.nano_usd), COUNT(*) FROM posting p JOIN account a ON a.account_id = p.account_id
            GROUP BY a.name
            """);
        (await BalancesAsync()).ShouldBe(sums
            .Select(sum => new AccountBalance(sum.Name, sum.Nano / 1_000_000_000m, sum.Count))
            .OrderBy(balance => balance.Account, StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_attempts_of_one_call_can_be_asked_for()
    {
        var events = SampleUsage.Many(30);
        await PostAsync(1, events);
        var call = events[9..12];
        var query = new UsageQuery { CallId = call[0].CallId };
        (await _store.EventsAsync(query, before: null, 10, CancellationToken.None)).ShouldBe(Enumerable.Reverse(call));
        var total = (await _store.TotalsAsync(query, [], CancellationToken.None)).ShouldHaveSingleItem();
        Text(total).ShouldBe(Text(Total(call, [])));
    }

    [Fact]
    public async Task Pages_follow_each_other_without_a_gap_even_among_equal_times()
    {
        var events = SampleUsage.Many(25).Select(usage => usage with { StartedAt = SampleUsage.Start }).ToList();
        await PostAsync(1, events);
        (await ReadAllAsync(_store, pageSize: 4)).Select(usage => usage.EventId)
            .ShouldBe(events.Select(usage => usage.EventId).Reverse());
    }

    [Fact]
    public async Task Hostile_text_stays_text()
    {
        var hostile = SampleUsage.Make(1) with
        {
            Model = "'; DROP TABLE usage_event; --",
            UpstreamRequestId = "a\0b",
        };
        await PostAsync(1, [hostile]);
        var query = new UsageQuery
        {
            Where = new Dictionary<UsageDimension, string> { [UsageDimension.Model] = hostile.Model },
        };
        var read = (await _store.EventsAsync(query, before: null, 10, CancellationToken.None)).ShouldHaveSingleItem();
        read.ShouldBe(hostile with { UpstreamRequestId = "a b" });
    }

    internal static async Task<List<UsageEvent>> ReadAllAsync(UsageStore store, int pageSize = UsageStore.MaxPage)
    {
        var events = new List<UsageEvent>();
        EventMark? mark = null;
        while (true)
        {
            var page = await store.EventsAsync(Everything, mark, pageSize, CancellationToken.None);
            events.AddRange(page);
            if (page.Count < pageSize)
            {
                return events;
            }

            mark = new EventMark(UnixMicroseconds.From(page[^1].StartedAt), page[^1].EventId);
        }
    }

    /// <summary>Rebuilds the ledger from the stored events and compares.</summary>
    internal static async Task AssertLedgerFollowsFromEventsAsync(UsageStore store)
    {
        var rebuilt = (await ReadAllAsync(store))
            .SelectMany(PostingRules.ForUsage)
            .GroupBy(posting => posting.Account.Name)
            .Select(group => new AccountBalance(
                group.Key, group.Sum(posting => posting.Amount.ToUsd()), group.Count()))
            .OrderBy(balance => balance.Account, StringComparer.Ordinal)
            .ToList();
        rebuilt.ShouldNotBeEmpty();
        (await store.BalancesAsync(CancellationToken.None)).ShouldBe(rebuilt);
    }

    private protected abstract Task<SahabDatabase> CreateDatabaseAsync(string name);

    static string ValueOf(UsageEvent usage, UsageDimension dimension) => dimension switch
    {
        UsageDimension.Tenant => usage.Tenant,
        UsageDimension.Key => usage.Key,
        UsageDimension.Model => usage.Model,
        UsageDimension.Provider => usage.Provider,
        UsageDimension.Region => usage.Region,
        UsageDimension.Country => usage.Country,
        UsageDimension.Deployment => usage.Deployment,
        UsageDimension.Operation => usage.Operation,
        UsageDimension.ServiceTier => usage.ServiceTier,
        UsageDimension.Hour => usage.StartedAt.ToString("yyyy-MM-ddTHH:00:00Z", null),
        _ => throw new ArgumentOutOfRangeException(nameof(dimension)),
    };

    static UsageTotal Total(List<UsageEvent> events, List<UsageDimension> by) => new(
        by.Select(dimension => ValueOf(events[0], dimension)).ToList(),
        events.Count(usage => usage.Attempt == 1),
        events.Count,
        events.Count(usage => usage.Outcome is not (AttemptOutcome.Succeeded or AttemptOutcome.Abandoned)),
        events.Count(usage => usage.Flags.HasFlag(UsageFlags.Estimated)),
        events.Sum(usage => usage.Usage.PromptTokens),
        events.Sum(usage => usage.Usage.CachedTokens),
        events.Sum(usage => usage.Usage.CacheWriteTokens),
        events.Sum(usage => usage.Usage.CacheWrite1hTokens),
        events.Sum(usage => usage.Usage.OutputTokens),
        events.Sum(usage => usage.Usage.ReasoningTokens),
        events.Sum(usage => usage.Cost().ToUsd()));

    static string Text(UsageTotal total) =>
        string.Join('|', total.Group) + " " + UsageReport.UsdText(total.CostUsd)
        + (total with { Group = [], CostUsd = 0 });

    Task<int> PostAsync(long position, IReadOnlyList<UsageEvent> events) =>
        _store.PostAsync(JournalId, position, events, CancellationToken.None);

    Task<List<AccountBalance>> BalancesAsync() => _store.BalancesAsync(CancellationToken.None);
}

public sealed class UsageStoreOnSqliteTests : UsageStoreTests, IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private protected override Task<SahabDatabase> CreateDatabaseAsync(string name) =>
        Task.FromResult<SahabDatabase>(new SqliteDatabase(_folder.File(name + ".db")));
}

[Collection(PostgresTests.Name)]
public sealed class UsageStoreOnPostgresTests(PostgresServer server) : UsageStoreTests
{
    private protected override async Task<SahabDatabase> CreateDatabaseAsync(string name) =>
        new PostgresDatabase(await server.CreateDatabaseAsync());
}
