using System.Text.Json;
using Dapper;
using Sahab.Ledger.Purchases;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Source.Purchases;

/// <summary>A purchase as it is stored.</summary>
/// <param name="Revision">One more with each change.</param>
internal sealed record StoredPurchase(CapacityPurchase Purchase, long Revision);

/// <summary>Purchases of capacity in the database.</summary>
internal sealed class PurchaseStore(SahabDatabase database)
{
    /// <summary>The most that are read at once, the last to be changed first.</summary>
    public const int MaxPage = 1000;

    public async Task<List<StoredPurchase>> ReadAllAsync(CancellationToken cancellation) =>
        await ReadAsync("ORDER BY changed_us DESC, purchase_id LIMIT @Limit", new { Limit = MaxPage }, cancellation);

    public async Task<StoredPurchase?> ReadAsync(string id, CancellationToken cancellation) =>
        (await ReadAsync("WHERE purchase_id = @Id", new { Id = id }, cancellation)).SingleOrDefault();

    /// <summary>Adds a purchase; false where its id is taken.</summary>
    public async Task<bool> AddAsync(CapacityPurchase purchase, CancellationToken cancellation) => await ExecuteAsync(
        """
        INSERT INTO capacity_purchase (purchase_id, revision, content, changed_us)
        VALUES (@Id, 1, @Content, @ChangedUs) ON CONFLICT DO NOTHING
        """,
        purchase, 0, cancellation);

    /// <summary>Puts a purchase in the place of the revision that it was made from; false where that has changed.</summary>
    public async Task<bool> ReplaceAsync(CapacityPurchase purchase, long revision, CancellationToken cancellation) =>
        await ExecuteAsync(
            """
            UPDATE capacity_purchase SET revision = revision + 1, content = @Content, changed_us = @ChangedUs
            WHERE purchase_id = @Id AND revision = @Revision
            """,
            purchase, revision, cancellation);

    async Task<bool> ExecuteAsync(string sql, CapacityPurchase purchase, long revision, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return await connection.ExecuteAsync(new CommandDefinition(
            sql,
            new
            {
                purchase.Id,
                Revision = revision,
                Content = JsonSerializer.Serialize(purchase, PurchaseJson.Options),
                ChangedUs = UnixMicroseconds.From(purchase.ChangedAt),
            },
            cancellationToken: cancellation)) == 1;
    }

    async Task<List<StoredPurchase>> ReadAsync(string tail, object parameters, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        var rows = await connection.ReadAllAsync<(long Revision, string Content)>(new CommandDefinition(
            $"SELECT revision, content FROM capacity_purchase {tail}", parameters, cancellationToken: cancellation));
        return [.. rows.Select(row => new StoredPurchase(
            JsonSerializer.Deserialize<CapacityPurchase>(row.Content, PurchaseJson.Options)!, row.Revision))];
    }
}
