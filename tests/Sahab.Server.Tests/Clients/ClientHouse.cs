using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Sahab.Emulator.Configuration;
using Sahab.Emulator.Faults;
using Sahab.Server.Serve.Gateway;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Clients;

/// <summary>
/// The house that the official clients call: two emulated clouds and an upstream that echoes. What goes wrong goes
/// wrong with a model of its own, so that the cases do not disturb each other.
/// </summary>
internal sealed class ClientHouse : IAsyncDisposable
{
    static readonly string[] Clouds = ["azure", "own"];

    /// <summary>Models that answer at once, for chat, unless a fault strikes them.</summary>
    static readonly string[] Quick =
    [
        "small", "lab/open-7b", "cut", "stalled", "inside", "dead", "throttled", "us-only",
        "mended-node", "mended-ai", "mended-net",
    ];

    /// <summary>Models that speak slowly.</summary>
    static readonly string[] Slow = ["slow", "left-node", "left-ai", "left-net"];

    /// <summary>Models that think long before they speak.</summary>
    static readonly string[] Late = ["late-node", "late-ai", "late-net"];

    /// <summary>Models of another kind than text, each at one cloud.</summary>
    static readonly (string Model, string Cloud, ModelKind Kind, string Operations)[] Media =
    [
        ("guard", "own", ModelKind.Moderation, "moderations"),
        ("painter", "azure", ModelKind.Image, "image-generations, image-edits"),
        ("old-painter", "own", ModelKind.Image, "image-generations, image-variations"),
        ("scribe", "azure", ModelKind.Transcription, "transcriptions"),
        ("old-scribe", "own", ModelKind.Transcription, "transcriptions, translations"),
        ("voice", "own", ModelKind.Speech, "speech"),
    ];

    readonly ScriptedUpstream _echo;

    ClientHouse(TestHouse house, ScriptedUpstream echo) => (House, _echo) = (house, echo);

    public TestHouse House { get; }

    /// <summary>What arrived at the upstream that echoes.</summary>
    public IReadOnlyList<ReceivedRequest> Echoed => _echo.Received;

    /// <summary>The secret of a key, by its id.</summary>
    public static string SecretOf(string key) => $"sk-test-{key}";

    public static async Task<ClientHouse> StartAsync()
    {
        var echo = await ScriptedUpstream.StartAsync(EchoAnswers.AnswerAsync);
        var house = await TestHouse.StartAsync(Yaml(echo), Emulated());
        foreach (var fault in Clouds.SelectMany(Faults))
        {
            await house.Clouds.AddFaultAsync(fault);
        }

        return new ClientHouse(house, echo);
    }

