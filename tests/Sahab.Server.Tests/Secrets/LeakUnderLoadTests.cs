using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Sahab.Server.Tests.Access;
using Sahab.Server.Tests.Database;
using Sahab.Server.Tests.House;
using Sahab.Server.Tests.Security;
using Sahab.Server.Tests.Telemetry;
using Sahab.Server.Tests.Webhooks;

namespace Sahab.Server.Tests.Secrets;

/// <summary>
/// Many do everything that has a secret in it at once, while clouds and the database fail and the log is at its loudest:
/// no key, token, password, signing secret, prompt or answer is in the log, in a trace, a metric, a list or on a page.
/// </summary>
[Collection(PostgresTests.Name)]
public sealed class LeakUnderLoadTests(PostgresServer postgres)
{
    const int Workers = 6;
    const int Rounds = 3;
    const string Marker = "Betelgeuse-prompt-";
    const string ClientSecret = "issuers-client-secret-7291";

    static readonly string[] Models = ["good", "failing", "refused", "throttled", "page", "none"];

    static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    readonly SecretSearch _secrets = new();
    readonly Lock _adding = new();
    readonly ConcurrentBag<string> _organisations = [];
    int _number;

    [Fact]
    public async Task No_secret_and_no_prompt_is_in_anything_that_others_can_see()
    {
        var store = await postgres.CreateDatabaseAsync();
        await using var cloud = await ScriptedUpstream.StartAsync(AnswerAsync);
        await using var collector = await OtlpCollector.StartAsync(isGrpc: false);
        await using var receiver = await WebhookReceiver.StartAsync();
        receiver.Status = 500;
        foreach (var known in new[] { TestHouse.DemoKey, TestHouse.AdminKey, TestHouse.CloudKey, ClientSecret })
        {
            Add("a configured secret", known);
        }

        Add("a prompt or an answer", Marker);
        await using var house = await ProcessHouse.StartAsync(
            Yaml(cloud.BaseUrl), Variables(collector.Address, store), quiet: false);
        await Task.WhenAll(
            Parallel.ForEachAsync(Enumerable.Range(0, Workers), new ParallelOptions { MaxDegreeOfParallelism = Workers },
                async (worker, _) => await new Worker(this, house, receiver, worker).RunAsync()),
            CutTheDatabaseAsync(store));
        var said = new List<(string Where, string Text)>();
        await LookAroundAsync(house, said);
        (await house.Server.StopAsync()).ShouldBe(0);

        said.AddRange(house.Server.Output.Select(line => ("log", line)));
        said.AddRange(house.Server.Errors.Select(line => ("standard error", line)));
        // Else the log would not be at its loudest, or nothing had gone wrong.
        house.Server.Output.ShouldContain(line => line.Contains("Microsoft.AspNetCore.Server.Kestrel"));
        collector.Spans.Count.ShouldBeGreaterThan(Workers * Rounds);
        said.AddRange(collector.Bodies.Select(body => ("export", Encoding.Latin1.GetString(body))));
        said.AddRange(Directory.EnumerateFiles(house.Data, "*", SearchOption.AllDirectories)
            .Select(file => (file, Encoding.Latin1.GetString(File.ReadAllBytes(file)))));
        cloud.Received.ShouldContain(request => request.Text.Contains(Marker));
        receiver.Received.ShouldNotBeEmpty();
        _secrets.Count.ShouldBeGreaterThan(Workers * Rounds * 3);
        _secrets.In(said).Take(20).ShouldBeEmpty();
    }

    void Add(string kind, string secret)
    {
        lock (_adding)
        {
            _secrets.Add(kind, secret);
        }
    }

    /// <summary>Clouds say in their errors what they were asked, and with which credential.</summary>
    static Task AnswerAsync(ReceivedRequest request, HttpContext context)
    {
        var seen = $"asked with {request.Headers.Authorization}: {request.Text}";
        var model = (string?)JsonNode.Parse(request.Body)!["model"];
        context.Response.StatusCode = model switch { "failing" => 500, "refused" => 400, "throttled" => 429, "page" => 502, _ => 200 };
        return model switch
        {
            "good" => EchoAnswers.AnswerAsync(request, context),
            "page" => context.Response.WriteAsync($"<html><body>{seen}</body></html>"),
            _ => context.Response.WriteAsync(
                new JsonObject { ["error"] = new JsonObject { ["message"] = seen, ["type"] = seen, ["code"] = seen } }.ToJsonString()),
        };
    }

