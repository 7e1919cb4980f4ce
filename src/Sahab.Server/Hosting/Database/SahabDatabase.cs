using System.Data.Common;
using System.Text.RegularExpressions;
using Dapper;

namespace Sahab.Server.Hosting.Database;

/// <summary>
/// The store's database: one of two engines that share a dialect. What differs is here and in the two classes that
/// follow: the words in braces of a migration, the locks of migrations and rows, ids as text, lists of ids, and inserting
/// many rows.
/// </summary>
internal abstract partial class SahabDatabase : IAsyncDisposable
{
    /// <summary>For messages: the engine and where it is, without any secret.</summary>
    public abstract string Description { get; }

    /// <summary>
    /// The end of a query whose rows nobody may change until the transaction ends, while others may read them so too.
    /// </summary>
    public abstract string ForShare { get; }

    /// <summary>Opens a connection of the pool. Dispose it soon.</summary>
    public abstract ValueTask<DbConnection> OpenAsync(CancellationToken cancellation);

    /// <summary>Replaces the words in braces of a migration by the engine's own.</summary>
    public abstract string Translate(string migration);

    /// <summary>Waits, inside the transaction, until nobody else migrates.</summary>
    public abstract Task LockMigrationsAsync(
        DbConnection connection, DbTransaction transaction, CancellationToken cancellation);

    /// <summary>
    /// A SQL expression that yields an id column as text that <see cref="Guid.Parse(string)"/> reads.
    /// </summary>
    public abstract string IdText(string column);

    /// <summary>An id as the value of a parameter.</summary>
    public abstract object IdValue(Guid id);

    /// <summary>A SQL condition: the id column is among those of a parameter made by <see cref="IdValues"/>.</summary>
    public abstract string IsAmong(string column, string parameter);

    /// <summary>Ids as the value of a parameter; some thousand at most.</summary>
    public abstract object IdValues(IEnumerable<Guid> ids);

    /// <summary>Inserts the rows, or does with them what the batch says where their key is there already.</summary>
    public abstract Task InsertAsync(
        DbConnection connection, DbTransaction transaction, RowBatch rows, CancellationToken cancellation);

    /// <summary>Inserts the rows whose id, in the first column, is not there yet, and returns their indexes.</summary>
    public abstract Task<List<int>> InsertNewAsync(
        DbConnection connection, DbTransaction transaction, RowBatch rows, CancellationToken cancellation);

    public abstract ValueTask DisposeAsync();

    /// <summary>Brings the schema to the one that this program was built with.</summary>
    /// <exception cref="SchemaException">
    /// The database is newer than the program, or a migration has been edited.
    /// </exception>
    public Task MigrateAsync(TimeProvider time, CancellationToken cancellation) =>
        new Migrator(this, time).RunAsync(Migration.All, cancellation);

    /// <summary>Whether the schema is the one that this program was built with.</summary>
    public async Task<bool> IsMigratedAsync(CancellationToken cancellation)
    {
        await using var connection = await OpenAsync(cancellation);
        var last = await connection.ReadOneAsync<long>(new CommandDefinition(
            "SELECT CAST(MAX(number) AS BIGINT) FROM schema_migration", cancellationToken: cancellation));
        return last == Migration.All[^1].Number;
    }

    /// <summary>In a migration, the columns that an index holds beside those that it finds rows by, where that is worth it.</summary>
    [GeneratedRegex(@" \{held: ([\w, ]+)\}")]
    private protected static partial Regex HeldByIndex();
}
