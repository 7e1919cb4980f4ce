using Dapper;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Serve.Responses;

/// <summary>Kept responses in the database. Nothing is found but by its tenant and project.</summary>
internal sealed class ResponseStore(SahabDatabase database)
{
    /// <summary>The most turns of a conversation that are read back.</summary>
    public const int MaxTurns = 1000;

    /// <summary>The most responses that one statement of the purge deletes.</summary>
    const int PurgeBatch = 500;

    /// <summary>Longer than anything is kept.</summary>
    const int MostDays = 36_500;

    /// <summary>Seconds that a statement may take: somebody waits for the last byte of an answer.</summary>
    const int TimeoutSeconds = 5;

    const string Insert = """
        INSERT INTO response (response_id, previous_id, conversation_id, tenant, project, countries, created_us,
            expires_us, latest_us, input, body)
        VALUES (@Id, @Previous, @Conversation, @Tenant, @Project, @Countries, @CreatedUs, @ExpiresUs, @CreatedUs + @KeepUs,
            @Input, @Body)
        """;

    /// <summary>
    /// A turn without those before it could not be continued: they live as long as the last, within what the rules allow
    /// under which this one is kept, and those under which they were.
    /// </summary>
    const string Prolong = """
        UPDATE response
        SET expires_us = CASE
            WHEN latest_us < @ExpiresUs AND latest_us < created_us + @KeepUs THEN latest_us
            WHEN created_us + @KeepUs < @ExpiresUs THEN created_us + @KeepUs
            ELSE @ExpiresUs END
        WHERE conversation_id = @Conversation AND tenant = @Tenant AND project = @Project AND expires_us < @ExpiresUs
            AND expires_us < created_us + @KeepUs AND expires_us < latest_us
        """;

    /// <summary>Keeps a response, and all turns before it as long as it.</summary>
    /// <param name="most">How long each turn may be kept from its own time on; null: no rule says.</param>
    public async Task AddAsync(
        StoredResponse response, DateTimeOffset expiresAt, CancellationToken cancellation, TimeSpan? most = null)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        var conversation = response.Previous is { } previous
            ? await connection.ReadOneAsync<string?>(new CommandDefinition(
                $"SELECT {database.IdText("conversation_id")} FROM response WHERE response_id = @Previous",
                new { Previous = database.IdValue(previous) }, transaction, TimeoutSeconds,
                cancellationToken: cancellation))
            : null;
        var parameters = new
        {
            Id = database.IdValue(response.Id),
            Previous = response.Previous is { } before ? database.IdValue(before) : null,
            Conversation = database.IdValue(conversation is null ? response.Id : Guid.Parse(conversation)),
            response.Tenant,
            response.Project,
            response.Countries,
            CreatedUs = UnixMicroseconds.From(response.CreatedAt),
            ExpiresUs = UnixMicroseconds.From(expiresAt),
            KeepUs = (most ?? TimeSpan.FromDays(MostDays)).Ticks / TimeSpan.TicksPerMicrosecond,
            response.Input,
            response.Body,
        };
        foreach (var sql in (string[])[Insert, Prolong])
        {
            await connection.ExecuteAsync(new CommandDefinition(
                sql, parameters, transaction, TimeoutSeconds, cancellationToken: cancellation));
        }

