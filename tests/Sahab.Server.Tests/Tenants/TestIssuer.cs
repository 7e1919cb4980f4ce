using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Logging;

namespace Sahab.Server.Tests.Tenants;

/// <summary>A round that the issuer knows: what the browser was sent with.</summary>
internal sealed record IssuedCode(string Nonce, string Challenge, string RedirectUri);

/// <summary>
/// An issuer of OpenID Connect on a port of its own, that signs with real keys, checks client, code, redirect and PKCE as
/// the standard says, and lies when a test asks it to.
/// </summary>
internal sealed class TestIssuer : IAsyncDisposable
{
    public const string ClientId = "sahab client";
    public const string ClientSecret = "cloud-secret";

    readonly WebApplication _app;
    readonly TimeProvider _time;
    readonly ConcurrentDictionary<string, IssuedCode> _codes = new();
    ECDsa _elliptic = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    RSA _rsa = RSA.Create(2048);
    int _round;

    TestIssuer(WebApplication app, TimeProvider time) => (_app, _time) = (app, time);

    public string Url => _app.Urls.Single();

    /// <summary>RS256, ES256, or what is no signature.</summary>
    public string Algorithm { get; set; } = "RS256";

    /// <summary>Changes the claims before they are signed.</summary>
    public Action<JsonObject> Lie { get; set; } = _ => { };

    /// <summary>Changes the whole token.</summary>
    public Func<string, string> Alter { get; set; } = token => token;

    /// <summary>What it calls itself, where that is to differ.</summary>
    public string? OtherName { get; set; }

    public string Subject { get; set; } = "subject-1";

    public string Email { get; set; } = "kim@example.com";

    /// <summary>One more with each new pair of keys.</summary>
    public int KeyNumber { get; private set; } = 1;

    public int KeysAsked { get; private set; }

    public static async Task<TestIssuer> StartAsync(TimeProvider time)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var issuer = new TestIssuer(builder.Build(), time);
        issuer._app.MapGet("/.well-known/openid-configuration", () => Json(new JsonObject
        {
            ["issuer"] = issuer.OtherName ?? issuer.Url,
            ["authorization_endpoint"] = issuer.Url + "/authorize?tenant=1",
            ["token_endpoint"] = issuer.Url + "/token",
            ["jwks_uri"] = issuer.Url + "/keys",
        }));
        issuer._app.MapGet("/keys", issuer.Keys);
        issuer._app.MapPost("/token", issuer.TokenAsync);
        await issuer._app.StartAsync();
        return issuer;
    }

    /// <summary>Signs with new keys from now on, and knows the old ones no more.</summary>
    public void RotateKeys()
    {
        _elliptic.Dispose();
        _rsa.Dispose();
        (_elliptic, _rsa) = (ECDsa.Create(ECCurve.NamedCurves.nistP256), RSA.Create(2048));
        KeyNumber++;
    }

    /// <summary>Lets the user consent, who was sent to this address; returns the address that they are sent back to.</summary>
    public string Consent(string authorizationUrl)
    {
        authorizationUrl.ShouldStartWith(Url + "/authorize?tenant=1&");
        var query = QueryHelpers.ParseQuery(new Uri(authorizationUrl).Query);
        query["response_type"].ToString().ShouldBe("code");
        query["client_id"].ToString().ShouldBe(ClientId);
        query["code_challenge_method"].ToString().ShouldBe("S256");
        query["scope"].ToString().Split(' ').ShouldContain("openid");
        var code = $"code-{Interlocked.Increment(ref _round)}";
        _codes[code] = new IssuedCode(
            query["nonce"].ToString(), query["code_challenge"].ToString(), query["redirect_uri"].ToString());
        return QueryHelpers.AddQueryString(
            query["redirect_uri"].ToString(),
            new Dictionary<string, string?> { ["code"] = code, ["state"] = query["state"].ToString() });
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _rsa.Dispose();
        _elliptic.Dispose();
    }

    IResult Keys()
    {
        KeysAsked++;
        var (rsa, curve) = (_rsa.ExportParameters(false), _elliptic.ExportParameters(false));
        return Json(new JsonObject
        {
            ["keys"] = new JsonArray(
                new JsonObject
                {
                    ["kty"] = "RSA",
                    ["kid"] = $"rsa-{KeyNumber}",
                    ["use"] = "sig",
                    ["n"] = Base64Url.EncodeToString(rsa.Modulus),
                    ["e"] = Base64Url.EncodeToString(rsa.Exponent),
                },
                new JsonObject
                {
                    ["kty"] = "EC",
                    ["kid"] = $"ec-{KeyNumber}",
                    ["crv"] = "P-256",
                    ["x"] = Base64Url.EncodeToString(curve.Q.X),
                    ["y"] = Base64Url.EncodeToString(curve.Q.Y),
                }),
        });
    }

    async Task<IResult> TokenAsync(HttpRequest request)
    {
        var form = await request.ReadFormAsync();
        var basic = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes(
            $"{Uri.EscapeDataString(ClientId)}:{Uri.EscapeDataString(ClientSecret)}"));
        return request.Headers.Authorization != basic || form["grant_type"] != "authorization_code"
            || !_codes.TryRemove(form["code"].ToString(), out var code) || form["redirect_uri"] != code.RedirectUri
            || Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(form["code_verifier"].ToString())))
                != code.Challenge
            ? Results.StatusCode(400)
            : Json(new JsonObject { ["access_token"] = "unused", ["id_token"] = Alter(Sign(code.Nonce)) });
    }

    string Sign(string nonce)
    {
        var now = _time.GetUtcNow().ToUnixTimeSeconds();
        var claims = new JsonObject
        {
            ["iss"] = Url,
            ["aud"] = ClientId,
            ["sub"] = Subject,
            ["nonce"] = nonce,
            ["iat"] = now,
            ["exp"] = now + 300,
            ["email"] = Email,
            ["email_verified"] = true,
            ["name"] = "Kim <b>Doe</b>",
        };
        Lie(claims);
        var header = new JsonObject
        {
            ["alg"] = Algorithm,
            ["typ"] = "JWT",
            ["kid"] = Algorithm == "ES256" ? $"ec-{KeyNumber}" : $"rsa-{KeyNumber}",
        };
        var signed = $"{Encode(header)}.{Encode(claims)}";
        var bytes = Encoding.ASCII.GetBytes(signed);
        return signed + "." + Algorithm switch
        {
            "RS256" => Base64Url.EncodeToString(_rsa.SignData(bytes, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)),
            "ES256" => Base64Url.EncodeToString(_elliptic.SignData(bytes, HashAlgorithmName.SHA256)),
            // With what everybody knows, as a verifier would that takes the public key for a shared one.
            "HS256" => Base64Url.EncodeToString(HMACSHA256.HashData(
                Encoding.ASCII.GetBytes(_rsa.ExportSubjectPublicKeyInfoPem()), bytes)),
            _ => "",
        };
    }

    static string Encode(JsonObject json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json.ToJsonString()));

    static IResult Json(JsonObject json) => Results.Text(json.ToJsonString(), "application/json");
}
