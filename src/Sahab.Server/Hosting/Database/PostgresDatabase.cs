using System.Data.Common;
using Dapper;
using Npgsql;

namespace Sahab.Server.Hosting.Database;

/// <summary>PostgreSQL by a connection string: the engine of several nodes.</summary>
internal sealed class PostgresDatabase : SahabDatabase
{
    /// <summary>Any number, as long as all versions of Sahab agree on it.</summary>
    const long MigrationLock = 0x5361686162;

    /// <summary>
    /// The most connections of a node, unless the connection string says <c>Maximum Pool Size</c>. PostgreSQL takes a hundred
    /// unless told otherwise: those of two nodes fit, and of whoever looks after it.
    /// </summary>
    public const int MaxConnections = 45;

    readonly NpgsqlDataSource _source;

    public PostgresDatabase(string connectionString)
    {
        // What stands later in the string counts.
        var settings = new NpgsqlConnectionStringBuilder($"Maximum Pool Size={MaxConnections};{connectionString}")
        {
            MaxAutoPrepare = 32,
        };
        _source = new NpgsqlDataSourceBuilder(settings.ConnectionString).Build();
        Description = $"PostgreSQL, {settings.Host}:{settings.Port}/{settings.Database}";
    }

    public override string Description { get; }

    public override string ForShare => "FOR SHARE";

    public override async ValueTask<DbConnection> OpenAsync(CancellationToken cancellation) =>
        await _source.OpenConnectionAsync(cancellation);

    public override string Translate(string migration) => HeldByIndex().Replace(migration, "")
        .Replace("{identity}", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", StringComparison.Ordinal)
        .Replace("{id}", "UUID", StringComparison.Ordinal)
        .Replace("{clustered}", "", StringComparison.Ordinal);

    public override Task LockMigrationsAsync(
        DbConnection connection, DbTransaction transaction, CancellationToken cancellation) =>
        connection.ExecuteAsync(new CommandDefinition(
            "SELECT pg_advisory_xact_lock(@MigrationLock)",
            new { MigrationLock },
            transaction,
            cancellationToken: cancellation));

    public override string IdText(string column) => $"CAST({column} AS TEXT)";

    public override object IdValue(Guid id) => id;

    public override string IsAmong(string column, string parameter) => $"{column} = ANY({parameter})";

    public override object IdValues(IEnumerable<Guid> ids) => ids.ToArray();

    public override async Task InsertAsync(
        DbConnection connection, DbTransaction transaction, RowBatch rows, CancellationToken cancellation)
    {
        await using var command = CreateInsert(connection, transaction, rows);
        await command.ExecuteNonQueryAsync(cancellation);
    }

    public override async Task<List<int>> InsertNewAsync(
        DbConnection connection, DbTransaction transaction, RowBatch rows, CancellationToken cancellation)
    {
        var key = (IdColumn)rows.Columns[0];
        await using var command = CreateInsert(connection, transaction, rows);
        command.CommandText += " RETURNING " + key.Name;
        var keys = new HashSet<Guid>();
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
        {
            keys.Add(reader.GetGuid(0));
        }

        var inserted = new List<int>(keys.Count);
        for (var row = 0; row < key.Count; row++)
        {
            // Taken out, so that of two rows with one id in a batch only the first counts as new.
            if (keys.Remove(key.Values[row]))
            {
                inserted.Add(row);
            }
        }

        return inserted;
    }

    public override ValueTask DisposeAsync() => _source.DisposeAsync();

    static NpgsqlCommand CreateInsert(DbConnection connection, DbTransaction transaction, RowBatch rows)
    {
        var names = string.Join(", ", rows.Columns.Select(column => column.Name));
        var arrays = string.Join(
            ", ", rows.Columns.Select((column, index) => $"${index + 1}::{column.PostgresType}[]"));
        var command = (NpgsqlCommand)connection.CreateCommand();
        command.Transaction = (NpgsqlTransaction)transaction;
        command.CommandText =
            $"INSERT INTO {rows.Table} ({names}) SELECT * FROM unnest({arrays}) ON CONFLICT {rows.Conflict}";
        foreach (var column in rows.Columns)
        {
            command.Parameters.Add(column.ToParameter());
        }

        return command;
    }
}
