using System.Diagnostics;
using System.Globalization;
using Dapper;
using Microsoft.Extensions.Logging.Abstractions;
using Sahab.Crash;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Source.Commitments;
using Sahab.Server.Source.Contracts;
using Sahab.Server.Tests.Metering;

namespace Sahab.Server.Tests.Commitments;

/// <summary>A process that posts and settles is killed at random moments; then its books are looked at.</summary>
public sealed class SettlementCrashTests : IDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Kills_while_hours_are_settled_and_an_amendment_is_booked_leave_the_books_of_a_rebuild()
    {
        var random = new Random(3);
        await using var database = new SqliteDatabase(_folder.File(MeteringModule.StoreFileName));
        foreach (var versions in (int[])[1, 2])
        {
            for (var round = 0; round < 5; round++)
            {
                await RunAndKillAsync(versions, (versions * 100) + round, random.Next(1, 1200));
            }

            await FinishAsync(database, versions);
        }

        await AssertAdjustedAsync(database);
    }

    /// <summary>Posts and settles what the kills have left, and compares with what the events alone come to.</summary>
    async Task FinishAsync(SqliteDatabase database, int versions)
    {
        var shelf = new ContractShelf(new StandingTime(CrashContracts.Today));
        shelf.PutInForce(CrashContracts.Book(versions));
        var usage = new UsageStore(database, () => shelf.Known);
        await using var journal = Journal.Open(
            new JournalOptions { Path = _folder.File(MeteringModule.JournalFileName) }, NullLogger<Journal>.Instance);
        using var loop = UsageLoopTests.CreateLoop(journal, usage);
        await loop.DrainAsync(CancellationToken.None);
        var store = new SettlementStore(database);
        var books = new CommitmentBooks(usage, store);
        var settler = new Settler(
            usage, store, new CheckpointStore(database), shelf, new ContractStore(database), journal, books, new StandingTime(CrashContracts.Today));
        (await settler.SettleAsync(CancellationToken.None)).ShouldBe(SettlementRound.Settled);

        var rebuilt = new RebuiltLedger(shelf.Known, await UsageStoreTests.ReadAllAsync(usage), books.SettledUntil);
        books.Standings.ShouldBe(rebuilt.Standings);
        (await usage.BalancesAsync(CancellationToken.None)).Where(balance => balance.Usd != 0)
            .ToDictionary(balance => balance.Account, balance => balance.Usd * 1_000_000_000)
            .ShouldBe(rebuilt.Balances, ignoreOrder: true);
    }

    /// <summary>Balances are those of the postings, every entry sums to zero, and the amendment came after usage.</summary>
    static async Task AssertAdjustedAsync(SqliteDatabase database)
    {
        await using var connection = await database.OpenAsync(CancellationToken.None);
        async Task<long> CountAsync(string sql) => await connection.ReadOneAsync<long>(new CommandDefinition(sql));
        (await CountAsync("SELECT COUNT(*) FROM (SELECT event_id FROM posting GROUP BY event_id HAVING SUM(nano_usd) <> 0)"))
            .ShouldBe(0);
        (await CountAsync("""
            SELECT COUNT(*) FROM account a WHERE a.balance_usd * 1000000000 + a.balance_nano_usd
                <> (SELECT COALESCE(SUM(nano_usd), 0) FROM posting p WHERE p.account_id = a.account_id)
            """)).ShouldBe(0);
        (await CountAsync("SELECT COUNT(*) FROM ledger_entry WHERE cause = 0")).ShouldBeGreaterThan(0);
        (await CountAsync("SELECT COUNT(*) FROM ledger_entry WHERE cause = 1")).ShouldBeGreaterThan(200);
        (await CountAsync("""
            SELECT COUNT(*) FROM ledger_entry e WHERE NOT EXISTS (SELECT 1 FROM posting p WHERE p.event_id = e.entry_id)
            """)).ShouldBe(0);
    }

    async Task RunAndKillAsync(int versions, int seed, int milliseconds)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "Sahab.Crash.dll");
        using var process = Process.Start(new ProcessStartInfo(
            Environment.ProcessPath!,
            [
                "exec", program, _folder.Path, seed.ToString(CultureInfo.InvariantCulture), "8",
                "settle" + versions.ToString(CultureInfo.InvariantCulture),
            ])
        { RedirectStandardOutput = true })!;
        var failures = new List<string>();
        string? line;
        do
        {
            line = await process.StandardOutput.ReadLineAsync().WaitAsync(Patience);
            line.ShouldNotBeNull("the process ended by itself");
            Note(line, failures);
        }
        while (!Guid.TryParse(line, out _)); // It is at work: an event is journaled.
        var killed = KillAsync(process, milliseconds);
        while (await process.StandardOutput.ReadLineAsync().WaitAsync(Patience) is { } next)
        {
            Note(next, failures);
        }

        await killed;
        failures.ShouldBeEmpty();
    }

    static void Note(string line, List<string> failures)
    {
        if (line.StartsWith("failed", StringComparison.Ordinal))
        {
            failures.Add(line);
        }
    }

    static async Task KillAsync(Process process, int milliseconds)
    {
        await Task.Delay(TimeSpan.FromMilliseconds(milliseconds), TimeProvider.System);
        process.Kill();
        await process.WaitForExitAsync().WaitAsync(Patience);
    }
}
