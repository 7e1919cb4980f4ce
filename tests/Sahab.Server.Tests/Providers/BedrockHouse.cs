using Sahab.Emulator.Configuration;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Providers;

/// <summary>A cloud like AWS, and one of our own beside it that routing takes only when it must.</summary>
internal static class BedrockHouse
{
    public const string Keys =
        "bedrock: { access_key_id: { env: CLOUD_KEY_ID }, secret_access_key: { env: CLOUD_KEY } }";

    public const string Bearer = "credentials: { env: CLOUD_KEY }";

    public const string Claude = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
    public const string Arn = "arn:aws:bedrock:us-east-1:123456789012:provisioned-model/a1b2c3";
    public const string Titan = "amazon.titan-embed-text-v2:0";
    public const string Cohere = "cohere.embed-multilingual-v3";

    /// <param name="signIn">How we sign in: <see cref="Keys"/> unless given.</param>
    /// <param name="address">Where: over HTTP/1.1 unless given.</param>
    public static Task<TestHouse> StartAsync(
        string signIn = Keys, string address = "{aws}", CapacityConfig? capacity = null, int tokenSeconds = 3600) =>
        TestHouse.StartAsync(Yaml(signIn, address), Emulated(capacity, tokenSeconds));

    static EmulatorConfig Emulated(CapacityConfig? capacity, int tokenSeconds)
    {
        var plain = Samples.TwoClouds();
        string[] chats = [Claude, Arn, "openai.gpt-oss-120b-1:0"];
        foreach (var model in chats)
        {
            plain.Models[model] = plain.Models["small"] with { Profile = new() { MeanOutputTokens = 30 } };
        }

        foreach (var model in (string[])[Titan, Cohere])
        {
            plain.Models[model] = plain.Models["vectors"];
        }

        return plain with
        {
            Clouds = new()
            {
                ["aws"] = new CloudConfig
                {
                    Style = CloudStyle.Bedrock,
                    Http2Port = 0,
                    TokenSeconds = tokenSeconds,
                    Keys = new() { [TestHouse.CloudKeyId] = TestHouse.CloudKey },
                    Regions = new() { ["us-east-1"] = new() { Country = "US" }, ["eu-north-1"] = new() { Country = "SE" } },
                    Models = chats.Append(Titan).Append(Cohere)
                        .ToDictionary(model => model, _ => new CloudModelConfig { Capacity = capacity }),
                },
                ["own"] = plain.Clouds["own"],
            },
        };
    }

    static string Yaml(string signIn, string address) => $$"""
        routing: { policy: priority-order, max_attempts: 3 }
        providers:
          aws:
            dialect: bedrock
            {{signIn}}
            http2: {{(address.Contains("http2", StringComparison.Ordinal) ? "true" : "false")}}
            broken_streams: unbilled
            regions:
              us-east-1: { country: US, base_url: "{{address}}" }
              eu-north-1: { country: SE, base_url: "{{address}}" }
          own:
            credentials: { env: CLOUD_KEY }
            running_usage: true
            regions:
              us: { country: US, base_url: "{own}/us/v1" }
        models:
          small: &chat { capabilities: [tools, vision, json_schema, logprobs, multiple_choices], context_tokens: 32768, operations: [chat, completions] }
          only: *chat
          provisioned: *chat
          oss: *chat
          titan: &vectors { context_tokens: 8192, operations: [embeddings] }
          cohere: *vectors
        deployments:
          aws-small: &aws
            provider: aws
            region: us-east-1
            model: small
            upstream_model: "{{Claude}}"
            price: { prompt: 3, cached: 0.3, cache_write: 3.75, cache_write_1h: 6, output: 15 }
          own-small: { <<: *aws, provider: own, region: us, upstream_model: small, priority: 2 }
          aws-only: { <<: *aws, model: only, region: eu-north-1 }
          aws-provisioned: { <<: *aws, model: provisioned, upstream_model: "{{Arn}}" }
          aws-oss: { <<: *aws, model: oss, upstream_model: "openai.gpt-oss-120b-1:0" }
          aws-titan: { <<: *aws, model: titan, upstream_model: "{{Titan}}" }
          aws-cohere: { <<: *aws, model: cohere, upstream_model: "{{Cohere}}" }
        tenants:
          demo:
            keys:
              demo: { secret: { env: DEMO_KEY } }
              admin: { secret: { env: ADMIN_KEY }, admin: true }
        """;
}
