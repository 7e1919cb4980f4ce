using System.Data.Common;
using System.Text.Json;
using Dapper;
using Sahab.Ledger.Claims;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Source.Purchases;

namespace Sahab.Server.Source.Claims;

/// <summary>A claim as it is stored.</summary>
/// <param name="Revision">One more with each change.</param>
internal sealed record StoredClaim(Claim Claim, long Revision);

/// <summary>What became of a claim that was to be added.</summary>
/// <param name="IsTaken">Its id is taken.</param>
/// <param name="Subject">What another claim is about already; null: nothing.</param>
/// <param name="OtherClaim">That claim.</param>
internal readonly record struct ClaimConflict(bool IsTaken, string? Subject, string? OtherClaim);

/// <summary>Claims against providers in the database.</summary>
internal sealed class ClaimStore(SahabDatabase database)
{
    /// <summary>The most that are read at once, the last to be changed first.</summary>
    public const int MaxPage = 1000;

    const string AddSubject =
        "INSERT INTO claim_subject (subject, claim_id) VALUES (@Subject, @Id) ON CONFLICT DO NOTHING";

    public async Task<List<StoredClaim>> ReadAllAsync(CancellationToken cancellation) =>
        await ReadAsync("ORDER BY changed_us DESC, claim_id LIMIT @Limit", new { Limit = MaxPage }, cancellation);

    public async Task<StoredClaim?> ReadAsync(string id, CancellationToken cancellation) =>
        (await ReadAsync("WHERE claim_id = @Id", new { Id = id }, cancellation)).SingleOrDefault();

    /// <summary>The claim that each subject is in, of those that are in one.</summary>
    public async Task<Dictionary<string, string>> ClaimsOfAsync(IEnumerable<string> subjects, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        var claims = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var subject in subjects)
        {
            if (await HolderAsync(connection, null, subject, cancellation) is { } claim)
            {
                claims[subject] = claim;
            }
        }

        return claims;
    }

    /// <summary>Adds a claim with all that it is about, or nothing. Returns what is in the way; null: it was added.</summary>
    public async Task<ClaimConflict?> AddAsync(Claim claim, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        if (await ExecuteAsync(
            connection, transaction,
            """
            INSERT INTO claim (claim_id, revision, content, changed_us)
            VALUES (@Id, 1, @Content, @ChangedUs) ON CONFLICT DO NOTHING
            """,
            ParametersOf(claim, 0), cancellation) == 0)
        {
            return new ClaimConflict(true, null, null);
        }

        // In one order, so that two claims about the same things do not wait for each other in a ring.
        foreach (var subject in claim.Items.Select(item => item.Subject).Order(StringComparer.Ordinal))
        {
            if (await ExecuteAsync(connection, transaction, AddSubject, new { Subject = subject, claim.Id }, cancellation) == 0)
            {
                return new ClaimConflict(
                    false, subject, await HolderAsync(connection, transaction, subject, cancellation));
            }
        }

        await transaction.CommitAsync(cancellation);
        return null;
    }

    /// <summary>
    /// Puts a claim in the place of the revision that it was made from; false where that has changed. What a claim was about
    /// that ends without a credit may be claimed again.
    /// </summary>
    public async Task<bool> ReplaceAsync(Claim claim, long revision, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        if (await ExecuteAsync(
            connection, transaction,
            """
            UPDATE claim SET revision = revision + 1, content = @Content, changed_us = @ChangedUs
            WHERE claim_id = @Id AND revision = @Revision
            """,
            ParametersOf(claim, revision), cancellation) == 0)
        {
            return false;
        }

        if (!claim.IsOpen && claim.CreditedUsd == 0)
        {
            await ExecuteAsync(
                connection, transaction, "DELETE FROM claim_subject WHERE claim_id = @Id", new { claim.Id }, cancellation);
        }

        await transaction.CommitAsync(cancellation);
        return true;
    }

    static object ParametersOf(Claim claim, long revision) => new
    {
        claim.Id,
        Revision = revision,
        Content = JsonSerializer.Serialize(claim, PurchaseJson.Options),
        ChangedUs = UnixMicroseconds.From(claim.ChangedAt),
    };

    static async Task<string?> HolderAsync(
        DbConnection connection, DbTransaction? transaction, string subject, CancellationToken cancellation) =>
        await connection.ReadOneAsync<string>(new CommandDefinition(
            "SELECT claim_id FROM claim_subject WHERE subject = @Subject", new { Subject = subject }, transaction,
            cancellationToken: cancellation));

    static Task<int> ExecuteAsync(
        DbConnection connection, DbTransaction transaction, string sql, object parameters, CancellationToken cancellation) =>
        connection.ExecuteAsync(new CommandDefinition(sql, parameters, transaction, cancellationToken: cancellation));

    async Task<List<StoredClaim>> ReadAsync(string tail, object parameters, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        var rows = await connection.ReadAllAsync<(long Revision, string Content)>(new CommandDefinition(
            $"SELECT revision, content FROM claim {tail}", parameters, cancellationToken: cancellation));
        return [.. rows.Select(row => new StoredClaim(
            JsonSerializer.Deserialize<Claim>(row.Content, PurchaseJson.Options)!, row.Revision))];
    }
}
