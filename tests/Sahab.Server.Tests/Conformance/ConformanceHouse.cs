using Sahab.Emulator.Configuration;
using Sahab.Server.Tests.Faults;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Conformance;

/// <summary>A dialect as the matrix has it: one emulated cloud, and one model that only it serves.</summary>
/// <param name="Name">Its name in the matrix, which is the cloud's and the model's too.</param>
/// <param name="Provider">The provider's entry in the configuration, without its name.</param>
/// <param name="Limits">Cases that the vendor's own protocol has no words for, and what it lacks.</param>
internal sealed record ConformanceDialect(
    string Name, CloudConfig Cloud, string Provider, IReadOnlyDictionary<string, string> Limits)
{
    /// <summary>Cases that the vendor does in a way of its own, which its own tests look at.</summary>
    public IReadOnlyDictionary<string, string> Habits { get; init; } = new Dictionary<string, string>();
}

/// <summary>One server over one cloud of each dialect.</summary>
internal static class ConformanceHouse
{
    const string Model = "small";

    static readonly Dictionary<string, string> None = [];

    static readonly Dictionary<string, string> Vertex = new()
    {
        ["logit-bias"] = "no `logit_bias`",
        ["tools-not-parallel"] = "no `parallel_tool_calls: false`",
    };

    static readonly Dictionary<string, string> Anthropic = new()
    {
        ["choices"] = "one choice only (`n`)",
        ["seed"] = "no seed",
        ["logprobs"] = "no token probabilities",
        ["frequency-penalty"] = "no penalties",
        ["presence-penalty"] = "no penalties",
        ["logit-bias"] = "no `logit_bias`",
        ["json-object"] = "JSON only by a schema",
    };

    /// <summary>Converse has the words of Anthropic's API, and fewer.</summary>
    static readonly Dictionary<string, string> Bedrock = new(Anthropic)
    {
        ["image-address"] = "pictures only inline, or from S3",
        ["tools-not-parallel"] = "no `parallel_tool_calls: false`",
    };

    public static IReadOnlyList<ConformanceDialect> Dialects { get; } =
    [
        new("vllm", Cloud(CloudStyle.Vllm), """
            credentials: { env: CLOUD_KEY }
            running_usage: true
            regions:
              us: { country: US, base_url: "{vllm}/us/v1" }
            """, None),
        new("azure", Cloud(CloudStyle.Azure), """
            dialect: azure
            credentials: { env: CLOUD_KEY }
            broken_streams: unbilled
            regions:
              us: { country: US, base_url: "{azure}/us/openai/v1" }
            """, None),
        new("vertex", Cloud(CloudStyle.Google), """
            dialect: vertex
            credentials: { env: CLOUD_KEY }
            vertex: { project: demo }
            broken_streams: unbilled
            regions:
              us: { country: US, base_url: "{vertex}/v1" }
            """, Vertex),
        new("anthropic", Cloud(CloudStyle.Anthropic), """
            dialect: anthropic
            credentials: { env: CLOUD_KEY }
            broken_streams: unbilled
            regions:
              us: { country: US, base_url: "{anthropic}/us/v1" }
            """, Anthropic)
        {
            Habits = new Dictionary<string, string>
            {
                ["cached-tokens"] = "its cache holds only what `cache_control` marks",
            },
        },
        new("oracle", Cloud(CloudStyle.Oracle), """
            dialect: oci
            broken_streams: unbilled
            oci: { compartment: ocid1.compartment.oc1..demo, tenancy: ocid1.tenancy.oc1..demo, user: ocid1.user.oc1..demo, fingerprint: "20:3b:97:13", private_key: { env: OCI_KEY } }
            regions:
              us: { country: US, base_url: "{oracle}/us/20231130" }
            """, None),
        new("bedrock", Cloud(CloudStyle.Bedrock), """
            dialect: bedrock
            bedrock: { access_key_id: { env: CLOUD_KEY_ID }, secret_access_key: { env: CLOUD_KEY } }
            broken_streams: unbilled
            regions:
              us: { country: US, base_url: "{bedrock}" }
            """, Bedrock),
    ];

