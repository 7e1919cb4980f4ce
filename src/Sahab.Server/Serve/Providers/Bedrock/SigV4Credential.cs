using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Amazon.Runtime;
using Sahab.Server.Serve.Providers.Credentials;

namespace Sahab.Server.Serve.Providers.Bedrock;

/// <summary>
/// Signs requests as AWS asks for it, version 4: the path, the body and the headers that matter. AWS's own signer does
/// the same in ten times the time: it takes a request apart and derives the day's key for each.
/// </summary>
/// <param name="region">AWS's region, for which requests are signed.</param>
/// <param name="service">The service's name in the signature.</param>
internal sealed class SigV4Credential(AwsKeys keys, string region, string service, TimeProvider time) : ICredential
{
    const string Algorithm = "AWS4-HMAC-SHA256";
    const string SignedHeaders = "content-length;content-type;host;x-amz-content-sha256;x-amz-date";
    const string TokenHeader = "x-amz-security-token";

    static readonly HttpRequestOptionsKey<AWSCredentials> SignedWith = new("sahab.aws-keys");

    /// <summary>The key of the day, which is good for all of its requests.</summary>
    DayKey? _dayKey;

    public async ValueTask ApplyAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        var credentials = await keys.GetAsync(cancellation);
        var pair = credentials.GetCredentials();
        var content = request.Content!;
        var body = await content.ReadAsByteArrayAsync(cancellation);
        var digest = Convert.ToHexStringLower(SHA256.HashData(body));
        var at = time.GetUtcNow().UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        var hasToken = !string.IsNullOrEmpty(pair.Token);
        var signed = hasToken ? $"{SignedHeaders};{TokenHeader}" : SignedHeaders;
        var token = hasToken ? $"{TokenHeader}:{pair.Token}\n" : "";
        var uri = request.RequestUri!;
        // No request of ours has a query; its line is empty.
        var canonical = string.Create(
            CultureInfo.InvariantCulture,
            $"{request.Method}\n{EncodeAgain(uri.AbsolutePath)}\n\ncontent-length:{body.Length}\n"
            + $"content-type:{content.Headers.ContentType}\nhost:{uri.Authority}\nx-amz-content-sha256:{digest}\n"
            + $"x-amz-date:{at}\n{token}\n{signed}\n{digest}");
        var scope = $"{at[..8]}/{region}/{service}/aws4_request";
        var toSign = $"{Algorithm}\n{at}\n{scope}\n{HexDigest(canonical)}";
        var signature = Convert.ToHexStringLower(
            HMACSHA256.HashData(KeyOf(pair.SecretKey, at[..8]), Encoding.UTF8.GetBytes(toSign)));
        var headers = request.Headers;
        headers.TryAddWithoutValidation("x-amz-date", at);
        headers.TryAddWithoutValidation("x-amz-content-sha256", digest);
        if (hasToken)
        {
            headers.TryAddWithoutValidation(TokenHeader, pair.Token);
        }

        headers.TryAddWithoutValidation(
            "Authorization",
            $"{Algorithm} Credential={pair.AccessKey}/{scope}, SignedHeaders={signed}, Signature={signature}");
        request.Options.Set(SignedWith, credentials);
    }

    public bool Renew(HttpRequestMessage request) =>
        request.Options.TryGetValue(SignedWith, out var used) && keys.Reject(used);

    /// <summary>The path as it is sent, its segments percent-encoded once more.</summary>
    static string EncodeAgain(string path) =>
        string.Join('/', path.Split('/').Select(Uri.EscapeDataString));

    static string HexDigest(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    byte[] KeyOf(string secret, string date)
    {
        if (_dayKey is { } known && known.Secret == secret && known.Date == date)
        {
            return known.Key;
        }

        var key = Encoding.UTF8.GetBytes("AWS4" + secret);
        foreach (var part in (string[])[date, region, service, "aws4_request"])
        {
            key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(part));
        }

        _dayKey = new DayKey(secret, date, key);
        return key;
    }

    sealed record DayKey(string Secret, string Date, byte[] Key)
    {
        /// <summary>The record without its secrets.</summary>
        public override string ToString() => Date;
    }
}
