using System.Text.Json.Serialization;
using Sahab.Server.Hosting;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Sell.Tenants.Accounts;

namespace Sahab.Server.Sell.Tenants;

/// <summary>Members of an organisation, and those whom it invites. Owners are made and unmade by owners only.</summary>
internal static class MemberApi
{
    public static void Map(IEndpointRouteBuilder api)
    {
        var members = api.MapGroup("/organisations/{organisation}/members")
            .Needs(Permission.SeeOrganisation, Permission.ChangeMembers);
        members.MapGet("", ListAsync).Pages<MemberAnswer>().WithSummary("Members of an organisation");
        api.MapPost("/organisations/{organisation}/members", AddAsync).Needs(Permission.ChangeUsers).Reads<InvitationBody>()
            .Produces<MemberRoleAnswer>()
            .WithSummary("Make a user a member who was not invited");
        members.MapPatch("/{user}", ChangeAsync).Reads<RoleBody>().Produces<MemberRoleAnswer>()
            .WithSummary("Give a member another role");
        members.MapDelete("/{user}", RemoveAsync).Produces<MemberRemovedAnswer>().WithSummary("Remove a member");
        api.MapPost("/organisations/{organisation}/leave", LeaveAsync).Needs(Permission.SeeOrganisation)
            .Produces<MemberLeftAnswer>()
            .WithSummary("Be a member no more");
        var invitations = api.MapGroup("/organisations/{organisation}/invitations")
            .Needs(Permission.SeeOrganisation, Permission.ChangeMembers);
        invitations.MapGet("", ListInvitationsAsync).Pages<InvitationAnswer>()
            .WithSummary("Invitations that nobody has accepted");
        invitations.MapPost("", InviteAsync).Reads<InvitationBody>().Produces<InvitationAnswer>()
            .WithSummary("Invite somebody; the token is shown this once");
        invitations.MapDelete("/{invitation}", WithdrawAsync).Produces<InvitationWithdrawnAnswer>()
            .WithSummary("Take an invitation back");
        api.MapPost("/invitations/accept", AcceptAsync).Needs(Permission.SignedIn).Reads<AcceptBody>()
            .Produces<MembershipAnswer>()
            .WithSummary("Become a member by an invitation");
    }

    static async Task<IResult> ListAsync(string organisation, HttpContext context, MemberStore store) =>
        !ListPage.TryRead(context, out var page, out var fault) ? fault!
            : page.Answer(
                await store.ListAsync(organisation, page, context.RequestAborted),
                member => new MemberAnswer(member.User, member.Email, member.Name, member.Role, member.Since),
                member => member.User);

    static async Task<IResult> AddAsync(
        string organisation, HttpContext context, MemberStore store, AccountStore accounts, CallerCache cache,
        TimeProvider time)
    {
        var (body, fault) = await ControlBody.ReadAsync<InvitationBody>(context);
        if (body is null)
        {
            return fault!;
        }

        if (EmailAddress.Normalise(body.Email) is not { } email
            || await accounts.FindByEmailAsync(email, context.RequestAborted) is not { } known)
        {
            return ControlError.NotFound("email", "There is no user with this e-mail. Make them first: POST /api/users.");
        }

        var user = known.Account.Id;
        var outcome = await store.AddAsync(
            organisation, user, body.Role, time.GetUtcNow(), Caller.Of(context).Name, context.RequestAborted);
        cache.Forget();
        return outcome switch
        {
            MemberChange.Done => Results.Ok(new MemberRoleAnswer(user, body.Role)),
            MemberChange.Already => ControlError.Conflict("They are a member already."),
            MemberChange.TooMany => TooMany,
            _ => ControlError.NoOrganisation(organisation),
        };
    }

    static async Task<IResult> ChangeAsync(
        string organisation, string user, HttpContext context, MemberStore store, CallerCache cache)
    {
        var (body, fault) = await ControlBody.ReadAsync<RoleBody>(context);
        if (body is null)
        {
            return fault!;
        }

        var caller = Caller.Of(context);
        var outcome = await store.ChangeAsync(
            organisation, user, body.Role, IsOwner(caller, organisation), caller.Name, context.RequestAborted);
        cache.Forget();
        return Answer(outcome, user, new MemberRoleAnswer(user, body.Role));
    }

    static async Task<IResult> RemoveAsync(
        string organisation, string user, HttpContext context, MemberStore store, CallerCache cache)
    {
        var caller = Caller.Of(context);
        var outcome = await store.RemoveAsync(
            organisation, user, IsOwner(caller, organisation), caller.Name, context.RequestAborted);
        cache.Forget();
        return Answer(outcome, user, new MemberRemovedAnswer(user, Removed: true));
    }

    static async Task<IResult> LeaveAsync(string organisation, HttpContext context, MemberStore store, CallerCache cache)
    {
        var caller = Caller.Of(context);
        var user = AccountApi.UserOf(caller) ?? "";
        var outcome = await store.RemoveAsync(organisation, user, byOwner: true, caller.Name, context.RequestAborted);
        cache.Forget();
        return outcome == MemberChange.Unknown
            ? ControlError.Conflict("You are no member of it.")
            : Answer(outcome, user, new MemberLeftAnswer(organisation, Left: true));
    }

    static async Task<IResult> ListInvitationsAsync(string organisation, HttpContext context, InvitationStore store) =>
        !ListPage.TryRead(context, out var page, out var fault) ? fault!
            : page.Answer(
                await store.ListAsync(organisation, page, context.RequestAborted), InvitationAnswer.Of, each => each.Id);

