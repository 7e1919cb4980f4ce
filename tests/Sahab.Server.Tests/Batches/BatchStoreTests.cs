using Dapper;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Serve.Batches;
using Sahab.Server.Serve.Responses;
using Sahab.Server.Tests.Database;
using Sahab.Server.Tests.Metering;

namespace Sahab.Server.Tests.Batches;

/// <summary>What the stores of files and batches promise, on either engine.</summary>
public abstract class BatchStoreTests : IAsyncLifetime
{
    static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    static readonly CancellationToken None = CancellationToken.None;

    SahabDatabase _database = null!;
    FileStore _files = null!;
    BatchStore _batches = null!;

    public async Task InitializeAsync()
    {
        _database = await CreateDatabaseAsync();
        await _database.MigrateAsync(TimeProvider.System, None);
        _files = new FileStore(_database);
        _batches = new BatchStore(_database, _files);
    }

    public async Task DisposeAsync() => await _database.DisposeAsync();

    [Fact]
    public async Task A_file_is_found_by_its_project_until_its_time_is_over()
    {
        var file = FileOf(1);
        await _files.AddAsync(file, None);
        (await _files.FindAsync("demo", "legal", file.Id, Start, None)).ShouldBe(file);
        (await _files.FindAsync("other", "legal", file.Id, Start, None)).ShouldBeNull();
        (await _files.FindAsync("demo", "else", file.Id, Start, None)).ShouldBeNull();
        (await _files.FindAsync("demo", "legal", file.Id, file.ExpiresAt, None)).ShouldBeNull();
        (await _files.ExpiredAsync(file.ExpiresAt, 10, None)).ShouldBe([file]);
        (await _files.BytesAsync("demo", None)).ShouldBe(10);
        (await _files.BytesAsync("other", None)).ShouldBe(0);
        (await _files.DeleteAsync(file.Id, None)).ShouldBeTrue();
        (await _files.DeleteAsync(file.Id, None)).ShouldBeFalse();
    }

