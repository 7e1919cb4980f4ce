using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using Sahab.Server.Hosting;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Serve.Gateway;

namespace Sahab.Server.Tests.Faults;

/// <summary>Calls that wait for a deployment that takes one at a time, as the cloud sees them come.</summary>
public sealed class QueueTests
{
    [Fact]
    public async Task Who_waits_goes_in_the_order_of_the_tiers()
    {
        await using var house = await QueueHouse.StartAsync();
        var first = await house.OccupyAsync();
        var calls = new List<Task<HttpResponseMessage>>();
        foreach (var tier in new[] { "flex", "default", "priority" })
        {
            for (var call = 0; call < 3; call++)
            {
                calls.Add(house.CallAsync("a", tier, tier));
                await house.WhenWaitingAsync(calls.Count);
            }
        }

        house.Open();
        (await first).StatusCode.ShouldBe(System.Net.HttpStatusCode.OK);
        (await Task.WhenAll(calls)).ShouldAllBe(response => (int)response.StatusCode == 200);
        house.Cloud.Seen.Skip(1).Select(seen => seen.User).ShouldBe(
            ["priority", "priority", "priority", "default", "default", "default", "flex", "flex", "flex"]);
    }

    [Fact]
    public async Task Tenants_share_by_their_weights_whoever_came_first()
    {
        await using var house = await QueueHouse.StartAsync();
        var first = await house.OccupyAsync();
        var calls = new List<Task<HttpResponseMessage>>();
        foreach (var tenant in new[] { "a", "b", "heavy" })
        {
            for (var call = 0; call < 12; call++)
            {
                calls.Add(house.CallAsync(tenant, "default", tenant));
                await house.WhenWaitingAsync(calls.Count);
            }
        }

        house.Open();
        await first;
        (await Task.WhenAll(calls)).ShouldAllBe(response => (int)response.StatusCode == 200);
        // The heavy tenant has the weight of two; of the first sixteen it gets half, and the others a quarter each.
        var early = house.Cloud.Seen.Skip(1).Take(16).GroupBy(seen => seen.User)
            .ToDictionary(group => group.Key, group => group.Count());
        early["heavy"].ShouldBeInRange(7, 9);
        early["a"].ShouldBeInRange(3, 5);
        early["b"].ShouldBeInRange(3, 5);
    }

    [Fact]
    public async Task Who_waits_too_long_is_told_when_to_come_again()
    {
        await using var house = await QueueHouse.StartAsync(maxWait: "300ms");
        var first = await house.OccupyAsync();

        using var late = await house.CallAsync("a", "default", "late");

        late.StatusCode.ShouldBe(System.Net.HttpStatusCode.TooManyRequests);
        RetryAfter(late).ShouldBeInRange(1, 60);
        house.Open();
        (await first).StatusCode.ShouldBe(System.Net.HttpStatusCode.OK);
        house.Cloud.Seen.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_full_queue_turns_away_the_newcomer_or_who_matters_less()
    {
        await using var house = await QueueHouse.StartAsync(maxWaiting: 2);
        var first = await house.OccupyAsync();
        var flex = house.CallAsync("a", "flex", "flex");
        await house.WhenWaitingAsync(1);
        var standard = house.CallAsync("a", "default", "default");
        await house.WhenWaitingAsync(2);

        using var refused = await house.CallAsync("a", "flex", "refused");
        refused.StatusCode.ShouldBe(System.Net.HttpStatusCode.TooManyRequests);
        RetryAfter(refused).ShouldBeGreaterThan(0);
        var priority = house.CallAsync("a", "priority", "priority");
        using var pushedOut = await flex;
        pushedOut.StatusCode.ShouldBe(System.Net.HttpStatusCode.TooManyRequests);
        RetryAfter(pushedOut).ShouldBeGreaterThan(0);

        house.Open();
        await Task.WhenAll(first, standard, priority);
        house.Cloud.Seen.Select(seen => seen.User).ShouldBe(["first", "priority", "default"]);
    }

    [Fact]
    public async Task Retry_after_tells_when_a_full_window_really_has_room()
    {
        var time = new HandTime();
        await using var house = await QueueHouse.StartAsync(
            maxWaiting: 0, limits: "requests_per_minute: 1", time: time);
        (await house.CallAsync("a", "default", "first")).StatusCode.ShouldBe(System.Net.HttpStatusCode.OK);

        using var refused = await house.CallAsync("a", "default", "second");
        refused.StatusCode.ShouldBe(System.Net.HttpStatusCode.TooManyRequests);
        var wait = RetryAfter(refused);
        wait.ShouldBeInRange(59, 61);

        time.Pass(TimeSpan.FromSeconds(wait - 2));
        using var tooSoon = await house.CallAsync("a", "default", "too soon");
        tooSoon.StatusCode.ShouldBe(System.Net.HttpStatusCode.TooManyRequests);
        time.Pass(TimeSpan.FromSeconds(RetryAfter(tooSoon)));
        using var inTime = await house.CallAsync("a", "default", "in time");
        inTime.StatusCode.ShouldBe(System.Net.HttpStatusCode.OK);
    }

    [Fact]
    public async Task Who_leaves_the_queue_gives_up_the_place()
    {
        await using var house = await QueueHouse.StartAsync();
        var first = await house.OccupyAsync();
        using var leaving = new CancellationTokenSource();
        var left = house.CallAsync("a", "default", "left", leaving.Token);
        await house.WhenWaitingAsync(1);

        await leaving.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => left);
        await house.WhenWaitingAsync(0);

        house.Open();
        (await first).StatusCode.ShouldBe(System.Net.HttpStatusCode.OK);
        house.Cloud.Seen.Count.ShouldBe(1);
    }

