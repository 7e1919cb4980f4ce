using Dapper;
using Sahab.Server.Govern.Audit;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Sell.Tenants;

/// <summary>
/// Members of organisations in the database. Who changes them holds the organisation's row, so that an organisation that
/// has an owner always keeps one.
/// </summary>
internal sealed class MemberStore(SahabDatabase database, AuditLog audit)
{
    /// <summary>The most members of an organisation.</summary>
    public const int MaxMembers = 1000;

    public async Task<List<Member>> ListAsync(string organisation, ListPage page, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return [.. (await connection.ReadAllAsync<(string User, string Email, string Name, string Role, long Since)>(
            new CommandDefinition(
                """
                SELECT user_account.user_id, user_account.email, user_account.name, membership.role, membership.since_us
                FROM membership JOIN user_account ON user_account.user_id = membership.user_id
                WHERE membership.organisation_id = @Organisation AND membership.user_id > @After
                ORDER BY membership.user_id LIMIT @Rows
                """,
                new { Organisation = organisation, page.After, page.Rows }, cancellationToken: cancellation)))
            .Select(row => new Member(
                row.User, row.Email, row.Name, RoleNames.ToOrganisationRole(row.Role), UnixMicroseconds.ToTime(row.Since)))];
    }

    /// <summary>The roles of a user in each organisation, with the organisation's status.</summary>
    public async Task<List<(string Organisation, OrganisationRole Role, bool IsActive)>> RolesOfAsync(
        string user, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return [.. (await connection.ReadAllAsync<(string Organisation, string Role, string Status)>(new CommandDefinition(
            """
            SELECT membership.organisation_id, membership.role, organisation.status
            FROM membership JOIN organisation ON organisation.organisation_id = membership.organisation_id
            WHERE membership.user_id = @User
            """,
            new { User = user }, cancellationToken: cancellation)))
            .Select(row => (row.Organisation, RoleNames.ToOrganisationRole(row.Role), row.Status == "active"))];
    }

    /// <summary>Gives a member another role.</summary>
    /// <param name="byOwner">Whether who asks may make and unmake owners.</param>
    public Task<MemberChange> ChangeAsync(
        string organisation, string user, OrganisationRole role, bool byOwner, string actor,
        CancellationToken cancellation) => ReplaceAsync(
        organisation, user, role, byOwner,
        new AuditEntry(actor, "member.changed", user)
        {
            Organisation = organisation,
            Details = new() { ["role"] = role.Name() },
        },
        cancellation);

    /// <summary>Removes a member.</summary>
    /// <param name="byOwner">Whether who asks may make and unmake owners; who leaves may.</param>
    public Task<MemberChange> RemoveAsync(
        string organisation, string user, bool byOwner, string actor, CancellationToken cancellation) => ReplaceAsync(
        organisation, user, null, byOwner,
        new AuditEntry(actor, "member.removed", user) { Organisation = organisation }, cancellation);

    /// <summary>Makes somebody a member by an invitation, which is spent by it.</summary>
    /// <param name="tokenHash">The hash of the token that came with it.</param>
    public async Task<(MemberChange Outcome, Invitation? Invitation)> AcceptAsync(
        string tokenHash, string user, string email, DateTimeOffset now, string actor, CancellationToken cancellation)
    {
        await using var change = await Change.BeginAsync(database, audit, cancellation);
        var invitation = (await change.ReadOneAsync<InvitationStore.Row>(
            InvitationStore.Select + " WHERE token_hash = @Hash", new { Hash = tokenHash }))?.ToInvitation();
        if (invitation is null || invitation.ExpiresAt <= now
            || await HoldAsync(change, invitation.Organisation) != "active"
            || await change.ExecuteAsync(
                "DELETE FROM invitation WHERE invitation_id = @Id", new { invitation.Id }) == 0)
        {
            return (MemberChange.Unknown, null);
        }

        if (invitation.Email != email)
        {
            return (MemberChange.ForAnother, invitation);
        }

        if (await InsertAsync(change, invitation.Organisation, user, invitation.Role, now) is { } fault)
        {
            return (fault, invitation);
        }

        await change.CommitAsync(new AuditEntry(actor, "member.added", user)
        {
            Organisation = invitation.Organisation,
            Details = new() { ["role"] = invitation.Role.Name(), ["invitation"] = invitation.Id },
        });
        return (MemberChange.Done, invitation);
    }