    /// <summary>A model of each dialect's own, clouds that answer at once, and one attempt for each call.</summary>
    public static Task<TestHouse> StartAsync() => TestHouse.StartAsync(Yaml(), Emulated());

    /// <summary>
    /// One model that all dialects serve, clouds that take their time and have little room, and a server that goes on to
    /// the next when one fails.
    /// </summary>
    public static Task<TestHouse> StartSharedAsync() => TestHouse.StartAsync(SharedYaml(), Emulated() with
    {
        Speed = FaultHouse.Speed,
        Latency = Latency.Realistic,
        Models = FaultHouse.Clouds().Models,
    });

    static EmulatorConfig Emulated() => new()
    {
        Seed = 1,
        Latency = Latency.None,
        Models = new() { [Model] = new ModelConfig { ContextTokens = 32_768 } },
        Clouds = Dialects.ToDictionary(
            dialect => dialect.Name,
            dialect => dialect.Cloud with { SigningKeys = new() { [OciKey.Id] = OciKey.PublicPem } }),
    };

    static CloudConfig Cloud(CloudStyle style) => new()
    {
        Style = style,
        RunningUsage = style == CloudStyle.Vllm,
        BillsBrokenStreams = style == CloudStyle.Vllm,
        Keys = new() { ["sahab"] = TestHouse.CloudKey },
        Regions = new() { ["us"] = new RegionConfig { Country = "US" } },
        Models = new() { [Model] = new CloudModelConfig() },
    };

    static string SharedYaml()
    {
        var deployments = string.Concat(Dialects.Select(dialect =>
            $"  {dialect.Name}: {{ provider: {dialect.Name}, region: us, model: {Model}, limits: {{ concurrency: {FaultHouse.Concurrency} }}, price: {{ prompt: 1, cached: 0.5, output: 4 }} }}\n"));
        return $$"""
            server: { call_deadline: 150s }
            routing: { policy: weighted-shuffle, max_attempts: 4, breaker: { failures: 5, open_for: 500ms, max_open_for: 2s } }
            admission: { queue: { max_waiting: 200, max_wait: 4s } }
            tenants:
              demo:
                keys:
                  demo: { secret: { env: DEMO_KEY } }
            models:
              small: { context_tokens: 32768, operations: [chat] }

            """ + $"providers:\n{Providers(stallAfter: "1500ms")}deployments:\n{deployments}";
    }

    static string Providers(string stallAfter) => string.Concat(Dialects.Select(dialect =>
        $"  {dialect.Name}:\n{Indent(dialect.Provider, 4)}    timeouts: {{ connect: 20s, first_byte: 2m, between_chunks: {stallAfter} }}\n"));

    static string Yaml()
    {
        var models = string.Concat(Dialects.Select(dialect =>
            $"  {dialect.Name}: {{ capabilities: [tools, vision, json_schema, logprobs, multiple_choices], context_tokens: 32768, operations: [chat, completions] }}\n"));
        var deployments = string.Concat(Dialects.Select(dialect =>
            $"  {dialect.Name}: {{ provider: {dialect.Name}, region: us, model: {dialect.Name}, upstream_model: {Model}, price: {{ prompt: 1, cached: 0.5, output: 4 }} }}\n"));
        // Breakers stay closed through a case's trouble, so that the next case meets a healthy cloud.
        return $$"""
            routing: { max_attempts: 1, breaker: { failures: 1000, open_for: 100ms, max_open_for: 100ms } }
            admission: { queue: { max_waiting: 100, max_wait: 20s } }
            tenants:
              demo:
                keys:
                  demo: { secret: { env: DEMO_KEY } }
                  admin: { secret: { env: ADMIN_KEY }, admin: true }

            """ + $"providers:\n{Providers(stallAfter: "2m")}models:\n{models}deployments:\n{deployments}";
    }

    static string Indent(string text, int by) =>
        string.Concat(text.Split('\n').Select(line => $"{new string(' ', by)}{line}\n"));
}
