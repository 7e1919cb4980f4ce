using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Sahab.Emulator.Faults;
using Sahab.Server.Hosting;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Serve.Gateway;
using Sahab.Server.Tests.House;
using Sahab.Server.Tests.Telemetry;

namespace Sahab.Server.Tests.Faults;

/// <summary>Groups that share reserved capacity, through the whole server. Alone, for it reads the metrics of all.</summary>
[Collection(AloneCollection.Name)]
public sealed class GuaranteeTests
{
    [Fact]
    public async Task Room_that_is_held_back_goes_to_its_owner_and_who_may_not_have_it_pays_by_the_token()
    {
        await using var house = await TestHouse.StartAsync(Configuration());
        using var client = house.Client();
        using var admin = house.Client(TestHouse.AdminKey);
        var stall = await house.Clouds.AddFaultAsync(new FaultSpec { Cloud = "own", Kind = FaultKind.Stall });
        using var leaving = new CancellationTokenSource();
        var stalled = client.PostAsJsonAsync("/v1/chat/completions", Chat(), leaving.Token);
        await WhenAsync(async () => (int)(await OwnAsync(admin))["in_flight"]! == 1);

        var explained = await ExplainAsync(admin, "demo");
        ((string)explained["chosen"]!).ShouldBe("azure-us");
        var own = explained["candidates"]!.AsArray().Single(each => (string)each!["deployment"]! == "own-us")!;
        ((string)own["verdict"]!).ShouldBe("held_back");
        ((string)own["held_for"]!).ShouldBe("research");
        ((string)(await ExplainAsync(admin, "admin"))["chosen"]!).ShouldBe("own-us");
        (await CallAsync(client)).ShouldBe("azure");

        var guarantee = (await admin.GetFromJsonAsync<JsonArray>("/api/guarantees"))!.ShouldHaveSingleItem()!;
        guarantee.ToJsonString().ShouldBe(
            "{\"group\":\"research\",\"deployment\":\"own-us\",\"model\":\"small\",\"unit\":\"concurrency\","
            + "\"limit\":2,\"guaranteed\":1,\"most\":null,\"used\":0,\"held_back\":1,\"lent\":0,\"borrowed\":0}");
        var metrics = MetricFamily.ParseAll(await client.GetStringAsync("/metrics"));
        metrics["sahab_guarantee_held_back"].Sum("", ("sahab_group", "research"), ("sahab_limit", "concurrency"))
            .ShouldBe(1);
        metrics["sahab_guarantee_guaranteed"].Sum("", ("sahab_deployment", "own-us")).ShouldBe(1);

        await house.Clouds.RemoveFaultAsync(stall.Id);
        (await CallAsync(admin)).ShouldBe("own");
        await leaving.CancelAsync();
        await Task.WhenAny(stalled);
    }

