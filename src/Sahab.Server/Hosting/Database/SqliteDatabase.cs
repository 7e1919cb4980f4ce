using System.Data.Common;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Sahab.Server.Hosting.Database;

/// <summary>SQLite in a file of the data folder: the engine of a single node.</summary>
internal sealed class SqliteDatabase : SahabDatabase
{
    readonly string _path;
    readonly string _connectionString;

    public SqliteDatabase(string path)
    {
        _path = path;
        _connectionString = new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = SqliteOpenMode.ReadWriteCreate,
            Pooling = true,
            ForeignKeys = false,
            DefaultTimeout = 30,
        }.ToString();
    }

    public override string Description => $"SQLite, {_path}";

    /// <summary>A transaction that may write holds the database for itself from its beginning.</summary>
    public override string ForShare => "";

    public override async ValueTask<DbConnection> OpenAsync(CancellationToken cancellation)
    {
        var connection = new SqliteConnection(_connectionString);
        try
        {
            await connection.OpenAsync(cancellation);
            await using var command = connection.CreateCommand();
            // Full: what is committed here is then removed from the journal, so it must not be lost with the power.
            command.CommandText = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -16384";
            await command.ExecuteNonQueryAsync(cancellation);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    public override string Translate(string migration) => HeldByIndex().Replace(migration, ", $1")
        .Replace("{identity}", "INTEGER NOT NULL PRIMARY KEY", StringComparison.Ordinal)
        .Replace("{id}", "BLOB", StringComparison.Ordinal)
        .Replace("{clustered}", "WITHOUT ROWID", StringComparison.Ordinal);

    /// <summary>A transaction that may write holds the database for itself from its beginning.</summary>
    public override Task LockMigrationsAsync(
        DbConnection connection, DbTransaction transaction, CancellationToken cancellation) => Task.CompletedTask;

    public override string IdText(string column) => $"hex({column})";

    public override object IdValue(Guid id) => id.ToByteArray(bigEndian: true);

    /// <summary>The general provider writes the list out, a parameter for each.</summary>
    public override string IsAmong(string column, string parameter) => $"{column} IN {parameter}";

    public override object IdValues(IEnumerable<Guid> ids) => ids.Select(IdValue).ToList();

    public override Task InsertAsync(
        DbConnection connection, DbTransaction transaction, RowBatch rows, CancellationToken cancellation) =>
        InsertNewAsync(connection, transaction, rows, cancellation);

    public override Task<List<int>> InsertNewAsync(
        DbConnection connection, DbTransaction transaction, RowBatch rows, CancellationToken cancellation)
    {
        // Straight to SQLite: binding by name through the general provider costs more than the insert.
        var handle = ((SqliteConnection)connection).Handle!;
        var names = string.Join(", ", rows.Columns.Select(column => column.Name));
        var values = string.Join(", ", Enumerable.Repeat("?", rows.Columns.Count));
        var sql = $"INSERT INTO {rows.Table} ({names}) VALUES ({values}) ON CONFLICT {rows.Conflict}";
        Check(handle, raw.sqlite3_prepare_v2(handle, sql, out var statement), raw.SQLITE_OK);
        var changed = new List<int>(rows.Count);
        using (statement)
        {
            for (var row = 0; row < rows.Count; row++)
            {
                cancellation.ThrowIfCancellationRequested();
                for (var column = 0; column < rows.Columns.Count; column++)
                {
                    Check(handle, rows.Columns[column].Bind(statement, column + 1, row), raw.SQLITE_OK);
                }

                Check(handle, raw.sqlite3_step(statement), raw.SQLITE_DONE);
                if (raw.sqlite3_changes(handle) == 1)
                {
                    changed.Add(row);
                }

                Check(handle, raw.sqlite3_reset(statement), raw.SQLITE_OK);
            }
        }

        return Task.FromResult(changed);
    }

    public override ValueTask DisposeAsync()
    {
        using var connection = new SqliteConnection(_connectionString);
        SqliteConnection.ClearPool(connection);
        return ValueTask.CompletedTask;
    }

    static void Check(sqlite3 handle, int code, int expected)
    {
        if (code != expected)
        {
            throw new SqliteException(raw.sqlite3_errmsg(handle).utf8_to_string(), code & 0xFF, code);
        }
    }
}
