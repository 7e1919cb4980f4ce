
namespace Sahab.Server.Portal;

/// <summary>
/// Signing in with an admin key instead of a user: the browser asks for it, keeps it until it is closed, and sends it along
/// with what it asks for from then on. The path has one part only, since a browser sends a password on its own to what
/// lies beside or below the place where it was asked for it (RFC 7617, section 2.2): here, to every page.
/// </summary>
internal static class KeySignIn
{
    public const string Path = "/sign-in-by-key";

    /// <summary>For who has shown a key: back to where the browser came from. Others are asked for one before.</summary>
    public static IResult Show(HttpContext context) => Results.Redirect(LocalPath.Of(context.Request.Query["return"]));

    public static IResult Challenge(HttpContext context)
    {
        context.Response.Headers.WWWAuthenticate = "Basic realm=\"Sahab\", charset=\"UTF-8\"";
        return Results.Text(
            "Give an admin key as the password; the user name does not matter.\n",
            statusCode: StatusCodes.Status401Unauthorized);
    }
}
