using Dapper;
using Sahab.Server.Govern.Audit;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Sell.Tenants;

/// <summary>Invitations in the database. <see cref="MemberStore"/> spends them.</summary>
internal sealed class InvitationStore(SahabDatabase database, AuditLog audit)
{
    /// <summary>The most invitations of an organisation that nobody has accepted.</summary>
    public const int MaxOpen = 100;

    internal const string Select = """
        SELECT organisation_id AS Organisation, invitation_id AS Id, email AS Email, role AS Role,
            invited_by AS InvitedBy, created_us AS CreatedUs, expires_us AS ExpiresUs
        FROM invitation
        """;

    public async Task<List<Invitation>> ListAsync(string organisation, ListPage page, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return [.. (await connection.ReadAllAsync<Row>(new CommandDefinition(
            Select + " WHERE organisation_id = @Organisation AND invitation_id > @After ORDER BY invitation_id LIMIT @Rows",
            new { Organisation = organisation, page.After, page.Rows }, cancellationToken: cancellation)))
            .Select(row => row.ToInvitation())];
    }

    /// <summary>The invitation of a token, if it is not too late for it.</summary>
    public async Task<Invitation?> FindAsync(string tokenHash, DateTimeOffset now, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return (await connection.ReadOneAsync<Row>(new CommandDefinition(
            Select + " WHERE token_hash = @Hash AND expires_us > @NowUs",
            new { Hash = tokenHash, NowUs = UnixMicroseconds.From(now) }, cancellationToken: cancellation)))?.ToInvitation();
    }

    /// <summary>Whether anybody has invited the e-mail.</summary>
    public async Task<bool> IsInvitedAsync(string email, DateTimeOffset now, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return await connection.ReadOneAsync<long>(new CommandDefinition(
            "SELECT COUNT(*) FROM invitation WHERE email = @Email AND expires_us > @NowUs",
            new { Email = email, NowUs = UnixMicroseconds.From(now) }, cancellationToken: cancellation)) > 0;
    }

    /// <summary>Adds an invitation. False: the organisation has as many open ones as it may.</summary>
    public async Task<bool> AddAsync(Invitation invitation, string tokenHash, CancellationToken cancellation)
    {
        await using var change = await Change.BeginAsync(database, audit, cancellation);
        await change.ExecuteAsync(
            "UPDATE organisation SET revision = revision + 1 WHERE organisation_id = @Organisation",
            new { invitation.Organisation });
        if (await change.ReadOneAsync<long>(
            "SELECT COUNT(*) FROM invitation WHERE organisation_id = @Organisation AND expires_us > @CreatedUs",
            new { invitation.Organisation, CreatedUs = UnixMicroseconds.From(invitation.CreatedAt) }) >= MaxOpen)
        {
            return false;
        }

        await change.ExecuteAsync(
            """
            INSERT INTO invitation (invitation_id, organisation_id, email, role, token_hash, invited_by, created_us,
                expires_us)
            VALUES (@Id, @Organisation, @Email, @Role, @Hash, @InvitedBy, @CreatedUs, @ExpiresUs)
            """,
            new
            {
                invitation.Id,
                invitation.Organisation,
                invitation.Email,
                Role = invitation.Role.Name(),
                Hash = tokenHash,
                invitation.InvitedBy,
                CreatedUs = UnixMicroseconds.From(invitation.CreatedAt),
                ExpiresUs = UnixMicroseconds.From(invitation.ExpiresAt),
            });
        await change.CommitAsync(new AuditEntry(invitation.InvitedBy, "invitation.created", invitation.Id)
        {
            Organisation = invitation.Organisation,
            Details = new() { ["email"] = invitation.Email, ["role"] = invitation.Role.Name() },
        });
        return true;
    }

    /// <summary>Takes an invitation back; false: there is no such one.</summary>
    public async Task<bool> RemoveAsync(string organisation, string id, string actor, CancellationToken cancellation)
    {
        await using var change = await Change.BeginAsync(database, audit, cancellation);
        if (await change.ExecuteAsync(
            "DELETE FROM invitation WHERE organisation_id = @Organisation AND invitation_id = @Id",
            new { Organisation = organisation, Id = id }) == 0)
        {
            return false;
        }

        await change.CommitAsync(new AuditEntry(actor, "invitation.withdrawn", id) { Organisation = organisation });
        return true;
    }

    /// <summary>Deletes those that it is too late for.</summary>
    public async Task PurgeAsync(DateTimeOffset now, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await connection.ExecuteAsync(new CommandDefinition(
            "DELETE FROM invitation WHERE expires_us <= @NowUs", new { NowUs = UnixMicroseconds.From(now) },
            cancellationToken: cancellation));
    }

    /// <summary>An invitation as it is stored.</summary>
    internal sealed record Row
    {
        public string Organisation { get; init; } = "";

        public string Id { get; init; } = "";

        public string Email { get; init; } = "";

        public string Role { get; init; } = "";

        public string InvitedBy { get; init; } = "";

        public long CreatedUs { get; init; }

        public long ExpiresUs { get; init; }

        public Invitation ToInvitation() => new(
            Organisation, Id, Email, RoleNames.ToOrganisationRole(Role), InvitedBy, UnixMicroseconds.ToTime(CreatedUs),
            UnixMicroseconds.ToTime(ExpiresUs));
    }
}
