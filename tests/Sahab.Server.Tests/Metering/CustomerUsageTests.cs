using Dapper;
using Sahab.Ledger.Rating;
using Sahab.Ledger.Sales;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Sell.Receipts;
using Sahab.Server.Tests.Database;
using SomePrices = Sahab.Tests.Ledger.Sales.Prices;

namespace Sahab.Server.Tests.Metering;

/// <summary>What an organisation is told of its usage, on either engine.</summary>
public abstract class CustomerUsageTests : IAsyncLifetime, IDisposable
{
    const string Organisation = "tenant-1";

    static readonly PriceBook Book = new(
        [SomePrices.List("first", "2026-01-01", ("gpt-large", SomePrices.Plan(3.00000001m, 15)))], [], TimeSpan.Zero);

    readonly TemporaryFolder _keys = new();
    ReceiptSigner _signer = null!;

    private protected SahabDatabase Store { get; private set; } = null!;

    private protected UsageStore Usage { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Store = await CreateDatabaseAsync(_keys.Path);
        await Store.MigrateAsync(TimeProvider.System, CancellationToken.None);
        _signer = ReceiptSigner.Open(_keys.Path);
        Usage = new UsageStore(Store, null, () => Book, new ReceiptWriter(Store, _signer));
    }

    public async Task DisposeAsync()
    {
        _signer.Dispose();
        await Store.DisposeAsync();
    }

    public void Dispose()
    {
        _keys.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Sums_by_hour_day_and_group_are_what_the_calls_come_to()
    {
        var events = await PostAsync(400);
        var own = events.Where(usage => usage.Tenant == Organisation).ToList();
        var sold = own.Where(usage => usage.Outcome == AttemptOutcome.Succeeded).ToList();
        foreach (var step in Enum.GetValues<UsageStep>())
        {
            foreach (var by in (CustomerDimension[])[CustomerDimension.None, CustomerDimension.Model, CustomerDimension.Key])
            {
                var told = (await Usage.CustomerUsageAsync(Question(step, by), CancellationToken.None))!;

                told.Sum(part => part.Requests).ShouldBe(own.Count(usage => usage.Attempt == 1));
                told.Sum(part => part.PromptTokens).ShouldBe(sold.Sum(usage => usage.Usage.PromptTokens));
                told.Sum(part => part.OutputTokens).ShouldBe(sold.Sum(usage => usage.Usage.OutputTokens));
                told.Sum(part => part.AmountNano).ShouldBe(sold.Sum(AmountOf));
                foreach (var group in told.GroupBy(part => part.Group))
                {
                    group.Sum(part => part.AmountNano).ShouldBe(sold
                        .Where(usage => by == CustomerDimension.None || (by == CustomerDimension.Model ? usage.Model : usage.Key) == group.Key)
                        .Sum(AmountOf));
                }

                foreach (var part in told.GroupBy(part => part.Start))
                {
                    var until = part.Key + (step == UsageStep.Hour ? TimeSpan.FromHours(1) : TimeSpan.FromDays(1));
                    part.Sum(each => each.AmountNano).ShouldBe(
                        sold.Where(usage => usage.StartedAt >= part.Key && usage.StartedAt < until).Sum(AmountOf));
                }
            }
        }
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("gpt-large", "")]
    [InlineData("", "key-2")]
    public async Task Each_call_is_told_once_the_newest_first_with_the_attempt_that_ended_it(string model, string key)
    {
        var events = await PostAsync(400);
        var which = new CustomerCalls(Organisation, SampleUsage.Start.AddDays(-1), SampleUsage.Start.AddDays(10)) { Model = model, Key = key };
        var told = new List<CustomerCall>();
        List<CustomerCall> page;
        do
        {
            EventMark? mark = told.Count == 0 ? null : EventMark.Parse(EventMark.Of(told[^1].Last).ToString());
            page = await Usage.CustomerCallsAsync(which, mark, 7, CancellationToken.None);
            told.AddRange(page);
        }
        while (page.Count == 7);

        told.Select(call => call.Last.EventId).ShouldBe(events
            .Where(usage => usage.Tenant == Organisation && (model.Length == 0 || usage.Model == model) && (key.Length == 0 || usage.Key == key))
            .GroupBy(usage => usage.CallId).Select(call => call.MaxBy(usage => usage.Attempt)!)
            .OrderByDescending(usage => usage.StartedAt).Select(usage => usage.EventId));
        told.Select(call => call.Status).Distinct().Order().ShouldBe(["answered", "failed"]);
        told.Where(call => call.IsSold).ShouldAllBe(call => call.Last.Model == "gpt-large" && call.Amount.Value == AmountOf(call.Last));
    }

    [Fact]
    public async Task Calls_that_lie_years_apart_are_told_too()
    {
        var events = ((int[])[0, 2, 90, 900]).Select((day, number) => SampleUsage.Make((3 * number) + 2) with
        {
            Tenant = Organisation,
            StartedAt = SampleUsage.Start.AddDays(-day),
        }).ToList();
        await Usage.PostAsync(SampleUsage.Id(9, 2), 1, events, CancellationToken.None);
        var which = new CustomerCalls(Organisation, SampleUsage.Start.AddDays(-1000), SampleUsage.Start.AddDays(1));

        foreach (var limit in (int[])[1, 2, 3, 4, 7])
        {
            (await Usage.CustomerCallsAsync(which, null, limit, CancellationToken.None)).Select(call => call.Last.EventId)
                .ShouldBe(events.Take(limit).Select(usage => usage.EventId));
        }
    }

    [Fact]
    public async Task A_call_leads_to_its_receipts_and_is_nobody_elses()
    {
        var events = await PostAsync(60);
        var receipts = new ReceiptStore(Store);
        var sold = events.First(usage => AmountOf(usage) > 0);
        await Usage.CorrectAsync(
            sold.EventId, new TokenUsage(5, 0, 7, 0), sold.Flags, 1, SampleUsage.Start, CancellationToken.None);

        var call = (await Usage.CustomerCallAsync(sold.Tenant, sold.CallId, CancellationToken.None))!;
        var lines = await receipts.OfCallAsync(sold.Tenant, sold.CallId, CancellationToken.None);

        (call.Last.Usage.OutputTokens, call.Revision).ShouldBe((7, 1));
        lines.Count.ShouldBe(2);
        lines.ShouldAllBe(line => line.Contains(sold.CallId.ToString(), StringComparison.Ordinal));
        (await Usage.CustomerCallAsync("tenant-9", sold.CallId, CancellationToken.None)).ShouldBeNull();
        (await receipts.OfCallAsync("tenant-9", sold.CallId, CancellationToken.None)).ShouldBeEmpty();
    }

    [Fact]
    public async Task What_has_no_price_is_told_with_its_tokens_and_no_amount()
    {
        Usage = new UsageStore(Store);
        var events = await PostAsync(60);
        var own = events.Where(usage => usage.Tenant == Organisation).ToList();

        var told = (await Usage.CustomerUsageAsync(Question(UsageStep.Day, CustomerDimension.None), CancellationToken.None))!;

        told.Sum(part => part.AmountNano).ShouldBe(0);
        told.Sum(part => part.Requests).ShouldBe(own.Count(usage => usage.Attempt == 1));
        told.Sum(part => part.OutputTokens).ShouldBeGreaterThan(0);
    }

    private protected abstract Task<SahabDatabase> CreateDatabaseAsync(string folder);

    static CustomerQuestion Question(UsageStep step, CustomerDimension by) =>
        new(Organisation, SampleUsage.Start.AddDays(-1), SampleUsage.Start.AddDays(10), step, by);

    static decimal AmountOf(UsageEvent usage) => SaleTerms.IsSold(usage.Outcome)
        && Book.TermsFor(usage.Tenant, usage.Model, usage.ServiceTier, usage.StartedAt) is { } terms
        ? terms.AmountOf(usage.Outcome, usage.Usage).Value : 0;

    /// <summary>Calls of up to three attempts, every fourth of which fails; failed attempts have used nothing.</summary>
    async Task<List<UsageEvent>> PostAsync(int count)
    {
        var events = SampleUsage.Many(count).Select((usage, number) => usage with
        {
            Tenant = $"tenant-{number / 3 % 3}",
            Key = $"key-{number / 3 % 5}",
            Model = number / 3 % 4 == 0 ? "gpt-small" : "gpt-large",
            ServiceTier = "default",
            Outcome = number % 3 == 2 && number / 3 % 4 != 1 ? AttemptOutcome.Succeeded : AttemptOutcome.Throttled,
            Usage = number % 3 == 2 && number / 3 % 4 != 1 ? usage.Usage : default,
        }).ToList();
        await Usage.PostAsync(SampleUsage.Id(9, 1), 1, events, CancellationToken.None);
        return events;
    }
}

/// <summary>On SQLite, whose plans are looked at too.</summary>
public sealed class CustomerUsageOnSqliteTests : CustomerUsageTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_organisations_calls_are_found_by_an_index(bool throughTime)
    {
        var plan = await PlanAsync(UsageStore.CallsSql("e.event_id", new CustomerCalls("one", default, default), true, throughTime));

