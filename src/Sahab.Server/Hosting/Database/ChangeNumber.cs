using System.Data.Common;
using Dapper;

namespace Sahab.Server.Hosting.Database;

/// <summary>
/// Numbers changes in the order in which they are made: whoever wants the next waits until the transaction of the one before
/// has ended, so that nobody who reads changes by their numbers passes one over.
/// </summary>
internal static class ChangeNumber
{
    /// <summary>The number of the change that is being made: changes are made one after another from here on.</summary>
    /// <param name="table">One row that counts, such as <c>budget_change</c>.</param>
    public static async Task<long> NextAsync(
        DbConnection connection, DbTransaction transaction, string table, CancellationToken cancellation)
    {
        await connection.ExecuteAsync(new CommandDefinition(
            $"UPDATE {table} SET change_number = change_number + 1 WHERE change_id = 1", null, transaction,
            cancellationToken: cancellation));
        return await connection.ReadOneAsync<long>(new CommandDefinition(
            $"SELECT change_number FROM {table} WHERE change_id = 1", null, transaction, cancellationToken: cancellation));
    }
}
