using System.Diagnostics;
using Dapper;
using Sahab.Crash;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Tests.Database;
using Sahab.Server.Tests.Metering;

namespace Sahab.Server.Tests.Invoices;

/// <summary>A process that issues invoices is killed at random moments; then its numbers are looked at.</summary>
public abstract class InvoiceCrashTests : IDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Kills_leave_neither_a_gap_nor_a_number_twice_and_every_invoice_is_in_the_ledger()
    {
        var random = new Random(5);
        var (database, place) = await CreateDatabaseAsync(_folder.Path);
        await using var disposed = database;
        await database.MigrateAsync(TimeProvider.System, CancellationToken.None);
        await CrashInvoices.PostAsync(CrashInvoices.UsageOf(database));
        var told = new HashSet<string>();
        for (var round = 0; round < 8; round++)
        {
            await RunAndKillAsync(place, told, random.Next(1, 40));
        }

        await CrashInvoices.IssueAsync(database, line => told.Add(line).ShouldBeTrue(line));

        await using var connection = await database.OpenAsync(CancellationToken.None);
        var numbers = await connection.ReadAllAsync<string>(new CommandDefinition("SELECT number FROM invoice"));
        numbers.Where(number => number.StartsWith("INV", StringComparison.Ordinal)).Order()
            .ShouldBe(Enumerable.Range(1, CrashInvoices.Organisations).Select(number => $"INV-2026-{number:000000}"));
        var notes = numbers.Where(number => number.StartsWith("CN", StringComparison.Ordinal)).Order().ToList();
        notes.ShouldBe(Enumerable.Range(1, notes.Count).Select(number => $"CN-2026-{number:000000}"));
        told.Except(numbers.Select(number => $"issued {number}")).ShouldBeEmpty();
        (await connection.ReadOneAsync<long>(new CommandDefinition(
            "SELECT COUNT(DISTINCT organisation) FROM invoice"))).ShouldBe(CrashInvoices.Organisations);
        var lines = await connection.ReadOneAsync<long>(new CommandDefinition("SELECT CAST(SUM(nano_usd) AS BIGINT) FROM invoice_line"));
        (await connection.ReadOneAsync<long>(new CommandDefinition(
            "SELECT CAST(SUM(balance_usd) * 1000000000 + SUM(balance_nano_usd) AS BIGINT) FROM account WHERE name LIKE 'receivable:%'")))
            .ShouldBe(lines);
        (await connection.ReadOneAsync<long>(new CommandDefinition(
            "SELECT CAST(SUM(balance_usd) * 1000000000 + SUM(balance_nano_usd) AS BIGINT) FROM account"))).ShouldBe(0);
    }

    /// <summary>An empty database, and how the process that is killed is told of it.</summary>
    private protected abstract Task<(SahabDatabase Database, string Place)> CreateDatabaseAsync(string folder);

    /// <summary>Kills it after so many documents, in the midst of the next.</summary>
    static async Task RunAndKillAsync(string place, HashSet<string> told, int documents)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "Sahab.Crash.dll");
        using var process = Process.Start(new ProcessStartInfo(
            Environment.ProcessPath!, ["exec", program, place, "1", "0", "invoice"])
        { RedirectStandardOutput = true })!;
        while (await process.StandardOutput.ReadLineAsync().WaitAsync(Patience) is { } line)
        {
            line.ShouldStartWith("issued ");
            told.Add(line).ShouldBeTrue(line);
            if (--documents == 0)
            {
                process.Kill();
            }
        }

        await process.WaitForExitAsync().WaitAsync(Patience);
    }
}

/// <summary>On SQLite.</summary>
public sealed class InvoiceCrashOnSqliteTests : InvoiceCrashTests
{
    private protected override Task<(SahabDatabase Database, string Place)> CreateDatabaseAsync(string folder) =>
        Task.FromResult<(SahabDatabase, string)>(
            (new SqliteDatabase(Path.Combine(folder, MeteringModule.StoreFileName)), folder));
}

/// <summary>On PostgreSQL, where what a process that is gone had begun is rolled back when its connection is missed.</summary>
[Collection(PostgresTests.Name)]
public sealed class InvoiceCrashOnPostgresTests(PostgresServer server) : InvoiceCrashTests
{
    private protected override async Task<(SahabDatabase Database, string Place)> CreateDatabaseAsync(string folder)
    {
        var place = await server.CreateDatabaseAsync();
        return (new PostgresDatabase(place), place);
    }
}
