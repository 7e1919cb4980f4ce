using Sahab.Routing.Snapshot;

namespace Sahab.Server.Serve.Snapshots;

/// <summary>Where and how to reach a deployment: everything that an attempt needs and that does not change with it.</summary>
/// <param name="UpstreamModel">The provider's name for the model, as a JSON string in UTF-8.</param>
/// <param name="Authorization">The header's value, or none. Never logged.</param>
/// <param name="RunningUsage">Whether each chunk of a stream tells the usage so far.</param>
/// <param name="BillsBrokenStreams">Whether the provider bills a stream that it broke off itself.</param>
internal sealed record DeploymentTarget(
    Deployment Deployment, string Country, HttpMessageInvoker Http, Uri ChatCompletions, Uri Completions, Uri Embeddings,
    byte[] UpstreamModel, string? Authorization, Version HttpVersion, HttpVersionPolicy HttpVersionPolicy,
    bool RunningUsage, bool BillsBrokenStreams, long FirstByteMs, long BetweenChunksMs)
{
    /// <summary>The record without its secret.</summary>
    public override string ToString() => $"{Deployment.Spec.Id} at {ChatCompletions}";

    public static (Version Version, HttpVersionPolicy Policy) VersionFor(Uri baseUrl, bool http2) =>
        (baseUrl.Scheme == Uri.UriSchemeHttps, http2) switch
        {
            (true, _) => (HttpVersion20, HttpVersionPolicy.RequestVersionOrLower),
            (false, true) => (HttpVersion20, HttpVersionPolicy.RequestVersionExact),
            (false, false) => (HttpVersion11, HttpVersionPolicy.RequestVersionExact),
        };

    static readonly Version HttpVersion20 = System.Net.HttpVersion.Version20;
    static readonly Version HttpVersion11 = System.Net.HttpVersion.Version11;
}
