using System.Data.Common;
using Dapper;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Sell.Tenants.Keys;

/// <summary>Keys in the database. What changes one is given the transaction that also writes the audit log.</summary>
internal sealed class KeyStore(SahabDatabase database)
{
    /// <summary>Keys read at a time.</summary>
    public const int PageSize = 2000;

    const char RevokedMark = '!';

    const string Columns = """
        k.key_id AS KeyId, k.organisation AS Organisation, k.project AS Project, k.name AS Name, k.models AS Models,
        k.tiers AS Tiers, k.countries AS Countries, k.data AS Data, k.requests_per_minute AS RequestsPerMinute,
        k.tokens_per_minute AS TokensPerMinute, k.concurrency AS Concurrency, k.created_by AS CreatedBy,
        k.created_us AS CreatedUs, k.expires_us AS ExpiresUs, k.revoked_us AS RevokedUs, k.last_used_us AS LastUsedUs,
        k.change_number AS ChangeNumber, s.digest AS Digest, s.hint AS Hint, s.created_us AS SecretCreatedUs,
        s.good_until_us AS GoodUntilUs
        """;

    const string Insert = """
        INSERT INTO api_key (key_id, organisation, project, name, models, tiers, countries, data, requests_per_minute,
            tokens_per_minute, concurrency, created_by, created_us, expires_us, change_number)
        VALUES (@KeyId, @Organisation, @Project, @Name, @Models, @Tiers, @Countries, @Data, @RequestsPerMinute,
            @TokensPerMinute, @Concurrency, @CreatedBy, @CreatedUs, @ExpiresUs, @ChangeNumber)
        """;

    const string Update = """
        UPDATE api_key SET name = @Name, models = @Models, tiers = @Tiers, countries = @Countries,
            data = @Data, requests_per_minute = @RequestsPerMinute, tokens_per_minute = @TokensPerMinute, concurrency = @Concurrency,
            expires_us = @ExpiresUs, revoked_us = @RevokedUs, change_number = @ChangeNumber
        WHERE key_id = @KeyId
        """;

    const string InsertSecret = """
        INSERT INTO api_key_secret (digest, key_id, hint, created_us, good_until_us)
        VALUES (@Digest, @KeyId, @Hint, @CreatedUs, @GoodUntilUs)
        """;

    /// <summary>Whether several nodes may be at work on it.</summary>
    public bool IsShared => database is PostgresDatabase;

    public ValueTask<DbConnection> OpenAsync(CancellationToken cancellation) => database.OpenAsync(cancellation);

    /// <summary>
    /// The keys that have changed after a number, in that order, each as it is now; as many as a page has. Those that
    /// ended before a time are left out.
    /// </summary>
    public async Task<List<StoreKey>> ReadChangedAsync(
        long after, DateTimeOffset endedSince, CancellationToken cancellation) => await ReadAsync(
        """
        change_number > @After AND (revoked_us IS NULL OR revoked_us > @SinceUs)
            AND (expires_us IS NULL OR expires_us > @SinceUs)
        """,
        "change_number", new { After = after, SinceUs = UnixMicroseconds.From(endedSince), Most = PageSize }, cancellation);

    /// <summary>The keys of an organisation, or of one of its projects, by their ids.</summary>
    public async Task<List<StoreKey>> ListAsync(
        string organisation, string? project, ListPage page, CancellationToken cancellation) => await ReadAsync(
        "organisation = @Organisation" + (project is null ? "" : " AND project = @Project")
        + " AND key_id > @After",
        "key_id", new { Organisation = organisation, Project = project, page.After, Most = page.Rows }, cancellation);

    /// <summary>Keys of an organisation by their ids, those that are not revoked before the others.</summary>
    /// <param name="page">After which one, as <see cref="MarkOf"/> tells.</param>
    public async Task<List<StoreKey>> ListGoodFirstAsync(string organisation, ListPage page, CancellationToken cancellation)
    {
        var isRevoked = page.After.StartsWith(RevokedMark);
        var found = isRevoked ? [] : await ReadAsync(
            "organisation = @Organisation AND revoked_us IS NULL AND key_id > @After",
            "key_id", new { Organisation = organisation, page.After, Most = page.Rows }, cancellation);
        return found.Count == page.Rows ? found :
        [
            .. found,
            .. await ReadAsync(
                "organisation = @Organisation AND revoked_us IS NOT NULL AND key_id > @After",
                "key_id",
                new { Organisation = organisation, After = isRevoked ? page.After[1..] : "", Most = page.Rows - found.Count },
                cancellation),
        ];
    }

    /// <summary>Where <see cref="ListGoodFirstAsync"/> goes on after a key.</summary>
    public static string MarkOf(StoreKey key) => key.RevokedAt is null ? key.Id : RevokedMark + key.Id;

    public async Task<StoreKey?> ReadAsync(string organisation, string id, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return await ReadAsync(connection, null, organisation, id, cancellation);
    }

