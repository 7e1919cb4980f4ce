using Dapper;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Tests.Metering;

namespace Sahab.Server.Tests.Database;

/// <summary>What migrations promise, on either engine.</summary>
public abstract class MigratorTests : IAsyncLifetime
{
    static readonly Migration First = new(1, "0001-first", "CREATE TABLE first (n INTEGER NOT NULL)");
    static readonly Migration Second = new(2, "0002-second", "ALTER TABLE first ADD COLUMN m INTEGER");

    SahabDatabase _database = null!;

    public async Task InitializeAsync() => _database = await CreateDatabaseAsync();

    public async Task DisposeAsync() => await _database.DisposeAsync();

    [Fact]
    public async Task Steps_are_applied_once_and_in_order()
    {
        await MigrateAsync(First);
        await MigrateAsync(First, Second);
        await MigrateAsync(First, Second);
        (await ScalarAsync("SELECT COUNT(*) FROM schema_migration")).ShouldBe(2);
        (await ScalarAsync("SELECT COUNT(m) FROM first")).ShouldBe(0);
    }

    [Fact]
    public async Task The_programs_own_steps_can_be_applied_twice()
    {
        await _database.MigrateAsync(TimeProvider.System, CancellationToken.None);
        await _database.MigrateAsync(TimeProvider.System, CancellationToken.None);
        (await ScalarAsync("SELECT COUNT(*) FROM schema_migration")).ShouldBe(Migration.All.Count);
    }

    [Fact]
    public void The_programs_own_steps_are_numbered_without_gaps() =>
        Migration.All.Select(migration => migration.Number).ShouldBe(Enumerable.Range(1, Migration.All.Count));

    [Fact]
    public async Task A_newer_database_is_refused_and_left_alone()
    {
        await MigrateAsync(First, Second);
        var error = await Should.ThrowAsync<SchemaException>(MigrateAsync(First));
        error.Message.ShouldContain("migration 2 (0002-second)");
        error.Message.ShouldContain("newer version");
    }

    [Fact]
    public async Task An_edited_step_is_refused()
    {
        await MigrateAsync(First);
        var edited = new Migration(1, "0001-first", First.Sql + " ");
        (await Should.ThrowAsync<SchemaException>(MigrateAsync(edited, Second))).Message.ShouldContain("other content");
        (await ScalarAsync("SELECT COUNT(*) FROM schema_migration")).ShouldBe(1);
    }

    [Fact]
    public async Task A_step_that_fails_leaves_nothing_of_itself_or_of_its_predecessors()
    {
        var broken = new Migration(2, "0002-broken", "CREATE TABLE second (n INTEGER); CREATE NONSENSE");
        await Should.ThrowAsync<System.Data.Common.DbException>(MigrateAsync(First, broken));
        await MigrateAsync(First, Second);
        (await ScalarAsync("SELECT COUNT(*) FROM schema_migration")).ShouldBe(2);
    }

    [Fact]
    public async Task Programs_that_start_together_apply_each_step_once()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => MigrateAsync(First, Second))));
        (await ScalarAsync("SELECT COUNT(*) FROM schema_migration")).ShouldBe(2);
    }

    private protected abstract Task<SahabDatabase> CreateDatabaseAsync();

    Task MigrateAsync(params Migration[] migrations) =>
        new Migrator(_database, TimeProvider.System).RunAsync(migrations, CancellationToken.None);

    async Task<long> ScalarAsync(string sql)
    {
        await using var connection = await _database.OpenAsync(CancellationToken.None);
        return await connection.ExecuteScalarAsync<long>(sql);
    }
}

public sealed class MigratorOnSqliteTests : MigratorTests, IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private protected override Task<SahabDatabase> CreateDatabaseAsync() =>
        Task.FromResult<SahabDatabase>(new SqliteDatabase(_folder.File("sahab.db")));
}

[Collection(PostgresTests.Name)]
public sealed class MigratorOnPostgresTests(PostgresServer server) : MigratorTests
{
    private protected override async Task<SahabDatabase> CreateDatabaseAsync() =>
        new PostgresDatabase(await server.CreateDatabaseAsync());
}
