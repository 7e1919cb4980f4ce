using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Serve.Providers.Credentials;

namespace Sahab.Server.Serve.Providers.Oci;

/// <summary>
/// Signs requests with a user's RSA key, as Oracle's cloud asks for: the draft of HTTP signatures, version 1, over the
/// date, the target, the host and the body.
/// </summary>
internal sealed class OciSignature : ICredential
{
    const string SignedHeaders = "date (request-target) host content-type content-length x-content-sha256";

    readonly TimeProvider _time;
    readonly string _keyId;
    readonly RSA? _key;

    public OciSignature(OciConfig config, TimeProvider time)
    {
        _time = time;
        _keyId = $"{config.Tenancy}/{config.User}/{config.Fingerprint}";
        _key = Read(config.PrivateKey!.Value!.Reveal());
    }

    public async ValueTask ApplyAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        if (_key is null)
        {
            throw new CredentialException("the private key is not an RSA key in PEM, or it needs a passphrase");
        }

        var content = request.Content!;
        var body = await content.ReadAsByteArrayAsync(cancellation);
        var digest = Convert.ToBase64String(SHA256.HashData(body));
        var date = _time.GetUtcNow().ToString("r", CultureInfo.InvariantCulture);
        var uri = request.RequestUri!;
        var signed = string.Create(CultureInfo.InvariantCulture, $"""
            date: {date}
            (request-target): post {uri.PathAndQuery}
            host: {uri.Authority}
            content-type: {content.Headers.ContentType}
            content-length: {body.Length}
            x-content-sha256: {digest}
            """);
        var signature = Convert.ToBase64String(_key.SignData(
            Encoding.UTF8.GetBytes(signed.ReplaceLineEndings("\n")), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
        var headers = request.Headers;
        headers.TryAddWithoutValidation("date", date);
        headers.TryAddWithoutValidation("x-content-sha256", digest);
        headers.TryAddWithoutValidation(
            "Authorization",
            $"Signature version=\"1\",keyId=\"{_keyId}\",algorithm=\"rsa-sha256\",headers=\"{SignedHeaders}\","
            + $"signature=\"{signature}\"");
    }

    public bool Renew(HttpRequestMessage request) => false;

    static RSA? Read(string pem)
    {
        var key = RSA.Create();
        try
        {
            key.ImportFromPem(pem);
            return key;
        }
        catch (Exception wrong) when (wrong is ArgumentException or CryptographicException)
        {
            key.Dispose();
            return null;
        }
    }
}
