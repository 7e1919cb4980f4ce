using System.Net;
using System.Text.Json;
using Sahab.Routing.Requests;
using Sahab.Routing.Snapshot;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Serve.Providers.Anthropic;
using Sahab.Server.Serve.Providers.Azure;
using Sahab.Server.Serve.Providers.Bedrock;
using Sahab.Server.Serve.Providers.Credentials;
using Sahab.Server.Serve.Providers.Oci;
using Sahab.Server.Serve.Providers.OpenAI;
using Sahab.Server.Serve.Providers.Vertex;
using Sahab.Wire.Anthropic;
using Sahab.Wire.Azure;
using Sahab.Wire.Bedrock;
using Sahab.Wire.Oci;

namespace Sahab.Server.Serve.Providers;

/// <summary>
/// Makes the upstream of each deployment from its configuration. Credentials are shared by all deployments of a provider
/// and kept over reloads while what they are made from stays the same.
/// </summary>
internal sealed class UpstreamFactory(TimeProvider time) : IDisposable
{
    /// <summary>
    /// The connections to token services. They are few and live as long as the server, as credentials outlive the
    /// configuration that they were made for.
    /// </summary>
    readonly HttpMessageInvoker _tokenServices = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        ConnectTimeout = TimeSpan.FromSeconds(5),
        MaxConnectionsPerServer = 8,
        PooledConnectionLifetime = TimeSpan.FromMinutes(10),
        ActivityHeadersPropagator = null,
    });

    /// <summary>The keys that AWS's own tools would find: one set for the process, fetched at first need.</summary>
    readonly Lazy<AwsKeys> _awsKeys = new(() => AwsKeys.OfEnvironment(time));

    Dictionary<object, ICredential> _credentials = [];
    Dictionary<object, ICredential> _former = [];

    /// <summary>What a dialect can carry, whatever the models behind it could do.</summary>
    public static Capabilities CapabilitiesOf(ProviderConfig provider) => provider.Dialect switch
    {
        Dialect.OpenAi or Dialect.Azure or Dialect.Vertex => AllCapabilities,
        Dialect.Anthropic => Capabilities.Tools | Capabilities.Vision | Capabilities.JsonSchema,
        Dialect.Oci when provider.Oci!.Api == OciApi.Cohere => Capabilities.Tools | Capabilities.JsonSchema,
        Dialect.Oci => AllCapabilities,
        Dialect.Bedrock when provider.Bedrock?.Api == BedrockApi.OpenAi => AllCapabilities,
        Dialect.Bedrock => Capabilities.Tools | Capabilities.Vision | Capabilities.JsonSchema,
        _ => throw new ArgumentOutOfRangeException(nameof(provider)),
    };

    /// <summary>Makes one.</summary>
    /// <param name="http">The provider's connections.</param>
    public IUpstream Create(
        ProviderConfig provider, RegionConfig region, DeploymentConfig deployment, HttpMessageInvoker http)
    {
        var baseUrl = new Uri(region.BaseUrl.TrimEnd('/') + "/");
        var (version, policy) = VersionFor(baseUrl, provider.Http2);
        var route = new UpstreamRoute(http, baseUrl, version, policy, Credential: null);
        var model = deployment.UpstreamModel ?? deployment.Model;
        return provider.Dialect switch
        {
            Dialect.OpenAi => new OpenAIUpstream(
                route with { Credential = KeyOf(provider, "Authorization", "Bearer ") }, JsonSerializer.SerializeToUtf8Bytes(model),
                provider.RunningUsage),
            Dialect.Azure => CreateAzure(provider, route, model),
            Dialect.Anthropic => CreateAnthropic(provider, route, model),
            Dialect.Oci => CreateOci(provider.Oci!, provider, route, model, deployment.Capacity),
            Dialect.Vertex => CreateVertex(provider, region, deployment, route, model),
            Dialect.Bedrock => CreateBedrock(provider, region, route, model, deployment.Model),
            _ => throw new ArgumentOutOfRangeException(nameof(provider)),
        };
    }

    public void Dispose() => _tokenServices.Dispose();

    /// <summary>Begins a new configuration: credentials that it does not use any more are forgotten.</summary>
    public void Begin() => (_former, _credentials) = (_credentials, []);

    OpenAIUpstream CreateAzure(ProviderConfig provider, UpstreamRoute route, string deployment)
    {
        var name = JsonSerializer.SerializeToUtf8Bytes(deployment);
        route = route with
        {
            Credential = provider.Azure?.Entra is { } entra ? EntraOf(entra) : KeyOf(provider, "api-key", ""),
        };
        if (provider.Azure?.ApiVersion is not { } version)
        {
            return new OpenAIUpstream(route, name, runningUsage: false, readError: AzureErrors.Read);
        }

        // The older API names the deployment in the path and ignores the model in the body.
        var path = new Uri(route.BaseUrl, $"deployments/{Uri.EscapeDataString(deployment)}/");
        return new OpenAIUpstream(
            route with { BaseUrl = path }, name, runningUsage: false,
            $"?api-version={Uri.EscapeDataString(version)}", AzureErrors.Read);
    }

    AnthropicUpstream CreateAnthropic(ProviderConfig provider, UpstreamRoute route, string model)
    {
        var config = provider.Anthropic ?? new AnthropicConfig();
        return new AnthropicUpstream(
            route with { Credential = KeyOf(provider, "x-api-key", "") },
            new AnthropicRequestTerms(model, config.Version, config.MaxTokens));
    }

    IUpstream CreateBedrock(
        ProviderConfig provider, RegionConfig region, UpstreamRoute route, string model, string alias)
    {
        var settings = provider.Bedrock ?? new BedrockConfig();
        route = route with
        {
            Credential = KeyOf(provider, "Authorization", "Bearer ") ?? SignatureOf(settings, region.Id, route.BaseUrl),
        };
        return settings.Api == BedrockApi.OpenAi
            ? new OpenAIUpstream(route, JsonSerializer.SerializeToUtf8Bytes(model), runningUsage: false)
            : new BedrockUpstream(route, new BedrockModel(model, alias), settings.MaxTokens);
    }

    SigV4Credential SignatureOf(BedrockConfig settings, string region, Uri address)
    {
        // The host says which service it is: "bedrock-mantle" has its own name in signatures.
        var service = address.Host.StartsWith("bedrock-mantle", StringComparison.OrdinalIgnoreCase)
            ? "bedrock-mantle"
            : "bedrock";
        var keys = settings is { AccessKeyId.Value: { } id, SecretAccessKey.Value: { } secret }
            ? AwsKeys.Of(id.Reveal(), secret.Reveal(), settings.SessionToken?.Value?.Reveal())
            : _awsKeys.Value;
        return new SigV4Credential(keys, region, service, time);
    }

    IUpstream CreateOci(
        OciConfig oci, ProviderConfig provider, UpstreamRoute route, string model, CapacityKind capacity)
    {
        var key = oci.PrivateKey?.Value;
        route = route with
        {
            Credential = key is null
                ? KeyOf(provider, "Authorization", "Bearer ")
                : Share(
                    (oci.Tenancy, oci.User, oci.Fingerprint, key), () => new OciSignature(oci, time)),
        };
        if (oci.Api != OciApi.OpenAi)
        {
            return new OciUpstream(
                route, new OciServing(oci.Compartment, model, capacity == CapacityKind.Reserved), oci.Api);
        }

        // An API key belongs to a compartment; a signature does not say which, and each operation reads its own header.
        return new OpenAIUpstream(
            key is null ? route : route with
            {
                Headers = [new("CompartmentId", oci.Compartment), new("opc-compartment-id", oci.Compartment)],
            },
            JsonSerializer.SerializeToUtf8Bytes(model), runningUsage: false,
            readError: static (status, body, _) => OciErrors.Read(status, body));
    }

    VertexUpstream CreateVertex(
        ProviderConfig provider, RegionConfig region, DeploymentConfig deployment, UpstreamRoute route, string model)
    {
        var vertex = provider.Vertex!;
        route = route with
        {
            Credential = KeyOf(provider, "x-goog-api-key", "") ?? GoogleOf(vertex.Account?.Value),
            Headers = [VertexUpstream.PoolOf(deployment.Capacity)],
        };
        // A key stands for its project; everybody else names it, and the place in it.
        var place = vertex.Project is { } project
            ? $"projects/{Uri.EscapeDataString(project)}/locations/{Uri.EscapeDataString(region.Id)}/"
            : "";
        return new VertexUpstream(route with { BaseUrl = new Uri(route.BaseUrl, place) }, model, vertex.Api);
    }

    ICredential GoogleOf(Secret? account) => Share(
        account is null ? typeof(GoogleSignIn) : (typeof(GoogleSignIn), account),
        () => new TokenCredential(new TokenCache(new GoogleSignIn(account, time).FetchAsync, time)));

    ICredential EntraOf(EntraConfig entra) => Share(
        entra,
        () => new TokenCredential(new TokenCache(
            entra.ManagedIdentity
                ? new ManagedIdentity(entra.Client, entra.Scope).FetchAsync
                : new EntraSignIn(_tokenServices, entra, time).FetchAsync,
            time)));

    /// <summary>The credential of these settings, made the first time only.</summary>
    /// <param name="settings">All that it is made from, comparable by value.</param>
    ICredential Share(object settings, Func<ICredential> make)
    {
        if (!_credentials.TryGetValue(settings, out var credential))
        {
            credential = _former.TryGetValue(settings, out var former) ? former : make();
            _credentials.Add(settings, credential);
        }

        return credential;
    }

    ICredential? KeyOf(ProviderConfig provider, string header, string scheme) =>
        provider.Credentials?.Value is { } secret
            ? Share((header, secret), () => new KeyCredential(header, scheme + secret.Reveal()))
            : null;

    static (Version Version, HttpVersionPolicy Policy) VersionFor(Uri baseUrl, bool http2) =>
        (baseUrl.Scheme == Uri.UriSchemeHttps, http2) switch
        {
            (true, _) => (HttpVersion.Version20, HttpVersionPolicy.RequestVersionOrLower),
            (false, true) => (HttpVersion.Version20, HttpVersionPolicy.RequestVersionExact),
            (false, false) => (HttpVersion.Version11, HttpVersionPolicy.RequestVersionExact),
        };

    const Capabilities AllCapabilities = Capabilities.Tools | Capabilities.Vision | Capabilities.JsonSchema
        | Capabilities.Logprobs | Capabilities.Audio | Capabilities.MultipleChoices;
}
