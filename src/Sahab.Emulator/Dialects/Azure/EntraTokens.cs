using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.Azure;

/// <summary>
/// Entra ID's token endpoint and the tokens that it gives. A cloud's keys are its applications too: the key's id is the
/// client id and its secret the client secret.
/// </summary>
internal sealed class EntraTokens(TimeProvider time)
{
    public const string PathEnd = "/oauth2/v2.0/token";

    const string AssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    const string AssertionAudience = "api://AzureADTokenExchange";
    const int MaxFormBytes = 64 * 1024;

    static readonly string[] Resources = ["https://cognitiveservices.azure.com", "https://ai.azure.com"];

    readonly byte[] _signingKey = RandomNumberGenerator.GetBytes(32);

    /// <summary>The id of the key whose application a token was given to; null when it is not good, or not any more.</summary>
    public string? FindKey(Cloud cloud, string token)
    {
        if (token.Split('.') is not [var head, var payload, var signature]
            || !CryptographicOperations.FixedTimeEquals(
                Encoding.ASCII.GetBytes(Sign($"{head}.{payload}")), Encoding.UTF8.GetBytes(signature)))
        {
            return null;
        }
        using var claims = JsonDocument.Parse(Base64Url.DecodeFromChars(payload));
        var isGood = claims.RootElement.GetProperty("exp").GetDouble() > UnixNow()
            && claims.RootElement.GetProperty("epoch").GetInt32() == cloud.TokenEpoch
            && claims.RootElement.GetProperty("cloud").GetString() == cloud.Id;
        return isGood ? claims.RootElement.GetProperty("appid").GetString() : null;
    }

    public async Task AnswerAsync(Exchange exchange)
    {
        var http = exchange.Http;
        if (http.Request.Method != "POST" || !http.Request.HasFormContentType
            || http.Request.ContentLength is null or > MaxFormBytes)
        {
            await RefuseAsync(exchange, new Refused(400, "invalid_request", 900144, "The request body must be a form."));
            return;
        }
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        if (FindFault(exchange.Cloud, form) is { } fault)
        {
            await RefuseAsync(exchange, fault);
            return;
        }
        var life = exchange.Cloud.Config.TokenSeconds;
        var token = Issue(exchange.Cloud, form["client_id"].ToString(), form["scope"].ToString(), life);
        exchange.Cloud.CountToken();
        await exchange.SendJsonAsync(200, writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("token_type", "Bearer");
            writer.WriteNumber("expires_in", life);
            writer.WriteNumber("ext_expires_in", life);
            writer.WriteString("access_token", token);
            writer.WriteEndObject();
        });
    }

    Refused? FindFault(Cloud cloud, IFormCollection form)
    {
        var client = form["client_id"].ToString();
        if (form["grant_type"] != "client_credentials")
        {
            return new(400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.");
        }
        if (!Resources.Any(resource => form["scope"] == $"{resource}/.default"))
        {
            return new(400, "invalid_scope", 70011, "The provided value for the input parameter 'scope' is not valid.");
        }
        if (!cloud.Config.Keys.ContainsKey(client))
        {
            return new(
                400, "unauthorized_client", 700016,
                $"Application with identifier '{client}' was not found in the directory.");
        }
        if (form["client_assertion_type"] == AssertionType)
        {
            return FindFault(cloud, form["client_assertion"].ToString());
        }
        return cloud.FindKey(form["client_secret"].ToString()) == client
            ? null
            : new(
                401, "invalid_client", 7000215,
                $"Invalid client secret provided. Ensure the secret being sent in the request is the client secret "
                + $"value, not the client secret ID, for a secret added to app '{client}'.");
    }

    /// <summary>What is wrong with a workload's token.</summary>
    Refused? FindFault(Cloud cloud, string assertion)
    {
        if (cloud.Config.FederatedKey is not { } pem || assertion.Split('.') is not [var head, var payload, var signature])
        {
            return new(401, "invalid_client", 700213, "No matching federated identity record found for presented assertion.");
        }
        using var rsa = RSA.Create();
        rsa.ImportFromPem(pem);
        try
        {
            if (!rsa.VerifyData(
                Encoding.ASCII.GetBytes($"{head}.{payload}"), Base64Url.DecodeFromChars(signature), HashAlgorithmName.SHA256,
                RSASignaturePadding.Pkcs1))
            {
                return new(401, "invalid_client", 700027, "Client assertion failed signature validation.");
            }
            using var claims = JsonDocument.Parse(Base64Url.DecodeFromChars(payload));
            if (claims.RootElement.GetProperty("aud").GetString() != AssertionAudience)
            {
                return new(401, "invalid_client", 700212, "No matching federated identity record found for presented assertion audience.");
            }
            return claims.RootElement.GetProperty("exp").GetInt64() > UnixNow()
                ? null
                : new(401, "invalid_client", 700024, "Client assertion is not within its valid time range.");
        }
        catch (Exception odd) when (odd is FormatException or JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return new(401, "invalid_client", 50027, "JWT token is invalid or malformed.");
        }
    }

    string Issue(Cloud cloud, string client, string scope, int life)
    {
        var head = Base64Url.EncodeToString("""{"typ":"JWT","alg":"HS256"}"""u8);
        var payload = Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(new
        {
            aud = scope.Replace("/.default", "", StringComparison.Ordinal),
            appid = client,
            cloud = cloud.Id,
            epoch = cloud.TokenEpoch,
            exp = UnixNow() + life,
        }));
        return $"{head}.{payload}.{Sign($"{head}.{payload}")}";
    }

    string Sign(string text) => Base64Url.EncodeToString(HMACSHA256.HashData(_signingKey, Encoding.ASCII.GetBytes(text)));

    double UnixNow() => time.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0;

    static Task RefuseAsync(Exchange exchange, Refused refused) => exchange.SendJsonAsync(refused.Status, writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("error", refused.Error);
        writer.WriteString(
            "error_description", $"AADSTS{refused.Code}: {refused.Message}\r\nTrace ID: {exchange.RequestId}");
        writer.WriteStartArray("error_codes");
        writer.WriteNumberValue(refused.Code);
        writer.WriteEndArray();
        writer.WriteString("trace_id", exchange.RequestId);
        writer.WriteEndObject();
    });

    sealed record Refused(int Status, string Error, int Code, string Message);
}
