using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Sahab.Server.Govern.Residency;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Tests.Faults;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Govern;

/// <summary>A whole server in Norway, with clouds in Norway and the US, three admins, and a clock that can be set.</summary>
internal sealed class GovernHouse : IAsyncDisposable
{
    public const string AliceKey = "sk-test-alice";
    public const string BobKey = "sk-test-bob";
    public const string OtherKey = "sk-test-other";

    TimeSpan _passed;

    GovernHouse(TestHouse house) => House = house;

    public TestHouse House { get; }

    public JumpingTime Time { get; private init; } = null!;

    public static string Yaml { get; } = "server: { country: \"NO\" }\nrouting: { policy: weighted-shuffle }\nzones: { ours: [DE, FR] }\n" + Samples.TwoCloudsYaml
        .Replace(
            "      admin: { secret: { env: ADMIN_KEY }, admin: true }",
            $$"""
                  admin: { secret: { env: ADMIN_KEY }, admin: true }
                  alice: { secret: { sha256: {{Secret.HashOf(AliceKey)}} }, admin: true }
                  bob: { secret: { sha256: {{Secret.HashOf(BobKey)}} }, admin: true }
              other:
                keys:
                  other: { secret: { sha256: {{Secret.HashOf(OtherKey)}} } }
            """,
            StringComparison.Ordinal);

    public static async Task<GovernHouse> StartAsync(string? yaml = null)
    {
        var time = new JumpingTime();
        return new GovernHouse(await TestHouse.StartAsync(yaml ?? Yaml, time: time)) { Time = time };
    }

    /// <summary>Lets time pass, and what holds then hold.</summary>
    public async Task PassAsync(TimeSpan time)
    {
        _passed += time;
        Time.SetClock(_passed);
        await House.Get<DataRulesShelf>().LookAsync(CancellationToken.None);
    }

    /// <summary>Reads a configuration with the same keys, whose clouds are nowhere.</summary>
    public static ConfigReading Read(string yaml) => new ConfigReader(name => name switch
    {
        "DEMO_KEY" => TestHouse.DemoKey,
        "ADMIN_KEY" => TestHouse.AdminKey,
        "CLOUD_KEY" => TestHouse.CloudKey,
        _ => null,
    }).ReadText(
        yaml.Replace("{azure}", "http://127.0.0.1:1", StringComparison.Ordinal)
            .Replace("{own}", "http://127.0.0.1:1", StringComparison.Ordinal),
        "next.yaml");

    /// <summary>Uses the control API.</summary>
    public async Task<(HttpStatusCode Status, JsonNode? Body)> AskAsync(
        string method, string path, string? body = null, string? key = TestHouse.AdminKey)
    {
        using var client = new HttpClient { BaseAddress = House.Address };
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (key is not null)
        {
            request.Headers.Authorization = new("Bearer", key);
        }

        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }

        using var response = await client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return (response.StatusCode, text.Length == 0 ? null : JsonNode.Parse(text));
    }

    /// <summary>The same where nothing goes wrong.</summary>
    public async Task<JsonNode> DoAsync(string method, string path, string? body = null, string? key = TestHouse.AdminKey)
    {
        var (status, answer) = await AskAsync(method, path, body, key);
        ((int)status).ShouldBeInRange(200, 299, answer?.ToJsonString());
        return answer ?? new JsonObject();
    }

    /// <summary>Calls a model, and says at which deployment it was answered or with which code it was refused.</summary>
    public async Task<string> CallAsync(string key = TestHouse.DemoKey, string model = "small", string extra = "")
    {
        using var client = House.Client(key);
        var (path, body) = model == "vectors"
            ? ("/v1/embeddings", """{"model":"vectors","input":"x"}""")
            : ("/v1/chat/completions", $$"""{"model":"{{model}}","messages":[{"role":"user","content":"Hi"}],"max_tokens":2{{extra}}}""");
        using var response = await client.PostAsync(path, new StringContent(body, Encoding.UTF8, "application/json"));
        return response.StatusCode == HttpStatusCode.OK
            ? response.Headers.GetValues("x-sahab-deployment").Single()
            : (string)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!["code"]!;
    }

    /// <summary>Where many calls were answered, each place once, in the order of their names.</summary>
    public async Task<string> PlacesAsync(string key = TestHouse.DemoKey, int calls = 32)
    {
        var places = new SortedSet<string>(StringComparer.Ordinal);
        for (var call = 0; call < calls; call++)
        {
            places.Add(await CallAsync(key));
        }

        return string.Join(' ', places);
    }

    /// <summary>What the log of changes says of an organisation, the oldest first.</summary>
    public async Task<List<string>> AuditAsync(string organisation)
    {
        var log = await DoAsync("GET", $"/api/organisations/{organisation}/audit");

        // A tenant of the file becomes an organisation when the server starts.
        return
        [
            .. log["data"]!.AsArray().Select(entry => (string)entry!["action"]!).Where(action => action != "organisation.created")
                .Reverse(),
        ];
    }

    public ValueTask DisposeAsync() => House.DisposeAsync();
}
