using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Sahab.Server.Tests.House;
using Sahab.Server.Tests.Telemetry;
using Sahab.Wire.OpenAI;

namespace Sahab.Server.Tests.Secrets;

/// <summary>
/// Everything that a server says, with its log at its loudest and clouds that repeat their credentials: no key of a
/// client, no credential of a provider and no admin key is anywhere in it.
/// </summary>
public sealed class LeakTests
{
    const string FiledCredential = "correct horse.battery+staple";
    const string FiledKey = "customer's key; in a file";
    const string HashedKey = "customer's key, by its hash";
    const string RevokedKey = "a key of last year";

    static readonly string AdminPassword =
        Convert.ToBase64String(Encoding.UTF8.GetBytes($"me:{TestHouse.AdminKey}"));

    static readonly string[] Secrets =
    [
        TestHouse.DemoKey, TestHouse.AdminKey, TestHouse.CloudKey, FiledCredential, FiledKey, HashedKey, RevokedKey,
        AdminPassword,
        // Nor a part of one that looks like no key.
        "battery+staple",
    ];

    static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Theory]
    [InlineData("text")]
    [InlineData("json")]
    public async Task No_secret_is_in_anything_that_a_server_says(string logFormat)
    {
        await using var cloud = await ScriptedUpstream.StartAsync(EchoingCloud.AnswerAsync);
        await using var collector = await OtlpCollector.StartAsync(isGrpc: false);
        await using var house = await ProcessHouse.StartAsync(
            Yaml(cloud.BaseUrl), Variables(logFormat, collector.Address), quiet: false, WriteSecrets);
        var said = new List<(string Where, string Text)>();

        await CallAsync(house, said);
        await MakeMistakesAsync(house, said);
        await LookAroundAsync(house, said);
        await RefuseAConfigurationAsync(house);
        await LookAroundAsync(house, said);
        (await house.Server.StopAsync()).ShouldBe(0);

        AssertTheCloudWasAskedWithItsOwnCredentialsOnly(cloud);
        said.ShouldContain(one => one.Text.Contains(SecretRedaction.Replacement));
        said.AddRange(house.Server.Output.Select(line => ("log", line)));
        said.AddRange(house.Server.Errors.Select(line => ("standard error", line)));
        // Else the log would not be at its loudest.
        house.Server.Output.ShouldContain(line => line.Contains("Microsoft.AspNetCore.Server.Kestrel"));
        collector.Spans.ShouldNotBeEmpty();
        said.AddRange(collector.Bodies.Select(body => ("export", Encoding.Latin1.GetString(body))));
        said.AddRange(Directory.EnumerateFiles(house.Data, "*", SearchOption.AllDirectories)
            .Select(file => (file, Encoding.Latin1.GetString(File.ReadAllBytes(file)))));
        var leaks = said.SelectMany(one => Secrets
            .Where(secret => one.Text.Contains(secret, StringComparison.OrdinalIgnoreCase))
            .Select(secret => $"'{secret}' in {one.Where}: {Around(one.Text, secret)}"));
        leaks.ShouldBeEmpty();
    }

    /// <summary>Every model with every key, in one piece and streamed.</summary>
    static async Task CallAsync(ProcessHouse house, List<(string Where, string Text)> said)
    {
        foreach (var key in new[] { TestHouse.DemoKey, FiledKey, HashedKey, TestHouse.AdminKey })
        {
            using var client = Client(house, key);
            client.DefaultRequestHeaders.Add("x-sahab-explain", "1");
            foreach (var model in EchoingCloud.Models)
            {
                foreach (var stream in new[] { false, true })
                {
                    using var request = Chat("/v1/chat/completions", model, stream);
                    await SendAsync(client, request, said);
                }
            }
        }
    }

    /// <summary>Keys that are none, and keys in places where they do not belong.</summary>
    static async Task MakeMistakesAsync(ProcessHouse house, List<(string Where, string Text)> said)
    {
        using var revoked = Client(house, RevokedKey);
        using var request = Chat("/v1/chat/completions", "good", stream: false);
        await SendAsync(revoked, request, said);
        await GetAsync(revoked, "/api/status", said);
        await GetAsync(revoked, "/v1/models", said);
        using var admin = new HttpClient { BaseAddress = house.Server.Address, Timeout = Patience };
        admin.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", AdminPassword);
        admin.DefaultRequestHeaders.Add("X-Forwarded-For", "192.0.2.1");
        await GetAsync(admin, "/", said);
        await GetAsync(admin, $"/v1/models?api_key={TestHouse.DemoKey}", said);

        // What these get back repeats what they sent, to nobody else.
        var own = new List<(string Where, string Text)>();
        using var client = Client(house, TestHouse.DemoKey);
        using var wrong = Chat("/v1/chat/completions", TestHouse.DemoKey, stream: false);
        await SendAsync(client, wrong, own);
        await GetAsync(client, $"/v1/{TestHouse.DemoKey}", own);
        await GetAsync(client, $"/api/{TestHouse.AdminKey}", own);
        foreach (var malformed in new[]
        {
            $"GET /v1/models HTTP/1.1\r\nHost: sahab\r\nAuthorization Bearer {TestHouse.DemoKey}\r\n\r\n",
            $"GET /v1/models HTTP/1.1\r\nHost: sahab\r\nAuthorization : Bearer {TestHouse.AdminKey}\r\n\r\n",
            $"GET /v1/models {TestHouse.DemoKey} HTTP/1.1\r\nHost: sahab\r\n\r\n",
            $"Bearer {TestHouse.DemoKey}\r\n\r\n",
        })
        {
            using var connection = await RawConnection.OpenAsync(house.Server.Address);
            await connection.SendAsync(malformed);
            (await connection.ReadAsync()).Status.ShouldBe(400);
        }
    }

    /// <summary>The pages, the metrics and the control API, with and without the right to.</summary>
    static async Task LookAroundAsync(ProcessHouse house, List<(string Where, string Text)> said)
    {
        using var admin = Client(house, TestHouse.AdminKey);
        using var demo = Client(house, TestHouse.DemoKey);
        var calls = await GetAsync(admin, "/api/calls?limit=512", said);
        using var parsed = JsonDocument.Parse(calls);
        var ids = parsed.RootElement.EnumerateArray().Select(call => call.GetProperty("id").GetString()).ToList();
        ids.Count.ShouldBeGreaterThanOrEqualTo(EchoingCloud.Models.Length * 8);
        foreach (var path in ids.Select(id => $"/calls/{id}").Concat(
        [
            "/", "/?status=failed", "/deployments/refused-env", "/deployments/rejected-filed", "/nothing", "/metrics",
            "/healthz", "/readyz", "/v1/models", "/v1/models/good", "/openapi/v1.json", "/api/status",
            "/api/deployments", "/api/usage?by=key", "/api/usage?by=provider,region", "/api/usage/events?limit=1000",
            "/api/ledger/balances",
        ]))
        {
            await GetAsync(admin, path, said);
            await GetAsync(demo, path, said);
        }

        foreach (var model in EchoingCloud.Models)
        {
            using var question = Chat("/api/explain?key=filed", model, stream: false);
            await SendAsync(admin, question, said);
        }

        using var live = await admin.GetStreamAsync("/live");
        using var reader = new StreamReader(live);
        said.Add(("/live", (await reader.ReadLineAsync().WaitAsync(Patience))! + await reader.ReadLineAsync()));
    }

    /// <summary>A reload that is refused, since somebody has put the secret itself where its place should be named.</summary>
    static async Task RefuseAConfigurationAsync(ProcessHouse house)
    {
        var file = house.Configuration;
        var text = await File.ReadAllTextAsync(file);
        await File.WriteAllTextAsync(file, text
            .Replace("env: CLOUD_KEY", $"env: {TestHouse.CloudKey}", StringComparison.Ordinal)
            .Replace("file: credential", $"file: \"{FiledCredential}\"", StringComparison.Ordinal)
            .Replace("env: DEMO_KEY", $"value: {TestHouse.DemoKey}", StringComparison.Ordinal));
        using var client = Client(house, TestHouse.AdminKey);
        using var patience = new CancellationTokenSource(Patience, TimeProvider.System);
        while (MetricFamily.ParseAll(await client.GetStringAsync("/metrics", patience.Token))
            ["sahab_configuration_refused"].Sum() == 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, patience.Token);
        }
    }

    static void AssertTheCloudWasAskedWithItsOwnCredentialsOnly(ScriptedUpstream cloud)
    {
        var headers = cloud.Received.Select(request => request.Headers).ToList();
        headers.Select(header => header.Authorization.ToString()).Distinct().Order().ShouldBe(
            [$"Bearer {TestHouse.CloudKey}", $"Bearer {FiledCredential}"], ignoreOrder: true);
        headers.SelectMany(header => header).SelectMany(header => header.Value)
            .ShouldNotContain(value => value!.Contains(TestHouse.DemoKey) || value.Contains(TestHouse.AdminKey)
                || value.Contains(FiledKey) || value.Contains(HashedKey));
    }

    static async Task<string> GetAsync(HttpClient client, string path, List<(string Where, string Text)> said)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        return await SendAsync(client, request, said);
    }

    /// <summary>Sends, and notes all that comes back, however it ends.</summary>
    static async Task<string> SendAsync(
        HttpClient client, HttpRequestMessage request, List<(string Where, string Text)> said)
    {
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        var text = new StringBuilder();
        try
        {
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
            while (await reader.ReadLineAsync() is { } line)
            {
                text.AppendLine(line);
            }
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException)
        {
            // A broken stream; what came of it counts.
        }

        said.Add(($"{request.RequestUri} {(int)response.StatusCode}", $"{response.Headers}{text}"));
        return text.ToString();
    }

    static HttpRequestMessage Chat(string path, string model, bool stream) => new(HttpMethod.Post, path)
    {
        Content = new StringContent(
            JsonSerializer.Serialize(new
            {
                model,
                stream,
                messages = new[] { new { role = "user", content = "Do you keep secrets?" } },
            }),
            Encoding.UTF8, "application/json"),
    };

    static HttpClient Client(ProcessHouse house, string key)
    {
        var client = new HttpClient { BaseAddress = house.Server.Address, Timeout = Patience };
        client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", $"Bearer {key}");
        return client;
    }

    static string Around(string text, string secret)
    {
        const int Context = 80;
        var at = text.IndexOf(secret, StringComparison.OrdinalIgnoreCase);
        return text[Math.Max(0, at - Context)..Math.Min(text.Length, at + secret.Length + Context)];
    }

    static void WriteSecrets(string folder)
    {
        File.WriteAllText(Path.Combine(folder, "credential"), FiledCredential + "\n");
        File.WriteAllText(Path.Combine(folder, "key"), FiledKey + "\n");
    }

    static Dictionary<string, string> Variables(string logFormat, string collector) => new()
    {
        ["SAHAB_LOG_FORMAT"] = logFormat,
        ["Logging__LogLevel__Default"] = "Trace",
        ["Logging__LogLevel__Microsoft.AspNetCore"] = "Trace",
        ["Logging__LogLevel__Microsoft.AspNetCore.Hosting.Diagnostics"] = "Trace",
        ["Logging__LogLevel__Microsoft.AspNetCore.Server.Kestrel.BadRequests"] = "Trace",
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector,
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
    };

    static string Yaml(string cloud)
    {
        var yaml = new StringBuilder($$"""
            routing: { policy: priority-order }
            admission: { queue: { max_wait: 100ms } }
            providers:
              env: { credentials: { env: CLOUD_KEY }, regions: { x: { country: "NO", base_url: "{{cloud}}" } } }
              filed: { credentials: { file: credential }, regions: { x: { country: SE, base_url: "{{cloud}}" } } }
            tenants:
              customers:
                keys:
                  demo: { secret: { env: DEMO_KEY } }
                  filed: { secret: { file: key } }
                  hashed:
                    secret: { sha256: "{{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(HashedKey)))}}" }
              operators: { keys: { admin: { secret: { env: ADMIN_KEY }, admin: true } } }

            """);
        yaml.AppendLine("models:");
        foreach (var model in EchoingCloud.Models)
        {
            yaml.AppendLine($"  {model}: {{}}");
        }

        yaml.AppendLine("deployments:");
        foreach (var model in EchoingCloud.Models)
        {
            const string Rest = "region: x, price: { prompt: 1, output: 1 }";
            yaml.AppendLine($"  {model}-env: {{ provider: env, model: {model}, {Rest} }}");
            yaml.AppendLine($"  {model}-filed: {{ provider: filed, model: {model}, priority: 2, {Rest} }}");
        }

        return yaml.ToString();
    }
}
