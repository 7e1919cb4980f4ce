using Sahab.Emulator.Configuration;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Providers;

/// <summary>
/// Two clouds like Azure, one spoken to by the v1 API and one by the dated one, and one of our own beside them that
/// routing takes only when it must.
/// </summary>
internal static class AzureHouse
{
    /// <param name="signIn">How the provider `azure` is signed in to; by key unless given.</param>
    public static Task<TestHouse> StartAsync(
        string signIn = "credentials: { env: CLOUD_KEY }", CapacityConfig? capacity = null, int tokenSeconds = 3600,
        string? federatedKey = null) =>
        TestHouse.StartAsync(Yaml(signIn), Emulated(capacity, tokenSeconds, federatedKey));

    static EmulatorConfig Emulated(CapacityConfig? capacity, int tokenSeconds, string? federatedKey)
    {
        var plain = Samples.TwoClouds();
        var azure = plain.Clouds["azure"] with { TokenSeconds = tokenSeconds, FederatedKey = federatedKey };
        return plain with
        {
            Clouds = new()
            {
                ["azure"] = azure with
                {
                    Models = new() { ["small"] = new() { Capacity = capacity }, ["vectors"] = new() },
                },
                ["dated"] = azure,
                ["own"] = plain.Clouds["own"],
            },
        };
    }

    static string Yaml(string signIn) => $$"""
        routing: { policy: priority-order, max_attempts: 3 }
        providers:
          azure:
            dialect: azure
            {{signIn}}
            broken_streams: unbilled
            regions:
              us: { country: US, base_url: "{azure}/us/openai/v1" }
          dated:
            dialect: azure
            credentials: { env: CLOUD_KEY }
            azure: { api_version: 2024-10-21 }
            broken_streams: unbilled
            regions:
              us: { country: US, base_url: "{dated}/us/openai" }
          own:
            credentials: { env: CLOUD_KEY }
            running_usage: true
            regions:
              us: { country: US, base_url: "{own}/us/v1" }
        models:
          small: &chat { capabilities: [tools, vision, json_schema, logprobs, multiple_choices], context_tokens: 32768, operations: [chat, completions] }
          older: *chat
          vectors: { context_tokens: 8192, operations: [embeddings] }
        deployments:
          azure-small: &azure
            provider: azure
            region: us
            model: small
            price: { prompt: 0.15, cached: 0.075, output: 0.6 }
          own-small: { <<: *azure, provider: own, priority: 2 }
          dated-older: { <<: *azure, provider: dated, model: older, upstream_model: small }
          dated-vectors: { <<: *azure, provider: dated, model: vectors }
        tenants:
          demo:
            keys:
              demo: { secret: { env: DEMO_KEY } }
              admin: { secret: { env: ADMIN_KEY }, admin: true }
        """;
}