    /// <summary>Makes a user a member.</summary>
    public async Task<MemberChange> AddAsync(
        string organisation, string user, OrganisationRole role, DateTimeOffset now, string actor,
        CancellationToken cancellation)
    {
        await using var change = await Change.BeginAsync(database, audit, cancellation);
        if (await HoldAsync(change, organisation) is null)
        {
            return MemberChange.Unknown;
        }

        if (await InsertAsync(change, organisation, user, role, now) is { } fault)
        {
            return fault;
        }

        await change.CommitAsync(new AuditEntry(actor, "member.added", user)
        {
            Organisation = organisation,
            Details = new() { ["role"] = role.Name() },
        });
        return MemberChange.Done;
    }

    /// <summary>Adds the membership, or says why it cannot be; the organisation is held.</summary>
    static async Task<MemberChange?> InsertAsync(
        Change change, string organisation, string user, OrganisationRole role, DateTimeOffset now)
    {
        if (await change.ReadOneAsync<long>(
            "SELECT COUNT(*) FROM membership WHERE organisation_id = @Organisation",
            new { Organisation = organisation }) >= MaxMembers)
        {
            return MemberChange.TooMany;
        }

        return await change.ExecuteAsync(
            """
            INSERT INTO membership (organisation_id, user_id, role, since_us)
            VALUES (@Organisation, @User, @Role, @NowUs) ON CONFLICT DO NOTHING
            """,
            new
            {
                Organisation = organisation,
                User = user,
                Role = role.Name(),
                NowUs = UnixMicroseconds.From(now),
            }) == 0 ? MemberChange.Already : null;
    }

    async Task<MemberChange> ReplaceAsync(
        string organisation, string user, OrganisationRole? role, bool byOwner, AuditEntry entry,
        CancellationToken cancellation)
    {
        await using var change = await Change.BeginAsync(database, audit, cancellation);
        await HoldAsync(change, organisation);
        var parameters = new { Organisation = organisation, User = user, Role = role?.Name() };
        if (await change.ReadOneAsync<string>(
            "SELECT role FROM membership WHERE organisation_id = @Organisation AND user_id = @User", parameters)
            is not { } before)
        {
            return MemberChange.Unknown;
        }

        var wasOwner = RoleNames.ToOrganisationRole(before) == OrganisationRole.Owner;
        if (!byOwner && (wasOwner || role == OrganisationRole.Owner))
        {
            return MemberChange.OwnersOnly;
        }

        if (wasOwner && role != OrganisationRole.Owner && await change.ReadOneAsync<long>(
            "SELECT COUNT(*) FROM membership WHERE organisation_id = @Organisation AND role = 'owner'", parameters) == 1)
        {
            return MemberChange.LastOwner;
        }

        await change.ExecuteAsync(
            role is null
                ? "DELETE FROM membership WHERE organisation_id = @Organisation AND user_id = @User"
                : "UPDATE membership SET role = @Role WHERE organisation_id = @Organisation AND user_id = @User",
            parameters);
        await change.CommitAsync(entry);
        return MemberChange.Done;
    }

    /// <summary>Holds the organisation until the change ends, and says its status; null: there is none.</summary>
    static async Task<string?> HoldAsync(Change change, string organisation) =>
        await change.ExecuteAsync(
            "UPDATE organisation SET revision = revision + 1 WHERE organisation_id = @Organisation",
            new { Organisation = organisation }) == 0
                ? null
                : await change.ReadOneAsync<string>(
                    "SELECT status FROM organisation WHERE organisation_id = @Organisation",
                    new { Organisation = organisation });
}
