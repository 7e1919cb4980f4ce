using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http.Features;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.Bedrock;

/// <summary>Whose request it is, and for which region it was signed.</summary>
internal readonly record struct Signer(string Key, string Region);

/// <summary>Checks AWS's signatures, version 4, as the cloud does: nothing about them is taken on trust.</summary>
internal static class SignatureV4
{
    public const string Scheme = "AWS4-HMAC-SHA256";

    const string Terminator = "aws4_request";
    const string TimeFormat = "yyyyMMdd'T'HHmmss'Z'";

    static readonly TimeSpan Skew = TimeSpan.FromMinutes(5);

    /// <summary>Verifies the signature of a request.</summary>
    /// <param name="body">Its body, whole.</param>
    /// <exception cref="ApiException">It is not good.</exception>
    public static Signer Verify(HttpContext http, ReadOnlySpan<byte> body, Cloud cloud, DateTimeOffset now)
    {
        var request = http.Request;
        var parts = ReadAuthorization(request.Headers.Authorization.ToString());
        var scope = parts["Credential"].Split('/');
        if (scope is not [var keyId, var date, var region, "bedrock" or "bedrock-mantle", Terminator])
        {
            throw Invalid("Credential should be scoped to a valid region and to correct service: 'bedrock'.");
        }
        var signed = parts["SignedHeaders"].Split(';');
        CheckSigned(signed, request.Headers);
        var secret = FindSecret(cloud, keyId, request.Headers["x-amz-security-token"].ToString(), now, out var owner);
        var time = request.Headers["x-amz-date"].ToString();
        CheckTime(time, date, now);
        var canonical = string.Join('\n',
            request.Method, CanonicalPath(http), CanonicalQuery(http),
            string.Concat(signed.Select(name => $"{name}:{ValueOf(request, name)}\n")),
            parts["SignedHeaders"], Convert.ToHexStringLower(SHA256.HashData(body)));
        var toSign = string.Join('\n',
            Scheme, time, string.Join('/', scope[1..]),
            Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical))));
        var key = scope[1..].Aggregate(
            Encoding.UTF8.GetBytes("AWS4" + secret), (k, part) => HMACSHA256.HashData(k, Encoding.UTF8.GetBytes(part)));
        var wanted = Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(toSign)));
        return CryptographicOperations.FixedTimeEquals(
            Encoding.ASCII.GetBytes(wanted), Encoding.UTF8.GetBytes(parts["Signature"]))
            ? new Signer(owner, region)
            : throw Invalid(
                "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
                + "Access Key and signing method. Consult the service documentation for details.");
    }

    static Dictionary<string, string> ReadAuthorization(string header)
    {
        var parts = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var part in header[Scheme.Length..].Split(','))
        {
            var pair = part.Trim().Split('=', 2);
            if (pair.Length == 2)
            {
                parts[pair[0]] = pair[1];
            }
        }
        foreach (var name in (ReadOnlySpan<string>)["Credential", "SignedHeaders", "Signature"])
        {
            if (!parts.ContainsKey(name))
            {
                throw new ApiException(AwsErrors.Forbidden(
                    "IncompleteSignatureException", $"Authorization header requires '{name}' parameter."));
            }
        }
        return parts;
    }

    static void CheckSigned(string[] signed, IHeaderDictionary headers)
    {
        if (!signed.Contains("host") && !signed.Contains(":authority"))
        {
            throw Invalid("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
        }
        foreach (var name in headers.Keys.Where(k => k.StartsWith("x-amz-", StringComparison.OrdinalIgnoreCase)))
        {
            if (!signed.Contains(name.ToLowerInvariant()))
            {
                throw Invalid($"'{name}' must be a 'SignedHeader' in the AWS Authorization.");
            }
        }
        if (!signed.SequenceEqual(signed.Order(StringComparer.Ordinal)))
        {
            throw Invalid("The signed headers must be in order.");
        }
    }

    static string FindSecret(Cloud cloud, string keyId, string token, DateTimeOffset now, out string owner)
    {
        owner = keyId;
        if (token.Length == 0 && cloud.FindSecret(keyId) is { } secret)
        {
            return secret;
        }
        if (token.Length == 0 || TemporaryKeys.Find(cloud.Config.Keys, keyId, token) is not { } found)
        {
            throw new ApiException(AwsErrors.UnknownKey);
        }
        owner = found.Owner;
        return found.ExpiresAt > now && found.Epoch == cloud.TokenEpoch
            ? found.Secret
            : throw new ApiException(AwsErrors.Forbidden(
                "ExpiredTokenException", "The security token included in the request is expired"));
    }

    static void CheckTime(string text, string date, DateTimeOffset now)
    {
        if (!DateTimeOffset.TryParseExact(
            text, TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            || !text.StartsWith(date, StringComparison.Ordinal))
        {
            throw Invalid("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP.");
        }
        if (time < now - Skew)
        {
            throw Invalid($"Signature expired: {text} is now earlier than {(now - Skew).ToString(TimeFormat)}.");
        }
        if (time > now + Skew)
        {
            throw Invalid(
                $"Signature not yet current: {text} is still later than {(now + Skew).ToString(TimeFormat)}.");
        }
    }

    /// <summary>The path as it came, each of its segments percent-encoded once more.</summary>
    static string CanonicalPath(HttpContext http)
    {
        var path = RawTarget(http).Split('?')[0];
        var canonical = new StringBuilder(path.Length * 2);
        foreach (var value in Encoding.UTF8.GetBytes(path))
        {
            if (char.IsAsciiLetterOrDigit((char)value) || "/-_.~"u8.Contains(value))
            {
                canonical.Append((char)value);
            }
            else
            {
                canonical.Append(CultureInfo.InvariantCulture, $"%{value:X2}");
            }
        }
        return canonical.ToString();
    }

    static string CanonicalQuery(HttpContext http)
    {
        var target = RawTarget(http);
        var at = target.IndexOf('?', StringComparison.Ordinal);
        return at < 0
            ? ""
            : string.Join('&', target[(at + 1)..].Split('&')
                .Select(pair => pair.Contains('=', StringComparison.Ordinal) ? pair : pair + "=")
                .Order(StringComparer.Ordinal));
    }

    /// <summary>A header's value without white space around it, and with single spaces within.</summary>
    static string ValueOf(HttpRequest request, string name)
    {
        var value = name is "host" or ":authority"
            ? request.Host.Value ?? ""
            : string.Join(',', request.Headers[name].Select(v => v?.Trim()));
        return string.Join(' ', value.Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }

    public static string RawTarget(HttpContext http) => http.Features.Get<IHttpRequestFeature>()!.RawTarget;

    static ApiException Invalid(string message) =>
        new(AwsErrors.Forbidden("InvalidSignatureException", message));
}
