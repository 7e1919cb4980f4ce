using Dapper;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Serve.Batches;

/// <summary>Batches and the results of their lines. For clients nothing is found but by its tenant and project.</summary>
internal sealed class BatchStore(SahabDatabase database, FileStore files)
{
    const string Insert = """
        INSERT INTO batch (batch_id, tenant, project, key_id, endpoint, input_file, status, metadata, total, completed,
            failed, created_us, expires_us)
        VALUES (@Id, @Tenant, @Project, @Key, @Endpoint, @Input, @Status, @Metadata, 0, 0, 0, @CreatedUs, @ExpiresUs)
        """;

    public async Task AddAsync(Batch batch, CancellationToken cancellation)
    {
        await ExecuteAsync(
            Insert,
            new
            {
                Id = database.IdValue(batch.Id),
                batch.Tenant,
                batch.Project,
                batch.Key,
                batch.Endpoint,
                Input = database.IdValue(batch.InputFile),
                batch.Status,
                batch.Metadata,
                CreatedUs = UnixMicroseconds.From(batch.CreatedAt),
                ExpiresUs = UnixMicroseconds.From(batch.ExpiresAt),
            },
            cancellation);
    }

    /// <summary>A project's batch with its counts as they are now; none where there is none.</summary>
    public async Task<Batch?> FindAsync(string tenant, string project, Guid id, CancellationToken cancellation) =>
        (await ReadAsync(
            "tenant = @Tenant AND project = @Project AND batch_id = @Id", "",
            new { Tenant = tenant, Project = project, Id = database.IdValue(id) }, cancellation))
        .SingleOrDefault();

    /// <summary>A project's batches, the newest first, at most so many, after one of them.</summary>
    public Task<List<Batch>> ListAsync(
        string tenant, string project, Guid? after, int most, CancellationToken cancellation) => ReadAsync(
        "tenant = @Tenant AND project = @Project" + (after is null ? "" : " AND batch_id < @After"),
        "ORDER BY batch_id DESC LIMIT @Most",
        new { Tenant = tenant, Project = project, After = database.IdValue(after ?? default), Most = most }, cancellation);

    /// <summary>Batches in which there is something left to do, the oldest first.</summary>
    public Task<List<Batch>> ActiveAsync(CancellationToken cancellation) => ReadAsync(
        "status IN ('validating', 'in_progress', 'finalizing', 'cancelling')", "ORDER BY batch_id LIMIT 10000",
        new { }, cancellation);

    /// <summary>How many of a tenant's batches have something left to do.</summary>
    public async Task<long> CountActiveAsync(string tenant, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return await connection.ReadOneAsync<long>(new CommandDefinition(
            """
            SELECT COUNT(*) FROM batch
            WHERE tenant = @Tenant AND status IN ('validating', 'in_progress', 'finalizing', 'cancelling')
            """,
            new { Tenant = tenant }, cancellationToken: cancellation));
    }

    /// <summary>Whether a batch that is not at its end reads a file.</summary>
    public async Task<bool> IsInUseAsync(Guid file, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return await connection.ReadOneAsync<long>(new CommandDefinition(
            """
            SELECT COUNT(*) FROM batch WHERE input_file = @File
                AND status IN ('validating', 'in_progress', 'finalizing', 'cancelling')
            """,
            new { File = database.IdValue(file) }, cancellationToken: cancellation)) > 0;
    }

    /// <summary>Says that the input is sound and lines run from now on, unless the batch was cancelled meanwhile.</summary>
    public Task StartAsync(Guid id, long total, DateTimeOffset now, CancellationToken cancellation) => ExecuteAsync(
        """
        UPDATE batch SET total = @Total, started_us = @NowUs,
            status = CASE WHEN status = 'validating' THEN 'in_progress' ELSE status END
        WHERE batch_id = @Id AND status IN ('validating', 'cancelling')
        """,
        new { Id = database.IdValue(id), Total = total, NowUs = UnixMicroseconds.From(now) }, cancellation);

    /// <summary>Says that the input is not sound.</summary>
    public Task FailAsync(Guid id, string errors, DateTimeOffset now, CancellationToken cancellation) => ExecuteAsync(
        "UPDATE batch SET status = 'failed', errors = @Errors, ended_us = @NowUs WHERE batch_id = @Id",
        new { Id = database.IdValue(id), Errors = errors, NowUs = UnixMicroseconds.From(now) }, cancellation);

    /// <summary>Asks that no further line be begun. False where there is nothing to cancel any more.</summary>
    public async Task<bool> CancelAsync(
        string tenant, string project, Guid id, DateTimeOffset now, CancellationToken cancellation) =>
        await ExecuteAsync(
            """
            UPDATE batch SET status = 'cancelling', cancelling_us = @NowUs
            WHERE batch_id = @Id AND tenant = @Tenant AND project = @Project AND status IN ('validating', 'in_progress')
            """,
            new { Id = database.IdValue(id), Tenant = tenant, Project = project, NowUs = UnixMicroseconds.From(now) }, cancellation) > 0;

