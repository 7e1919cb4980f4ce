using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Sahab.Server.Sell.Tenants.Accounts;

/// <summary>The cookie that holds a session's token, and what proves that a request comes from a page of ours.</summary>
internal sealed class SessionCookie(RequestSite site)
{
    /// <summary>Over https: the browser takes it for this host only, with <c>Secure</c>, from this host itself.</summary>
    public const string SecureName = "__Host-sahab";

    /// <summary>Over http on this machine itself, where browsers take no secure cookies.</summary>
    public const string LocalName = "sahab";

    /// <summary>The header that repeats the session's value in requests that change something.</summary>
    public const string CsrfHeader = "X-Sahab-Csrf";

    static readonly byte[] CsrfLabel = "sahab csrf"u8.ToArray();

    /// <summary>The token in the request; null: there is none.</summary>
    public string? Read(HttpContext context) =>
        context.Request.Cookies[NameFor(context)] is { Length: > 0 and <= SecretToken.MaxChars } token ? token : null;

    public void Set(HttpContext context, string token) => context.Response.Cookies.Append(
        NameFor(context), token, Options(context));

    public void Clear(HttpContext context) => context.Response.Cookies.Delete(NameFor(context), Options(context));

    /// <summary>What belongs to a session's token and cannot be found without it, nor it by that.</summary>
    public static string CsrfOf(string token) =>
        Base64Url.EncodeToString(HMACSHA256.HashData(Encoding.UTF8.GetBytes(token), CsrfLabel));

    /// <summary>Whether the request repeats what belongs to the token.</summary>
    public static bool HasCsrf(HttpContext context, string token) => CryptographicOperations.FixedTimeEquals(
        Encoding.UTF8.GetBytes(context.Request.Headers[CsrfHeader].ToString()), Encoding.UTF8.GetBytes(CsrfOf(token)));

    /// <summary>A cookie of the same kind, under another name.</summary>
    public string NameFor(HttpContext context, string suffix = "") =>
        (site.IsHttps(context) ? SecureName : LocalName) + suffix;

    /// <summary>No time is set: it goes with the browser, and the session ends by itself.</summary>
    public CookieOptions Options(HttpContext context) => new()
    {
        HttpOnly = true,
        Secure = site.IsHttps(context),
        SameSite = SameSiteMode.Lax,
        Path = "/",
        IsEssential = true,
    };
}
