using Microsoft.Extensions.Logging.Abstractions;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Source.Contracts;
using Sahab.Server.Tests.Configuration;
using Sahab.Server.Tests.Database;

namespace Sahab.Server.Tests.Contracts;

/// <summary>What was signed stays as it was: by reload, by restart, on either engine.</summary>
public abstract class ContractHistoryTests : IAsyncLifetime
{
    const string Original = """

        contracts:
          msa:
            provider: azure
            versions:
              "1":
                valid_from: 2026-01-01
                known_from: 2026-01-01
                document: agreement.pdf
                first_refusals:
                  asked-first: { page: 12, notice_days: 30 }
        """;

    const string Amendment = """

              "2":
                valid_from: 2026-06-01
                known_from: 2026-06-01
                document: amendment.pdf
                drops: [asked-first]
        """;

    FixedTime _time = new("2026-05-01");
    SahabDatabase _database = null!;

    public async Task InitializeAsync()
    {
        _database = await CreateDatabaseAsync();
        await _database.MigrateAsync(TimeProvider.System, CancellationToken.None);
    }

    public async Task DisposeAsync() => await _database.DisposeAsync();

    [Fact]
    public async Task An_amendment_is_taken_and_history_stays()
    {
        await StartAsync(Original);
        _time = new FixedTime("2026-06-10");

        var shelf = await StartAsync(Original + Amendment);

        shelf.Book.Contracts.ShouldHaveSingleItem().Versions.Count.ShouldBe(2);
    }

    [Theory]
    [InlineData("notice_days: 30", "notice_days: 3", "was edited")]
    [InlineData("page: 12, ", "page: 12, until: 2026-05-02, ", "was edited")]
    [InlineData("provider: azure", "provider: own", "was edited")]
    [InlineData("  msa:", "  other:", "is gone")]
    public async Task What_was_signed_cannot_be_written_anew(string old, string replacement, string explanation)
    {
        await StartAsync(Original);

        var error = await Should.ThrowAsync<ContractHistoryException>(
            StartAsync(Original.Replace(old, replacement, StringComparison.Ordinal)));

        error.Message.ShouldContain("Version 1 of contract msa");
        error.Message.ShouldContain(explanation);
        error.Message.ShouldContain("2026-05-01");
    }

    [Fact]
    public void A_reload_that_rewrites_history_is_refused_and_the_last_good_one_stays()
    {
        var shelf = new ContractShelf(_time);
        var state = new ConfigurationState(ConfigText.Read(ConfigText.Small + Original), _time);
        state.Subscribe("contracts", shelf.Prepare);

        state.TryApply(ConfigText.Read(ConfigText.Small + Original.Replace("30", "3", StringComparison.Ordinal))).ShouldBeFalse();
        state.TryApply(ConfigText.Read(ConfigText.Small)).ShouldBeFalse();

        state.Status.LastErrors.ShouldHaveSingleItem().ShouldContain("is gone, which was in force here since 2026-05-01");
        shelf.Book.Contracts.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_clock_that_is_set_back_changes_nothing_of_it()
    {
        await StartAsync(Original);
        var earlier = new FixedTime("2020-01-01");

        await Should.ThrowAsync<ContractHistoryException>(StartAsync("", earlier));
    }

    [Fact]
    public async Task An_amendment_cannot_be_said_to_have_been_known_before_what_it_amends_was_in_force()
    {
        await StartAsync(Original);

        var error = await Should.ThrowAsync<ContractHistoryException>(StartAsync(
            Original + Amendment.Replace("known_from: 2026-06-01", "known_from: 2026-02-01", StringComparison.Ordinal)));

        error.Message.ShouldContain("Version 2 of contract msa is new, and said to be known since 2026-02-01");
    }

    [Theory]
    [InlineData("usd: 1.1", "usd: 1.2", "The rate of EUR from 2026-01-01 was edited, which was in force here since 2026-05-01")]
    [InlineData("from: 2026-01-01, usd", "from: 2026-01-02, usd", "The rate of EUR from 2026-01-01 is gone")]
    [InlineData("  first:", "  late: { currency: EUR, from: 2026-04-30, usd: 1.3 }\n  first:", "The rate of EUR from 2026-04-30 is new, and begins before 2026-05-01")]
    public async Task A_rate_by_which_was_booked_stays(string old, string replacement, string explanation)
    {
        const string rates = "\ncurrency_rates:\n  first: { currency: EUR, from: 2026-01-01, usd: 1.1 }\n";
        await StartAsync(Original + rates);

        var error = await Should.ThrowAsync<ContractHistoryException>(
            StartAsync(Original + rates.Replace(old, replacement, StringComparison.Ordinal)));
        var shelf = await StartAsync(
            Original + rates + "  next: { currency: EUR, from: 2026-05-01, usd: 1.2 }\n  pound: { currency: GBP, from: 2020-01-01, usd: 1.3 }\n");

        error.Message.ShouldContain(explanation);
        shelf.Book.Rates.Count.ShouldBe(3);
    }

    [Fact]
    public async Task The_order_of_drawdown_stays()
    {
        await StartAsync(Original);

        var error = await Should.ThrowAsync<ContractHistoryException>(
            StartAsync(Original.Replace("provider: azure", "provider: azure\n    order: 3", StringComparison.Ordinal)));

        error.Message.ShouldContain("The order of contract msa was edited, which was in force here since 2026-05-01");
        error.Message.ShouldContain("Put it back to 0");
    }

    private protected abstract Task<SahabDatabase> CreateDatabaseAsync();

    /// <summary>A start of the server as far as contracts go; what is new is kept when it returns.</summary>
    async Task<ContractShelf> StartAsync(string contracts, FixedTime? time = null)
    {
        var store = new ContractStore(_database);
        var shelf = new ContractShelf(time ?? _time);
        shelf.Remember(await store.ReadAsync(CancellationToken.None));
        var reading = ConfigText.Read(ConfigText.Small + contracts);
        reading.Errors.ShouldBeEmpty();
        new ConfigurationState(reading, _time).Subscribe("contracts", shelf.Prepare);
        using var loop = new ContractLoop(shelf, store, TimeProvider.System, NullLogger<ContractLoop>.Instance);
        await loop.StartAsync(CancellationToken.None);
        var kept = shelf.Book.Contracts.Sum(each => each.Versions.Count + 1) + shelf.Book.Rates.Count;
        while ((await store.ReadAsync(CancellationToken.None)).Count < kept)
        {
            await Task.Yield();
        }

        await loop.StopAsync(CancellationToken.None);
        return shelf;
    }
}

/// <summary>On SQLite.</summary>
public sealed class ContractHistoryOnSqliteTests : ContractHistoryTests, IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private protected override Task<SahabDatabase> CreateDatabaseAsync() =>
        Task.FromResult<SahabDatabase>(new SqliteDatabase(_folder.PathOf("sahab.db")));
}

/// <summary>On PostgreSQL.</summary>
[Collection(PostgresTests.Name)]
public sealed class ContractHistoryOnPostgresTests(PostgresServer server) : ContractHistoryTests
{
    private protected override async Task<SahabDatabase> CreateDatabaseAsync() =>
        new PostgresDatabase(await server.CreateDatabaseAsync());
}
