using System.Net;
using System.Text;
using Sahab.Server.Hosting;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Sell.Tenants.Accounts;
using Sahab.Server.Serve.Gateway;
using Sahab.Server.Serve.Snapshots;

namespace Sahab.Server.Portal;

/// <summary>
/// Who looks at pages besides those whom the control API knows: whoever has an admin key, as the password of HTTP Basic
/// authentication; and, while the server listens on this machine only, anybody on this machine who has not said who they
/// are, as the operator. Who brings a session that has ended has said so. Pages change nothing, so that a foreign site
/// that sends a browser here gains nothing by it.
/// </summary>
internal sealed class PageCallers(
    SnapshotPublisher snapshots, SahabServerOptions options, KeyGuesses guesses, SessionCookie cookie)
    : ICallerSource
{
    /// <summary>Longer than any header that a key fits into.</summary>
    const int MaxHeaderChars = 4096;

    const string Basic = "Basic ";

    static readonly Caller LocalOperator = new("local") { OperatorRoles = [OperatorRole.Admin] };

    readonly bool _loopbackOnly = IPAddress.IsLoopback(
        IPEndPoint.Parse(options.Listen ?? options.Configuration.Current.Server.Listen).Address);

    public ValueTask<CallerFinding?> FindAsync(HttpContext context) => ValueTask.FromResult(
        OfPassword(context, out var refusal) is { } keyHolder ? new CallerFinding(keyHolder, null)
        : _loopbackOnly && IsLocal(context) && cookie.Read(context) is null ? new CallerFinding(LocalOperator, null)
        : refusal is not null ? new CallerFinding(null, refusal)
        : (CallerFinding?)null);

    /// <summary>Who has shown an admin key as a password; null: nobody has.</summary>
    /// <param name="refusal">Given where an address has tried too many keys that nobody has.</param>
    Caller? OfPassword(HttpContext context, out ControlProblem? refusal)
    {
        refusal = null;
        string? header = context.Request.Headers.Authorization;
        if (header is null || header.Length > MaxHeaderChars
            || !header.StartsWith(Basic, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        var key = snapshots.Current.Keys.FindSecret(PasswordOf(header.AsSpan(Basic.Length).Trim()), out var fault);
        if (guesses.NoteMiss(context, fault) is { } waitMs)
        {
            refusal = ControlError.TooMany(
                "Too many unknown keys came from this address. Wait, and check the key.",
                TimeSpan.FromMilliseconds(waitMs));
        }

        return key is { Admin: true } ? KeyCallers.CallerOf(key) : null;
    }

    /// <summary>
    /// Whether the request comes from this machine itself: not through a proxy that runs here, and not from a page of
    /// another site whose name was made to point here.
    /// </summary>
    static bool IsLocal(HttpContext http)
    {
        var headers = http.Request.Headers;
        return http.Connection.RemoteIpAddress is { } client && IPAddress.IsLoopback(client)
            && !headers.ContainsKey("X-Forwarded-For") && !headers.ContainsKey("Forwarded")
            && IsLoopbackName(http.Request.Host.Host);
    }

    static bool IsLoopbackName(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

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
