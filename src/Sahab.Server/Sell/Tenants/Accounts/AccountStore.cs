using Dapper;
using Sahab.Server.Govern.Audit;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Sell.Tenants.Accounts;

/// <summary>Users in the database.</summary>
internal sealed class AccountStore(SahabDatabase database, AuditLog audit)
{
    const string Select = """
        SELECT user_account.user_id AS Id, user_account.email AS Email, user_account.name AS Name,
            user_account.password AS Password, user_account.created_us AS CreatedUs
        FROM user_account
        """;

    public async Task<Account?> FindAsync(string id, CancellationToken cancellation) =>
        (await ReadAsync(" WHERE user_id = @Id", new { Id = id }, cancellation))?.ToAccount();

    /// <summary>
    /// The user of an e-mail with the hash of their password, empty: they have none; null: there is no such user.
    /// </summary>
    public async Task<(Account Account, string Password)?> FindByEmailAsync(string email, CancellationToken cancellation) =>
        await ReadAsync(" WHERE email = @Email", new { Email = email }, cancellation) is { } row
            ? (row.ToAccount(), row.Password)
            : null;

    /// <summary>The user whom an issuer calls so; null: nobody yet.</summary>
    public async Task<Account?> FindByIdentityAsync(string issuer, string subject, CancellationToken cancellation) =>
        (await ReadAsync(
            """
             JOIN user_identity ON user_identity.user_id = user_account.user_id
            WHERE user_identity.issuer = @Issuer AND user_identity.subject = @Subject
            """,
            new { Issuer = issuer, Subject = subject }, cancellation))?.ToAccount();

    /// <summary>Adds a user; false: there is one with this e-mail, or with this identity.</summary>
    /// <param name="password">The hash; empty: the user has none.</param>
    /// <param name="identity">Issuer and subject by which the user signs in; null: none.</param>
    /// <param name="by">Who makes the user; null: the user themselves.</param>
    public async Task<bool> AddAsync(
        Account account, string password, (string Issuer, string Subject)? identity, CancellationToken cancellation,
        string? by = null)
    {
        await using var change = await Change.BeginAsync(database, audit, cancellation);
        var createdUs = UnixMicroseconds.From(account.CreatedAt);
        if (await change.ExecuteAsync(
            """
            INSERT INTO user_account (user_id, email, name, password, created_us)
            VALUES (@Id, @Email, @Name, @Password, @CreatedUs) ON CONFLICT DO NOTHING
            """,
            new { account.Id, account.Email, account.Name, Password = password, CreatedUs = createdUs }) == 0
            || (identity is { } known && await change.ExecuteAsync(
                """
                INSERT INTO user_identity (issuer, subject, user_id, created_us)
                VALUES (@Issuer, @Subject, @Id, @CreatedUs) ON CONFLICT DO NOTHING
                """,
                new { known.Issuer, known.Subject, account.Id, CreatedUs = createdUs }) == 0))
        {
            return false;
        }

        await change.CommitAsync(new AuditEntry(by ?? account.Actor, by is null ? "user.signed_up" : "user.added", account.Id)
        {
            Details = new() { ["email"] = account.Email, ["issuer"] = identity?.Issuer },
        });
        return true;
    }

    /// <summary>Hashes a password in today's way; nothing that anybody decided.</summary>
    public async Task RehashAsync(string id, string before, string password, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await connection.ExecuteAsync(new CommandDefinition(
            "UPDATE user_account SET password = @Password WHERE user_id = @Id AND password = @Before",
            new { Id = id, Before = before, Password = password }, cancellationToken: cancellation));
    }

    /// <summary>Sets another password and ends all sessions of the user but one.</summary>
    public async Task ChangePasswordAsync(
        Account account, string password, string keptSession, CancellationToken cancellation)
    {
        await using var change = await Change.BeginAsync(database, audit, cancellation);
        await change.ExecuteAsync(
            "UPDATE user_account SET password = @Password WHERE user_id = @Id", new { account.Id, Password = password });
        await change.ExecuteAsync(SessionStore.EndOthers, new { User = account.Id, Kept = keptSession });
        await change.CommitAsync(new AuditEntry(account.Actor, "user.password_changed", account.Id));
    }

    async Task<Row?> ReadAsync(string tail, object parameters, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return await connection.ReadOneAsync<Row>(new CommandDefinition(
            Select + tail, parameters, cancellationToken: cancellation));
    }

    sealed record Row
    {
        public string Id { get; init; } = "";

        public string Email { get; init; } = "";

        public string Name { get; init; } = "";

        public string Password { get; init; } = "";

        public long CreatedUs { get; init; }

        public Account ToAccount() => new(Id, Email, Name, UnixMicroseconds.ToTime(CreatedUs));

        /// <summary>Without the password's hash.</summary>
        public override string ToString() => Id;
    }
}