    [Fact]
    public async Task Files_are_listed_page_by_page_in_either_order()
    {
        for (var number = 1; number <= 5; number++)
        {
            await _files.AddAsync(FileOf(number), None);
        }

        (await ListAsync(null, newestFirst: true)).ShouldBe([Id(5), Id(4), Id(3)]);
        (await ListAsync(Id(3), newestFirst: true)).ShouldBe([Id(2), Id(1)]);
        (await ListAsync(Id(3), newestFirst: false)).ShouldBe([Id(4), Id(5)]);
        (await _files.ListAsync("demo", "legal", "batch_output", null, true, 3, Start, None)).ShouldBeEmpty();
        (await _files.ListAsync("demo", "else", null, null, true, 3, Start, None)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_batch_goes_its_way_and_counts_what_came_of_its_lines()
    {
        var batch = BatchOf(1);
        await _batches.AddAsync(batch, None);
        (await _batches.FindAsync("demo", "legal", batch.Id, None)).ShouldBe(batch);
        (await _batches.FindAsync("other", "legal", batch.Id, None)).ShouldBeNull();
        (await _batches.FindAsync("demo", "else", batch.Id, None)).ShouldBeNull();
        (await _batches.ActiveAsync(None)).ShouldBe([batch]);
        (await _batches.CountActiveAsync("demo", None)).ShouldBe(1);
        (await _batches.IsInUseAsync(batch.InputFile, None)).ShouldBeTrue();
        await _batches.StartAsync(batch.Id, 3, Start, None);
        await _batches.AddResultAsync(batch.Id, 2, true, "two", None);
        await _batches.AddResultAsync(batch.Id, 1, true, "one", None);
        await _batches.AddResultAsync(batch.Id, 3, false, "three", None);
        (await _batches.LinesDoneAsync(batch.Id, None)).Order().ShouldBe([1, 2, 3]);
        (await _batches.ResultsAsync(batch.Id, true, 0, 10, None)).ShouldBe([(1, "one"), (2, "two")]);
        (await _batches.ResultsAsync(batch.Id, true, 1, 10, None)).ShouldBe([(2, "two")]);
        var running = (await _batches.FindAsync("demo", "legal", batch.Id, None))!;
        (running.Status, running.Total, running.Completed, running.Failed).ShouldBe((BatchStatus.InProgress, 3, 2, 1));
        await _batches.FinalizeAsync(batch.Id, Start, None);
        await _batches.EndAsync(batch, BatchStatus.Completed, FileOf(8), FileOf(9), 2, 1, Start, None);
        var ended = (await _batches.FindAsync("demo", "legal", batch.Id, None))!;
        (ended.Status, ended.Completed, ended.Failed, ended.OutputFile, ended.ErrorFile)
            .ShouldBe((BatchStatus.Completed, 2, 1, Id(8), Id(9)));
        (await _batches.LinesDoneAsync(batch.Id, None)).ShouldBeEmpty();
        (await _files.KnownAsync([Id(8), Id(10), Id(9)], None)).Order().ShouldBe([Id(8), Id(9)]);
        (await _files.KnownAsync([], None)).ShouldBeEmpty();
        (await _batches.ActiveAsync(None)).ShouldBeEmpty();
        (await _batches.PurgeAsync(Start, None)).ShouldBe(0);
        (await _batches.PurgeAsync(Start.AddSeconds(1), None)).ShouldBe(1);
    }

    [Fact]
    public async Task The_second_result_of_a_line_changes_nothing()
    {
        await _batches.AddResultAsync(Id(1), 1, true, "first", None);
        await _batches.AddResultAsync(Id(1), 1, false, "second", None);
        (await _batches.ResultsAsync(Id(1), true, 0, 10, None)).ShouldBe([(1, "first")]);
        (await _batches.ResultsAsync(Id(1), false, 0, 10, None)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Only_what_has_not_ended_is_cancelled_and_it_stays_so()
    {
        await _batches.AddAsync(BatchOf(1), None);
        (await _batches.CancelAsync("other", "legal", Id(1), Start, None)).ShouldBeFalse();
        (await _batches.CancelAsync("demo", "else", Id(1), Start, None)).ShouldBeFalse();
        (await _batches.CancelAsync("demo", "legal", Id(1), Start, None)).ShouldBeTrue();
        (await _batches.CancelAsync("demo", "legal", Id(1), Start, None)).ShouldBeFalse();
        await _batches.StartAsync(Id(1), 3, Start, None);
        await _batches.FinalizeAsync(Id(1), Start, None);
        (await _batches.FindAsync("demo", "legal", Id(1), None))!.Status.ShouldBe(BatchStatus.Cancelling);
    }

    [Fact]
    public async Task Batches_are_listed_the_newest_first()
    {
        for (var number = 1; number <= 4; number++)
        {
            await _batches.AddAsync(BatchOf(number), None);
        }

        (await _batches.ListAsync("demo", "legal", null, 2, None)).Select(batch => batch.Id).ShouldBe([Id(4), Id(3)]);
        (await _batches.ListAsync("demo", "legal", Id(3), 9, None)).Select(batch => batch.Id).ShouldBe([Id(2), Id(1)]);
        (await _batches.ListAsync("other", "legal", null, 9, None)).ShouldBeEmpty();
        (await _batches.ListAsync("demo", "else", null, 9, None)).ShouldBeEmpty();
        await _batches.FailAsync(Id(1), "[]", Start, None);
        (await _batches.FindAsync("demo", "legal", Id(1), None))!.Errors.ShouldBe("[]");
    }

    [Fact]
    public async Task What_is_older_than_its_project_is_of_its_keys_where_that_is_known_and_prolonged_by_nothing()
    {
        await using var older = await CreateDatabaseAsync("older");
        await new Migrator(older, TimeProvider.System)
            .RunAsync([.. Migration.All.Where(step => step.Number < 23)], None);
        await using (var connection = await older.OpenAsync(None))
        {
            await connection.ExecuteAsync(
                RowsOfTheReleaseBefore,
                new
                {
                    One = older.IdValue(Id(1)),
                    Two = older.IdValue(Id(2)),
                    Three = older.IdValue(Id(3)),
                    Batch = older.IdValue(Id(4)),
                    StartUs = UnixMicroseconds.From(Start),
                    EndUs = UnixMicroseconds.From(Start.AddDays(1)),
                });
        }

        await older.MigrateAsync(TimeProvider.System, None);

        var (files, responses) = (new FileStore(older), new ResponseStore(older));
        (await files.FindAsync("demo", "legal", Id(1), Start, None)).ShouldNotBeNull("the input of a batch of that project");
        (await files.FindAsync("demo", "default", Id(2), Start, None)).ShouldNotBeNull();
        (await responses.FindAsync("demo", "legal", Id(1), Start, None)).ShouldNotBeNull("its key is in that project");
        (await responses.FindAsync("demo", "default", Id(2), Start, None)).ShouldNotBeNull();
        await responses.AddAsync(
            new StoredResponse(Id(9), Id(1), "demo", "*", Start, "[]", "{}") { Project = "legal" }, Start.AddDays(9), None);
        (await responses.FindAsync("demo", "legal", Id(1), Start.AddDays(1), None)).ShouldBeNull();
        (await responses.FindAsync("demo", "legal", Id(9), Start.AddDays(1), None)).ShouldNotBeNull();
    }

    private protected abstract Task<SahabDatabase> CreateDatabaseAsync(string name = "sahab");

    const string RowsOfTheReleaseBefore = """
        INSERT INTO api_key (key_id, organisation, project, name, models, tiers, countries, created_by, created_us, change_number)
        VALUES ('key_1', 'demo', 'legal', 'k', '', '', '', 'x', 1, 1);
        INSERT INTO usage_series (tenant, key_id, model, deployment, provider, region, country, operation,
            service_tier, prompt_nano_per_million, cached_nano_per_million, output_nano_per_million)
        VALUES ('demo', 'key_1', 'm', 'd', 'p', 'r', 'NO', 'responses', 'default', 1, 1, 1);
        INSERT INTO usage_event (event_id, call_id, attempt, series_id, started_us, duration_us, outcome, upstream_status,
            flags, prompt_tokens, cached_tokens, output_tokens, reasoning_tokens, cost_nano_usd)
        SELECT @Three, @One, 1, series_id, 1, 1, 0, 200, 0, 1, 0, 1, 0, 1 FROM usage_series;
        INSERT INTO response (response_id, conversation_id, tenant, project, countries, created_us, expires_us, input, body)
        VALUES (@One, @One, 'demo', '', '*', @StartUs, @EndUs, '[]', '{}'), (@Two, @Two, 'demo', '', '*', @StartUs, @EndUs, '[]', '{}');
        INSERT INTO batch (batch_id, tenant, project, key_id, endpoint, input_file, status, metadata, total, completed, failed,
            created_us, expires_us)
        VALUES (@Batch, 'demo', 'legal', 'key_1', '/v1/embeddings', @One, 'validating', '{}', 0, 0, 0, @StartUs, @EndUs);
        INSERT INTO file (file_id, tenant, project, purpose, name, bytes, created_us, expires_us)
        VALUES (@One, 'demo', '', 'batch', 'one', 1, @StartUs, @EndUs), (@Two, 'demo', '', 'batch', 'two', 1, @StartUs, @EndUs);
        """;

    static Guid Id(int number) => SampleUsage.Id(8, number);

    static StoredFile FileOf(int number) => new(
        Id(number), "demo", "batch", $"{number}.jsonl", 10, Start.AddSeconds(number), Start.AddDays(30))
    {
        Project = "legal",
    };

    static Batch BatchOf(int number) => new(
        Id(number), "demo", "key", "/v1/embeddings", Id(100 + number), null, null, BatchStatus.Validating,
        """{"a":"b"}""", null, 0, 0, 0, Start.AddSeconds(number), Start.AddDays(1), null, null, null, null)
    {
        Project = "legal",
    };

    async Task<List<Guid>> ListAsync(Guid? after, bool newestFirst) =>
        (await _files.ListAsync("demo", "legal", null, after, newestFirst, 3, Start, None)).Select(file => file.Id).ToList();
}

public sealed class BatchStoreOnSqliteTests : BatchStoreTests, IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private protected override Task<SahabDatabase> CreateDatabaseAsync(string name) =>
        Task.FromResult<SahabDatabase>(new SqliteDatabase(_folder.File($"{name}.db")));
}

[Collection(PostgresTests.Name)]
public sealed class BatchStoreOnPostgresTests(PostgresServer server) : BatchStoreTests
{
    private protected override async Task<SahabDatabase> CreateDatabaseAsync(string name) =>
        new PostgresDatabase(await server.CreateDatabaseAsync());
}
