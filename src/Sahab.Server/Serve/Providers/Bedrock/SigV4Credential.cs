using System.Globalization;
using Amazon;
using Amazon.Runtime;
using Amazon.Runtime.Signing;
using Sahab.Server.Serve.Providers.Credentials;

namespace Sahab.Server.Serve.Providers.Bedrock;

/// <summary>Signs requests as AWS asks for it, version 4: the path, the body and the headers that matter.</summary>
/// <param name="region">AWS's region, for which requests are signed.</param>
/// <param name="service">The service's name in the signature.</param>
internal sealed class SigV4Credential(AwsKeys keys, string region, string service, TimeProvider time) : ICredential
{
    const string ContentType = "content-type";
    const string ContentLength = "content-length";

    static readonly HttpRequestOptionsKey<AWSCredentials> SignedWith = new("sahab.aws-keys");

    readonly RegionEndpoint _region = RegionEndpoint.GetBySystemName(region);

    public async ValueTask ApplyAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        var credentials = await keys.GetAsync(cancellation);
        var content = request.Content!;
        var body = await content.ReadAsByteArrayAsync(cancellation);
        var signing = new AWSSigningRequest
        {
            HttpMethod = request.Method,
            RequestUri = request.RequestUri,
            Content = body,
        };
        signing.Headers[ContentLength] = body.Length.ToString(CultureInfo.InvariantCulture);
        signing.Headers[ContentType] = content.Headers.ContentType!.ToString();
        var signed = AWSSigV4Signer.Sign(signing, new AWSSigV4Parameters
        {
            Credentials = credentials,
            Region = _region,
            Service = service,
            SignedAt = time.GetUtcNow().UtcDateTime,
        });
        foreach (var (name, value) in signed.Headers)
        {
            if (!name.StartsWith("content-", StringComparison.OrdinalIgnoreCase)
                && !name.Equals("host", StringComparison.OrdinalIgnoreCase))
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }
        }

        request.Options.Set(SignedWith, credentials);
    }

    public bool Renew(HttpRequestMessage request) =>
        request.Options.TryGetValue(SignedWith, out var used) && keys.Reject(used);
}
