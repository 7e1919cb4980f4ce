using Dapper;
using Sahab.Server.Govern.Audit;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Sell.Tenants.Accounts;

/// <summary>
/// What a program calls with on behalf of the user who made it: with one role in one organisation, or with one role on
/// the operator's side, and never with more than the user still has.
/// </summary>
/// <param name="Id"><c>tok_</c> and 26 characters; not the token itself.</param>
/// <param name="Organisation">Where it acts; empty: on the operator's side.</param>
/// <param name="Role">
/// The word of an <see cref="OrganisationRole"/> or, on the operator's side, an <see cref="OperatorRole"/>.
/// </param>
internal sealed record AccessToken(
    string Id, string User, string Name, string Organisation, string Role, DateTimeOffset CreatedAt,
    DateTimeOffset ExpiresAt)
{
    public const string IdKind = "tok";

    /// <summary>What tokens begin with.</summary>
    public const string Prefix = "sahab_at_";

    /// <summary>The longest name, in characters.</summary>
    public const int MaxNameChars = 100;

    /// <summary>The longest life, in days; left out when it is made: <see cref="DefaultDays"/>.</summary>
    public const int MaxDays = 366;

    public const int DefaultDays = 90;
}

/// <summary>Access tokens in the database, by their hash.</summary>
internal sealed class AccessTokenStore(SahabDatabase database, AuditLog audit)
{
    /// <summary>The most tokens of a user that have not expired.</summary>
    public const int MaxOfUser = 100;

    const string Select = """
        SELECT token_id, user_id, name, organisation_id, role, created_us, expires_us FROM access_token
        """;

    /// <summary>The token of a hash, unless it has expired.</summary>
    public async Task<AccessToken?> FindAsync(string tokenHash, DateTimeOffset now, CancellationToken cancellation)
    {
        var found = (await ReadAsync("WHERE token_hash = @Hash", new { Hash = tokenHash }, cancellation)).SingleOrDefault();
        return found is not null && found.ExpiresAt > now ? found : null;
    }

    public Task<List<AccessToken>> ListAsync(string user, ListPage page, CancellationToken cancellation) => ReadAsync(
        "WHERE user_id = @User AND token_id > @After ORDER BY token_id LIMIT @Rows",
        new { User = user, page.After, page.Rows }, cancellation);

    /// <summary>Adds a token; false: the user has as many as one may.</summary>
    public async Task<bool> AddAsync(AccessToken token, string tokenHash, string actor, CancellationToken cancellation)
    {
        await using var change = await Change.BeginAsync(database, audit, cancellation);
        // Holds the user's row, so that two at once are counted one after the other.
        await change.ExecuteAsync("UPDATE user_account SET name = name WHERE user_id = @User", new { token.User });
        var createdUs = UnixMicroseconds.From(token.CreatedAt);
        if (await change.ReadOneAsync<long>(
            "SELECT COUNT(*) FROM access_token WHERE user_id = @User AND expires_us > @CreatedUs",
            new { token.User, CreatedUs = createdUs }) >= MaxOfUser)
        {
            return false;
        }

        await change.ExecuteAsync(
            """
            INSERT INTO access_token (token_id, token_hash, user_id, name, organisation_id, role, created_us, expires_us)
            VALUES (@Id, @Hash, @User, @Name, @Organisation, @Role, @CreatedUs, @ExpiresUs)
            """,
            new
            {
                token.Id,
                Hash = tokenHash,
                token.User,
                token.Name,
                token.Organisation,
                token.Role,
                CreatedUs = createdUs,
                ExpiresUs = UnixMicroseconds.From(token.ExpiresAt),
            });
        await change.CommitAsync(EntryOf(token, "token.created", actor));
        return true;
    }

    /// <summary>Revokes a token of a user; false: there is no such one.</summary>
    public async Task<bool> RevokeAsync(string user, string id, string actor, CancellationToken cancellation)
    {
        var token = (await ReadAsync(
            "WHERE user_id = @User AND token_id = @Id", new { User = user, Id = id }, cancellation)).SingleOrDefault();
        await using var change = await Change.BeginAsync(database, audit, cancellation);
        if (token is null || await change.ExecuteAsync(
            "DELETE FROM access_token WHERE user_id = @User AND token_id = @Id", new { User = user, Id = id }) == 0)
        {
            return false;
        }

        await change.CommitAsync(EntryOf(token, "token.revoked", actor));
        return true;
    }

    /// <summary>Deletes those that have expired.</summary>
    public async Task PurgeAsync(DateTimeOffset now, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await connection.ExecuteAsync(new CommandDefinition(
            "DELETE FROM access_token WHERE expires_us <= @NowUs", new { NowUs = UnixMicroseconds.From(now) },
            cancellationToken: cancellation));
    }

    static AuditEntry EntryOf(AccessToken token, string action, string actor) => new(actor, action, token.Id)
    {
        Organisation = token.Organisation,
        Details = new() { ["name"] = token.Name, ["role"] = token.Role },
    };

    async Task<List<AccessToken>> ReadAsync(string tail, object parameters, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return [.. (await connection.ReadAllAsync<(string Id, string User, string Name, string Organisation, string Role,
            long CreatedUs, long ExpiresUs)>(
            new CommandDefinition($"{Select} {tail}", parameters, cancellationToken: cancellation)))
            .Select(row => new AccessToken(
                row.Id, row.User, row.Name, row.Organisation, row.Role, UnixMicroseconds.ToTime(row.CreatedUs),
                UnixMicroseconds.ToTime(row.ExpiresUs)))];
    }
}