    /// <summary>Ends all connections to the database again and again, as a failover does.</summary>
    async Task CutTheDatabaseAsync(string store)
    {
        var name = new Npgsql.NpgsqlConnectionStringBuilder(store).Database;
        for (var cut = 0; cut < 4; cut++)
        {
            await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System);
            await postgres.ExecuteAsync($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
        }
    }

    /// <summary>All pages and all lists, as the operator and as a member of each organisation sees them, and the metrics.</summary>
    async Task LookAroundAsync(ProcessHouse house, List<(string Where, string Text)> said)
    {
        await using var twin = await TestHouse.StartAsync();
        using var admin = house.Client(TestHouse.AdminKey);
        // Of some of the organisations: all have done the same, and have the same pages.
        var organisations = _organisations.Take(2).Append("demo").ToList();
        var paths = PortalPages.Of(twin).Where(page => page.Pattern != "/live").Select(page => (page.IsOfOrganisation, Path: page.PathOf("{o}")))
            .Concat(ControlEndpoints.Of(twin).Where(endpoint => endpoint.Method == "GET")
                .Select(endpoint => (endpoint.IsOfOrganisation, Path: endpoint.PathOf("{o}"))))
            .Concat(new[] { "/openapi/v1.json", "/api/calls?limit=512", "/api/usage/events?limit=1000", "/?status=failed" }.Select(path => (false, path)));
        foreach (var (isOf, path) in paths)
        {
            foreach (var organisation in isOf ? organisations : ["none"])
            {
                said.Add(await GetAsync(admin, path.Replace("{o}", organisation, StringComparison.Ordinal)));
            }
        }

        var calls = JsonNode.Parse(await admin.GetStringAsync("/api/calls?limit=512"))!.AsArray();
        calls.Count.ShouldBeGreaterThan(Workers * Rounds);
        foreach (var call in calls.GroupBy(call => call!["status"]?.ToString()).SelectMany(group => group.Take(20)))
        {
            said.Add(await GetAsync(admin, $"/calls/{call!["id"]}"));
        }
    }

    static async Task<(string Where, string Text)> GetAsync(HttpClient client, string path)
    {
        using var answer = await client.GetAsync(path);
        return ($"{path} {(int)answer.StatusCode}", $"{answer.Headers}{await answer.Content.ReadAsStringAsync()}");
    }

    static Dictionary<string, string> Variables(string collector, string store) => new()
    {
        ["Logging__LogLevel__Default"] = "Trace",
        ["Logging__LogLevel__Microsoft.AspNetCore"] = "Trace",
        ["Logging__LogLevel__Microsoft.AspNetCore.Hosting.Diagnostics"] = "Trace",
        ["Logging__LogLevel__Microsoft.AspNetCore.Server.Kestrel.BadRequests"] = "Trace",
        ["Logging__LogLevel__System.Net.Http"] = "Trace",
        ["Logging__LogLevel__Npgsql"] = "Trace",
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector,
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
        ["POSTGRES"] = store,
        ["OIDC_SECRET"] = ClientSecret,
    };

    static string Yaml(string cloud)
    {
        var yaml = new StringBuilder($$"""
            providers:
              one: { credentials: { env: CLOUD_KEY }, regions: { x: { country: "NO", base_url: "{{cloud}}" } } }
            tenants:
              demo: { keys: { demo: { secret: { env: DEMO_KEY } } } }
              operators: { keys: { admin: { secret: { env: ADMIN_KEY }, admin: true } } }
            metering: { store: { postgres: { env: POSTGRES } } }
            admission: { queue: { max_wait: 500ms } }
            webhooks: { allow_http: true, private_networks: [127.0.0.1/32] }
            sign_in:
              trusted_proxies: 1
              oidc: { work: { name: Work, issuer: "http://127.0.0.1:9", client_id: sahab, client_secret: { env: OIDC_SECRET } } }
            models:

            """);
        foreach (var model in Models[..^1])
        {
            yaml.AppendLine($"  {model}: {{}}");
        }

        yaml.AppendLine("deployments:");
        foreach (var model in Models[..^1])
        {
            yaml.AppendLine($"  {model}: {{ provider: one, region: x, model: {model}, price: {{ prompt: 1, output: 1 }} }}");
        }

        return yaml.ToString();
    }

