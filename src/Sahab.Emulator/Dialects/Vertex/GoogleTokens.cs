using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.Vertex;

/// <summary>
/// Google's token services and the tokens that they give: for service accounts (<c>/token</c>), for workloads of
/// elsewhere (<c>/v1/token</c>), for machines (the metadata server). A cloud's keys are its accounts too: the key's id is
/// the part of the account's address before the @, and the subject of a workload's token.
/// </summary>
internal sealed class GoogleTokens(TimeProvider time)
{
    const string AccountGrant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    const string ExchangeGrant = "urn:ietf:params:oauth:grant-type:token-exchange";
    const string Scope = "https://www.googleapis.com/auth/cloud-platform";

    /// <summary>Google's library asks for this audience wherever it is told to send the assertion.</summary>
    const string AccountAudience = "https://oauth2.googleapis.com/token";

    const string PoolAudience = "//iam.googleapis.com/";
    const string MetadataPath = "/computeMetadata/v1/instance/service-accounts/default/token";
    const int MaxFormBytes = 64 * 1024;

    readonly byte[] _signingKey = RandomNumberGenerator.GetBytes(32);

    /// <summary>The id of the key whose account a token was given to; null when it is not good, or not any more.</summary>
    public string? FindKey(Cloud cloud, string token)
    {
        if (token.Split('.') is not ["ya29", var payload, var signature]
            || !CryptographicOperations.FixedTimeEquals(
                Encoding.ASCII.GetBytes(Sign(payload)), Encoding.UTF8.GetBytes(signature)))
        {
            return null;
        }
        using var claims = JsonDocument.Parse(Base64Url.DecodeFromChars(payload));
        var isGood = claims.RootElement.GetProperty("exp").GetDouble() > UnixNow()
            && claims.RootElement.GetProperty("epoch").GetInt32() == cloud.TokenEpoch
            && claims.RootElement.GetProperty("cloud").GetString() == cloud.Id;
        return isGood ? claims.RootElement.GetProperty("key").GetString() : null;
    }

    /// <summary>Answers when the path is one of a token service; false when it is none.</summary>
    public async Task<bool> TryAnswerAsync(Exchange exchange)
    {
        switch (exchange.Http.Request.Method, exchange.Path)
        {
            case ("POST", "/token" or "/v1/token"):
                await AnswerFormAsync(exchange);
                return true;
            case ("GET", MetadataPath):
                await AnswerMachineAsync(exchange);
                return true;
            default:
                return false;
        }
    }

    async Task AnswerFormAsync(Exchange exchange)
    {
        var http = exchange.Http;
        if (!http.Request.HasFormContentType || http.Request.ContentLength is null or > MaxFormBytes)
        {
            await RefuseAsync(exchange, "invalid_request", "Bad Request");
            return;
        }
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        var isExchange = form["grant_type"] == ExchangeGrant;
        var (key, fault) = isExchange ? FindWorkload(exchange.Cloud, form)
            : form["grant_type"] == AccountGrant ? FindAccount(exchange.Cloud, form["assertion"].ToString())
            : (null, "Unsupported grant type.");
        if (key is null)
        {
            await RefuseAsync(exchange, "invalid_grant", fault!);
            return;
        }
        await GiveAsync(exchange, key, isExchange);
    }

    Task AnswerMachineAsync(Exchange exchange)
    {
        exchange.Http.Response.Headers["Metadata-Flavor"] = "Google";
        return exchange.Http.Request.Headers["Metadata-Flavor"] == "Google"
            ? GiveAsync(exchange, exchange.Cloud.Config.Keys.Keys.First(), isExchange: false)
            : exchange.SendJsonAsync(403, writer => writer.WriteStringValue("Missing required header 'Metadata-Flavor': 'Google'"));
    }