    /// <summary>Keeps what came of a line. Whoever comes second for the same line changes nothing.</summary>
    public Task AddResultAsync(Guid batch, long line, bool succeeded, string body, CancellationToken cancellation) =>
        ExecuteAsync(
            """
            INSERT INTO batch_result (batch_id, line, succeeded, body) VALUES (@Batch, @Line, @Succeeded, @Body)
            ON CONFLICT DO NOTHING
            """,
            new { Batch = database.IdValue(batch), Line = line, Succeeded = succeeded ? 1L : 0L, Body = body },
            cancellation);

    /// <summary>The lines of which it is known what came of them.</summary>
    public async Task<HashSet<long>> LinesDoneAsync(Guid batch, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return [.. await connection.ReadAllAsync<long>(new CommandDefinition(
            "SELECT line FROM batch_result WHERE batch_id = @Batch", new { Batch = database.IdValue(batch) },
            cancellationToken: cancellation))];
    }

    /// <summary>Results of a kind in the order of their lines, after a line, at most so many.</summary>
    public async Task<List<(long Line, string Body)>> ResultsAsync(
        Guid batch, bool succeeded, long after, int most, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return (await connection.ReadAllAsync<(long, string)>(new CommandDefinition(
            """
            SELECT line, body FROM batch_result WHERE batch_id = @Batch AND succeeded = @Succeeded AND line > @After
            ORDER BY line LIMIT @Most
            """,
            new { Batch = database.IdValue(batch), Succeeded = succeeded ? 1L : 0L, After = after, Most = most },
            cancellationToken: cancellation))).ToList();
    }

    /// <summary>Says that the files are being put together.</summary>
    public Task FinalizeAsync(Guid id, DateTimeOffset now, CancellationToken cancellation) => ExecuteAsync(
        """
        UPDATE batch SET finalizing_us = @NowUs, status = CASE WHEN status = 'in_progress' THEN 'finalizing' ELSE status END
        WHERE batch_id = @Id AND finalizing_us IS NULL
        """,
        new { Id = database.IdValue(id), NowUs = UnixMicroseconds.From(now) }, cancellation);

    /// <summary>Ends a batch: its files, its counts and its status appear, and its results go, all at once.</summary>
    public async Task EndAsync(
        Batch batch, string status, StoredFile? output, StoredFile? errors, long completed, long failed,
        DateTimeOffset now, CancellationToken cancellation)
    {
        const string Update = """
            UPDATE batch SET status = @Status, output_file = @Output, error_file = @Errors, completed = @Completed,
                failed = @Failed, ended_us = @NowUs
            WHERE batch_id = @Id
            """;
        await using var connection = await database.OpenAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        foreach (var file in (StoredFile?[])[output, errors])
        {
            if (file is not null)
            {
                await files.AddAsync(connection, transaction, file, cancellation);
            }
        }

        var parameters = new
        {
            Id = database.IdValue(batch.Id),
            Status = status,
            Output = output is null ? null : database.IdValue(output.Id),
            Errors = errors is null ? null : database.IdValue(errors.Id),
            Completed = completed,
            Failed = failed,
            NowUs = UnixMicroseconds.From(now),
        };
        foreach (var sql in (string[])[Update, "DELETE FROM batch_result WHERE batch_id = @Id"])
        {
            await connection.ExecuteAsync(
                new CommandDefinition(sql, parameters, transaction, cancellationToken: cancellation));
        }

        await transaction.CommitAsync(cancellation);
    }

    /// <summary>Forgets batches that ended before a time, and returns how many those were.</summary>
    public Task<int> PurgeAsync(DateTimeOffset endedBefore, CancellationToken cancellation) => ExecuteAsync(
        "DELETE FROM batch WHERE ended_us < @BeforeUs", new { BeforeUs = UnixMicroseconds.From(endedBefore) }, cancellation);

    async Task<int> ExecuteAsync(string sql, object parameters, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return await connection.ExecuteAsync(new CommandDefinition(sql, parameters, cancellationToken: cancellation));
    }

    async Task<List<Batch>> ReadAsync(string where, string rest, object parameters, CancellationToken cancellation)
    {
        var sql = $"""
            SELECT {database.IdText("b.batch_id")} AS Id, tenant AS Tenant, project AS Project, key_id AS KeyId, endpoint AS Endpoint,
                {database.IdText("input_file")} AS InputFile, {database.IdText("output_file")} AS OutputFile,
                {database.IdText("error_file")} AS ErrorFile, status AS Status, metadata AS Metadata, errors AS Errors,
                total AS Total, created_us AS CreatedUs, expires_us AS ExpiresUs, started_us AS StartedUs,
                cancelling_us AS CancellingUs, finalizing_us AS FinalizingUs, ended_us AS EndedUs,
                completed + (SELECT COUNT(*) FROM batch_result r WHERE r.batch_id = b.batch_id AND r.succeeded = 1)
                    AS Completed,
                failed + (SELECT COUNT(*) FROM batch_result r WHERE r.batch_id = b.batch_id AND r.succeeded = 0)
                    AS Failed
            FROM batch b WHERE {where} {rest}
            """;
        await using var connection = await database.OpenAsync(cancellation);
        var rows = await connection.ReadAllAsync<BatchRow>(
            new CommandDefinition(sql, parameters, cancellationToken: cancellation));
        return rows.Select(row => row.ToBatch()).ToList();
    }
}