    static async Task<IResult> InviteAsync(
        string organisation, HttpContext context, InvitationStore store, OrganisationStore organisations, IdSource ids,
        TimeProvider time)
    {
        var (body, fault) = await ControlBody.ReadAsync<InvitationBody>(context);
        if (body is null)
        {
            return fault!;
        }

        var caller = Caller.Of(context);
        if (EmailAddress.Normalise(body.Email) is not { } email)
        {
            return ControlError.Invalid("email", $"The e-mail must be {EmailAddress.Description}.");
        }

        if (body.Role == OrganisationRole.Owner && !IsOwner(caller, organisation))
        {
            return OwnersOnly;
        }

        if (await organisations.FindAsync(organisation, context.RequestAborted) is null)
        {
            return ControlError.NoOrganisation(organisation);
        }

        var now = time.GetUtcNow();
        var token = SecretToken.Make(Invitation.TokenPrefix);
        var invitation = new Invitation(
            organisation, PublicId.Make(Invitation.IdKind, ids.Next()), email, body.Role, caller.Name, now,
            now + Invitation.Life);
        if (!await store.AddAsync(invitation, SecretToken.HashOf(token), context.RequestAborted))
        {
            return ControlError.Conflict(
                $"There are {InvitationStore.MaxOpen} invitations that nobody has accepted, as many as may be. Take some "
                + "back.");
        }

        return Results.Ok(InvitationAnswer.Of(invitation) with { Token = token });
    }

    static async Task<IResult> WithdrawAsync(
        string organisation, string invitation, HttpContext context, InvitationStore store) =>
        await store.RemoveAsync(organisation, invitation, Caller.Of(context).Name, context.RequestAborted)
            ? Results.Ok(new InvitationWithdrawnAnswer(invitation, Withdrawn: true))
            : ControlError.NotFound("invitation", $"There is no invitation '{invitation}'.");

    static async Task<IResult> AcceptAsync(
        HttpContext context, MemberStore store, AccountStore accounts, CallerCache cache, TimeProvider time)
    {
        var caller = Caller.Of(context);
        if (AccountApi.UserOf(caller) is not { } user
            || await accounts.FindAsync(user, context.RequestAborted) is not { } account)
        {
            return new ControlProblem(
                StatusCodes.Status403Forbidden, "users_only", "Sign in as the user who was invited.");
        }

        var (body, fault) = await ControlBody.ReadAsync<AcceptBody>(context);
        if (body is null)
        {
            return fault!;
        }

        var hash = body.Token.Length > SecretToken.MaxChars ? "" : SecretToken.HashOf(body.Token);
        var (outcome, invitation) = await store.AcceptAsync(
            hash, user, account.Email, time.GetUtcNow(), caller.Name, context.RequestAborted);
        cache.Forget();
        return outcome switch
        {
            MemberChange.Done => Results.Ok(new MembershipAnswer(invitation!.Organisation, invitation.Role)),
            MemberChange.ForAnother => ControlError.Conflict(
                "The invitation is for another e-mail than yours. Sign in with that one, or ask for another invitation."),
            MemberChange.Already => ControlError.Conflict("You are a member already. Ask an admin for another role."),
            MemberChange.TooMany => TooMany,
            _ => ControlError.NotFound(
                "token", "There is no such invitation: it was accepted, taken back, or is over. Ask for another."),
        };
    }

    static readonly ControlProblem TooMany = ControlError.Conflict(
        $"The organisation has {MemberStore.MaxMembers} members, as many as one may.");

    static readonly ControlProblem OwnersOnly = new(
        StatusCodes.Status403Forbidden, "owners_only", "Owners are made, changed and removed by owners only.");

    static IResult Answer<T>(MemberChange outcome, string user, T done) => outcome switch
    {
        MemberChange.Done => Results.Ok(done),
        MemberChange.LastOwner => ControlError.Conflict(
            "This is the only owner, and an organisation always has one. Make another first."),
        MemberChange.OwnersOnly => OwnersOnly,
        _ => ControlError.NotFound("user", $"There is no member '{user}'."),
    };

    /// <summary>Whether the caller may make owners: one themselves, or who may do everything.</summary>
    static bool IsOwner(Caller caller, string organisation) =>
        caller.MayAnywhere(Permission.ChangeMembers)
        || (caller.Organisations.TryGetValue(organisation, out var role) && role == OrganisationRole.Owner);

    sealed record RoleBody(OrganisationRole Role);

    sealed record InvitationBody(string Email, OrganisationRole Role);

    sealed record AcceptBody(string Token)
    {
        public override string ToString() => nameof(AcceptBody);
    }
}

/// <summary>A member as the control API tells it.</summary>
internal sealed record MemberAnswer(string User, string Email, string Name, OrganisationRole Role, DateTimeOffset Since);

/// <summary>The role that a user has from now on.</summary>
internal sealed record MemberRoleAnswer(string User, OrganisationRole Role);

/// <summary>That a user is a member no more.</summary>
internal sealed record MemberRemovedAnswer(string User, bool Removed);

/// <summary>That the caller is a member no more.</summary>
internal sealed record MemberLeftAnswer(string Organisation, bool Left);

/// <summary>What the caller is a member of from now on.</summary>
internal sealed record MembershipAnswer(string Organisation, OrganisationRole Role);

/// <summary>That an invitation was taken back.</summary>
internal sealed record InvitationWithdrawnAnswer(string Id, bool Withdrawn);

/// <summary>An invitation as the control API tells it.</summary>
/// <param name="Token">What it is accepted with; only where it was just made.</param>
internal sealed record InvitationAnswer(
    string Id, string Email, OrganisationRole Role, string InvitedBy, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Token = null)
{
    public static InvitationAnswer Of(Invitation invitation) => new(
        invitation.Id, invitation.Email, invitation.Role, invitation.InvitedBy, invitation.CreatedAt, invitation.ExpiresAt);

    public override string ToString() => nameof(InvitationAnswer);
}
