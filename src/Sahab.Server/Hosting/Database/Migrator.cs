using System.Data.Common;
using System.Globalization;
using Dapper;

namespace Sahab.Server.Hosting.Database;

/// <summary>
/// Applies the steps that a database does not have yet: in order, all or none, one program at a time. A database with
/// steps that this program does not know is newer than it and is left alone.
/// </summary>
internal sealed class Migrator(SahabDatabase database, TimeProvider time)
{
    const string CreateTable = """
        CREATE TABLE IF NOT EXISTS schema_migration (
            number INTEGER NOT NULL PRIMARY KEY,
            name TEXT NOT NULL,
            checksum TEXT NOT NULL,
            applied_us BIGINT NOT NULL
        )
        """;

    const string Record = """
        INSERT INTO schema_migration (number, name, checksum, applied_us)
        VALUES (@Number, @Name, @Checksum, @AppliedUs)
        """;

    public async Task RunAsync(IReadOnlyList<Migration> migrations, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await database.LockMigrationsAsync(connection, transaction, cancellation);
        await ExecuteAsync(connection, transaction, CreateTable, cancellation);
        var applied = await connection.ReadAllAsync<AppliedRow>(new CommandDefinition(
            "SELECT number AS Number, name AS Name, checksum AS Checksum FROM schema_migration ORDER BY number",
            transaction: transaction,
            cancellationToken: cancellation));
        var known = migrations.ToDictionary(migration => (long)migration.Number);
        foreach (var row in applied)
        {
            Verify(row, known);
            known.Remove(row.Number);
        }

        foreach (var migration in known.Values.OrderBy(migration => migration.Number))
        {
            await ExecuteAsync(connection, transaction, database.Translate(migration.Sql), cancellation);
            await connection.ExecuteAsync(new CommandDefinition(
                Record,
                new
                {
                    migration.Number,
                    migration.Name,
                    migration.Checksum,
                    AppliedUs = UnixMicroseconds.From(time.GetUtcNow()),
                },
                transaction,
                cancellationToken: cancellation));
        }

        await transaction.CommitAsync(cancellation);
    }

    static Task<int> ExecuteAsync(
        DbConnection connection, DbTransaction transaction, string sql, CancellationToken cancellation) =>
        connection.ExecuteAsync(new CommandDefinition(sql, transaction: transaction, cancellationToken: cancellation));

    void Verify(AppliedRow row, Dictionary<long, Migration> known)
    {
        var number = row.Number.ToString(CultureInfo.InvariantCulture);
        if (!known.TryGetValue(row.Number, out var migration))
        {
            throw new SchemaException(
                $"The database ({database.Description}) has migration {number} ({row.Name}), which this program does "
                + "not know: a newer version of Sahab has been at work. Start that version, or restore a backup.");
        }

        if (migration.Checksum != row.Checksum)
        {
            throw new SchemaException(
                $"Migration {number} ({row.Name}) was applied to the database ({database.Description}) with other "
                + "content than this program has. A released migration is never edited; use an unmodified release.");
        }
    }

    sealed class AppliedRow
    {
        public long Number { get; init; }

        public string Name { get; init; } = "";

        public string Checksum { get; init; } = "";
    }
}