    static int RetryAfter(HttpResponseMessage response) => int.Parse(
        response.Headers.GetValues("retry-after").Single(), CultureInfo.InvariantCulture);

    sealed class QueueHouse : IAsyncDisposable
    {
        readonly TaskCompletionSource _opening = new(TaskCreationOptions.RunContinuationsAsynchronously);
        readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("sahab-queue-");
        readonly HttpClient _http = new();
        SahabServer? _server;

        public required RecordingCloud Cloud { get; init; }

        public static async Task<QueueHouse> StartAsync(
            int maxWaiting = 100, string maxWait = "30s", string limits = "concurrency: 1", TimeProvider? time = null)
        {
            var house = new QueueHouse { Cloud = await RecordingCloud.StartAsync() };
            house.Cloud.FaultsPerHundred = 0;
            var reader = new ConfigReader(name => name[..^4].ToLowerInvariant());
            var reading = reader.ReadText(
                $$"""
                admission: { queue: { max_waiting: {{maxWaiting}}, max_wait: {{maxWait}} } }
                providers:
                  one: { regions: { nl: { country: NL, base_url: "{{house.Cloud.Address}}NL/v1" } } }
                models:
                  m: { context_tokens: 8192, operations: [chat] }
                deployments:
                  d:
                    provider: one
                    region: nl
                    model: m
                    limits: { {{limits}} }
                    price: { prompt: 1, output: 2 }
                tenants:
                  a: { keys: { a: { secret: { env: A_KEY } } } }
                  b: { keys: { b: { secret: { env: B_KEY } } } }
                  heavy: { weight: 2, keys: { heavy: { secret: { env: HEAVY_KEY } } } }
                """,
                "queue.yaml");
            reading.Errors.ShouldBeEmpty(string.Join('\n', reading.Problems));
            house._server = await SahabServer.StartAsync(
                new SahabServerOptions
                {
                    Configuration = new ConfigurationState(reading, TimeProvider.System),
                    DataFolder = house._folder.FullName,
                    Listen = "127.0.0.1:0",
                    Time = time ?? TimeProvider.System,
                    LogLevel = Microsoft.Extensions.Logging.LogLevel.Warning,
                },
                CancellationToken.None);
            return house;
        }

        /// <summary>Fills the one place, until <see cref="Open"/>.</summary>
        public async Task<Task<HttpResponseMessage>> OccupyAsync()
        {
            Cloud.Opening = _opening.Task;
            var first = CallAsync("a", "default", "first");
            await WhenAsync(() => Cloud.Seen.Count == 1);
            return first;
        }

        public void Open() => _opening.SetResult();

        public async Task<HttpResponseMessage> CallAsync(
            string key, string tier, string mark, CancellationToken leaving = default)
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
            return await _http.SendAsync(request, leaving);
        }

        public Task WhenWaitingAsync(int calls)
        {
            var placement = (Placement)_server!.Services.GetService(typeof(Placement))!;
            return WhenAsync(() => placement.Waiting == calls);
        }

        public async ValueTask DisposeAsync()
        {
            _opening.TrySetResult();
            _http.Dispose();
            await _server!.DisposeAsync();
            await Cloud.DisposeAsync();
            _folder.Delete(recursive: true);
        }

        static async Task WhenAsync(Func<bool> isSo)
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            while (!isSo())
            {
                await Task.Delay(5, patience.Token);
            }
        }
    }
}
