using Sahab.Server.Hosting.Database;
using Sahab.Server.Serve.Responses;
using Sahab.Server.Tests.Database;
using Sahab.Server.Tests.Metering;

namespace Sahab.Server.Tests.Responses;

/// <summary>What the store of responses promises, on either engine.</summary>
public abstract class ResponseStoreTests : IAsyncLifetime
{
    static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    static readonly TimeSpan Month = TimeSpan.FromDays(30);

    SahabDatabase _database = null!;
    ResponseStore _store = null!;

    public async Task InitializeAsync()
    {
        _database = await CreateDatabaseAsync();
        await _database.MigrateAsync(TimeProvider.System, CancellationToken.None);
        _store = new ResponseStore(_database);
    }

    public async Task DisposeAsync() => await _database.DisposeAsync();

    [Fact]
    public async Task A_response_is_read_as_it_was_kept()
    {
        var first = Turn(1, previous: null);
        var second = Turn(2, previous: 1) with { Countries = "DE,NO", Body = """{"output":["\u0000", "雲"]}""" };
        await KeepAsync(first);
        await KeepAsync(second);
        (await FindAsync(1)).ShouldBe(first);
        (await FindAsync(2)).ShouldBe(second);
    }

    [Fact]
    public async Task A_conversation_is_read_from_its_first_turn_to_the_one_asked_for()
    {
        await KeepAsync(Turn(1, null), Turn(2, 1), Turn(3, 2), Turn(4, 2), Turn(5, null));
        (await ConversationAsync(4)).ShouldBe([Id(1), Id(2), Id(4)]);
        (await ConversationAsync(3)).ShouldBe([Id(1), Id(2), Id(3)]);
        (await ConversationAsync(1)).ShouldBe([Id(1)]);
        (await ConversationAsync(9)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Another_tenant_or_project_finds_nothing()
    {
        await KeepAsync(Turn(1, null), Turn(2, 1));
        foreach (var (tenant, project) in ((string, string)[])[("other", ""), ("demo", "else")])
        {
            (await _store.FindAsync(tenant, project, Id(1), Start, CancellationToken.None)).ShouldBeNull();
            (await _store.ConversationAsync(tenant, project, Id(2), Start, CancellationToken.None)).ShouldBeEmpty();
            (await _store.DeleteAsync(tenant, project, Id(1), Start, CancellationToken.None)).ShouldBeFalse();
        }

        (await FindAsync(1)).ShouldNotBeNull();
    }

    [Fact]
    public async Task Half_a_conversation_is_none()
    {
        await KeepAsync(Turn(1, null), Turn(2, 1), Turn(3, 2));
        (await _store.DeleteAsync("demo", "", Id(2), Start, CancellationToken.None)).ShouldBeTrue();
        (await _store.DeleteAsync("demo", "", Id(2), Start, CancellationToken.None)).ShouldBeFalse();
        (await ConversationAsync(3)).ShouldBeEmpty();
        (await FindAsync(3)).ShouldNotBeNull();
    }

    [Fact]
    public async Task A_turn_lives_as_long_as_the_last_of_its_conversation()
    {
        await KeepAsync(Turn(1, null), Turn(7, null));
        await _store.AddAsync(Turn(2, 1), Start + (2 * Month), CancellationToken.None);
        var later = Start + Month + TimeSpan.FromDays(1);
        (await ConversationAsync(2, later)).ShouldBe([Id(1), Id(2)]);
        (await FindAsync(7, later)).ShouldBeNull();
        (await _store.PurgeAsync(later, CancellationToken.None)).ShouldBe(1);
        (await _store.PurgeAsync(later, CancellationToken.None)).ShouldBe(0);
        (await FindAsync(1)).ShouldNotBeNull();
        (await FindAsync(7)).ShouldBeNull();
        (await _store.PurgeAsync(later + Month, CancellationToken.None)).ShouldBe(2);
    }

    [Fact]
    public async Task More_than_one_step_of_the_purge_deletes_all_that_is_past()
    {
        for (var number = 1; number <= 1001; number++)
        {
            await KeepAsync(Turn(number, null));
        }

        (await _store.PurgeAsync(Start + Month, CancellationToken.None)).ShouldBe(1001);
    }

    [Fact]
    public async Task A_rule_bounds_how_long_each_turn_is_kept_and_ends_what_was_kept_before_it()
    {
        await _store.AddAsync(Turn(1, null), Start + Month, CancellationToken.None);
        await _store.AddAsync(
            Turn(2, 1), Start.AddSeconds(2).AddDays(40), CancellationToken.None, most: TimeSpan.FromDays(35));

        // The first turn lives on with the second, and yet no longer than the rule says.
        (await FindAsync(1, Start.AddDays(34))).ShouldNotBeNull();
        (await FindAsync(1, Start.AddDays(36))).ShouldBeNull();
        (await _store.PurgeOlderAsync("other", null, Start.AddDays(1), CancellationToken.None)).ShouldBe(0);
        (await _store.PurgeOlderAsync("demo", null, Start.AddSeconds(1), CancellationToken.None)).ShouldBe(1);
        (await FindAsync(1)).ShouldBeNull();
        (await FindAsync(2)).ShouldNotBeNull();
    }

    [Fact]
    public async Task A_rule_of_a_project_ends_what_its_calls_left_and_nothing_else()
    {
        await KeepAsync(
            Turn(1, null) with { Project = "legal" }, Turn(2, null) with { Project = "other" }, Turn(3, null),
            Turn(4, null) with { Project = "legal" });

        (await _store.PurgeOlderAsync("other", "legal", Start.AddDays(1), CancellationToken.None)).ShouldBe(0);
        (await _store.PurgeOlderAsync("demo", "legal", Start.AddSeconds(3), CancellationToken.None)).ShouldBe(1);

        (await FindAsync(1, project: "legal")).ShouldBeNull();
        (await FindAsync(2, project: "other")).ShouldNotBeNull().Project.ShouldBe("other");
        (await FindAsync(3)).ShouldNotBeNull();
        (await FindAsync(4, project: "legal")).ShouldNotBeNull();
    }

    [Fact]
    public async Task A_turn_that_was_kept_under_a_shorter_rule_lives_no_longer_because_a_later_one_may()
    {
        var day = TimeSpan.FromDays(1);
        await _store.AddAsync(Turn(1, null), Start.AddSeconds(1) + day, CancellationToken.None, most: 2 * day);
        await _store.AddAsync(Turn(2, 1), Start + Month, CancellationToken.None);
        await _store.AddAsync(Turn(3, 2), Start + (2 * Month), CancellationToken.None, most: 3 * Month);

        (await FindAsync(1, Start + (2 * day))).ShouldNotBeNull("it may live for as long as its own rule says");
        (await FindAsync(1, Start.AddSeconds(1) + (2 * day))).ShouldBeNull();
        (await FindAsync(2, Start + Month + day)).ShouldNotBeNull();
    }

    private protected abstract Task<SahabDatabase> CreateDatabaseAsync();

    static Guid Id(int number) => SampleUsage.Id(8, number);

    static StoredResponse Turn(int number, int? previous) => new(
        Id(number), previous is { } before ? Id(before) : null, "demo", "*", Start.AddSeconds(number),
        $$"""[{"id":"in{{number}}"}]""", $$"""{"output":[{"id":"out{{number}}"}]}""");

    async Task KeepAsync(params StoredResponse[] responses)
    {
        foreach (var response in responses)
        {
            await _store.AddAsync(response, Start + Month, CancellationToken.None);
        }
    }

    Task<StoredResponse?> FindAsync(int number, DateTimeOffset? now = null, string project = "") =>
        _store.FindAsync("demo", project, Id(number), now ?? Start, CancellationToken.None);

    async Task<List<Guid>> ConversationAsync(int number, DateTimeOffset? now = null) =>
        (await _store.ConversationAsync("demo", "", Id(number), now ?? Start, CancellationToken.None))
            .Select(turn => turn.Id).ToList();
}

public sealed class ResponseStoreOnSqliteTests : ResponseStoreTests, IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private protected override Task<SahabDatabase> CreateDatabaseAsync() =>
        Task.FromResult<SahabDatabase>(new SqliteDatabase(_folder.File("sahab.db")));
}

[Collection(PostgresTests.Name)]
public sealed class ResponseStoreOnPostgresTests(PostgresServer server) : ResponseStoreTests
{
    private protected override async Task<SahabDatabase> CreateDatabaseAsync() =>
        new PostgresDatabase(await server.CreateDatabaseAsync());
}
