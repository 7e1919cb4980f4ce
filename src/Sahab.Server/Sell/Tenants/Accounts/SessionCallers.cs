using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Sell.Tenants.Accounts;

/// <summary>
/// Callers with a session's cookie. What changes something must repeat the session's value in a header, which a page of
/// another site cannot read, and must not come from one. Where there is an <c>Authorization</c> header, that counts; but
/// for a password, which a browser that has been asked for an admin key once sends along with everything.
/// </summary>
internal sealed class SessionCallers(
    SessionStore sessions, Standing standing, CallerCache cache, SessionCookie cookie, RequestSite site, TokenGuesses guesses,
    TimeProvider time)
    : ICallerSource
{
    static readonly ControlProblem Ended = new(
        StatusCodes.Status401Unauthorized, "session_ended", "The session has ended. Sign in again.");

    static readonly ControlProblem NoCsrf = new(
        StatusCodes.Status403Forbidden, "csrf_value_missing",
        $"Send the header '{SessionCookie.CsrfHeader}' with the value 'csrf' of GET /api/session.");

    public async ValueTask<CallerFinding?> FindAsync(HttpContext context)
    {
        if (HasCredential(context.Request.Headers.Authorization) || cookie.Read(context) is not { } token)
        {
            return null;
        }

        var hash = SecretToken.HashOf(token);
        if (await cache.GetAsync(hash, () => FindAsync(hash, context.RequestAborted)) is not { } caller)
        {
            return new CallerFinding(null, guesses.Refuse(context, Ended));
        }

        return !IsSafe(context.Request.Method)
            && (site.RefusalOfSite(context) ?? (SessionCookie.HasCsrf(context, token) ? null : NoCsrf)) is { } refusal
                ? new CallerFinding(null, refusal)
                : new CallerFinding(caller with { Credential = new Secret(token) }, null);
    }

    static bool HasCredential(string? authorization) =>
        authorization is not null && !authorization.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase);

    static bool IsSafe(string method) => HttpMethods.IsGet(method) || HttpMethods.IsHead(method);

    async Task<Caller?> FindAsync(string hash, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        if (await sessions.FindAsync(hash, now, cancellation) is not { } session)
        {
            return null;
        }

        if (now - session.SeenAt >= Session.SeenEvery)
        {
            await sessions.SeeAsync(session.Id, now, cancellation);
        }

        return await standing.OfUserAsync(session.User, session.Id, cancellation);
    }
}

/// <summary>Callers with an access token, as a bearer.</summary>
internal sealed class TokenCallers(
    AccessTokenStore tokens, Standing standing, CallerCache cache, TokenGuesses guesses, TimeProvider time) : ICallerSource
{
    const string Scheme = "Bearer ";

    static readonly ControlProblem Unknown = new(
        StatusCodes.Status401Unauthorized, "invalid_access_token",
        "The access token is not known, has expired or was revoked.");

    public async ValueTask<CallerFinding?> FindAsync(HttpContext context)
    {
        string? header = context.Request.Headers.Authorization;
        if (header is null || !header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        var token = header.AsSpan(Scheme.Length).Trim().ToString();
        if (!token.StartsWith(AccessToken.Prefix, StringComparison.Ordinal))
        {
            return null;
        }

        if (token.Length > SecretToken.MaxChars)
        {
            return new CallerFinding(null, guesses.Refuse(context, Unknown));
        }

        var hash = SecretToken.HashOf(token);
        return await cache.GetAsync(hash, () => FindAsync(hash, context.RequestAborted)) is { } caller
            ? new CallerFinding(caller with { Credential = new Secret(token) }, null)
            : new CallerFinding(null, guesses.Refuse(context, Unknown));
    }

    async Task<Caller?> FindAsync(string hash, CancellationToken cancellation) =>
        await tokens.FindAsync(hash, time.GetUtcNow(), cancellation) is { } token
            ? await standing.OfTokenAsync(token, cancellation)
            : null;
}
