using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http.Features;

namespace Sahab.Emulator.Dialects.Oci;

/// <summary>Verifies signed requests (draft-cavage HTTP signatures, version 1, rsa-sha256).</summary>
internal sealed partial class OciSignatures(TimeProvider time)
{
    static readonly TimeSpan Skew = TimeSpan.FromMinutes(5);

    static readonly string[] OfBody = ["content-type", "content-length", "x-content-sha256"];

    public static bool IsSigned(HttpRequest request) =>
        request.Headers.Authorization.ToString().StartsWith("Signature ", StringComparison.OrdinalIgnoreCase);

    /// <summary>The key's id, its tenancy, user and fingerprint; null when the signature does not hold.</summary>
    public async Task<string?> FindKeyAsync(Exchange exchange)
    {
        var request = exchange.Http.Request;
        var parts = Part().Matches(request.Headers.Authorization.ToString())
            .ToDictionary(part => part.Groups[1].Value, part => part.Groups[2].Value);
        if (parts.GetValueOrDefault("version") != "1" || parts.GetValueOrDefault("algorithm") != "rsa-sha256"
            || !parts.TryGetValue("keyId", out var keyId) || !parts.TryGetValue("signature", out var signature)
            || !parts.TryGetValue("headers", out var listed)
            || !exchange.Cloud.Config.SigningKeys.TryGetValue(keyId, out var pem) || !exchange.Cloud.Accepts(keyId))
        {
            return null;
        }
        var names = listed.ToLowerInvariant().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var date = names.Contains("x-date") ? "x-date" : "date";
        if (!names.Contains("(request-target)") || !names.Contains("host") || !names.Contains(date)
            || !IsRecent(request.Headers[date].ToString())
            || (HttpMethods.IsPost(request.Method) && !(OfBody.All(names.Contains) && await IsBodyAsync(request))))
        {
            return null;
        }
        var text = string.Join('\n', names.Select(name => $"{name}: {ValueOf(request, name)}"));
        using var rsa = RSA.Create();
        rsa.ImportFromPem(pem);
        var bytes = new byte[signature.Length];
        return Convert.TryFromBase64String(signature, bytes, out var length)
            && rsa.VerifyData(
                Encoding.UTF8.GetBytes(text), bytes.AsSpan(0, length), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            ? keyId
            : null;
    }

    bool IsRecent(string date) =>
        DateTimeOffset.TryParseExact(date, "r", CultureInfo.InvariantCulture, DateTimeStyles.None, out var at)
        && (time.GetUtcNow() - at).Duration() <= Skew;

    static string ValueOf(HttpRequest request, string name) => name switch
    {
        "(request-target)" => $"{request.Method.ToLowerInvariant()} "
            + request.HttpContext.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget,
        "host" => request.Host.Value ?? "",
        _ => request.Headers[name].ToString(),
    };

    /// <summary>Whether the body has the digest that was signed. It can be read again afterwards.</summary>
    static async Task<bool> IsBodyAsync(HttpRequest request)
    {
        request.EnableBuffering((int)EmulatorHost.MaxBodyBytes);
        var digest = await SHA256.HashDataAsync(request.Body, request.HttpContext.RequestAborted);
        request.Body.Position = 0;
        return request.Headers["x-content-sha256"] == Convert.ToBase64String(digest);
    }

    [GeneratedRegex("([a-zA-Z]+)=\"([^\"]*)\"", RegexOptions.CultureInvariant)]
    private static partial Regex Part();
}
