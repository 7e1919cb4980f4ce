using System.Text.Json.Nodes;
using Sahab.Server.Govern.Audit;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Tests.Database;
using Sahab.Server.Tests.Faults;
using Sahab.Server.Tests.Metering;

namespace Sahab.Server.Tests.Govern;

/// <summary>What the log of changes promises, on either engine.</summary>
public abstract class AuditLogTests : IAsyncLifetime
{
    readonly HandTime _time = new();
    SahabDatabase _database = null!;
    AuditLog _log = null!;
    AuditStore _store = null!;

    public async Task InitializeAsync()
    {
        _database = await CreateDatabaseAsync();
        await _database.MigrateAsync(TimeProvider.System, CancellationToken.None);
        _log = new AuditLog(_time);
        _store = new AuditStore(_database);
    }

    public async Task DisposeAsync() => await _database.DisposeAsync();

    [Fact]
    public async Task Of_many_who_write_at_once_each_has_its_number_and_the_chain_is_sound()
    {
        var written = await Task.WhenAll(Enumerable.Range(0, 12).Select(writer => Task.Run(async () =>
        {
            var committed = 0;
            for (var entry = 0; entry < 12; entry++)
            {
                // Some change their mind: what they would have written leaves no gap.
                var commits = (writer + entry) % 4 != 0;
                await AppendAsync($"writer-{writer}", "thing.changed", $"{entry}", commits: commits);
                committed += commits ? 1 : 0;
            }

            return committed;
        })));

        var head = await _store.HeadAsync(CancellationToken.None);
        head.Number.ShouldBe(written.Sum());
        var rows = await AllAsync();
        rows.Select(row => row.Number).ShouldBe(Enumerable.Range(1, written.Sum()).Select(number => (long)number));
        Verify(rows, head).ShouldBeNull();
        foreach (var own in rows.GroupBy(row => row.Actor))
        {
            own.Select(row => int.Parse(row.Subject, System.Globalization.CultureInfo.InvariantCulture))
                .ShouldBeInOrder();
        }
    }

    [Fact]
    public async Task Entries_are_found_by_what_they_say_and_read_part_by_part()
    {
        for (var number = 0; number < 10; number++)
        {
            _time.Pass(TimeSpan.FromMinutes(1));
            await AppendAsync("key:a/b", number % 2 == 0 ? "key.revoked" : "budget.set", $"s{number}", number < 5 ? "acme" : "");
        }

        (await _store.ReadAsync(new AuditQuestion { Organisation = "acme" }, 3, CancellationToken.None))
            .Select(row => row.Number).ShouldBe([5, 4, 3]);
        (await _store.ReadAsync(new AuditQuestion { Organisation = "acme", Before = 3 }, 3, CancellationToken.None))
            .Select(row => row.Number).ShouldBe([2, 1]);
        (await _store.ReadAsync(new AuditQuestion { Action = "key." }, 100, CancellationToken.None)).Count.ShouldBe(5);
        (await _store.ReadAsync(new AuditQuestion { Action = "key.revoked", Subject = "s8" }, 100, CancellationToken.None))
            .ShouldHaveSingleItem().Number.ShouldBe(9);
        (await _store.ReadAsync(
            new AuditQuestion { Since = _time.GetUtcNow().AddMinutes(-2), Until = _time.GetUtcNow() }, 100, CancellationToken.None))
            .Select(row => row.Number).ShouldBe([9, 8]);
        (await _store.ReadAsync(new AuditQuestion { Actor = "nobody" }, 100, CancellationToken.None)).ShouldBeEmpty();
    }

