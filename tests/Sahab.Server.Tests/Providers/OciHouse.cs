using Sahab.Emulator.Configuration;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Providers;

/// <summary>
/// Three clouds like Oracle's, one for each API that can be spoken there, and one of our own that routing takes only when
/// it must.
/// </summary>
internal static class OciHouse
{
    const string Yaml = """
        routing: { policy: priority-order, max_attempts: 3 }
        providers:
          generic: &signed
            dialect: oci
            broken_streams: unbilled
            oci: &account
              compartment: ocid1.compartment.oc1..demo
              tenancy: ocid1.tenancy.oc1..demo
              user: ocid1.user.oc1..demo
              fingerprint: "20:3b:97:13"
              private_key: { env: OCI_KEY }
            regions:
              us: { country: US, base_url: "{generic}/us/20231130" }
          cohere:
            <<: *signed
            oci: { <<: *account, api: cohere }
            regions:
              us: { country: US, base_url: "{cohere}/us/20231130" }
          compatible:
            <<: *signed
            oci: { <<: *account, api: openai }
            regions:
              us: { country: US, base_url: "{compatible}/us/openai/v1" }
          own:
            credentials: { env: CLOUD_KEY }
            running_usage: true
            regions:
              us: { country: US, base_url: "{own}/us/v1" }
        models:
          generic: &chat { capabilities: [tools, vision, json_schema, logprobs, multiple_choices], context_tokens: 32768, operations: [chat, completions] }
          cohere: *chat
          compatible: *chat
          dedicated: *chat
          shared: *chat
          vectors: { context_tokens: 8192, operations: [embeddings] }
        deployments:
          generic: &small
            provider: generic
            region: us
            model: generic
            upstream_model: small
            price: { prompt: 0.15, cached: 0.075, output: 0.6 }
          cohere: { <<: *small, provider: cohere, model: cohere }
          compatible: { <<: *small, provider: compatible, model: compatible }
          dedicated: { <<: *small, model: dedicated, capacity: reserved, upstream_model: ocid1.generativeaiendpoint.oc1.us-chicago-1.small }
          vectors: { <<: *small, model: vectors, upstream_model: vectors }
          shared: { <<: *small, model: shared }
          shared-own: { <<: *small, provider: own, model: shared, priority: 2 }
        tenants:
          demo:
            keys:
              demo: { secret: { env: DEMO_KEY } }
              admin: { secret: { env: ADMIN_KEY }, admin: true }
        """;

    static readonly string[] Clouds = ["generic", "cohere", "compatible"];

    public static Task<TestHouse> StartAsync() => TestHouse.StartAsync(Yaml, Emulated());

    static EmulatorConfig Emulated()
    {
        var plain = Samples.TwoClouds();
        var oracle = plain.Clouds["azure"] with
        {
            Style = CloudStyle.Oracle,
            SigningKeys = new() { [OciKey.Id] = OciKey.PublicPem },
        };
        return plain with
        {
            Clouds = Clouds.Select(id => KeyValuePair.Create(id, oracle))
                .Append(KeyValuePair.Create("own", plain.Clouds["own"])).ToDictionary(),
        };
    }
}
