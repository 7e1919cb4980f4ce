using System.Data.Common;
using Dapper;
using Sahab.Ledger.Rating;
using Sahab.Ledger.Sales;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Sell.Receipts;

/// <summary>Writes receipts in the transaction that posts what they are for.</summary>
internal sealed class ReceiptWriter(SahabDatabase database, ReceiptSigner signer)
{
    const string TakeNumbers = """
        INSERT INTO receipt_head (organisation, sequence, hash) VALUES (@Organisation, @Count, @Beginning)
        ON CONFLICT (organisation) DO UPDATE SET sequence = receipt_head.sequence + excluded.sequence
        """;

    /// <summary>
    /// Writes a receipt for each, in their order within an organisation. Organisations come in the order of their ids, which
    /// all nodes share, so that they do not wait for each other in a ring.
    /// </summary>
    public async Task WriteAsync(
        DbConnection connection, DbTransaction transaction, IReadOnlyList<SoldEvent> sold, CancellationToken cancellation)
    {
        var (organisations, sequences, lines, calls) = (
            new TextColumn("organisation"), new Int64Column("sequence"), new TextColumn("line"), new IdColumn("call_id"));
        foreach (var group in sold.GroupBy(each => each.Usage.Tenant).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            var receipts = group.ToList();
            var (sequence, hash) = await TakeAsync(connection, transaction, group.Key, receipts.Count, cancellation);
            foreach (var each in receipts)
            {
                sequence++;
                var line = signer.Sign(ToReceipt(each, sequence, hash).ToBody());
                hash = Receipt.HashOf(line);
                organisations.Values.Add(group.Key);
                sequences.Values.Add(sequence);
                lines.Values.Add(line);
                calls.Values.Add(each.Usage.CallId);
            }

            await connection.ExecuteAsync(new CommandDefinition(
                "UPDATE receipt_head SET hash = @Hash WHERE organisation = @Organisation",
                new { Hash = hash, Organisation = group.Key }, transaction, cancellationToken: cancellation));
        }

        await database.InsertAsync(
            connection, transaction, new RowBatch("receipt", RowBatch.KeepOld, organisations, sequences, lines, calls),
            cancellation);
    }

    /// <summary>The last number and hash before those that are taken.</summary>
    static async Task<(long Sequence, string Hash)> TakeAsync(
        DbConnection connection, DbTransaction transaction, string organisation, int count, CancellationToken cancellation)
    {
        // The update takes the lock, so that what is read after it is the end.
        await connection.ExecuteAsync(new CommandDefinition(
            TakeNumbers, new { Organisation = organisation, Count = (long)count, Receipt.Beginning }, transaction,
            cancellationToken: cancellation));
        var (sequence, hash) = (await connection.ReadAllAsync<(long, string)>(new CommandDefinition(
            "SELECT sequence, hash FROM receipt_head WHERE organisation = @Organisation", new { Organisation = organisation },
            transaction, cancellationToken: cancellation))).Single();
        return (sequence - count, hash);
    }

    Receipt ToReceipt(SoldEvent sold, long sequence, string previous) => new()
    {
        Organisation = sold.Usage.Tenant,
        Sequence = sequence,
        EventId = sold.Usage.EventId,
        CallId = sold.Usage.CallId,
        Revision = sold.Revision,
        StartedAt = sold.Usage.StartedAt,
        Key = sold.Usage.Key,
        Model = sold.Usage.Model,
        ServiceTier = sold.Usage.ServiceTier,
        Usage = new TokenUsage(sold.Usage.Usage.PromptTokens, sold.Usage.Usage.CachedTokens, sold.Usage.Usage.OutputTokens, 0)
        {
            CacheWriteTokens = sold.Usage.Usage.CacheWriteTokens,
            CacheWrite1hTokens = sold.Usage.Usage.CacheWrite1hTokens,
        },
        Plan = sold.Terms.Plan,
        Prices = sold.Terms.Prices,
        Amount = sold.Amount,
        Previous = previous,
        KeyId = signer.KeyId,
    };
}
