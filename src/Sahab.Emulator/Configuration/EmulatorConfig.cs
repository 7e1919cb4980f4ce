namespace Sahab.Emulator.Configuration;

/// <summary>All emulated clouds of one process.</summary>
public sealed record EmulatorConfig
{
    /// <summary>Seed of all text, lengths, latencies and fault draws.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>How many emulated seconds pass in one real second. Above 0, at most 10,000.</summary>
    public double Speed { get; init; } = 1;

    /// <summary>Whether answers take time at all.</summary>
    public Latency Latency { get; init; } = Latency.Realistic;

    /// <summary>TCP port of the control API and page; 0 takes a free one.</summary>
    public int ControlPort { get; init; }

    /// <summary>Models by id, with what is the same wherever they run.</summary>
    public Dictionary<string, ModelConfig> Models { get; init; } = [];

    /// <summary>Clouds by id.</summary>
    public Dictionary<string, CloudConfig> Clouds { get; init; } = [];
}

/// <summary>Whether an emulated cloud takes its time.</summary>
public enum Latency
{
    /// <summary>First token and inter-token times as the profile says.</summary>
    Realistic,

    /// <summary>Every answer at once, for benchmarks of what stands in front.</summary>
    None,
}

/// <summary>Whose habits a cloud has: error bodies, limit headers, queueing.</summary>
public enum CloudStyle
{
    /// <summary>OpenAI's own service.</summary>
    OpenAI,

    /// <summary>Azure OpenAI.</summary>
    Azure,

    /// <summary>Google Vertex AI's OpenAI-compatible endpoint.</summary>
    Google,

    /// <summary>A vLLM server: queues rather than refuses.</summary>
    Vllm,

    /// <summary>Anthropic's Messages API.</summary>
    Anthropic,

    /// <summary>Oracle's OCI Generative AI.</summary>
    Oracle,

    /// <summary>AWS Bedrock; its keys are access keys by id, whose secrets serve as bearer keys too.</summary>
    Bedrock,
}

/// <summary>One emulated cloud.</summary>
public sealed record CloudConfig
{
    /// <summary>TCP port on the loopback interface; 0 takes a free one.</summary>
    public int Port { get; init; }

    /// <summary>
    /// Another port, on which it speaks HTTP/2 over cleartext and nothing else; 0 takes a free one, none when absent.
    /// </summary>
    public int? Http2Port { get; init; }

    /// <summary>Whose habits it has.</summary>
    public CloudStyle Style { get; init; } = CloudStyle.OpenAI;

    /// <summary>Whether it honours vLLM's <c>stream_options.continuous_usage_stats</c>.</summary>
    public bool RunningUsage { get; init; }

    /// <summary>Whether a stream that the cloud itself breaks is billed up to the last delivered token.</summary>
    public bool BillsBrokenStreams { get; init; }

    /// <summary>Accepted API keys: id to secret. They are made up, so they may stand here in clear.</summary>
    public Dictionary<string, string> Keys { get; init; } = [];

    /// <summary>Seconds that a token lives which a cloud with a token service gives out. 1 to 86,400.</summary>
    public int TokenSeconds { get; init; } = 3600;

    /// <summary>
    /// Public key, in PEM, of whoever signs the tokens of workloads and, at Google, of service accounts. None: none is known.
    /// </summary>
    public string? FederatedKey { get; init; }

    /// <summary>
    /// Public keys, in PEM, of those who sign their requests, by the id that a signature names:
    /// <c>tenancy/user/fingerprint</c> for Oracle.
    /// </summary>
    public Dictionary<string, string> SigningKeys { get; init; } = [];

    /// <summary>Regions by id; plain <c>/v1</c> means the first.</summary>
    public Dictionary<string, RegionConfig> Regions { get; init; } = [];

    /// <summary>Models served here, each in every region that does not name its own list.</summary>
    public Dictionary<string, CloudModelConfig> Models { get; init; } = [];
}

/// <summary>One region of a cloud.</summary>
public sealed record RegionConfig
{
    /// <summary>ISO 3166-1 alpha-2 code of the country.</summary>
    public string Country { get; init; } = "";

    /// <summary>The models served here; all of the cloud's when absent.</summary>
    public List<string>? Models { get; init; }
}

/// <summary>How a cloud serves a model: what it overrides of the model's own entry.</summary>
public sealed record CloudModelConfig
{
    /// <summary>Capacity of each region's deployment.</summary>
    public CapacityConfig? Capacity { get; init; }