    /// <summary>A customer who does a bit of everything; what fails because the database is cut is done again, or not.</summary>
    sealed class Worker(LeakUnderLoadTests test, ProcessHouse house, WebhookReceiver receiver, int number)
    {
        readonly string _email = $"worker-{number}@example.com";
        readonly string _password = $"a pass phrase of worker {number}";
        /// <summary>From an address of its own, so that none is asked to wait because of the others.</summary>
        readonly HttpClient _http = new(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false })
        {
            BaseAddress = house.Server.Address,
            Timeout = Patience,
            DefaultRequestHeaders = { { "X-Forwarded-For", $"203.0.113.{number}" } },
        };

        string _session = "";
        string _csrf = "";
        string _project = "";

        public async Task RunAsync()
        {
            test.Add("a password", _password);
            await UntilAsync(() => SignAsync("/api/sign-up"), () => SignAsync("/api/sign-in"));
            var organisation = (await UntilAsync(() => PostAsync("/api/organisations", new() { ["name"] = $"Org {number}" })))["id"]!.ToString();
            test._organisations.Add(organisation);
            _project = (await UntilAsync(() => GetAsync($"/api/organisations/{organisation}/projects")))["data"]![0]!["id"]!.ToString();
            for (var round = 0; round < Rounds; round++)
            {
                await RoundAsync(organisation);
            }

            _http.Dispose();
        }

        async Task RoundAsync(string organisation)
        {
            var path = $"/api/organisations/{organisation}";
            var key = await MakeAsync("a key", "secret", $"{path}/projects/{_project}/keys", new() { ["name"] = "k" });
            await MakeAsync("an access token", "token", "/api/account/tokens", new()
            {
                ["name"] = "ci",
                ["organisation"] = organisation,
                ["role"] = "owner",
            });
            var webhook = await MakeAsync(
                "a webhook's secret", "secret", $"{path}/webhooks", new() { ["url"] = new Uri(receiver.Address, "/hook").ToString() });
            await MakeAsync(
                "an invitation", "token", $"{path}/invitations", new() { ["email"] = $"x{Interlocked.Increment(ref test._number)}@example.com", ["role"] = "auditor" });
            await TryAsync(HttpMethod.Post, $"{path}/webhooks/{webhook?["id"]}/test");
            foreach (var model in Models)
            {
                await CallAsync(key, model, stream: false);
                await CallAsync(key, model, stream: true);
                await TryAsync(HttpMethod.Post, $"{path}/keys/{key?["id"]}/chat/completions", Chat(model, false));
            }

            await MistakeAsync(key);
            await MakeAsync("a rotated key", "secret", $"{path}/projects/{_project}/keys/{key?["id"]}/rotate", []);
            await TryAsync(HttpMethod.Delete, $"{path}/webhooks/{webhook?["id"]}");
            await UntilAsync(() => SignAsync("/api/sign-in"));
        }

        /// <summary>With a prompt that is no JSON, with keys where none belong, with wrong passwords and codes of an issuer.</summary>
        async Task MistakeAsync(JsonNode? key)
        {
            var secret = key?["secret"]?.ToString() ?? TestHouse.DemoKey;
            var guess = "sk-sahab-wrong-" + Guid.NewGuid().ToString("N");
            test.Add("a key that nobody has", guess);
            test.Add("a wrong password", guess + " password");
            foreach (var body in new[] { $"{{\"model\":\"good\",\"messages\":\"{Marker}\"", $"{Marker}", $"{{\"model\":\"good\",\"prompt\":\"{Marker}\"}}", $"{{\"{Marker}\":1,\"model\":5}}" })
            {
                await SendRawAsync("/v1/chat/completions", body, secret);
                await SendRawAsync("/v1/responses", body, secret);
                await SendRawAsync("/v1/messages", body, guess);
                await SendRawAsync("/api/explain", body, TestHouse.AdminKey);
                await SendRawAsync("/api/sign-in", body, null);
            }

            await SendRawAsync($"/v1beta/models/good:generateContent?key={secret}", $$"""{"contents":[{"parts":[{"text":"{{Marker}}"}]}]}""", null);
            await SendRawAsync($"/v1beta/models/good:generateContent?key={guess}", "{}", null);
            await SendRawAsync("/api/sign-in", $$"""{"email":"{{_email}}","password":"{{guess}} password"}""", null);
            await SendRawAsync("/api/sign-in", $$"""{"email":"{{guess}} password","password":{"x":"{{guess}} password"} }""", null);
            foreach (var path in new[]
            {
                $"/api/sign-in/issuers/work/callback?code={guess}&state={guess}", $"/sign-up?invitation={guess}", $"/api/status?token={guess}",
                $"/api/sign-in/issuers/work",
            })
            {
                using var answer = await _http.GetAsync(path);
            }
        }

