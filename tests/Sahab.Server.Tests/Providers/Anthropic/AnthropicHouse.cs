using System.Text;
using Sahab.Emulator.Configuration;
using Sahab.Emulator.Faults;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Providers.Anthropic;

/// <summary>
/// A house in front of an emulated Anthropic cloud, which serves the models <c>claude-…</c>, and of two clouds that speak
/// OpenAI's protocol, which serve <c>open-…</c>. What goes wrong goes wrong with a model of its own.
/// </summary>
internal static class AnthropicHouse
{
    static readonly string[] Purposes = ["fast", "thinker", "slow", "cut", "inside", "dead", "throttled"];

    public static async Task<TestHouse> StartAsync(string anthropic = "")
    {
        var house = await TestHouse.StartAsync(Yaml(anthropic), Clouds());
        foreach (var cloud in (string[])["anthropic", "open", "own"])
        {
            foreach (var fault in Faults(cloud, cloud == "anthropic" ? "claude" : "open"))
            {
                await house.Clouds.AddFaultAsync(fault);
            }
        }

        return house;
    }

    static IEnumerable<FaultSpec> Faults(string cloud, string family) =>
    [
        new() { Cloud = cloud, Model = $"{family}-cut", Kind = FaultKind.Cut, AfterTokens = 3 },
        new() { Cloud = cloud, Model = $"{family}-inside", Kind = FaultKind.ErrorIn200, AfterTokens = 3 },
        new() { Cloud = cloud, Model = $"{family}-dead", Kind = FaultKind.Error },
        new() { Cloud = cloud, Model = $"{family}-throttled", Kind = FaultKind.Throttle },
    ];

    static EmulatorConfig Clouds()
    {
        var instant = new ProfileConfig
        {
            FirstTokenMs = 0,
            PromptTokensPerSecond = 1e9,
            TokensPerSecond = 1e5,
            Sigma = 0,
            MeanOutputTokens = 60,
        };
        var models = Purposes.SelectMany(purpose => (string[])[$"claude-{purpose}", $"open-{purpose}"]).ToDictionary(
            model => model,
            model => new ModelConfig
            {
                ContextTokens = 32_768,
                Profile = model.EndsWith("slow", StringComparison.Ordinal) ? instant with { TokensPerSecond = 50 } : instant,
            });
        return new EmulatorConfig
        {
            Seed = 1,
            Models = models,
            Clouds = new()
            {
                ["anthropic"] = Cloud(CloudStyle.Anthropic, "claude"),
                ["open"] = Cloud(CloudStyle.OpenAI, "open"),
                ["own"] = Cloud(CloudStyle.Vllm, "open") with { RunningUsage = true, BillsBrokenStreams = true },
            },
        };
    }

    static CloudConfig Cloud(CloudStyle style, string family) => new()
    {
        Style = style,
        Keys = new() { ["sahab"] = TestHouse.CloudKey },
        Regions = new() { ["us"] = new RegionConfig { Country = "US" } },
        Models = Purposes.ToDictionary(purpose => $"{family}-{purpose}", _ => new CloudModelConfig()),
    };

    static string Yaml(string anthropic)
    {
        var yaml = new StringBuilder($$"""
            server: { max_body_bytes: 1MiB, call_deadline: 60s }
            admission: { queue: { max_waiting: 100, max_wait: 300ms } }
            routing: { policy: priority-order, breaker: { failures: 1000 } }
            providers:
              anthropic:
                dialect: anthropic
                credentials: { env: CLOUD_KEY }
                broken_streams: unbilled
                {{anthropic}}
                regions:
                  us: { country: US, base_url: "{anthropic}/us/v1" }
              open:
                credentials: { env: CLOUD_KEY }
                broken_streams: unbilled
                regions:
                  us: { country: US, base_url: "{open}/us/v1" }
              own:
                credentials: { env: CLOUD_KEY }
                running_usage: true
                broken_streams: billed
                regions:
                  us: { country: US, base_url: "{own}/us/v1" }
            tenants:
              demo:
                keys:
                  demo: { secret: { env: DEMO_KEY } }
              operators:
                keys:
                  admin: { secret: { env: ADMIN_KEY }, admin: true }
            models:

            """);
        var deployments = new StringBuilder("deployments:\n");
        foreach (var purpose in Purposes)
        {
            foreach (var family in (string[])["claude", "open"])
            {
                yaml.Append($"  {family}-{purpose}: {{ capabilities: [tools, vision, json_schema], ")
                    .Append("context_tokens: 32768, operations: [chat] }\n");
            }

            Deploy(deployments, "anthropic", $"claude-{purpose}");
            Deploy(deployments, "own", $"open-{purpose}");
            // The other one does not show what the model thinks.
            if (purpose != "thinker")
            {
                Deploy(deployments, "open", $"open-{purpose}");
            }
        }

        // One model that both kinds of cloud serve, Anthropic's first.
        yaml.Append("  mixed: { capabilities: [tools, vision, json_schema], operations: [chat] }\n");
        Deploy(deployments, "anthropic", "mixed", ", upstream_model: claude-fast");
        Deploy(deployments, "own", "mixed", ", upstream_model: open-fast, priority: 2");
        return yaml.Append(deployments).ToString();
    }

    static void Deploy(StringBuilder yaml, string provider, string model, string more = "")
    {
        var prices = provider == "anthropic" ? "cached: 0.3, cache_write: 3.75, cache_write_1h: 6, " : "";
        yaml.Append($"  {provider}-{model}: {{ provider: {provider}, region: us, model: {model}, ")
            .Append($"price: {{ prompt: 3, {prices}output: 15 }}{more} }}\n");
    }
}
