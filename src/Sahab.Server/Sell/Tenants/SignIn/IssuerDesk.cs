using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.WebUtilities;
using Sahab.Server.Hosting;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Sell.Tenants.Accounts;

namespace Sahab.Server.Sell.Tenants.SignIn;

/// <summary>
/// Signs users in by an issuer of OpenID Connect: authorization code with PKCE, a state that is good once and in one
/// browser, and a nonce.
/// </summary>
internal sealed partial class IssuerDesk(
    IssuerClient client, IdTokens tokens, SignInRoundStore rounds, AccountStore accounts, SignInDesk desk,
    RequestSite site, SessionCookie cookie, IdSource ids, TimeProvider time, ILogger<IssuerDesk> logger)
{
    const string RoundCookie = "-round";

    static readonly ControlProblem NoRound = new(
        StatusCodes.Status400BadRequest, "sign_in_round_over",
        "This sign-in is over, was used before, or began in another browser. Begin again.");

    static readonly ControlProblem NotVerified = new(
        StatusCodes.Status403Forbidden, "email_not_verified",
        "The issuer has not verified your e-mail. Verify it there, and sign in again.");

    /// <summary>Where the browser is to be sent.</summary>
    public async Task<(string? Target, ControlProblem? Refusal)> BeginAsync(
        HttpContext context, OidcIssuerConfig issuer, string returnTo)
    {
        if ((site.RefusalToSignIn(context) ?? desk.TakeOf(context)) is { } refusal)
        {
            return (null, refusal);
        }

        try
        {
            var metadata = await client.MetadataAsync(issuer, context.RequestAborted);
            var (state, browser) = (SecretToken.Make(), SecretToken.Make());
            var round = new SignInRound(
                issuer.Id, SecretToken.HashOf(browser), SecretToken.Make(), SecretToken.Make(), returnTo,
                time.GetUtcNow() + SignInRound.Life);
            await rounds.AddAsync(SecretToken.HashOf(state), round, context.RequestAborted);
            var options = cookie.Options(context);
            options.MaxAge = SignInRound.Life;
            context.Response.Cookies.Append(cookie.NameFor(context, RoundCookie), browser, options);
            return (QueryHelpers.AddQueryString(metadata.AuthorizationEndpoint.AbsoluteUri, new Dictionary<string, string?>
            {
                ["response_type"] = "code",
                ["client_id"] = issuer.ClientId,
                ["redirect_uri"] = RedirectUri(context, issuer),
                ["scope"] = "openid email profile",
                ["state"] = state,
                ["nonce"] = round.Nonce,
                ["code_challenge"] = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(round.Verifier))),
                ["code_challenge_method"] = "S256",
            }), null);
        }
        catch (IssuerException error)
        {
            return (null, Failed(issuer, error));
        }
    }

    /// <summary>Signs in who comes back from the issuer.</summary>
    /// <returns>The path of ours to which they go on.</returns>
    public async Task<(string? Target, ControlProblem? Refusal)> EndAsync(
        HttpContext context, OidcIssuerConfig issuer, string state, string code)
    {
        if ((site.RefusalOfTransport(context) ?? desk.TakeOf(context)) is { } refusal)
        {
            return (null, refusal);
        }

        var browser = context.Request.Cookies[cookie.NameFor(context, RoundCookie)] ?? "";
        var round = await rounds.TakeAsync(SecretToken.HashOf(state), context.RequestAborted);
        if (round is null || round.Issuer != issuer.Id || round.ExpiresAt <= time.GetUtcNow()
            || round.BrowserHash != SecretToken.HashOf(browser))
        {
            return (null, NoRound);
        }

        context.Response.Cookies.Delete(cookie.NameFor(context, RoundCookie), cookie.Options(context));
        try
        {
            var metadata = await client.MetadataAsync(issuer, context.RequestAborted);
            var token = await client.RedeemAsync(
                issuer, metadata, code, round.Verifier, RedirectUri(context, issuer), context.RequestAborted);
            var identity = await tokens.CheckAsync(token, issuer, metadata, round.Nonce, context.RequestAborted);
            var (account, refused) = await FindOrAddAsync(issuer, identity, context.RequestAborted);
            if (account is null)
            {
                return (null, refused);
            }

            await desk.BeginAsync(context, account, issuer.Id);
            return (round.ReturnTo, null);
        }
        catch (IssuerException error)
        {
            return (null, Failed(issuer, error));
        }
    }

    /// <summary>
    /// The user of an identity, or a new one. A user with the same e-mail who signs in otherwise is not taken for the same:
    /// whoever signed up with an e-mail by a password may not have been its owner.
    /// </summary>
    async Task<(Account? Account, ControlProblem? Refusal)> FindOrAddAsync(
        OidcIssuerConfig issuer, SignedIdentity identity, CancellationToken cancellation)
    {
        if (await accounts.FindByIdentityAsync(issuer.Issuer, identity.Subject, cancellation) is { } known)
        {
            return (known, null);
        }

        if (identity.Email is null || EmailAddress.Normalise(identity.Email) is not { } email)
        {
            return (null, NotVerified);
        }

        if (await desk.RefusalToSignUpAsync(email, null, isVerified: true, cancellation) is { } refusal)
        {
            return (null, refusal);
        }

        var name = new string([.. identity.Name.Where(character => !char.IsControl(character)).Take(Account.MaxNameChars)]);
        var account = new Account(PublicId.Make(Account.IdKind, ids.Next()), email, name, time.GetUtcNow());
        return await accounts.AddAsync(account, "", (issuer.Issuer, identity.Subject), cancellation)
            ? (account, null)
            : (null, ControlError.Conflict(
                "There is a user with this e-mail who signs in in another way. Sign in as before."));
    }

    ControlProblem Failed(OidcIssuerConfig issuer, IssuerException error)
    {
        LogFailed(issuer.Id, error.Message);
        return new ControlProblem(
            StatusCodes.Status502BadGateway, "issuer_failed",
            $"Signing in by {issuer.Name ?? issuer.Id} failed. {error.Message}");
    }

    string RedirectUri(HttpContext context, OidcIssuerConfig issuer) =>
        $"{site.OriginOf(context)}/api/sign-in/issuers/{issuer.Id}/callback";

    [LoggerMessage(7025, LogLevel.Warning, "Signing in by issuer {Issuer} failed: {Reason}")]
    partial void LogFailed(string issuer, string reason);
}