    /// <summary>Waits until no call is in the house or at a cloud, and all usage is in the ledger.</summary>
    public async Task SettleAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30), TimeProvider.System);
        var door = House.Get<FrontDoor>();
        while (door.InHouse > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, patience.Token);
        }

        foreach (var cloud in Clouds)
        {
            await House.Clouds.WhenQuietAsync(cloud, patience.Token);
        }

        await House.DrainLedgerAsync();
    }

    /// <summary>Tokens by model, as the clouds bill them.</summary>
    public Dictionary<string, (long Prompt, long Output)> Billed() => House.Clouds.ReadBill()
        .GroupBy(entry => entry.Account.Model)
        .Select(model => (model.Key, Prompt: model.Sum(e => e.Billed.Prompt), Output: model.Sum(e => e.Billed.Output)))
        .Where(model => model.Prompt + model.Output > 0)
        .ToDictionary(model => model.Key, model => (model.Prompt, model.Output));

    /// <summary>Tokens by model, as the ledger has them. Without those of the upstream that sends no bill.</summary>
    public async Task<Dictionary<string, (long Prompt, long Output)>> LedgerAsync()
    {
        using var admin = House.Client(TestHouse.AdminKey);
        var report = JsonNode.Parse(await admin.GetStringAsync("/api/usage?by=model"))!;
        return report["data"]!.AsArray()
            .Select(row => (
                Model: (string)row!["model"]!,
                Prompt: (long)row["tokens"]!["prompt"]!,
                Output: (long)row["tokens"]!["output"]!))
            .Where(row => row.Model is not ("echo" or "floats") && row.Prompt + row.Output > 0)
            .ToDictionary(row => row.Model, row => (row.Prompt, row.Output));
    }

    public async ValueTask DisposeAsync()
    {
        await House.DisposeAsync();
        await _echo.DisposeAsync();
    }

    static IEnumerable<FaultSpec> Faults(string cloud) =>
    [
        new() { Cloud = cloud, Model = "cut", Kind = FaultKind.Cut, AfterTokens = 3 },
        new() { Cloud = cloud, Model = "stalled", Kind = FaultKind.Stall, AfterTokens = 3 },
        new() { Cloud = cloud, Model = "inside", Kind = FaultKind.ErrorIn200, AfterTokens = 3 },
        new() { Cloud = cloud, Model = "dead", Kind = FaultKind.Error },
        new() { Cloud = cloud, Model = "throttled", Kind = FaultKind.Throttle },
    ];

    static EmulatorConfig Emulated()
    {
        var instant = new ProfileConfig
        {
            FirstTokenMs = 0,
            PromptTokensPerSecond = 1e9,
            TokensPerSecond = 1e5,
            Sigma = 0,
            MeanOutputTokens = 60,
        };
        var models = new Dictionary<string, ModelConfig>
        {
            ["vectors"] = new() { Kind = ModelKind.Embedding, Dimensions = 64, Profile = instant },
        };
        foreach (var (model, _, kind, _) in Media)
        {
            var billsTokens = !model.StartsWith("old-", StringComparison.Ordinal);
            models[model] = new ModelConfig { Kind = kind, BillsTokens = billsTokens, Profile = instant };
        }

        foreach (var model in Quick)
        {
            models[model] = new ModelConfig { ContextTokens = 32_768, Profile = instant };
        }

        foreach (var model in Slow)
        {
            models[model] = new() { ContextTokens = 32_768, Profile = instant with { TokensPerSecond = 50 } };
        }

        foreach (var model in Late)
        {
            models[model] = new ModelConfig { ContextTokens = 32_768, Profile = instant with { FirstTokenMs = 5000 } };
        }

        var plain = Samples.TwoClouds();
        return plain with
        {
            Latency = Latency.Realistic,
            Models = models,
            Clouds = plain.Clouds.ToDictionary(cloud => cloud.Key, cloud => cloud.Value with
            {
                Models = models.Keys.ToDictionary(model => model, _ => new CloudModelConfig()),
            }),
        };
    }

    static string Yaml(ScriptedUpstream echo)
    {
        var yaml = new StringBuilder($$"""
            server: { max_body_bytes: 1MiB, call_deadline: 60s }
            admission: { queue: { max_waiting: 100, max_wait: 300ms } }
            routing: { breaker: { failures: 1000 } }
            providers:
              azure:
                credentials: { env: CLOUD_KEY }
                broken_streams: unbilled
                timeouts: { first_byte: 30s, between_chunks: 2s }
                regions:
                  us: { country: US, base_url: "{azure}/us/v1" }
              own:
                credentials: { env: CLOUD_KEY }
                running_usage: true
                broken_streams: billed
                timeouts: { first_byte: 30s, between_chunks: 2s }
                regions:
                  us: { country: US, base_url: "{own}/us/v1" }
                  no: { country: "NO", base_url: "{own}/no/v1" }
              echo:
                regions:
                  here: { country: SE, base_url: "{{echo.BaseUrl}}" }
            aliases: { tiny: small }
            tenants:
              demo:
                keys:
                  demo: { secret: { env: DEMO_KEY } }
                  nordic: { secret: { sha256: {{HashOf("nordic")}} }, countries: ["NO"] }
                  vectors-only: { secret: { sha256: {{HashOf("vectors-only")}} }, models: [vectors] }

            """);
        foreach (var client in (string[])["node", "ai", "net"])
        {
            yaml.Append(Limited($"few-{client}", "requests_per_minute: 1"));
            yaml.Append(Limited($"one-{client}", "concurrency: 1"));
        }

        yaml.Append("""
              operators:
                keys:
                  admin: { secret: { env: ADMIN_KEY }, admin: true }
            models:
              vectors: { context_tokens: 8192, operations: [embeddings] }
              echo: { operations: [chat] }
              floats: { operations: [embeddings] }

            """);
        var deployments = new StringBuilder("""
            deployments:
              echo: &echo
                provider: echo
                region: here
                model: echo
                upstream_model: said/again
                price: { prompt: 1, output: 2 }
              floats: { <<: *echo, model: floats }
              azure-vectors: &chat { provider: azure, region: us, model: vectors, price: { prompt: 0.15, output: 0.6 } }

            """);
        foreach (var model in Quick.Concat(Slow).Concat(Late))
        {
            yaml.Append($"  {model}: {{ capabilities: [tools, vision, json_schema, logprobs, multiple_choices], ")
                .Append("context_tokens: 32768, operations: [chat, completions] }\n");
            var id = model.Replace('/', '-');
            deployments.Append($"  azure-us-{id}: {{ <<: *chat, model: {model} }}\n");
            if (model != "us-only")
            {
                deployments.Append($"  own-no-{id}: {{ <<: *chat, provider: own, region: \"no\", model: {model} }}\n");
            }
        }

        foreach (var (model, cloud, _, operations) in Media)
        {
            yaml.Append($"  {model}: {{ operations: [{operations}] }}\n");
            deployments.Append($"  {cloud}-{model}: {{ <<: *chat, provider: {cloud}, model: {model} }}\n");
        }

        return yaml.Append(deployments).ToString();
    }

    static string Limited(string key, string limits) =>
        $"      {key}: {{ secret: {{ sha256: {HashOf(key)} }}, limits: {{ {limits} }} }}\n";

    static string HashOf(string key) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(SecretOf(key))));
}
