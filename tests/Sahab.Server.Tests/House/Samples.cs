using Sahab.Emulator;
using Sahab.Emulator.Configuration;

namespace Sahab.Server.Tests.House;

/// <summary>Clouds and configurations that many tests share.</summary>
internal static class Samples
{
    /// <summary>Two clouds, the first like Azure, the second running vLLM; each with a region in NO and one in US.</summary>
    public const string TwoCloudsYaml = """
        providers:
          azure:
            credentials: { env: CLOUD_KEY }
            broken_streams: unbilled
            timeouts: { connect: 20s, first_byte: 60s, between_chunks: 60s }
            regions:
              us: { country: US, base_url: "{azure}/us/v1" }
              no: { country: "NO", base_url: "{azure}/no/v1" }
          own:
            credentials: { env: CLOUD_KEY }
            running_usage: true
            broken_streams: billed
            timeouts: { connect: 20s, first_byte: 60s, between_chunks: 60s }
            regions:
              us: { country: US, base_url: "{own}/us/v1" }
              no: { country: "NO", base_url: "{own}/no/v1" }
        models:
          small: { capabilities: [tools, vision, json_schema, logprobs, multiple_choices], context_tokens: 32768, operations: [chat, completions] }
          vectors: { context_tokens: 8192, operations: [embeddings] }
        deployments:
          azure-us: &chat
            provider: azure
            region: us
            model: small
            limits: { concurrency: 500 }
            price: { prompt: 0.15, cached: 0.075, output: 0.6 }
          azure-no: { <<: *chat, region: "no" }
          own-us: { <<: *chat, provider: own }
          own-no: { <<: *chat, provider: own, region: "no" }
          azure-vectors: { <<: *chat, model: vectors }
          own-vectors: { <<: *chat, provider: own, model: vectors }
        aliases: { tiny: small }
        tenants:
          demo:
            keys:
              demo: { secret: { env: DEMO_KEY } }
          operators:
            keys:
              admin: { secret: { env: ADMIN_KEY }, admin: true }
        """;

    public static EmulatorConfig TwoClouds() => new()
    {
        Seed = 1,
        Latency = Latency.None,
        Models = new()
        {
            ["small"] = new ModelConfig { ContextTokens = 32_768 },
            ["vectors"] = new ModelConfig { Kind = ModelKind.Embedding, ContextTokens = 8192, Dimensions = 64 },
        },
        Clouds = new()
        {
            ["azure"] = Cloud(CloudStyle.Azure, runningUsage: false),
            ["own"] = Cloud(CloudStyle.Vllm, runningUsage: true),
        },
    };

    /// <summary>A configuration in which each <c>{azure}</c> has become the address of that cloud.</summary>
    public static string AtAddresses(string yaml, EmulatorHost clouds, IEnumerable<string> names) => names.Aggregate(
        yaml,
        (text, name) => text.Replace(
                $"{{{name}}}", clouds.CloudAddress(name).ToString().TrimEnd('/'), StringComparison.Ordinal)
            .Replace(
                $"{{{name}:http2}}", clouds.CloudHttp2Address(name)?.ToString().TrimEnd('/'), StringComparison.Ordinal));

    static CloudConfig Cloud(CloudStyle style, bool runningUsage) => new()
    {
        Style = style,
        RunningUsage = runningUsage,
        BillsBrokenStreams = runningUsage,
        Keys = new() { ["sahab"] = TestHouse.CloudKey },
        Regions = new() { ["us"] = new RegionConfig { Country = "US" }, ["no"] = new RegionConfig { Country = "NO" } },
        Models = new() { ["small"] = new CloudModelConfig(), ["vectors"] = new CloudModelConfig() },
    };
}
