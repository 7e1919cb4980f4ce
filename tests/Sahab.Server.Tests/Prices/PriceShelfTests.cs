using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Sell.Prices;
using Sahab.Server.Tests.Configuration;
using Sahab.Server.Tests.Contracts;
using Sahab.Server.Tests.Database;

namespace Sahab.Server.Tests.Prices;

/// <summary>What was charged stays as it was: by reload, by restart, on either engine.</summary>
public abstract class PriceShelfTests : IAsyncLifetime
{
    const string Book = """

        price_book:
          lists:
            opening:
              from: 2026-01-01
              prices:
                gpt-oss-120b: { prompt: 0.3, output: 1.2 }
        """;

    const string Dearer = """

            dearer:
              from: 2026-06-15
              prices:
                gpt-oss-120b: { prompt: 0.4, output: 1.2 }
        """;

    readonly FixedTime _time = new("2026-05-01");
    SahabDatabase _database = null!;

    public async Task InitializeAsync()
    {
        _database = await CreateDatabaseAsync();
        await _database.MigrateAsync(TimeProvider.System, CancellationToken.None);
    }

    public async Task DisposeAsync() => await _database.DisposeAsync();

    [Fact]
    public async Task A_list_that_is_announced_in_time_is_taken_and_kept()
    {
        await StartAsync(Book, "2026-05-01");

        var shelf = await StartAsync(Book + Dearer, "2026-05-02");

        shelf.Current.TermsFor("demo", "gpt-oss-120b", "default", DateTimeOffset.Parse("2026-06-15Z", null))!
            .Plan.ShouldBe("list:dearer");
        (await StartAsync(Book + Dearer, "2026-06-14")).Current.Lists.Count.ShouldBe(2);
        (await new PriceStore(_database).ReadAsync(CancellationToken.None))!.Lists.Length.ShouldBe(2);
    }

    [Fact]
    public async Task Another_start_cannot_change_the_past_nor_raise_a_price_without_notice()
    {
        await StartAsync(Book, "2026-05-01");

        (await RefusalOfAsync(Book.Replace("0.3", "0.2", StringComparison.Ordinal), "2026-05-02"))
            .ShouldContain("The price list opening was edited");
        (await RefusalOfAsync("", "2026-05-02")).ShouldContain("The price list opening is gone");
        (await RefusalOfAsync(Book + Dearer, "2026-06-01")).ShouldContain("gpt-oss-120b would cost more from 2026-06-15");
    }

    [Fact]
    public void A_reload_that_changes_what_was_charged_is_refused_and_the_last_good_one_stays()
    {
        var shelf = new PriceShelf(_time);
        var state = new ConfigurationState(ConfigText.Read(ConfigText.Small + Book), _time);
        state.Subscribe("prices", shelf.Prepare);
        var book = shelf.Current;

        state.TryApply(ConfigText.Read(ConfigText.Small)).ShouldBeFalse();
        state.Status.LastErrors.ShouldHaveSingleItem().ShouldContain("prices refuses the configuration");
        state.TryApply(ConfigText.Read(ConfigText.Small + Book)).ShouldBeTrue();

        shelf.Current.ShouldBeSameAs(book);
    }

    [Fact]
    public async Task Without_prices_nothing_is_kept_and_the_first_book_may_begin_in_the_past()
    {
        await StartAsync("", "2026-05-01");
        (await new PriceStore(_database).ReadAsync(CancellationToken.None)).ShouldBeNull();

        (await StartAsync(Book, "2026-05-02")).Current.IsEmpty.ShouldBeFalse();
    }

    private protected abstract Task<SahabDatabase> CreateDatabaseAsync();

    async Task<string> RefusalOfAsync(string prices, string day) =>
        (await Should.ThrowAsync<PriceHistoryException>(StartAsync(prices, day))).Message;

    /// <summary>What a start of the server does, until what is new is kept.</summary>
    async Task<PriceShelf> StartAsync(string prices, string day)
    {
        var time = new FixedTime(day);
        var (store, shelf) = (new PriceStore(_database), new PriceShelf(time));
        shelf.Remember(await store.ReadAsync(CancellationToken.None));
        var reading = new ConfigReader(ConfigText.Environment, time: time).ReadText(ConfigText.Small + prices, "sahab.yaml");
        reading.Errors.ShouldBeEmpty();
        new ConfigurationState(reading, time).Subscribe("prices", shelf.Prepare);
        while (shelf.NewBooks.TryRead(out var book))
        {
            await store.AddAsync(book, CancellationToken.None);
        }

        return shelf;
    }
}

/// <summary>On SQLite.</summary>
public sealed class PriceShelfOnSqliteTests : PriceShelfTests, IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private protected override Task<SahabDatabase> CreateDatabaseAsync() =>
        Task.FromResult<SahabDatabase>(new SqliteDatabase(_folder.PathOf("sahab.db")));
}

/// <summary>On PostgreSQL.</summary>
[Collection(PostgresTests.Name)]
public sealed class PriceShelfOnPostgresTests(PostgresServer server) : PriceShelfTests
{
    private protected override async Task<SahabDatabase> CreateDatabaseAsync() =>
        new PostgresDatabase(await server.CreateDatabaseAsync());
}
