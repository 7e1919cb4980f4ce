using System.Collections.Immutable;

namespace Sahab.Server.Hosting.Configuration;

[Doc("A company that sells compute, or ourselves.")]
internal sealed record ProviderConfig
{
    [MapKey]
    [Form(TextForm.Id)]
    public required string Id { get; init; } = "";

    [Doc("The wire protocol that it speaks.")]
    public Dialect Dialect { get; init; } = Dialect.OpenAi;

    [Doc("The API key that we send, from the environment or a file. Leave it out where none is asked for.")]
    public SecretConfig? Credentials { get; init; }

    [Doc("For the dialect `azure`.")]
    public AzureConfig? Azure { get; init; }

    [Doc("For the dialect `vertex`, which needs it.")]
    public VertexConfig? Vertex { get; init; }

    [Doc("For the dialect `bedrock`.")]
    public BedrockConfig? Bedrock { get; init; }

    [Doc("For the dialect `oci`, which needs it.")]
    public OciConfig? Oci { get; init; }

    [Doc("For the dialect `anthropic`.")]
    public AnthropicConfig? Anthropic { get; init; }

    [Doc("How long we wait for it.")]
    public TimeoutsConfig Timeouts { get; init; } = new();

    [Doc("Whether to speak HTTP/2 over cleartext. Over https both are negotiated either way.")]
    public bool Http2 { get; init; }

    [Doc("Whether to ask for usage in every streamed chunk (`continuous_usage_stats`, vLLM), so that the bill of a "
        + "cut stream is known.")]
    public bool RunningUsage { get; init; }

    [Doc("Asks its servers, which are vLLM's, how busy and how well they are (`/metrics` and `/health` beside the last "
        + "part of the base URL), so that the router knows of load that is not ours. For the dialect `openai`.")]
    public ProbeConfig? Probe { get; init; }

    [Doc("Whether it bills the tokens of a stream that it broke off itself.")]
    public BrokenStreams BrokenStreams { get; init; } = BrokenStreams.Billed;

    [Doc("The most connections to each of its regions.")]
    [Between("1", "65536")]
    public int MaxConnections { get; init; } = 1024;

    [Doc("Its places, by id.")]
    [AtMost(256)]
    public required ImmutableArray<RegionConfig> Regions { get; init; } = [];

    /// <summary>All that proves to it who we are, in whatever dialect.</summary>
    public IEnumerable<Secret> AllSecrets() => new[]
    {
        Credentials, Azure?.Entra?.ClientSecret, Vertex?.Account, Bedrock?.AccessKeyId, Bedrock?.SecretAccessKey,
        Bedrock?.SessionToken, Oci?.PrivateKey,
    }.Select(source => source?.Value).OfType<Secret>();
}

/// <summary>The wire protocols that a provider may speak.</summary>
internal enum Dialect
{
    /// <summary>OpenAI's API: OpenAI, vLLM, llama.cpp, Ollama, CoreWeave, clusters of our own.</summary>
    OpenAi,

    /// <summary>Azure OpenAI and AI Foundry.</summary>
    Azure,

    /// <summary>Google Vertex AI.</summary>
    Vertex,

    /// <summary>AWS Bedrock.</summary>
    Bedrock,

    /// <summary>Oracle OCI Generative AI.</summary>
    Oci,

    /// <summary>Anthropic Messages.</summary>
    Anthropic,
}

/// <summary>What a provider does about the tokens of a stream that it broke off.</summary>
internal enum BrokenStreams
{
    Billed,
    Unbilled,
}

[Doc("How long we wait for a provider.")]
internal sealed record TimeoutsConfig
{
    [Doc("For a connection, TLS included.")]
    [Between("10ms", "5m")]
    public TimeSpan Connect { get; init; } = TimeSpan.FromSeconds(5);

    [Doc("From the last byte of the request to the first of the answer.")]
    [Between("10ms", "1h")]
    public TimeSpan FirstByte { get; init; } = TimeSpan.FromSeconds(120);

    [Doc("Between two chunks of an answer; a longer silence is a stall.")]
    [Between("10ms", "1h")]
    public TimeSpan BetweenChunks { get; init; } = TimeSpan.FromSeconds(30);
}

[Doc("How often a provider's servers are asked how they are.")]
internal sealed record ProbeConfig
{
    [Doc("The time from one question to the next.")]
    [Between("250ms", "5s")]
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(2);
}

[Doc("A place at a provider.")]
internal sealed record RegionConfig
{
    [MapKey]
    [Form(TextForm.Id)]
    public required string Id { get; init; } = "";

    [Doc("The country in which it stands, ISO 3166-1 alpha-2 (`NO`, `US`). Country rules of keys go by it.")]
    [Form(TextForm.Country)]
    public required string Country { get; init; } = "";

    [Doc("Its API up to and including the version (`https://api.example.com/v1`), http or https. What it is for other "
        + "dialects than `openai` stands with each of them.")]
    [Form(TextForm.HttpUrl)]
    public required string BaseUrl { get; init; } = "";

    [Doc("Its power envelope in megawatts, where that matters.")]
    [Between("0", "100000")]
    public decimal? PowerMw { get; init; }
}
