using System.Data.Common;
using Dapper;
using Sahab.Ledger.Sales;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Sell.Receipts;

/// <summary>A public key as it is kept.</summary>
internal sealed record KeptKey(string KeyId, string PublicKey, DateTimeOffset SeenAt);

/// <summary>Receipts in the database: reading them, and the keys that they were signed with.</summary>
internal sealed class ReceiptStore(SahabDatabase database)
{
    /// <summary>The most receipts of one page.</summary>
    public const int MaxPage = 1000;

    /// <summary>Receipts after a number, in order, as lines.</summary>
    public async Task<List<string>> ReadAsync(
        string organisation, long after, long through, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return await connection.ReadAllAsync<string>(new CommandDefinition(
            """
            SELECT line FROM receipt WHERE organisation = @Organisation AND sequence > @After AND sequence <= @Through
            ORDER BY sequence LIMIT @Limit
            """,
            new { Organisation = organisation, After = after, Through = through, Limit = MaxPage },
            cancellationToken: cancellation));
    }

    /// <summary>The receipts of a call, in order: its own, and those of its corrections.</summary>
    public async Task<List<string>> OfCallAsync(string organisation, Guid call, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return await connection.ReadAllAsync<string>(new CommandDefinition(
            """
            SELECT line FROM receipt WHERE organisation = @Organisation AND call_id = @Call ORDER BY sequence LIMIT @Limit
            """,
            new { Organisation = organisation, Call = database.IdValue(call), Limit = MaxPage },
            cancellationToken: cancellation));
    }

    /// <summary>The end of the chain: how many receipts there are, and the hash of the last.</summary>
    public async Task<(long Sequence, string Hash)> HeadAsync(string organisation, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return await HeadAsync(connection, null, organisation, cancellation);
    }

    /// <summary>The same, within a transaction.</summary>
    public static async Task<(long Sequence, string Hash)> HeadAsync(
        DbConnection connection, DbTransaction? transaction, string organisation, CancellationToken cancellation)
    {
        var rows = await connection.ReadAllAsync<(long, string)>(new CommandDefinition(
            "SELECT sequence, hash FROM receipt_head WHERE organisation = @Organisation",
            new { Organisation = organisation }, transaction, cancellationToken: cancellation));
        return rows.Count == 0 ? (0, Receipt.Beginning) : rows[0];
    }

    /// <summary>Keeps a public key for whoever has receipts of it.</summary>
    public async Task AddKeyAsync(KeptKey key, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await connection.ExecuteAsync(new CommandDefinition(
            """
            INSERT INTO receipt_key (key_id, public_key, seen_us) VALUES (@KeyId, @PublicKey, @SeenUs)
            ON CONFLICT DO NOTHING
            """,
            new { key.KeyId, key.PublicKey, SeenUs = UnixMicroseconds.From(key.SeenAt) },
            cancellationToken: cancellation));
    }

    /// <summary>All keys that were ever used, the oldest first. As many as there were nodes and rotations.</summary>
    public async Task<List<KeptKey>> KeysAsync(CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        var rows = await connection.ReadAllAsync<(string Id, string Key, long SeenUs)>(new CommandDefinition(
            "SELECT key_id, public_key, seen_us FROM receipt_key ORDER BY seen_us, key_id", cancellationToken: cancellation));
        return [.. rows.Select(row => new KeptKey(row.Id, row.Key, UnixMicroseconds.ToTime(row.SeenUs)))];
    }
}
