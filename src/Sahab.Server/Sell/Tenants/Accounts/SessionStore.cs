using Dapper;
using Sahab.Server.Govern.Audit;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Sell.Tenants.Accounts;

/// <summary>Sessions in the database, by the hash of their token.</summary>
internal sealed class SessionStore(SahabDatabase database, AuditLog audit)
{
    /// <summary>The most sessions of a user; one more ends the oldest.</summary>
    public const int MaxOfUser = 20;

    /// <summary>Ends all of a user but one.</summary>
    internal const string EndOthers = "DELETE FROM session WHERE user_id = @User AND session_id <> @Kept";

    const string Select = """
        SELECT session_id, user_id, client, created_us, seen_us FROM session
        """;

    /// <summary>The session of a token, unless it has ended.</summary>
    public async Task<Session?> FindAsync(string tokenHash, DateTimeOffset now, CancellationToken cancellation)
    {
        var found = (await ReadAsync("WHERE token_hash = @Hash", new { Hash = tokenHash }, cancellation)).SingleOrDefault();
        return found is not null && found.EndsAt > now ? found : null;
    }

    public async Task<List<Session>> ListAsync(
        string user, DateTimeOffset now, ListPage page, CancellationToken cancellation) =>
        [.. (await ReadAsync(
            "WHERE user_id = @User AND session_id > @After ORDER BY session_id LIMIT @Rows",
            new { User = user, page.After, page.Rows }, cancellation)).Where(session => session.EndsAt > now)];

    /// <summary>Begins a session.</summary>
    /// <param name="replacedHash">The token that the browser had before, whose session ends; null: none.</param>
    public async Task AddAsync(
        Session session, string tokenHash, string? replacedHash, AuditEntry entry, CancellationToken cancellation)
    {
        await using var change = await Change.BeginAsync(database, audit, cancellation);
        if (replacedHash is not null)
        {
            await change.ExecuteAsync("DELETE FROM session WHERE token_hash = @Hash", new { Hash = replacedHash });
        }

        await change.ExecuteAsync(
            """
            DELETE FROM session WHERE user_id = @User AND session_id NOT IN (
                SELECT session_id FROM session WHERE user_id = @User ORDER BY session_id DESC LIMIT @Kept)
            """,
            new { session.User, Kept = MaxOfUser - 1 });
        await change.ExecuteAsync(
            """
            INSERT INTO session (session_id, token_hash, user_id, client, created_us, seen_us)
            VALUES (@Id, @Hash, @User, @Client, @NowUs, @NowUs)
            """,
            new
            {
                session.Id,
                Hash = tokenHash,
                session.User,
                session.Client,
                NowUs = UnixMicroseconds.From(session.CreatedAt),
            });
        await change.CommitAsync(entry);
    }

    /// <summary>Writes down that something is done in it.</summary>
    public async Task SeeAsync(string id, DateTimeOffset now, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await connection.ExecuteAsync(new CommandDefinition(
            "UPDATE session SET seen_us = @NowUs WHERE session_id = @Id AND seen_us < @NowUs",
            new { Id = id, NowUs = UnixMicroseconds.From(now) }, cancellationToken: cancellation));
    }

    /// <summary>Ends a session of a user; false: there is no such one.</summary>
    public async Task<bool> EndAsync(string user, string id, string actor, CancellationToken cancellation)
    {
        await using var change = await Change.BeginAsync(database, audit, cancellation);
        if (await change.ExecuteAsync(
            "DELETE FROM session WHERE user_id = @User AND session_id = @Id", new { User = user, Id = id }) == 0)
        {
            return false;
        }

        await change.CommitAsync(new AuditEntry(actor, "session.ended", id));
        return true;
    }

    /// <summary>Ends all sessions of a user but one; returns how many those were.</summary>
    public async Task<int> EndOthersAsync(string user, string kept, string actor, CancellationToken cancellation)
    {
        await using var change = await Change.BeginAsync(database, audit, cancellation);
        var ended = await change.ExecuteAsync(EndOthers, new { User = user, Kept = kept });
        await change.CommitAsync(ended == 0 ? [] : [new AuditEntry(actor, "session.others_ended", user)]);
        return ended;
    }

    /// <summary>Deletes those that have ended by themselves.</summary>
    public async Task PurgeAsync(DateTimeOffset now, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await connection.ExecuteAsync(new CommandDefinition(
            "DELETE FROM session WHERE created_us <= @BornUs OR seen_us <= @SeenUs",
            new
            {
                BornUs = UnixMicroseconds.From(now - Session.Life),
                SeenUs = UnixMicroseconds.From(now - Session.IdleLife),
            },
            cancellationToken: cancellation));
    }

    async Task<List<Session>> ReadAsync(string tail, object parameters, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return [.. (await connection.ReadAllAsync<(string Id, string User, string Client, long CreatedUs, long SeenUs)>(
            new CommandDefinition($"{Select} {tail}", parameters, cancellationToken: cancellation)))
            .Select(row => new Session(
                row.Id, row.User, row.Client, UnixMicroseconds.ToTime(row.CreatedUs), UnixMicroseconds.ToTime(row.SeenUs)))];
    }
}
