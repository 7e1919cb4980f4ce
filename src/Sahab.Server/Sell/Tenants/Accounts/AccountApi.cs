using System.Text.Json.Serialization;
using Sahab.Server.Hosting;
using Sahab.Server.Hosting.Access;

namespace Sahab.Server.Sell.Tenants.Accounts;

/// <summary>What users do about themselves. A token or a key is nobody's session, and is refused.</summary>
internal static class AccountApi
{
    static readonly ControlProblem UsersOnly = new(
        StatusCodes.Status403Forbidden, "users_only", "Sign in as a user for this; tokens and keys may not.");

    public static void Map(IEndpointRouteBuilder api)
    {
        var account = api.MapGroup("/account").Needs(Permission.SignedIn);
        account.MapGet("/sessions", SessionsAsync).Pages<UserSessionAnswer>().WithSummary("Your sessions");
        account.MapDelete("/sessions/{session}", EndAsync).Produces<SessionEndedAnswer>().WithSummary("End one of your sessions");
        account.MapDelete("/sessions", EndOthersAsync).Produces<SessionsEndedAnswer>()
            .WithSummary("End all of your sessions but this one");
        account.MapPost("/password", PasswordAsync).Reads<PasswordBody>().Produces<PasswordChangedAnswer>()
            .WithSummary("Change your password; your other sessions end");
        account.MapGet("/tokens", TokensAsync).Pages<AccessTokenAnswer>()
            .WithSummary("Your access tokens, without their secrets");
        account.MapPost("/tokens", AddTokenAsync).Reads<TokenBody>().Produces<AccessTokenAnswer>()
            .WithSummary("Make an access token; it is shown this once");
        account.MapDelete("/tokens/{token}", RevokeAsync).Produces<TokenRevokedAnswer>().WithSummary("Revoke an access token");
    }

    /// <summary>The id of the user who is signed in, in a session; null: a token or a key calls.</summary>
    internal static string? UserOf(Caller caller) =>
        caller is { User: { } user, Session: not null } ? PublicId.Make(Account.IdKind, user) : null;

    static async Task<IResult> SessionsAsync(HttpContext context, SessionStore sessions, TimeProvider time)
    {
        var caller = Caller.Of(context);
        return UserOf(caller) is not { } user ? UsersOnly
            : !ListPage.TryRead(context, out var page, out var fault) ? fault!
            : page.Answer(
                await sessions.ListAsync(user, time.GetUtcNow(), page, context.RequestAborted),
                session => new UserSessionAnswer(
                    session.Id, session.Client, session.Id == caller.Session, session.CreatedAt, session.SeenAt,
                    session.EndsAt),
                session => session.Id);
    }

    static async Task<IResult> EndAsync(string session, HttpContext context, SessionStore sessions, CallerCache cache)
    {
        var caller = Caller.Of(context);
        if (UserOf(caller) is not { } user)
        {
            return UsersOnly;
        }

        if (!await sessions.EndAsync(user, session, caller.Name, context.RequestAborted))
        {
            return ControlError.NotFound("session", $"There is no session '{session}'.");
        }

        cache.Forget();
        return Results.Ok(new SessionEndedAnswer(session, Ended: true));
    }

    static async Task<IResult> EndOthersAsync(HttpContext context, SessionStore sessions, CallerCache cache)
    {
        var caller = Caller.Of(context);
        if (UserOf(caller) is not { } user)
        {
            return UsersOnly;
        }

        var ended = await sessions.EndOthersAsync(user, caller.Session!, caller.Name, context.RequestAborted);
        cache.Forget();
        return Results.Ok(new SessionsEndedAnswer(ended));
    }

    static async Task<IResult> PasswordAsync(HttpContext context, AccountStore accounts, SignInDesk desk)
    {
        var caller = Caller.Of(context);
        if (UserOf(caller) is not { } user || await accounts.FindAsync(user, context.RequestAborted) is not { } account)
        {
            return UsersOnly;
        }

        var (body, fault) = await ControlBody.ReadAsync<PasswordBody>(context);
        return body is null ? fault!
            : (SignInApi.FaultOf("new_password", body.NewPassword, account.Email)
                ?? (body.CurrentPassword.Length > Passwords.MaxChars
                    ? ControlError.Invalid("current_password", "This is not your password.") : null)
                ?? await desk.ChangePasswordAsync(
                    account, caller.Session!, body.CurrentPassword, body.NewPassword, context.RequestAborted)) is { } wrong
                ? wrong
                : Results.Ok(new PasswordChangedAnswer(Changed: true));
    }

    static async Task<IResult> TokensAsync(HttpContext context, AccessTokenStore tokens) =>
        UserOf(Caller.Of(context)) is not { } user ? UsersOnly
            : !ListPage.TryRead(context, out var page, out var fault) ? fault!
            : page.Answer(await tokens.ListAsync(user, page, context.RequestAborted), AccessTokenAnswer.Of, token => token.Id);

