using System.Net;
using System.Text;
using Sahab.Server.Serve.Snapshots;

namespace Sahab.Server.Hosting;

/// <summary>
/// Who may see the pages and the metrics: anybody on this machine while the server listens on this machine only;
/// otherwise whoever has an admin key, as the password of HTTP Basic authentication or as a bearer token. The front
/// door, the control API and the health checks have rules of their own.
/// </summary>
internal sealed class ViewerGate(SnapshotPublisher snapshots, SahabServerOptions options)
{
    /// <summary>Longer than any header that a key fits into.</summary>
    const int MaxHeaderChars = 4096;

    const string Basic = "Basic ";

    static readonly string[] Exempt = ["/healthz", "/readyz", "/v1", "/api", "/openapi"];

    readonly bool _loopbackOnly = IPAddress.IsLoopback(
        IPEndPoint.Parse(options.Listen ?? options.Configuration.Current.Server.Listen).Address);

    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (Exempt.Any(path => context.Request.Path.StartsWithSegments(path, StringComparison.Ordinal))
            || (_loopbackOnly && IsLocal(context))
            || IsAdmin(context))
        {
            return next(context);
        }

        context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        context.Response.Headers.WWWAuthenticate = "Basic realm=\"Sahab\", charset=\"UTF-8\"";
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(
            "Give an admin key as the password; the user name does not matter.\n", context.RequestAborted);
    }

    /// <summary>
    /// Whether the request comes from this machine itself: not through a proxy that runs here, and not from a page of
    /// another site whose name was made to point here.
    /// </summary>
    static bool IsLocal(HttpContext context)
    {
        var headers = context.Request.Headers;
        return context.Connection.RemoteIpAddress is { } client && IPAddress.IsLoopback(client)
            && !headers.ContainsKey("X-Forwarded-For") && !headers.ContainsKey("Forwarded")
            && IsLoopbackName(context.Request.Host.Host);
    }

    static bool IsLoopbackName(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    bool IsAdmin(HttpContext context)
    {
        string? header = context.Request.Headers.Authorization;
        if (header is null || header.Length > MaxHeaderChars || !snapshots.IsReady)
        {
            return false;
        }

        var keys = snapshots.Current.Keys;
        var key = header.StartsWith(Basic, StringComparison.OrdinalIgnoreCase)
            ? keys.FindSecret(PasswordOf(header.AsSpan(Basic.Length).Trim()))
            : keys.Find(header, out _);
        return key is { Admin: true };
    }

    static ReadOnlySpan<char> PasswordOf(ReadOnlySpan<char> credentials)
    {
        var bytes = new byte[credentials.Length];
        if (!Convert.TryFromBase64Chars(credentials, bytes, out var length))
        {
            return default;
        }

        var text = Encoding.UTF8.GetString(bytes, 0, length);
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? default : text.AsSpan(colon + 1);
    }
}

/// <summary>Puts the gate before everything that it guards.</summary>
internal static class ViewerGateMiddleware
{
    public static void UseViewerGate(this IApplicationBuilder app)
    {
        var gate = ActivatorUtilities.CreateInstance<ViewerGate>(app.ApplicationServices);
        app.Use(next => context => gate.InvokeAsync(context, next));
    }
}
