using System.Text.Json.Nodes;
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
        account.MapGet("/sessions", SessionsAsync).Pages().WithSummary("Your sessions");
        account.MapDelete("/sessions/{session}", EndAsync).WithSummary("End one of your sessions");
        account.MapDelete("/sessions", EndOthersAsync).WithSummary("End all of your sessions but this one");
        account.MapPost("/password", PasswordAsync).Reads<PasswordBody>().WithSummary("Change your password; your other sessions end");
        account.MapGet("/tokens", TokensAsync).Pages().WithSummary("Your access tokens, without their secrets");
        account.MapPost("/tokens", AddTokenAsync).Reads<TokenBody>().WithSummary("Make an access token; it is shown this once");
        account.MapDelete("/tokens/{token}", RevokeAsync).WithSummary("Revoke an access token");
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
                session => new JsonObject
                {
                    ["id"] = session.Id,
                    ["client"] = session.Client,
                    ["this"] = session.Id == caller.Session,
                    ["created_at"] = session.CreatedAt,
                    ["seen_at"] = session.SeenAt,
                    ["ends_at"] = session.EndsAt,
                },
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
        return ControlBody.Ok(new JsonObject { ["id"] = session, ["ended"] = true });
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
        return ControlBody.Ok(new JsonObject { ["ended"] = ended });
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
                : ControlBody.Ok(new JsonObject { ["changed"] = true });
    }

    static async Task<IResult> TokensAsync(HttpContext context, AccessTokenStore tokens) =>
        UserOf(Caller.Of(context)) is not { } user ? UsersOnly
            : !ListPage.TryRead(context, out var page, out var fault) ? fault!
            : page.Answer(await tokens.ListAsync(user, page, context.RequestAborted), ToJson, token => token.Id);

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

        var json = ToJson(token);
        json["token"] = secret;
        return ControlBody.Ok(json);
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
        return ControlBody.Ok(new JsonObject { ["id"] = token, ["revoked"] = true });
    }

    static JsonObject ToJson(AccessToken token) => new()
    {
        ["id"] = token.Id,
        ["name"] = token.Name,
        ["organisation"] = token.Organisation.Length == 0 ? null : token.Organisation,
        ["role"] = token.Organisation.Length == 0 ? null : token.Role,
        ["operator_role"] = token.Organisation.Length == 0 ? token.Role : null,
        ["created_at"] = token.CreatedAt,
        ["expires_at"] = token.ExpiresAt,
    };

    sealed record PasswordBody(string CurrentPassword, string NewPassword)
    {
        public override string ToString() => nameof(PasswordBody);
    }

    /// <param name="ExpiresInDays">Left out: 90.</param>
    sealed record TokenBody(
        string Name, string? Organisation = null, OrganisationRole? Role = null, OperatorRole? OperatorRole = null,
        int? ExpiresInDays = null);
}
