using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Sahab.Server.Serve.Providers.Credentials;

namespace Sahab.Server.Serve.Providers;

/// <summary>The way to a deployment, whatever is said there: connections, address, HTTP version, credential.</summary>
/// <param name="BaseUrl">Ends with a slash.</param>
/// <param name="Version">The HTTP version to ask for.</param>
/// <param name="Credential">What proves who we are; none where nothing is asked for.</param>
internal sealed record UpstreamRoute(
    HttpMessageInvoker Http, Uri BaseUrl, Version Version, HttpVersionPolicy VersionPolicy, ICredential? Credential)
{
    /// <summary>Headers that go with every request.</summary>
    public ImmutableArray<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>The record without its secret.</summary>
    public override string ToString() => BaseUrl.ToString();

    /// <summary>
    /// Sends a POST with our headers and credential. A credential that is not accepted, and may have been exchanged for a
    /// fresh one, is tried once more.
    /// </summary>
    /// <param name="content">The body; able to be sent twice.</param>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<HttpResponseMessage> SendAsync(
        Uri uri, HttpContent content, UpstreamCall call, CancellationToken cancellation)
    {
        for (var isSecond = false; ; isSecond = true)
        {
            var request = new HttpRequestMessage(HttpMethod.Post, uri)
            {
                Version = Version,
                VersionPolicy = VersionPolicy,
                Content = content,
            };
            var headers = request.Headers;
            // As text: a value that has been read already would be made into one, and written out, for each call.
            headers.TryAddWithoutValidation("User-Agent", "sahab/0.1");
            headers.TryAddWithoutValidation("X-Client-Request-Id", call.CallId.ToString());
            if (call.TraceParent is not null)
            {
                headers.TryAddWithoutValidation("traceparent", call.TraceParent);
            }

            foreach (var header in Headers)
            {
                headers.TryAddWithoutValidation(header.Key, header.Value);
            }

            if (Credential is not null)
            {
                await Credential.ApplyAsync(request, cancellation);
            }

            var response = await Http.SendAsync(request, cancellation);
            if (isSecond || (int)response.StatusCode is not (401 or 403) || Credential?.Renew(request) != true)
            {
                return response;
            }

            response.Dispose();
        }
    }
}
