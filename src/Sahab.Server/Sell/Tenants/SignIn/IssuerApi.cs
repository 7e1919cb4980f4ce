using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Sell.Tenants.Accounts;

namespace Sahab.Server.Sell.Tenants.SignIn;

/// <summary>Signing in by an issuer of OpenID Connect, which the browser is sent to and comes back from.</summary>
internal static class IssuerApi
{
    const int MaxParameterChars = 4096;

    const int MaxReturnChars = 500;

    static readonly ControlProblem NotSignedIn = new(
        StatusCodes.Status400BadRequest, "sign_in_refused", "The issuer did not sign you in. Begin again.");

    public static void Map(IEndpointRouteBuilder api)
    {
        var issuers = api.MapGroup("/sign-in/issuers").Needs(Permission.Public);
        issuers.MapGet("", List).Produces<Listing<IssuerAnswer>>().WithSummary("Issuers by which users may sign in");
        issuers.MapGet("/{issuer}", BeginAsync).Produces(StatusCodes.Status302Found)
            .WithSummary("Send the browser to an issuer to sign in");
        issuers.MapGet("/{issuer}/callback", EndAsync).Produces(StatusCodes.Status302Found)
            .WithSummary("Where an issuer sends the browser back to");
    }

    static IResult List(ConfigurationState configuration) => Results.Ok(Listing<IssuerAnswer>.Whole(
        configuration.Current.SignIn.Oidc.Select(issuer => new IssuerAnswer(issuer.Id, issuer.Name ?? issuer.Id))));

    static async Task<IResult> BeginAsync(
        string issuer, HttpContext context, ConfigurationState configuration, IssuerDesk desk, SignInInstruments instruments)
    {
        if (Find(configuration, issuer) is not { } known)
        {
            return Unknown(issuer);
        }

        var returnTo = context.Request.Query["return_to"].ToString();
        if (!IsPathOfOurs(returnTo.Length == 0 ? "/" : returnTo))
        {
            return ControlError.Invalid("return_to", "This must be a path of this server, such as /usage.");
        }

        var (target, refusal) = await desk.BeginAsync(context, known, returnTo.Length == 0 ? "/" : returnTo);
        if (refusal is not null)
        {
            instruments.Tried(SignInInstruments.Oidc, refusal);
            return refusal;
        }

        return Redirect(context, target!);
    }

    static async Task<IResult> EndAsync(
        string issuer, HttpContext context, ConfigurationState configuration, IssuerDesk desk, SignInInstruments instruments)
    {
        var query = context.Request.Query;
        var (state, code) = (query["state"].ToString(), query["code"].ToString());
        if (Find(configuration, issuer) is not { } known)
        {
            return Unknown(issuer);
        }

        var (target, refusal) =
            state.Length is 0 or > MaxParameterChars || code.Length is 0 or > MaxParameterChars
                ? (null, NotSignedIn)
                : await desk.EndAsync(context, known, state, code);
        instruments.Tried(SignInInstruments.Oidc, refusal);
        return refusal ?? Redirect(context, target!);
    }

    static IResult Redirect(HttpContext context, string target)
    {
        context.Response.Headers.CacheControl = "no-store";
        return Results.Redirect(target);
    }

    /// <summary>A browser takes what begins with two slashes, or a backslash for one of them, for another host.</summary>
    static bool IsPathOfOurs(string path) => path.Length <= MaxReturnChars && path[0] == '/'
        && (path.Length == 1 || path[1] is not ('/' or '\\')) && !path.Any(char.IsControl);

    static OidcIssuerConfig? Find(ConfigurationState configuration, string id) =>
        configuration.Current.SignIn.Oidc.FirstOrDefault(issuer => issuer.Id == id);

    static ControlProblem Unknown(string issuer) => ControlError.NotFound("issuer", $"There is no issuer '{issuer}'.");
}

/// <summary>An issuer by which users may sign in.</summary>
internal sealed record IssuerAnswer(string Id, string Name);
