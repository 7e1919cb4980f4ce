using Sahab.Server.Hosting.Access;
using Sahab.Server.Portal.Languages;
using Sahab.Server.Sell.Tenants.Accounts;

namespace Sahab.Server.Portal;

/// <summary>Whether the pages are light or dark.</summary>
public enum PageTheme
{
    /// <summary>As the viewer's system has it.</summary>
    Auto,

    Light,

    Dark,
}

/// <summary>Who looks at a page, and how they want it. Public because pages are given it; who it is stays within.</summary>
public sealed class Viewer
{
    public const string LanguageCookie = "sahab-language";
    public const string ThemeCookie = "sahab-theme";

    /// <summary>Somebody of whom nothing is known.</summary>
    public static Viewer Nobody { get; } = new(Language.English, PageTheme.Auto, "/");

    internal Viewer(Language language, PageTheme theme, string path) =>
        (Language, Theme, Path) = (language, theme, path);

    public Language Language { get; }

    public PageTheme Theme { get; }

    /// <summary>The page that they look at, with its query.</summary>
    public string Path { get; }

    /// <summary>Who they are; null: they have not said.</summary>
    internal Caller? Caller { get; init; }

    /// <summary>What forms of their session send along; null: they are not in one.</summary>
    public string? Csrf { get; private init; }

    internal static Viewer Of(HttpContext context)
    {
        var request = context.Request;
        return new Viewer(
            Language.Find(request.Cookies[LanguageCookie]) ?? Language.Accepted(request.Headers.AcceptLanguage),
            Enum.TryParse<PageTheme>(request.Cookies[ThemeCookie], ignoreCase: true, out var theme) && Enum.IsDefined(theme)
                ? theme
                : PageTheme.Auto,
            request.Path + request.QueryString)
        {
            Caller = Caller.Find(context),
            Csrf = Caller.Find(context)?.Session is not null
                && context.RequestServices.GetRequiredService<SessionCookie>().Read(context) is { } token
                    ? SessionCookie.CsrfOf(token)
                    : null,
        };
    }

    /// <summary>Whether they may, on the operator's side.</summary>
    internal bool May(Permission permission) => Caller?.MayAnywhere(permission) == true;

    /// <summary>Whether they may in the organisation.</summary>
    internal bool MayIn(string organisation, Permission permission) => Caller?.MayIn(organisation, permission) == true;
}
