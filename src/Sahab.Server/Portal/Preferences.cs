using Sahab.Server.Portal.Languages;

namespace Sahab.Server.Portal;

/// <summary>
/// In which language and colours somebody wants the pages: two cookies that hold nothing else. Works without a script, and
/// gives nobody anything who makes a browser send it.
/// </summary>
internal static class Preferences
{
    /// <summary>The longest body that is read, in bytes.</summary>
    const int MaxBodyBytes = 4096;

    static readonly TimeSpan Kept = TimeSpan.FromDays(365);

    public static async Task<IResult> SetAsync(HttpContext context)
    {
        if (context.Request.ContentLength is not (>= 0 and <= MaxBodyBytes) || !context.Request.HasFormContentType)
        {
            return Results.StatusCode(StatusCodes.Status400BadRequest);
        }

        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        if (Language.Find(form["language"]) is { } language)
        {
            Keep(context, Viewer.LanguageCookie, language.Tag);
        }

        if (Enum.TryParse<PageTheme>(form["theme"], ignoreCase: true, out var theme) && Enum.IsDefined(theme))
        {
            Keep(context, Viewer.ThemeCookie, $"{theme}".ToLowerInvariant());
        }

        return Results.Redirect(LocalPath.Of(form["return"]));
    }

    static void Keep(HttpContext context, string cookie, string value) =>
        context.Response.Cookies.Append(cookie, value, new CookieOptions
        {
            HttpOnly = true,
            IsEssential = true,
            MaxAge = Kept,
            SameSite = SameSiteMode.Lax,
            Secure = context.Request.IsHttps,
        });
}

/// <summary>Where to send a browser that says where it came from: never to another site.</summary>
internal static class LocalPath
{
    const int MaxChars = 2048;

    /// <summary>The path, or the first page where it is not one of this server.</summary>
    public static string Of(string? path) =>
        path is { Length: > 0 and <= MaxChars } && path[0] == '/'
        && (path.Length == 1 || path[1] is not ('/' or '\\'))
        && !path.AsSpan().ContainsAnyInRange('\0', '\x1f')
            ? path
            : "/";
}
