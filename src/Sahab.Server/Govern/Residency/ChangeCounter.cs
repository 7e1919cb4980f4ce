using System.Data.Common;
using Dapper;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Govern.Residency;

/// <summary>Counts what changes of the rules, so that every node notices, and one change waits for another.</summary>
internal sealed class ChangeCounter(SahabDatabase database)
{
    /// <summary>
    /// Counts a change in its own transaction. Until that ends nobody else changes any rule, so that what is read after
    /// this and judged stays true.
    /// </summary>
    public static Task CountAsync(
        DbConnection connection, DbTransaction transaction, CancellationToken cancellation) =>
        connection.ExecuteAsync(new CommandDefinition(
            "UPDATE governance_change SET changes = changes + 1 WHERE change_id = 1", null, transaction,
            cancellationToken: cancellation));

    /// <summary>How many changes there were.</summary>
    public async Task<long> ReadAsync(CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return await connection.ReadOneAsync<long>(new CommandDefinition(
            "SELECT changes FROM governance_change WHERE change_id = 1", cancellationToken: cancellation));
    }
}