        plan.ShouldContain(throughTime ? "USING INDEX usage_event_started" : "INDEX usage_event_series");
        plan.ShouldContain("usage_event_call");
        plan.ShouldNotContain("SCAN");
    }

    [Fact]
    public async Task An_organisations_sums_are_found_by_an_index()
    {
        var plan = await PlanAsync(UsageStore.PartsSql("s.model"));

        plan.ShouldContain("COVERING INDEX usage_hour_series");
        plan.ShouldContain("sale_hour_series");
        plan.Replace("SCAN u\n", "", StringComparison.Ordinal).Replace("SCAN (subquery", "", StringComparison.Ordinal).ShouldNotContain("SCAN");
    }

    [Fact]
    public async Task Outages_are_looked_for_only_where_something_failed()
    {
        var plan = await PlanAsync(UsageStore.BadSlots);

        plan.ShouldContain("INDEX usage_event_fault (started_us>? AND started_us<?)");
        plan.ShouldContain("INDEX usage_event_started (started_us>? AND started_us<?)");
    }

    private protected override Task<SahabDatabase> CreateDatabaseAsync(string folder) =>
        Task.FromResult<SahabDatabase>(new SqliteDatabase(Path.Combine(folder, "sahab.db")));

    async Task<string> PlanAsync(string sql)
    {
        await using var connection = await Store.OpenAsync(CancellationToken.None);
        return string.Join('\n', (await connection.QueryAsync(
            "EXPLAIN QUERY PLAN " + sql,
            new { Organisation = "one", From = 0L, Until = 1L, To = 1L, Step = 1L, MarkUs = 1L, MarkId = Array.Empty<byte>(), Limit = 10 }))
            .Select(row => (string)row.detail));
    }
}

/// <summary>On PostgreSQL.</summary>
[Collection(PostgresTests.Name)]
public sealed class CustomerUsageOnPostgresTests(PostgresServer server) : CustomerUsageTests
{
    private protected override async Task<SahabDatabase> CreateDatabaseAsync(string folder) =>
        new PostgresDatabase(await server.CreateDatabaseAsync());
}
