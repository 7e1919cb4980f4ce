using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Sahab.Emulator;
using Sahab.Emulator.Configuration;
using Sahab.Server.Tests.Configuration;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Providers;

/// <summary>
/// Two clouds like Google's, one spoken to by Gemini's own API and one by the OpenAI-compatible one, and one of our own
/// beside them that routing takes only when it must.
/// </summary>
internal sealed class GoogleHouse : IAsyncDisposable
{
    /// <summary>The usual way to sign in: by a service account.</summary>
    public const string ByAccount = "vertex: { project: demo, account: { file: \"{folder}/account.json\" } }";

    /// <summary>As a workload that shows the token of its own platform.</summary>
    public const string ByWorkload = "vertex: { project: demo, account: { file: \"{folder}/workload.json\" } }";

    readonly RSA _signer = RSA.Create(2048);
    readonly TemporaryFolder _folder = new();

    public TestHouse House { get; private set; } = null!;

    /// <summary>Where the files with the accounts lie.</summary>
    public string PathOf(string file) => _folder.PathOf(file);

    public static async Task<GoogleHouse> StartAsync(
        string signIn = ByAccount, int tokenSeconds = 3600, CapacityConfig? provisioned = null)
    {
        var house = new GoogleHouse();
        var yaml = Yaml(signIn).Replace("{folder}", house._folder.PathOf(""), StringComparison.Ordinal);
        house.House = await TestHouse.StartAsync(
            yaml, house.Emulated(tokenSeconds, provisioned), prepare: house.WriteAccounts);
        return house;
    }

    public async ValueTask DisposeAsync()
    {
        await House.DisposeAsync();
        _folder.Dispose();
        _signer.Dispose();
    }

    EmulatorConfig Emulated(int tokenSeconds, CapacityConfig? provisioned)
    {
        var plain = Samples.TwoClouds();
        var chat = plain.Models["small"];
        var models = new Dictionary<string, ModelConfig>(plain.Models)
        {
            ["gemini-3-pro"] = chat,
            ["gemini-2.5-flash"] = chat,
            ["full"] = chat,
            ["inside"] = chat,
            ["text-embedding-005"] = plain.Models["vectors"],
            ["gemini-embedding-2"] = plain.Models["vectors"],
        };
        var google = new CloudConfig
        {
            Style = CloudStyle.Google,
            TokenSeconds = tokenSeconds,
            FederatedKey = _signer.ExportSubjectPublicKeyInfoPem(),
            Keys = new() { ["sahab"] = TestHouse.CloudKey },
            Regions = new() { ["europe-west4"] = new() { Country = "NL" }, ["us-central1"] = new() { Country = "US" } },
            Models = new()
            {
                ["gemini-3-pro"] = new() { Provisioned = provisioned },
                ["gemini-2.5-flash"] = new(),
                ["full"] = new(),
                ["inside"] = new(),
                ["text-embedding-005"] = new(),
                ["gemini-embedding-2"] = new(),
            },
        };
        var own = plain.Clouds["own"] with
        {
            Models = new() { ["small"] = new(), ["vectors"] = new(), ["inside"] = new() },
        };
        return plain with
        {
            Models = models,
            Clouds = new() { ["google"] = google, ["compatible"] = google, ["own"] = own },
        };
    }

    /// <summary>Accounts as Google gives them out, with the emulated cloud's addresses in them.</summary>
    void WriteAccounts(EmulatorHost clouds)
    {
        var cloud = AddressOf(clouds, "google");
        File.WriteAllText(PathOf("account.json"), Account(cloud));
        File.WriteAllText(PathOf("compatible.json"), Account(AddressOf(clouds, "compatible")));
        File.WriteAllText(PathOf("subject"), Subject());
        File.WriteAllText(PathOf("workload.json"), JsonSerializer.Serialize(new
        {
            type = "external_account",
            audience = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/here",
            subject_token_type = "urn:ietf:params:oauth:token-type:jwt",
            token_url = $"{cloud}/v1/token",
            credential_source = new { file = PathOf("subject") },
        }));
    }

    static string AddressOf(EmulatorHost clouds, string cloud) => clouds.CloudAddress(cloud).ToString().TrimEnd('/');

    string Account(string cloud) => JsonSerializer.Serialize(new
    {
        type = "service_account",
        project_id = "demo",
        private_key_id = "1",
        private_key = _signer.ExportPkcs8PrivateKeyPem(),
        client_email = "sahab@demo.iam.gserviceaccount.com",
        client_id = "1",
        token_uri = $"{cloud}/token",
    });

    /// <summary>The token that a workload's platform gives it.</summary>
    string Subject()
    {
        var head = Base64Url.EncodeToString("""{"alg":"RS256","typ":"JWT"}"""u8);
        var payload = Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(
            new { sub = "sahab", exp = TimeProvider.System.GetUtcNow().AddHours(1).ToUnixTimeSeconds() }));
        var signature = _signer.SignData(
            Encoding.ASCII.GetBytes($"{head}.{payload}"), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return $"{head}.{payload}.{Base64Url.EncodeToString(signature)}";
    }

    static string Yaml(string signIn) => $$"""
        routing: { policy: priority-order, max_attempts: 3 }
        providers:
          google:
            dialect: vertex
            {{signIn}}
            broken_streams: unbilled
            regions:
              europe-west4: { country: NL, base_url: "{google}/v1" }
          compatible:
            dialect: vertex
            vertex: { project: demo, account: { file: "{folder}/compatible.json" }, api: openai }
            broken_streams: unbilled
            regions:
              us-central1: { country: US, base_url: "{compatible}/v1" }
          own:
            credentials: { env: CLOUD_KEY }
            running_usage: true
            regions:
              us: { country: US, base_url: "{own}/us/v1" }
        models:
          gemini: &chat { capabilities: [tools, vision, json_schema, logprobs, multiple_choices], context_tokens: 32768, operations: [chat, completions] }
          flash: *chat
          both: *chat
          bought: *chat
          small: *chat
          full: *chat
          inside: *chat
          inside-own: *chat
          embedding: { context_tokens: 8192, operations: [embeddings] }
          embedding-2: { context_tokens: 8192, operations: [embeddings] }
          vectors: { context_tokens: 8192, operations: [embeddings] }
        deployments:
          google-gemini: &google
            provider: google
            region: europe-west4
            model: gemini
            upstream_model: gemini-3-pro
            price: { prompt: 1.25, cached: 0.31, output: 10 }
          google-flash: { <<: *google, provider: compatible, region: us-central1, model: flash, upstream_model: gemini-2.5-flash }
          google-both: { <<: *google, model: both }
          google-bought: { <<: *google, model: bought, capacity: reserved }
          google-bought-spill: { <<: *google, model: bought, priority: 2 }
          google-full: { <<: *google, model: full, upstream_model: full }
          google-inside: { <<: *google, model: inside, upstream_model: inside }
          google-embedding: { <<: *google, model: embedding, upstream_model: text-embedding-005 }
          google-embedding-2: { <<: *google, model: embedding-2, upstream_model: gemini-embedding-2 }
          own-both: &own { provider: own, region: us, model: both, upstream_model: small, priority: 2, price: { prompt: 0.1, output: 0.2 } }
          own-small: { <<: *own, model: small }
          own-inside: { <<: *own, model: inside-own, upstream_model: inside }
          own-vectors: { <<: *own, model: vectors, upstream_model: vectors }
        tenants:
          demo:
            keys:
              demo: { secret: { env: DEMO_KEY } }
              admin: { secret: { env: ADMIN_KEY }, admin: true }
        """;
}