        async Task CallAsync(JsonNode? key, string model, bool stream) =>
            await SendRawAsync("/v1/chat/completions", Chat(model, stream).ToJsonString(), key?["secret"]?.ToString() ?? TestHouse.DemoKey);

        JsonObject Chat(string model, bool stream) => new()
        {
            ["model"] = model,
            ["stream"] = stream,
            ["user"] = Marker + "user",
            ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = $"{Marker}{number} <what?>" }),
            ["tools"] = new JsonArray(),
        };

        async Task<JsonNode?> MakeAsync(string kind, string member, string path, JsonObject body)
        {
            var made = await TryAsync(HttpMethod.Post, path, body);
            if (made?[member]?.ToString() is { Length: > 0 } secret)
            {
                test.Add(kind, secret);
            }

            return made;
        }

        async Task SendRawAsync(string path, string body, string? bearer)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
            request.Headers.Authorization = bearer is null ? null : new AuthenticationHeaderValue("Bearer", bearer);
            await SendAsync(request);
        }

        async Task<JsonNode> SignAsync(string path)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, path)
            {
                Content = new StringContent(
                    new JsonObject { ["email"] = _email, ["password"] = _password }.ToJsonString(), Encoding.UTF8, "application/json"),
            };
            using var answer = await _http.SendAsync(request);
            var text = await answer.Content.ReadAsStringAsync();
            if (!answer.IsSuccessStatusCode)
            {
                throw new InvalidOperationException($"{path}: {(int)answer.StatusCode} {text}");
            }

            var json = JsonNode.Parse(text)!;
            _session = answer.Headers.GetValues("Set-Cookie").Single().Split('=', 2)[1].Split(';')[0];
            _csrf = json["csrf"]!.ToString();
            test.Add("a session", _session);
            test.Add("a session's value", _csrf);
            return json;
        }

        async Task<JsonNode> PostAsync(string path, JsonObject body) =>
            await TryAsync(HttpMethod.Post, path, body) ?? throw new InvalidOperationException($"{path} was refused.");

        async Task<JsonNode> GetAsync(string path) =>
            await TryAsync(HttpMethod.Get, path) ?? throw new InvalidOperationException($"{path} was refused.");

        Task<JsonNode?> TryAsync(HttpMethod method, string path, JsonObject? body = null)
        {
            var request = new HttpRequestMessage(method, path);
            request.Headers.Add("Cookie", $"sahab={_session}");
            request.Headers.Add("X-Sahab-Csrf", _csrf);
            request.Content = body is null ? null : new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
            return SendAsync(request);
        }

        async Task<JsonNode?> SendAsync(HttpRequestMessage request)
        {
            using (request)
            {
                using var answer = await _http.SendAsync(request);
                var text = await answer.Content.ReadAsStringAsync();
                try
                {
                    return answer.IsSuccessStatusCode ? JsonNode.Parse(text) : null;
                }
                catch (JsonException)
                {
                    return null;
                }
            }
        }

        /// <summary>Until the database lets it.</summary>
        static async Task<JsonNode> UntilAsync(params Func<Task<JsonNode>>[] ways)
        {
            for (var attempt = 0; ; attempt++)
            {
                try
                {
                    return await ways[attempt % ways.Length]();
                }
                catch (Exception failure) when (failure is InvalidOperationException or HttpRequestException && attempt < 40)
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(250), TimeProvider.System);
                }
            }
        }
    }
}