    [Fact]
    public async Task What_was_lent_comes_back_before_anybody_borrows_again_whatever_the_tier()
    {
        await using var house = await BorrowedHouse.StartAsync();
        var first = house.CallAsync("b", "default", "first");
        await WhenAsync(() => Task.FromResult(house.Cloud.Seen.Count == 1));
        var calls = new List<Task<HttpResponseMessage>>();
        foreach (var (key, tier) in new[] { ("b", "priority"), ("b", "default"), ("a", "flex"), ("a", "flex") })
        {
            calls.Add(house.CallAsync(key, tier, $"{key} {tier}"));
            await house.WhenWaitingAsync(calls.Count);
        }

        house.Open();

        (await first).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await Task.WhenAll(calls)).ShouldAllBe(response => response.StatusCode == HttpStatusCode.OK);
        house.Cloud.Seen.Select(seen => seen.User)
            .ShouldBe(["first", "a flex", "a flex", "b priority", "b default"]);
    }

    static string Configuration() => Samples.TwoCloudsYaml
        .Replace("  azure-no: { <<: *chat, region: \"no\" }\n", "", StringComparison.Ordinal)
        .Replace("  own-no: { <<: *chat, provider: own, region: \"no\" }\n", "", StringComparison.Ordinal)
        .Replace(
            "own-us: { <<: *chat, provider: own }",
            "own-us: { <<: *chat, provider: own, capacity: reserved, price: { prompt: 0, output: 0 }, "
            + "limits: { concurrency: 2 } }",
            StringComparison.Ordinal) + """

        metering: { drain: { max_time: 1s } }
        routing: { policy: least-cost, patience: { priority: 0s, default: 0s, flex: 0s } }
        groups:
          research: { members: [operators/admin] }
        guarantees:
          half: { group: research, share: 0.5, lending_limit: 0 }
        """;

    static object Chat() => new
    {
        model = "small",
        messages = new[] { new { role = "user", content = "Who may have the place that is left?" } },
    };

    static async Task<string> CallAsync(HttpClient client)
    {
        using var response = await client.PostAsJsonAsync("/v1/chat/completions", Chat());
        response.EnsureSuccessStatusCode();
        return response.Headers.GetValues("x-sahab-provider").Single();
    }

    static async Task<JsonNode> ExplainAsync(HttpClient admin, string key)
    {
        using var response = await admin.PostAsJsonAsync($"/api/explain?key={key}", Chat());
        response.EnsureSuccessStatusCode();
        return (await response.Content.ReadFromJsonAsync<JsonObject>())!["decision"]!;
    }

    static async Task<JsonNode> OwnAsync(HttpClient admin) =>
        (await admin.GetFromJsonAsync<JsonArray>("/api/deployments"))!.Single(each => (string)each!["id"]! == "own-us")!;

    static async Task WhenAsync(Func<Task<bool>> isSo)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (!await isSo())
        {
            await Task.Delay(5, patience.Token);
        }
    }

    /// <summary>One place, of which all is guaranteed to the group of tenant "a".</summary>
    sealed class BorrowedHouse : IAsyncDisposable
    {
        readonly TaskCompletionSource _opening = new(TaskCreationOptions.RunContinuationsAsynchronously);
        readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("sahab-guarantee-");
        readonly HttpClient _http = new() { Timeout = TimeSpan.FromMinutes(2) };
        SahabServer? _server;

        public required RecordingCloud Cloud { get; init; }

        public static async Task<BorrowedHouse> StartAsync()
        {
            var house = new BorrowedHouse { Cloud = await RecordingCloud.StartAsync() };
            house.Cloud.FaultsPerHundred = 0;
            house.Cloud.Opening = house._opening.Task;
            var reading = new ConfigReader(name => name[..^4].ToLowerInvariant()).ReadText(
                $$"""
                admission: { queue: { max_wait: 2m } }
                providers:
                  one: { regions: { nl: { country: NL, base_url: "{{house.Cloud.Address}}NL/v1" } } }
                models:
                  m: { context_tokens: 8192, operations: [chat] }
                deployments:
                  d:
                    provider: one
                    region: nl
                    model: m
                    capacity: reserved
                    limits: { concurrency: 1 }
                    price: { prompt: 0, output: 0 }
                tenants:
                  a: { keys: { a: { secret: { env: A_KEY } } } }
                  b: { keys: { b: { secret: { env: B_KEY } } } }
                groups: { research: { members: [a] } }
                guarantees: { all: { group: research, share: 1 } }
                """,
                "guarantee.yaml");
            reading.Errors.ShouldBeEmpty(string.Join('\n', reading.Problems));
            house._server = await SahabServer.StartAsync(
                new SahabServerOptions
                {
                    Configuration = new ConfigurationState(reading, TimeProvider.System),
                    DataFolder = house._folder.FullName,
                    Listen = "127.0.0.1:0",
                    Time = TimeProvider.System,
                    LogLevel = Microsoft.Extensions.Logging.LogLevel.Warning,
                },
                CancellationToken.None);
            return house;
        }

        public void Open() => _opening.SetResult();

        public async Task<HttpResponseMessage> CallAsync(string key, string tier, string mark)
        {
            using var request = new HttpRequestMessage(
                HttpMethod.Post, new Uri(_server!.Address, "/v1/chat/completions"))
            {
                Content = new StringContent(
                    $$"""
                    {"model":"m","user":"{{mark}}","service_tier":"{{tier}}","max_tokens":5,
                    "messages":[{"role":"user","content":"One at a time, please."}]}
                    """,
                    Encoding.UTF8, "application/json"),
            };
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
            return await _http.SendAsync(request);
        }

        public Task WhenWaitingAsync(int calls)
        {
            var placement = (Placement)_server!.Services.GetService(typeof(Placement))!;
            return WhenAsync(() => Task.FromResult(placement.Waiting == calls));
        }

        public async ValueTask DisposeAsync()
        {
            _opening.TrySetResult();
            _http.Dispose();
            await _server!.DisposeAsync();
            await Cloud.DisposeAsync();
            _folder.Delete(recursive: true);
        }
    }
}