    public static async Task<StoreKey?> ReadAsync(
        DbConnection connection, DbTransaction? transaction, string organisation, string id, CancellationToken cancellation) =>
        (await ReadAsync(
            connection, transaction, "organisation = @Organisation AND key_id = @Id", "key_id",
            new { Organisation = organisation, Id = id, Most = 1 }, cancellation)).SingleOrDefault();

    /// <summary>The project of each key of an organisation, those that have ended among them.</summary>
    public async Task<Dictionary<string, string>> ReadProjectsAsync(string organisation, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        var rows = await connection.ReadAllAsync<(string Key, string Project)>(new CommandDefinition(
            "SELECT key_id, project FROM api_key WHERE organisation = @Organisation",
            new { Organisation = organisation }, cancellationToken: cancellation));
        return rows.ToDictionary(row => row.Key, row => row.Project, StringComparer.Ordinal);
    }

    /// <summary>How many keys of the organisation are not revoked.</summary>
    public static async Task<long> CountAsync(
        DbConnection connection, DbTransaction transaction, string organisation, CancellationToken cancellation) =>
        await connection.ReadOneAsync<long>(new CommandDefinition(
            "SELECT COUNT(*) FROM api_key WHERE organisation = @Organisation AND revoked_us IS NULL",
            new { Organisation = organisation }, transaction, cancellationToken: cancellation));

    /// <summary>The number of the change that is being made: changes are made one after another from here on.</summary>
    public static Task<long> NextChangeAsync(
        DbConnection connection, DbTransaction transaction, CancellationToken cancellation) =>
        ChangeNumber.NextAsync(connection, transaction, "api_key_change", cancellation);

    public static async Task AddAsync(
        DbConnection connection, DbTransaction transaction, StoreKey key, CancellationToken cancellation)
    {
        await connection.ExecuteAsync(
            new CommandDefinition(Insert, KeyRow.Of(key), transaction, cancellationToken: cancellation));
        await WriteSecretsAsync(connection, transaction, key, cancellation);
    }

    /// <summary>Writes the key as it is now, its secrets too.</summary>
    public static async Task ChangeAsync(
        DbConnection connection, DbTransaction transaction, StoreKey key, CancellationToken cancellation)
    {
        await connection.ExecuteAsync(
            new CommandDefinition(Update, KeyRow.Of(key), transaction, cancellationToken: cancellation));
        await connection.ExecuteAsync(new CommandDefinition(
            "DELETE FROM api_key_secret WHERE key_id = @Id", new { key.Id }, transaction, cancellationToken: cancellation));
        await WriteSecretsAsync(connection, transaction, key, cancellation);
    }

    /// <summary>Notes when keys were last used, where that is later than what is known.</summary>
    public async Task NoteUsesAsync(IReadOnlyList<KeyUse> uses, CancellationToken cancellation)
    {
        foreach (var page in uses.Chunk(PageSize))
        {
            await using var connection = await database.OpenAsync(cancellation);
            await using var transaction = await connection.BeginTransactionAsync(cancellation);
            await connection.ExecuteAsync(new CommandDefinition(
                """
                UPDATE api_key SET last_used_us = @UsedUs
                WHERE key_id = @Id AND (last_used_us IS NULL OR last_used_us < @UsedUs)
                """,
                // In one order, so that two nodes do not wait for each other in a ring.
                page.OrderBy(use => use.Id, StringComparer.Ordinal)
                    .Select(use => new { use.Id, UsedUs = UnixMicroseconds.From(use.At) }),
                transaction, cancellationToken: cancellation));
            await transaction.CommitAsync(cancellation);
        }
    }

    static async Task WriteSecretsAsync(
        DbConnection connection, DbTransaction transaction, StoreKey key, CancellationToken cancellation) =>
        await connection.ExecuteAsync(new CommandDefinition(
            InsertSecret,
            key.Secrets.Select(secret => new
            {
                secret.Digest,
                KeyId = key.Id,
                secret.Hint,
                CreatedUs = UnixMicroseconds.From(secret.CreatedAt),
                GoodUntilUs = KeyRow.ToUs(secret.GoodUntil),
            }),
            transaction, cancellationToken: cancellation));

    async Task<List<StoreKey>> ReadAsync(string where, string order, object parameters, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return await ReadAsync(connection, null, where, order, parameters, cancellation);
    }

    /// <summary>In one statement, so that a key is never seen between two of its changes.</summary>
    static async Task<List<StoreKey>> ReadAsync(
        DbConnection connection, DbTransaction? transaction, string where, string order, object parameters,
        CancellationToken cancellation)
    {
        var rows = await connection.ReadAllAsync<KeyRow>(new CommandDefinition(
            $"""
            SELECT {Columns}
            FROM (SELECT * FROM api_key WHERE {where} ORDER BY {order} LIMIT @Most) k
            LEFT JOIN api_key_secret s ON s.key_id = k.key_id
            ORDER BY k.{order}, s.created_us, s.digest
            """,
            parameters, transaction, cancellationToken: cancellation));
        return KeyRow.ToKeys(rows);
    }
}

/// <summary>When a key was last used.</summary>
internal readonly record struct KeyUse(string Id, DateTimeOffset At);
