using System.Data.Common;
using Dapper;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Serve.Batches;

/// <summary>The rows of files. For clients nothing is found but by its tenant and project.</summary>
internal sealed class FileStore(SahabDatabase database)
{
    const string Insert = """
        INSERT INTO file (file_id, tenant, project, key_id, purpose, name, bytes, created_us, expires_us)
        VALUES (@Id, @Tenant, @Project, @Key, @Purpose, @Name, @Bytes, @CreatedUs, @ExpiresUs)
        """;

    /// <summary>Adds a file whose content is in its place; in a transaction of its own unless one is given.</summary>
    public async Task AddAsync(StoredFile file, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await AddAsync(connection, null, file, cancellation);
    }

    public Task AddAsync(
        DbConnection connection, DbTransaction? transaction, StoredFile file, CancellationToken cancellation) =>
        connection.ExecuteAsync(new CommandDefinition(
            Insert,
            new
            {
                Id = database.IdValue(file.Id),
                file.Tenant,
                file.Project,
                file.Key,
                file.Purpose,
                file.Name,
                file.Bytes,
                CreatedUs = UnixMicroseconds.From(file.CreatedAt),
                ExpiresUs = UnixMicroseconds.From(file.ExpiresAt),
            },
            transaction, cancellationToken: cancellation));

    /// <summary>A file; none where it is not there, not of the tenant's project, or its time is over.</summary>
    public async Task<StoredFile?> FindAsync(
        string tenant, string project, Guid id, DateTimeOffset now, CancellationToken cancellation)
    {
        var files = await ReadAsync(
            "tenant = @Tenant AND project = @Project AND file_id = @Id AND expires_us > @NowUs", "",
            new { Tenant = tenant, Project = project, Id = database.IdValue(id), NowUs = UnixMicroseconds.From(now) }, cancellation);
        return files.Count == 1 ? files[0] : null;
    }

    /// <summary>A project's files in the order of their making, at most so many, after one of them.</summary>
    /// <param name="purpose">Only files of this purpose; null for all.</param>
    /// <param name="newestFirst">The order.</param>
    public Task<List<StoredFile>> ListAsync(
        string tenant, string project, string? purpose, Guid? after, bool newestFirst, int most, DateTimeOffset now,
        CancellationToken cancellation) => ReadAsync(
        "tenant = @Tenant AND project = @Project AND expires_us > @NowUs"
        + (purpose is null ? "" : " AND purpose = @Purpose")
        + (after is null ? "" : newestFirst ? " AND file_id < @After" : " AND file_id > @After"),
        $"ORDER BY file_id {(newestFirst ? "DESC" : "ASC")} LIMIT @Most",
        new
        {
            Tenant = tenant,
            Project = project,
            Purpose = purpose,
            After = database.IdValue(after ?? default),
            Most = most,
            NowUs = UnixMicroseconds.From(now),
        },
        cancellation);

    /// <summary>What a tenant's files take together, in bytes.</summary>
    public async Task<long> BytesAsync(string tenant, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return await connection.ReadOneAsync<long>(new CommandDefinition(
            "SELECT CAST(COALESCE(SUM(bytes), 0) AS BIGINT) FROM file WHERE tenant = @Tenant",
            new { Tenant = tenant }, cancellationToken: cancellation));
    }

    /// <summary>Deletes a file's row. False where there was none.</summary>
    public async Task<bool> DeleteAsync(Guid id, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return await connection.ExecuteAsync(new CommandDefinition(
            "DELETE FROM file WHERE file_id = @Id", new { Id = database.IdValue(id) },
            cancellationToken: cancellation)) > 0;
    }

    /// <summary>Files whose time is over.</summary>
    public Task<List<StoredFile>> ExpiredAsync(DateTimeOffset now, int most, CancellationToken cancellation) =>
        ReadAsync(
            "expires_us <= @NowUs", "ORDER BY expires_us LIMIT @Most",
            new { NowUs = UnixMicroseconds.From(now), Most = most }, cancellation);

    /// <summary>A tenant's files that were made before a time.</summary>
    /// <param name="project">Files of this project only; null: all.</param>
    public Task<List<StoredFile>> OlderAsync(
        string tenant, string? project, DateTimeOffset createdBefore, int most, CancellationToken cancellation) => ReadAsync(
        "tenant = @Tenant AND created_us <= @BeforeUs" + (project is null ? "" : " AND project = @Project"),
        "ORDER BY file_id LIMIT @Most",
        new { Tenant = tenant, Project = project, BeforeUs = UnixMicroseconds.From(createdBefore), Most = most }, cancellation);

    /// <summary>Which of some files have a row, whosever they are.</summary>
    /// <param name="ids">Some thousand at most.</param>
    public async Task<HashSet<Guid>> KnownAsync(IReadOnlyCollection<Guid> ids, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        // Dapper finds a list only by what the value is at run time.
        var parameters = new DynamicParameters();
        parameters.Add("Ids", database.IdValues(ids));
        return [.. (await connection.ReadAllAsync<string>(new CommandDefinition(
            $"SELECT {database.IdText("file_id")} FROM file WHERE {database.IsAmong("file_id", "@Ids")}", parameters,
            cancellationToken: cancellation))).Select(Guid.Parse)];
    }

    async Task<List<StoredFile>> ReadAsync(
        string where, string rest, object parameters, CancellationToken cancellation)
    {
        var sql = $"""
            SELECT {database.IdText("file_id")} AS Id, tenant AS Tenant, project AS Project, key_id AS KeyId,
                purpose AS Purpose, name AS Name, bytes AS Bytes, created_us AS CreatedUs, expires_us AS ExpiresUs
            FROM file WHERE {where} {rest}
            """;
        await using var connection = await database.OpenAsync(cancellation);
        var rows = await connection.ReadAllAsync<Row>(
            new CommandDefinition(sql, parameters, cancellationToken: cancellation));
        return rows.Select(row => new StoredFile(
            Guid.Parse(row.Id), row.Tenant, row.Purpose, row.Name, row.Bytes, UnixMicroseconds.ToTime(row.CreatedUs),
            UnixMicroseconds.ToTime(row.ExpiresUs))
        {
            Project = row.Project,
            Key = row.KeyId,
        }).ToList();
    }

    sealed class Row
    {
        public string Id { get; init; } = "";

        public string Tenant { get; init; } = "";

        public string Project { get; init; } = "";

        public string KeyId { get; init; } = "";

        public string Purpose { get; init; } = "";

        public string Name { get; init; } = "";

        public long Bytes { get; init; }

        public long CreatedUs { get; init; }

        public long ExpiresUs { get; init; }
    }
}
