using System.Net;
using System.Net.Sockets;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Sell.Tenants.Accounts;

/// <summary>
/// Where a request comes from, as far as it can be believed: what proxies say counts only for as many of them as the
/// configuration says that there are.
/// </summary>
internal sealed class RequestSite(ConfigurationState configuration)
{
    static readonly ControlProblem NeedsHttps = new(
        StatusCodes.Status403Forbidden, "https_required",
        "Signing in needs https: a password would be readable on its way. Behind a proxy that speaks https, set "
        + "sign_in.trusted_proxies, and let it send X-Forwarded-Proto and the Host that the browser asked for.");

    static readonly ControlProblem OtherSite = new(
        StatusCodes.Status403Forbidden, "other_site", "The request was sent by a page of another site.");

    /// <summary>The scheme and host under which the browser knows this server.</summary>
    public string OriginOf(HttpContext context) => $"{(IsHttps(context) ? "https" : "http")}://{context.Request.Host.Value}";

    public bool IsHttps(HttpContext context) => context.Request.IsHttps
        || (configuration.Current.SignIn.TrustedProxies > 0
            && LastOf((string?)context.Request.Headers["X-Forwarded-Proto"], 1)
                .Equals("https", StringComparison.OrdinalIgnoreCase));

    /// <summary>Why nobody may sign in by this connection; null: they may.</summary>
    public ControlProblem? RefusalToSignIn(HttpContext context) => RefusalOfTransport(context) ?? RefusalOfSite(context);

    /// <summary>Refuses what could be read on its way.</summary>
    public ControlProblem? RefusalOfTransport(HttpContext context) =>
        IsHttps(context) || IsLoopbackName(context.Request.Host.Host) ? null : NeedsHttps;

    /// <summary>Refuses what a browser says that another site has sent; null: it does not say so.</summary>
    public ControlProblem? RefusalOfSite(HttpContext context)
    {
        var headers = context.Request.Headers;
        string? origin = headers.Origin;
        string? fetchSite = headers["Sec-Fetch-Site"];
        return (origin is null || origin.Equals(OriginOf(context), StringComparison.OrdinalIgnoreCase))
            && fetchSite is null or "same-origin" or "none"
                ? null
                : OtherSite;
    }

    /// <summary>The client as limits count it: an address of IPv4, or the network of 64 bits of one of IPv6.</summary>
    public string ClientOf(HttpContext context)
    {
        var proxies = configuration.Current.SignIn.TrustedProxies;
        var address = proxies > 0
            && IPAddress.TryParse(LastOf(context.Request.Headers["X-Forwarded-For"].ToString(), proxies), out var told)
                ? told
                : context.Connection.RemoteIpAddress ?? IPAddress.None;
        address = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return address.AddressFamily == AddressFamily.InterNetworkV6
            ? new IPAddress([.. address.GetAddressBytes()[..8], .. new byte[8]]).ToString()
            : address.ToString();
    }

    /// <summary>The entry of a list so many from its end, which is what the outermost of so many proxies has added.</summary>
    static string LastOf(string? list, int fromEnd)
    {
        var entries = (list ?? "").Split(',', StringSplitOptions.TrimEntries);
        return entries[Math.Max(0, entries.Length - fromEnd)];
    }

    static bool IsLoopbackName(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
}