    /// <summary>
    /// What was bought in advance in each region, beside that capacity (Google's provisioned throughput). None when absent.
    /// </summary>
    public CapacityConfig? Provisioned { get; init; }

    /// <summary>Speed of each region's deployment.</summary>
    public ProfileConfig? Profile { get; init; }

    /// <summary>What its bill charges; nothing when absent.</summary>
    public ModelPrice? Price { get; init; }
}

/// <summary>What a cloud charges for a million tokens, in US dollars. Each at least 0.</summary>
public sealed record ModelPrice
{
    /// <summary>Prompt tokens that the cache neither held nor took.</summary>
    public decimal Prompt { get; init; }

    /// <summary>Those that the cache held; as any other prompt when absent.</summary>
    public decimal? Cached { get; init; }

    /// <summary>Those that the cache took; as any other prompt when absent.</summary>
    public decimal? CacheWrite { get; init; }

    /// <summary>Those that it took for an hour; as those that it took when absent.</summary>
    public decimal? CacheWrite1h { get; init; }

    /// <summary>Generated tokens.</summary>
    public decimal Output { get; init; }
}

/// <summary>What a model does.</summary>
public enum ModelKind
{
    /// <summary>Chat and plain completions.</summary>
    Chat,

    /// <summary>Embeddings.</summary>
    Embedding,

    /// <summary>Moderations.</summary>
    Moderation,

    /// <summary>Images: made, edited, varied.</summary>
    Image,

    /// <summary>Text of sound: transcriptions and translations.</summary>
    Transcription,

    /// <summary>Sound of text.</summary>
    Speech,
}

/// <summary>One model, wherever it runs.</summary>
public sealed record ModelConfig
{
    /// <summary>What it does.</summary>
    public ModelKind Kind { get; init; } = ModelKind.Chat;

    /// <summary>Prompt and output together, in tokens.</summary>
    public int ContextTokens { get; init; } = 131_072;

    /// <summary>Whether it thinks first, with effort <c>medium</c> unless the request says otherwise.</summary>
    public bool Reasoning { get; init; }

    /// <summary>
    /// Whether images and transcriptions are billed by the token, as those of newer models are, and not by the piece or the
    /// second. Moderations and speech never are.
    /// </summary>
    public bool BillsTokens { get; init; } = true;

    /// <summary>Length of an embedding, in numbers.</summary>
    public int Dimensions { get; init; } = 1536;

    /// <summary>Who is named as its owner in the list of models.</summary>
    public string OwnedBy { get; init; } = "sahab-emulator";

    /// <summary>Capacity unless the cloud says otherwise.</summary>
    public CapacityConfig Capacity { get; init; } = new();

    /// <summary>Speed unless the cloud says otherwise.</summary>
    public ProfileConfig Profile { get; init; } = new();
}

/// <summary>Finite capacity of one deployment: one model in one region.</summary>
public sealed record CapacityConfig
{
    /// <summary>Sequences that run at once.</summary>
    public int Concurrency { get; init; } = 256;

    /// <summary>Calls that may wait for a sequence; clouds that do not queue ignore it.</summary>
    public int MaxWaiting { get; init; } = 1024;

    /// <summary>Requests per emulated minute; none when absent.</summary>
    public int? RequestsPerMinute { get; init; }

    /// <summary>Tokens per emulated minute, prompt plus the most that may be generated; none when absent.</summary>
    public long? TokensPerMinute { get; init; }

    /// <summary>Blocks that the prompt cache remembers, least recently used out first.</summary>
    public int CacheBlocks { get; init; } = 65_536;
}

/// <summary>How fast a deployment is, in emulated time.</summary>
public sealed record ProfileConfig
{
    /// <summary>Mean milliseconds to the first token of an empty prompt on an idle deployment.</summary>
    public double FirstTokenMs { get; init; } = 120;

    /// <summary>Uncached prompt tokens read per second.</summary>
    public double PromptTokensPerSecond { get; init; } = 12_000;

    /// <summary>Output tokens per second of one sequence on an idle deployment.</summary>
    public double TokensPerSecond { get; init; } = 80;

    /// <summary>How much longer each step takes on a full deployment: 1 means twice as long.</summary>
    public double LoadSlowdown { get; init; } = 1;

    /// <summary>Sigma of the lognormal noise on every time; 0 for none.</summary>
    public double Sigma { get; init; } = 0.25;

    /// <summary>Mean output tokens of an answer that ends by itself.</summary>
    public double MeanOutputTokens { get; init; } = 200;
}