        await transaction.CommitAsync(cancellation);
    }

    /// <summary>A response; none where it is not there, not of the tenant's project, or its time is over.</summary>
    public async Task<StoredResponse?> FindAsync(
        string tenant, string project, Guid id, DateTimeOffset now, CancellationToken cancellation)
    {
        var turns = await ReadAsync(tenant, project, id, now, most: 1, cancellation);
        return turns.Count == 1 ? turns[0] : null;
    }

    /// <summary>
    /// A response and all turns before it, the first turn first; none where one of them is missing, or where there are
    /// more than <see cref="MaxTurns"/>.
    /// </summary>
    public async Task<List<StoredResponse>> ConversationAsync(
        string tenant, string project, Guid id, DateTimeOffset now, CancellationToken cancellation)
    {
        var turns = await ReadAsync(tenant, project, id, now, MaxTurns, cancellation);
        return turns is [{ Previous: null }, ..] ? turns : [];
    }

    /// <summary>Deletes a response. False where there is none of the project's.</summary>
    public async Task<bool> DeleteAsync(
        string tenant, string project, Guid id, DateTimeOffset now, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return await connection.ExecuteAsync(new CommandDefinition(
            "DELETE FROM response WHERE response_id = @Id AND tenant = @Tenant AND project = @Project AND expires_us > @NowUs",
            new { Id = database.IdValue(id), Tenant = tenant, Project = project, NowUs = UnixMicroseconds.From(now) },
            commandTimeout: TimeoutSeconds, cancellationToken: cancellation)) > 0;
    }

    /// <summary>Deletes what is past its time, and returns how many responses that were.</summary>
    public Task<long> PurgeAsync(DateTimeOffset now, CancellationToken cancellation) =>
        PurgeAsync("expires_us <= @AtUs", "", null, now, cancellation);

    /// <summary>Deletes what a tenant's calls left before a time, and returns how many responses that were.</summary>
    /// <param name="project">Calls of this project only; null: all.</param>
    public Task<long> PurgeOlderAsync(
        string tenant, string? project, DateTimeOffset createdBefore, CancellationToken cancellation) => PurgeAsync(
        "tenant = @Tenant AND created_us <= @AtUs" + (project is null ? "" : " AND project = @Project"), tenant, project,
        createdBefore, cancellation);

    async Task<long> PurgeAsync(
        string which, string tenant, string? project, DateTimeOffset at, CancellationToken cancellation)
    {
        var purge = $"""
            DELETE FROM response WHERE response_id IN (SELECT response_id FROM response WHERE {which} LIMIT @Most)
            """;
        await using var connection = await database.OpenAsync(cancellation);
        var parameters = new { AtUs = UnixMicroseconds.From(at), Tenant = tenant, Project = project, Most = PurgeBatch };
        long purged = 0;
        while (true)
        {
            // In small steps, so that nobody waits long for a lock.
            var deleted = await connection.ExecuteAsync(
                new CommandDefinition(purge, parameters, cancellationToken: cancellation));
            purged += deleted;
            if (deleted < PurgeBatch)
            {
                return purged;
            }
        }
    }

    async Task<List<StoredResponse>> ReadAsync(
        string tenant, string project, Guid id, DateTimeOffset now, int most, CancellationToken cancellation)
    {
        const string Columns = "response_id, previous_id, tenant, project, countries, created_us, input, body";
        var sql = $"""
            WITH RECURSIVE turn ({Columns}, depth) AS (
                SELECT {Columns}, 1 FROM response
                WHERE response_id = @Id AND tenant = @Tenant AND project = @Project AND expires_us > @NowUs
                UNION ALL
                SELECT {string.Join(", ", Columns.Split(", ").Select(column => "r." + column))}, t.depth + 1
                FROM response r JOIN turn t ON r.response_id = t.previous_id
                WHERE t.depth < @Most AND r.tenant = @Tenant AND r.project = @Project AND r.expires_us > @NowUs
            )
            SELECT {database.IdText("response_id")} AS Id, {database.IdText("previous_id")} AS Previous,
                tenant AS Tenant, project AS Project, countries AS Countries, created_us AS CreatedUs, input AS Input,
                body AS Body
            FROM turn ORDER BY depth DESC
            """;
        await using var connection = await database.OpenAsync(cancellation);
        var rows = await connection.ReadAllAsync<Row>(new CommandDefinition(
            sql,
            new
            {
                Id = database.IdValue(id),
                Tenant = tenant,
                Project = project,
                NowUs = UnixMicroseconds.From(now),
                Most = most,
            },
            commandTimeout: TimeoutSeconds, cancellationToken: cancellation));
        return rows.Select(row => row.ToResponse()).ToList();
    }

    sealed class Row
    {
        public string Id { get; init; } = "";

        public string? Previous { get; init; }

        public string Tenant { get; init; } = "";

        public string Project { get; init; } = "";

        public string Countries { get; init; } = "";

        public long CreatedUs { get; init; }

        public string Input { get; init; } = "";

        public string Body { get; init; } = "";

        // SQLite's text of no id is empty.
        public StoredResponse ToResponse() => new(
            Guid.Parse(Id), string.IsNullOrEmpty(Previous) ? null : Guid.Parse(Previous), Tenant, Countries,
            UnixMicroseconds.ToTime(CreatedUs), Input, Body)
        {
            Project = Project,
        };
    }
}