    [Fact]
    public async Task What_was_done_to_an_export_is_found_with_its_number()
    {
        for (var number = 1; number <= 6; number++)
        {
            await AppendAsync("user:ü", "thing.changed", $"雲{number}", "acme");
        }

        var head = await _store.HeadAsync(CancellationToken.None);
        List<string> lines = [.. (await AllAsync()).Select(AuditFile.LineOf), AuditFile.LineOf(head)];

        (await FaultAsync(lines)).ShouldBeNull();
        (await FaultAsync([.. lines.Select(line => line == lines[2] ? line.Replace("user:", "user:x") : line)]))!
            .ShouldBe("Entry 3 was altered, or does not follow the entry before it: its hash is not that of what it says.");
        (await FaultAsync([.. lines.Where(line => line != lines[3])]))!.ShouldStartWith("Entry 4 is missing");
        (await FaultAsync([lines[0], lines[2], lines[1], .. lines[3..]]))!.ShouldStartWith("Entry 2 is missing: entry 3");
        (await FaultAsync([lines[0], lines[1], lines[1], .. lines[2..]]))!.ShouldStartWith("Entry 2 stands where entry 3");
        (await FaultAsync([lines[0], "not JSON", .. lines[2..]]))!.ShouldStartWith("Entry 2 was altered");
        (await FaultAsync([.. lines[..4], lines[^1]]))!.ShouldContain("entry 5 and those after it were cut off");
        // Without the last line nothing in the file says that there was more; who has kept the head knows it.
        (await FaultAsync(lines[..4])).ShouldBeNull();
        (await FaultAsync(lines[..4], head))!.ShouldContain("once ended with entry 6");
    }

    [Fact]
    public async Task A_chain_that_was_made_anew_is_found_against_an_end_that_was_kept()
    {
        for (var number = 1; number <= 4; number++)
        {
            await AppendAsync("user:a", "thing.changed", $"{number}");
        }

        var kept = await _store.HeadAsync(CancellationToken.None);
        await AppendAsync("user:a", "thing.changed", "5");
        var (forged, before) = (new List<AuditRow>(), "");
        foreach (var row in await AllAsync())
        {
            var copy = row with { Actor = row.Number == 2 ? "user:b" : row.Actor };
            copy.Hash = copy.HashAfter(before);
            before = copy.Hash;
            forged.Add(copy);
        }

        List<string> lines = [.. forged.Select(AuditFile.LineOf)];
        (await FaultAsync(lines)).ShouldBeNull();
        (await FaultAsync(lines, kept))!.ShouldContain("Entry 4 is not the one that the log once ended with");
        (await FaultAsync([.. (await AllAsync()).Select(AuditFile.LineOf)], kept)).ShouldBeNull();
    }

    private protected abstract Task<SahabDatabase> CreateDatabaseAsync();

    async Task AppendAsync(string actor, string action, string subject, string organisation = "", bool commits = true)
    {
        await using var connection = await _database.OpenAsync(CancellationToken.None);
        await using var transaction = await connection.BeginTransactionAsync();
        await _log.AppendAsync(
            connection, transaction,
            new AuditEntry(actor, action, subject) { Organisation = organisation, Details = new JsonObject { ["why"] = "\"ü\" 雲" } },
            CancellationToken.None);
        if (commits)
        {
            await transaction.CommitAsync();
        }
    }

    async Task<List<AuditRow>> AllAsync()
    {
        var rows = new List<AuditRow>();
        await foreach (var row in _store.AllAsync(await _store.HeadAsync(CancellationToken.None), CancellationToken.None))
        {
            rows.Add(row);
        }

        return rows;
    }

    static string? Verify(List<AuditRow> rows, AuditHead head)
    {
        var verifier = new AuditVerifier();
        rows.ForEach(row => verifier.Take(row));
        verifier.End(head);
        verifier.Passes(head);
        return verifier.Fault;
    }

    static async Task<string?> FaultAsync(List<string> lines, AuditHead? known = null) =>
        (await AuditFile.VerifyAsync(new StringReader(string.Join('\n', lines)), known, CancellationToken.None)).Fault;
}

public sealed class AuditLogOnSqliteTests : AuditLogTests, IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private protected override Task<SahabDatabase> CreateDatabaseAsync() =>
        Task.FromResult<SahabDatabase>(new SqliteDatabase(_folder.File("sahab.db")));
}

[Collection(PostgresTests.Name)]
public sealed class AuditLogOnPostgresTests(PostgresServer server) : AuditLogTests
{
    private protected override async Task<SahabDatabase> CreateDatabaseAsync() =>
        new PostgresDatabase(await server.CreateDatabaseAsync());
}
