using System.Data.Common;
using Dapper;

namespace Sahab.Server.Hosting.Database;

/// <summary>
/// How rows are read: each whole before its first column is. Dapper's own queries ask for sequential access, with which
/// Npgsql waits for the rest of a row where it stands; on a thread that serves sockets (see docs/benchmarks.md, settings)
/// it would wait for itself until the command times out, and every other socket of that thread with it.
/// </summary>
internal static class Reading
{
    /// <summary>All rows. The statement says how many they are at most.</summary>
    public static async Task<List<T>> ReadAllAsync<T>(this DbConnection connection, CommandDefinition command)
    {
        await using var reader = await connection.ExecuteReaderAsync(command);
        // By way of an object: the parser that Dapper has for a column that is a text is none of texts.
        var parse = reader.GetRowParser<object?>(typeof(T));
        var rows = new List<T>();
        while (await reader.ReadAsync(command.CancellationToken))
        {
            rows.Add((T)parse(reader)!);
        }

        return rows;
    }

    /// <summary>The only row, or the default where there is none.</summary>
    /// <exception cref="InvalidOperationException">There are several.</exception>
    public static async Task<T?> ReadOneAsync<T>(this DbConnection connection, CommandDefinition command) =>
        (await connection.ReadAllAsync<T>(command)).SingleOrDefault();
}