    Task GiveAsync(Exchange exchange, string key, bool isExchange)
    {
        var cloud = exchange.Cloud;
        var life = cloud.Config.TokenSeconds;
        var payload = Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(new
        {
            key,
            cloud = cloud.Id,
            epoch = cloud.TokenEpoch,
            exp = UnixNow() + life,
            // No two tokens are the same.
            nonce = exchange.RequestId,
        }));
        cloud.CountToken();
        return exchange.SendJsonAsync(200, writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("access_token", $"ya29.{payload}.{Sign(payload)}");
            writer.WriteNumber("expires_in", life);
            writer.WriteString("token_type", "Bearer");
            if (isExchange)
            {
                writer.WriteString("issued_token_type", "urn:ietf:params:oauth:token-type:access_token");
            }
            writer.WriteEndObject();
        });
    }

    /// <summary>The account that signed an assertion, or what is wrong with it.</summary>
    (string? Key, string? Fault) FindAccount(Cloud cloud, string assertion)
    {
        if (ReadSigned(cloud, assertion) is not { } claims)
        {
            return (null, "Invalid JWT Signature.");
        }
        var issued = Number(claims, "iat");
        var expires = Number(claims, "exp");
        if (Text(claims, "aud") != AccountAudience)
        {
            return (null, "Invalid JWT: Failed audience check.");
        }
        if (expires <= UnixNow() || expires > issued + 3600 || issued > UnixNow() + 300)
        {
            return (null, "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.");
        }
        if (!Text(claims, "scope").Split(' ').Contains(Scope))
        {
            return (null, "Invalid OAuth scope or ID token audience provided.");
        }
        var account = Text(claims, "iss").Split('@')[0];
        return Accepted(cloud, account) ? (account, null) : (null, "Invalid grant: account not found");
    }

    /// <summary>The account that a workload's own token stands for.</summary>
    (string? Key, string? Fault) FindWorkload(Cloud cloud, IFormCollection form)
    {
        if (!form["audience"].ToString().StartsWith(PoolAudience, StringComparison.Ordinal))
        {
            return (null, "Invalid value for \"audience\".");
        }
        if (ReadSigned(cloud, form["subject_token"].ToString()) is not { } claims)
        {
            return (null, "The given credential is rejected by the attribute condition.");
        }
        if (Number(claims, "exp") <= UnixNow())
        {
            return (null, "ID Token issued at is stale to sign-in.");
        }
        var account = Text(claims, "sub");
        return Accepted(cloud, account) ? (account, null) : (null, "The given credential is rejected.");
    }

    static bool Accepted(Cloud cloud, string account) =>
        cloud.Config.Keys.TryGetValue(account, out var secret) && cloud.FindKey(secret) == account;

    /// <summary>The claims of a token that the cloud's known signer made; null where it did not.</summary>
    static JsonElement? ReadSigned(Cloud cloud, string token)
    {
        if (cloud.Config.FederatedKey is not { } pem || token.Split('.') is not [var head, var payload, var signature])
        {
            return null;
        }
        using var rsa = RSA.Create();
        rsa.ImportFromPem(pem);
        try
        {
            if (!rsa.VerifyData(
                Encoding.ASCII.GetBytes($"{head}.{payload}"), Base64Url.DecodeFromChars(signature), HashAlgorithmName.SHA256,
                RSASignaturePadding.Pkcs1))
            {
                return null;
            }
            using var claims = JsonDocument.Parse(Base64Url.DecodeFromChars(payload));
            return claims.RootElement.ValueKind == JsonValueKind.Object ? claims.RootElement.Clone() : null;
        }
        catch (Exception odd) when (odd is FormatException or JsonException)
        {
            return null;
        }
    }

    static string Text(JsonElement claims, string name) =>
        claims.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    static double Number(JsonElement claims, string name) =>
        claims.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : 0;

    string Sign(string text) => Base64Url.EncodeToString(HMACSHA256.HashData(_signingKey, Encoding.ASCII.GetBytes(text)));

    double UnixNow() => time.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0;

    static Task RefuseAsync(Exchange exchange, string error, string description) => exchange.SendJsonAsync(400, writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("error", error);
        writer.WriteString("error_description", description);
        writer.WriteEndObject();
    });
}
