using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Sahab.Ledger.Rating;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Tests.Database;

namespace Sahab.Server.Tests.Metering;

[Collection(PostgresTests.Name)]
public sealed class CutConnectionTests(PostgresServer server) : IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Connections_cut_while_posting_lose_nothing_and_post_nothing_twice()
    {
        var connectionString = await server.CreateDatabaseAsync();
        var name = new NpgsqlConnectionStringBuilder(connectionString).Database;
        await using var database = new PostgresDatabase(connectionString);
        await database.MigrateAsync(TimeProvider.System, CancellationToken.None);
        var store = new UsageStore(database);
        await using var journal = Journal.Open(
            new JournalOptions { Path = _folder.File("journal.db") }, NullLogger<Journal>.Instance);
        var log = new CollectingLogger<UsageLoop>();
        using var loop = UsageLoopTests.CreateLoop(journal, store, log);
        await loop.StartAsync(CancellationToken.None);

        const int Rounds = 40;
        const int Each = 50;
        for (var round = 0; round < Rounds; round++)
        {
            await journal.AppendAsync(SampleUsage.Many(Each, from: round * Each).ToArray());
            await server.ExecuteAsync(
                $"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }

        await JournalTests.UntilAsync(
            () => journal.PostedPosition == journal.CommittedPosition, "the loop did not recover");
        await loop.StopAsync(CancellationToken.None);
        log.Count(LogLevel.Error).ShouldBeGreaterThan(0, "no connection was cut at work");
        (await ReadAllAsync(store)).ShouldBe(Enumerable.Reverse(SampleUsage.Many(Rounds * Each)));
        await UsageStoreTests.AssertLedgerFollowsFromEventsAsync(store);
    }

    /// <summary>A connection that was cut may still lie in the pool: reading may stumble over it, but not lose by it.</summary>
    static async Task<List<UsageEvent>> ReadAllAsync(UsageStore store)
    {
        try
        {
            return await UsageStoreTests.ReadAllAsync(store);
        }
        catch (NpgsqlException)
        {
            return await UsageStoreTests.ReadAllAsync(store);
        }
    }
}