    static async Task<IResult> AddTokenAsync(
        HttpContext context, AccessTokenStore tokens, IdSource ids, TimeProvider time)
    {
        var caller = Caller.Of(context);
        if (UserOf(caller) is not { } user)
        {
            return UsersOnly;
        }

        var (body, fault) = await ControlBody.ReadAsync<TokenBody>(context);
        if (body is null || (fault = FaultOf(body, caller)) is not null)
        {
            return fault!;
        }

        var now = time.GetUtcNow();
        var secret = SecretToken.Make(AccessToken.Prefix);
        var token = new AccessToken(
            PublicId.Make(AccessToken.IdKind, ids.Next()), user, body.Name.Trim(), body.Organisation ?? "",
            body.Role?.Name() ?? body.OperatorRole!.Value.Name(), now,
            now.AddDays(body.ExpiresInDays ?? AccessToken.DefaultDays));
        if (!await tokens.AddAsync(token, SecretToken.HashOf(secret), caller.Name, context.RequestAborted))
        {
            return ControlError.Conflict($"You have {AccessTokenStore.MaxOfUser} tokens, as many as one may. Revoke one.");
        }

        return Results.Ok(AccessTokenAnswer.Of(token) with { Token = secret });
    }

    static ControlProblem? FaultOf(TokenBody body, Caller caller)
    {
        var name = body.Name.Trim();
        if (name.Length is 0 or > AccessToken.MaxNameChars || name.Any(char.IsControl))
        {
            return ControlError.Invalid("name", $"A name has 1 to {AccessToken.MaxNameChars} characters.");
        }

        if (body.ExpiresInDays is < 1 or > AccessToken.MaxDays)
        {
            return ControlError.Invalid("expires_in_days", $"A token lives 1 to {AccessToken.MaxDays} days.");
        }

        if ((body.Organisation is null) != (body.Role is null) || (body.Role is null) == (body.OperatorRole is null))
        {
            return ControlError.Invalid("role", "Give 'organisation' and 'role', or 'operator_role' by itself.");
        }

        return body.OperatorRole is { } side
            ? caller.OperatorRoles.Any(mine => AccessPolicy.Includes(mine, side)) ? null : NotYours("operator_role")
            : !caller.Organisations.TryGetValue(body.Organisation!, out var mine)
                ? ControlError.NoOrganisation(body.Organisation!)
            : AccessPolicy.Includes(mine, body.Role!.Value) ? null : NotYours("role");
    }

    static ControlProblem NotYours(string parameter) => new(
        StatusCodes.Status403Forbidden, "role_above_yours", "A token has no role above your own.", parameter);

    static async Task<IResult> RevokeAsync(string token, HttpContext context, AccessTokenStore tokens, CallerCache cache)
    {
        var caller = Caller.Of(context);
        if (UserOf(caller) is not { } user)
        {
            return UsersOnly;
        }

        if (!await tokens.RevokeAsync(user, token, caller.Name, context.RequestAborted))
        {
            return ControlError.NotFound("token", $"You have no token '{token}'.");
        }

        cache.Forget();
        return Results.Ok(new TokenRevokedAnswer(token, Revoked: true));
    }

    sealed record PasswordBody(string CurrentPassword, string NewPassword)
    {
        public override string ToString() => nameof(PasswordBody);
    }

    /// <param name="ExpiresInDays">Left out: 90.</param>
    sealed record TokenBody(
        string Name, string? Organisation = null, OrganisationRole? Role = null, OperatorRole? OperatorRole = null,
        int? ExpiresInDays = null);
}

/// <summary>A session of the caller.</summary>
/// <param name="Client">What the browser says that it is.</param>
/// <param name="This">Whether the caller is in it.</param>
/// <param name="EndsAt">When it ends if nothing more is done in it.</param>
internal sealed record UserSessionAnswer(
    string Id, string Client, bool This, DateTimeOffset CreatedAt, DateTimeOffset SeenAt, DateTimeOffset EndsAt);

/// <summary>That a session has ended.</summary>
internal sealed record SessionEndedAnswer(string Id, bool Ended);

/// <param name="Ended">How many sessions have ended.</param>
internal sealed record SessionsEndedAnswer(int Ended);

/// <summary>That the password is another one.</summary>
internal sealed record PasswordChangedAnswer(bool Changed);

/// <summary>That a token is good no more.</summary>
internal sealed record TokenRevokedAnswer(string Id, bool Revoked);

/// <summary>An access token as the control API tells it.</summary>
/// <param name="Organisation">Where it acts; null: on the operator's side.</param>
/// <param name="Token">The token itself; only where it was just made.</param>
internal sealed record AccessTokenAnswer(
    string Id, string Name, string? Organisation, OrganisationRole? Role, OperatorRole? OperatorRole,
    DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Token = null)
{
    public static AccessTokenAnswer Of(AccessToken token)
    {
        var isOperators = token.Organisation.Length == 0;
        return new AccessTokenAnswer(
            token.Id, token.Name, isOperators ? null : token.Organisation,
            isOperators ? null : RoleNames.ToOrganisationRole(token.Role),
            isOperators ? RoleNames.ToOperatorRole(token.Role) : null, token.CreatedAt, token.ExpiresAt);
    }

    public override string ToString() => nameof(AccessTokenAnswer);
}
