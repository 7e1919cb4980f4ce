using Dapper;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Sell.Tenants.SignIn;

/// <summary>A browser that was sent to an issuer, until it comes back.</summary>
/// <param name="Issuer">The issuer's id in the configuration.</param>
/// <param name="BrowserHash">The hash of what was put into that browser's cookie.</param>
/// <param name="ReturnTo">A path of ours.</param>
internal sealed record SignInRound(
    string Issuer, string BrowserHash, string Nonce, string Verifier, string ReturnTo, DateTimeOffset ExpiresAt)
{
    public static readonly TimeSpan Life = TimeSpan.FromMinutes(10);

    /// <summary>Without what proves anything.</summary>
    public override string ToString() => Issuer;
}

/// <summary>Rounds of signing in by an issuer in the database, so that a browser may come back to any node.</summary>
internal sealed class SignInRoundStore(SahabDatabase database)
{
    public Task AddAsync(string stateHash, SignInRound round, CancellationToken cancellation) => ExecuteAsync(
        """
        INSERT INTO sign_in_round (state_hash, issuer_id, browser_hash, nonce, verifier, return_to, expires_us)
        VALUES (@Hash, @Issuer, @BrowserHash, @Nonce, @Verifier, @ReturnTo, @ExpiresUs)
        """,
        new
        {
            Hash = stateHash,
            round.Issuer,
            round.BrowserHash,
            round.Nonce,
            round.Verifier,
            round.ReturnTo,
            ExpiresUs = UnixMicroseconds.From(round.ExpiresAt),
        },
        cancellation);

    /// <summary>Takes a round: it is there for the first who asks, and for nobody after.</summary>
    public async Task<SignInRound?> TakeAsync(string stateHash, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        var rows = await connection.ReadAllAsync<(string Issuer, string Browser, string Nonce, string Verifier,
            string ReturnTo, long ExpiresUs)>(new CommandDefinition(
            """
            SELECT issuer_id, browser_hash, nonce, verifier, return_to, expires_us FROM sign_in_round
            WHERE state_hash = @Hash
            """,
            new { Hash = stateHash }, cancellationToken: cancellation));
        // Who deletes it has it.
        return rows.Count == 1 && await connection.ExecuteAsync(new CommandDefinition(
            "DELETE FROM sign_in_round WHERE state_hash = @Hash", new { Hash = stateHash },
            cancellationToken: cancellation)) == 1
            ? new SignInRound(
                rows[0].Issuer, rows[0].Browser, rows[0].Nonce, rows[0].Verifier, rows[0].ReturnTo,
                UnixMicroseconds.ToTime(rows[0].ExpiresUs))
            : null;
    }

    /// <summary>Deletes those that nobody came back from in time.</summary>
    public Task PurgeAsync(DateTimeOffset now, CancellationToken cancellation) => ExecuteAsync(
        "DELETE FROM sign_in_round WHERE expires_us <= @NowUs", new { NowUs = UnixMicroseconds.From(now) }, cancellation);

    async Task ExecuteAsync(string sql, object parameters, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await connection.ExecuteAsync(new CommandDefinition(sql, parameters, cancellationToken: cancellation));
    }
}
