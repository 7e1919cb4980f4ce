using System.Data.Common;
using Dapper;
using Sahab.Server.Govern.Audit;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Sell.Tenants;

/// <summary>
/// A change in one transaction: what it writes and what the audit log says of it are there together or not at all. Left
/// without a commit, it never was.
/// </summary>
internal sealed class Change : IAsyncDisposable
{
    readonly AuditLog _audit;
    readonly DbConnection _connection;
    readonly DbTransaction _transaction;
    readonly CancellationToken _cancellation;

    Change(AuditLog audit, DbConnection connection, DbTransaction transaction, CancellationToken cancellation)
    {
        _audit = audit;
        _connection = connection;
        _transaction = transaction;
        _cancellation = cancellation;
    }

    public static async Task<Change> BeginAsync(SahabDatabase database, AuditLog audit, CancellationToken cancellation)
    {
        var connection = await database.OpenAsync(cancellation);
        try
        {
            return new Change(audit, connection, await connection.BeginTransactionAsync(cancellation), cancellation);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Writes, and returns how many rows that was.</summary>
    public Task<int> ExecuteAsync(string sql, object parameters) => _connection.ExecuteAsync(Command(sql, parameters));

    public Task<List<T>> ReadAllAsync<T>(string sql, object parameters) =>
        _connection.ReadAllAsync<T>(Command(sql, parameters));

    /// <summary>The only row, or the default where there is none.</summary>
    public Task<T?> ReadOneAsync<T>(string sql, object parameters) => _connection.ReadOneAsync<T>(Command(sql, parameters));

    /// <summary>
    /// Commits with entries in the audit log. They come last: who appends holds the log's end until the commit.
    /// </summary>
    public async Task CommitAsync(params AuditEntry[] entries)
    {
        foreach (var entry in entries)
        {
            await _audit.AppendAsync(_connection, _transaction, entry, _cancellation);
        }

        await _transaction.CommitAsync(_cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        await _transaction.DisposeAsync();
        await _connection.DisposeAsync();
    }

    CommandDefinition Command(string sql, object parameters) =>
        new(sql, parameters, _transaction, cancellationToken: _cancellation);
}
