using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.IdentityModel.Tokens;
using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Sell.Tenants.SignIn;

/// <summary>
/// Asks issuers: what they say of themselves, their keys, and what a code is worth. Each answer has a time and a size that
/// it must not exceed, and no redirect is followed.
/// </summary>
internal sealed class IssuerClient(TimeProvider time) : IDisposable
{
    /// <summary>The longest answer that is read, in bytes.</summary>
    public const int MaxAnswerBytes = 256 * 1024;

    public static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(10);

    /// <summary>How long what an issuer says of itself, and its keys, are taken as they were.</summary>
    static readonly TimeSpan Life = TimeSpan.FromHours(1);

    /// <summary>
    /// Keys are asked for again for a key that is not among them, but no sooner than this after the last time.
    /// </summary>
    static readonly TimeSpan KeyPause = TimeSpan.FromSeconds(30);

    readonly HttpClient _http = new(new SocketsHttpHandler
    {
        ConnectTimeout = TimeSpan.FromSeconds(5),
        AllowAutoRedirect = false,
        UseCookies = false,
        MaxConnectionsPerServer = 16,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
    })
    {
        Timeout = AnswerTimeout,
        MaxResponseContentBufferSize = MaxAnswerBytes,
    };

    readonly ConcurrentDictionary<string, (IssuerMetadata Metadata, DateTimeOffset FetchedAt)> _metadata =
        new(StringComparer.Ordinal);

    readonly ConcurrentDictionary<Uri, IssuerKeys> _keys = new();

    /// <exception cref="IssuerException">It cannot be asked, or does not say what it must.</exception>
    public async Task<IssuerMetadata> MetadataAsync(OidcIssuerConfig issuer, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        if (_metadata.TryGetValue(issuer.Issuer, out var known) && now - known.FetchedAt < Life)
        {
            return known.Metadata;
        }

        var address = new Uri($"{issuer.Issuer.TrimEnd('/')}/.well-known/openid-configuration");
        var said = await GetAsync(address, cancellation);
        if (said["issuer"]?.ToString() != issuer.Issuer)
        {
            throw new IssuerException($"The issuer says that it is another than {issuer.Issuer}, as which it is configured.");
        }

        var methods = said["token_endpoint_auth_methods_supported"] is JsonArray list
            ? list.Select(method => method?.ToString()).ToList()
            : ["client_secret_basic"];
        var metadata = new IssuerMetadata(
            EndpointOf(said, "authorization_endpoint", issuer), EndpointOf(said, "token_endpoint", issuer),
            EndpointOf(said, "jwks_uri", issuer),
            !methods.Contains("client_secret_basic") && methods.Contains("client_secret_post"));
        _metadata[issuer.Issuer] = (metadata, now);
        return metadata;
    }

    /// <summary>The issuer's keys.</summary>
    /// <param name="after">Those in which the one that was looked for is not; null: any will do that are not too old.</param>
    /// <returns>Keys; the same as before where it is too soon to ask again.</returns>
    /// <exception cref="IssuerException">It cannot be asked, or does not say what it must.</exception>
    public async Task<IssuerKeys> KeysAsync(Uri address, IssuerKeys? after, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        if (_keys.TryGetValue(address, out var known)
            && now - known.FetchedAt < (ReferenceEquals(known, after) ? KeyPause : Life))
        {
            return known;
        }

        try
        {
            var keys = new JsonWebKeySet((await GetAsync(address, cancellation)).ToJsonString());
            return _keys[address] = new IssuerKeys([.. keys.GetSigningKeys()], now);
        }
        catch (Exception error) when (error is ArgumentException or JsonException)
        {
            throw new IssuerException("The issuer's keys cannot be read.");
        }
    }

    /// <summary>Gets the ID token for a code.</summary>
    /// <exception cref="IssuerException">It cannot be asked, or refuses the code.</exception>
    public async Task<string> RedeemAsync(
        OidcIssuerConfig issuer, IssuerMetadata metadata, string code, string verifier, string redirectUri,
        CancellationToken cancellation)
    {
        var secret = issuer.ClientSecret.Value?.Reveal() ?? throw new IssuerException("The client's secret is not there.");
        var form = new Dictionary<string, string>
        {
            ["grant_type"] = "authorization_code",
            ["code"] = code,
            ["redirect_uri"] = redirectUri,
            ["code_verifier"] = verifier,
            ["client_id"] = issuer.ClientId,
        };
        using var request = new HttpRequestMessage(HttpMethod.Post, metadata.TokenEndpoint);
        if (metadata.PostsSecret)
        {
            form["client_secret"] = secret;
        }
        else
        {
            var pair = $"{Uri.EscapeDataString(issuer.ClientId)}:{Uri.EscapeDataString(secret)}";
            request.Headers.Authorization = new AuthenticationHeaderValue(
                "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(pair)));
        }

        request.Content = new FormUrlEncodedContent(form);
        return (await AskAsync(request, cancellation))["id_token"]?.ToString() is { Length: > 0 } token
            ? token
            : throw new IssuerException("The issuer gave no ID token.");
    }

    public void Dispose() => _http.Dispose();

    async Task<JsonObject> GetAsync(Uri address, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        return await AskAsync(request, cancellation);
    }

    async Task<JsonObject> AskAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        try
        {
            using var response = await _http.SendAsync(request, cancellation);
            return !response.IsSuccessStatusCode
                ? throw new IssuerException($"{request.RequestUri!.Host} answered {(int)response.StatusCode}.")
                : JsonNode.Parse(await response.Content.ReadAsStringAsync(cancellation)) as JsonObject
                    ?? throw new IssuerException($"{request.RequestUri!.Host} answered no JSON object.");
        }
        catch (Exception error) when (error is HttpRequestException or JsonException
            || (error is TaskCanceledException && !cancellation.IsCancellationRequested))
        {
            // Its own message may repeat what the issuer said.
            throw new IssuerException($"{request.RequestUri!.Host} cannot be asked, or not in time.");
        }
    }

    /// <summary>Over https; over http only where the issuer itself is configured so, which is on this machine.</summary>
    static Uri EndpointOf(JsonObject said, string name, OidcIssuerConfig issuer) =>
        Uri.TryCreate(said[name]?.ToString(), UriKind.Absolute, out var address)
        && (address.Scheme == "https" || (address.Scheme == "http" && address.IsLoopback
            && issuer.Issuer.StartsWith("http:", StringComparison.Ordinal)))
            ? address
            : throw new IssuerException($"The issuer says no '{name}' over https.");
}
