using Sahab.Server.Hosting.Access;
using Sahab.Server.Sell.Tenants.Accounts;

namespace Sahab.Server.Portal;

/// <summary>
/// Shows a page to who may see it (<see cref="AccessJudge"/>). Who has not said who they are is asked to; who may not see
/// it is told what those are told who ask for one that is not there.
/// </summary>
internal sealed class PageFilter(AccessJudge judge, PageCallers others, PageRenderer renderer, SessionCookie cookie) : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        var judgement = await judge.JudgeAsync(http, others);
        return judgement switch
        {
            { Verdict: Verdict.Allowed } => await next(context),
            // A browser whose session has ended signs in anew, however often it asks with it.
            { Verdict: Verdict.NotSignedIn, Refusal: { Status: StatusCodes.Status429TooManyRequests } tooMany }
                when http.Request.Headers.Authorization.Count > 0 => tooMany,
            { Verdict: Verdict.NotSignedIn } => SignIn(http, judgement.Refusal),
            _ => await renderer.ShowMissingAsync(http),
        };
    }

    /// <summary>People are sent to the page on which they sign in; programs are asked for a key, as is who wants to be.</summary>
    /// <param name="refusal">Why what they showed is not good; null: they showed nothing.</param>
    IResult SignIn(HttpContext http, ControlProblem? refusal)
    {
        if (http.Request.Path != KeySignIn.Path && IsOfScript(http.Request.Headers))
        {
            return Results.Text("Sign in, and load the page anew.\n", statusCode: StatusCodes.Status401Unauthorized);
        }

        if (http.Request.Path == KeySignIn.Path
            || !http.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.Ordinal))
        {
            return KeySignIn.Challenge(http);
        }

        if (refusal is not null && http.Request.Headers.Authorization.Count == 0)
        {
            cookie.Clear(http);
        }

        return Results.Redirect("/sign-in?return=" + Uri.EscapeDataString(http.Request.Path + http.Request.QueryString));
    }

    /// <summary>Whether a script of a page asks: a browser would put up its dialog for a password in the midst of the page.</summary>
    static bool IsOfScript(IHeaderDictionary headers) =>
        headers.Accept.ToString().Contains("text/event-stream", StringComparison.Ordinal)
        || headers["Sec-Fetch-Mode"].ToString() is not ("" or "navigate");
}
