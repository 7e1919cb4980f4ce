using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Sahab.Server.Govern.Audit;
using Sahab.Server.Sell.Capacity;
using Sahab.Server.Tests.Faults;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Capacity;

/// <summary>A house that sells reserved capacity of a model that two clouds hold, on days that a test says.</summary>
internal sealed class CapacityHouse : IAsyncDisposable
{
    public const string Reservations = "api/organisations/demo/capacity";

    /// <summary>Each cloud holds 1200 tokens a minute; 12 units of 100 are left when one fails.</summary>
    public const string Yaml = """
        admission: { queue: { max_waiting: 0 } }
        providers:
          azure:
            credentials: { env: CLOUD_KEY }
            broken_streams: unbilled
            regions: { us: { country: US, base_url: "{azure}/us/v1" } }
          own:
            credentials: { env: CLOUD_KEY }
            running_usage: true
            regions: { us: { country: US, base_url: "{own}/us/v1" } }
        models:
          small: { context_tokens: 32768, operations: [chat, completions] }
        deployments:
          azure-us: &chat
            provider: azure
            region: us
            model: small
            capacity: reserved
            limits: { tokens_per_minute: 1200 }
            price: { prompt: 0, output: 0 }
          own-us: { <<: *chat, provider: own }
        tenants:
          demo: { keys: { demo: { secret: { env: DEMO_KEY } } } }
          operators: { keys: { admin: { secret: { env: ADMIN_KEY }, admin: true } } }
        capacity:
          offers:
            unit:
              model: small
              from: 2025-01-01
              tokens_per_minute: 100
              largest: 50
              terms:
                day: { length: 1d, price: 3 }
                quarter: { length: 90d, price: 100.000000001 }
        price_book:
          lists:
            first:
              from: 2020-01-01
              prices:
                small: { prompt: 1, output: 2 }
        """;

    CapacityHouse(TestHouse house, HandTime time) => (House, Time, Client) = (house, time, house.Client(TestHouse.AdminKey));

    public TestHouse House { get; }

    public HandTime Time { get; }

    public HttpClient Client { get; }

    public static async Task<CapacityHouse> StartAsync(string? postgres = null, string yaml = Yaml, HandTime? time = null)
    {
        // Ids are made of the time and of a seed that all houses have: no two of them live at one instant.
        time ??= new HandTime();
        return new CapacityHouse(await TestHouse.StartAsync(yaml, time: time, postgres: postgres), time);
    }

    public async Task<(HttpStatusCode Status, JsonNode Body)> SendAsync(HttpMethod method, string path, object? body = null)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Content = body is null ? null : JsonContent.Create(body);
        using var response = await Client.SendAsync(request);
        return (response.StatusCode, (await response.Content.ReadFromJsonAsync<JsonNode>())!);
    }

    public Task<(HttpStatusCode Status, JsonNode Body)> ReserveAsync(
        long units, string term = "day", string? from = null, bool renews = false, string organisation = "demo",
        string? project = null) =>
        SendAsync(
            HttpMethod.Post, $"api/organisations/{organisation}/capacity",
            new { offer = "unit", term, units, from, renews, project });

    public async Task<string> ReservedAsync(long units, string term = "day", string? from = null, bool renews = false)
    {
        var (status, body) = await ReserveAsync(units, term, from, renews);
        status.ShouldBe(HttpStatusCode.OK, body.ToJsonString());
        return body["id"]!.ToString();
    }

    public async Task<JsonNode> ShowAsync(string id) => (await SendAsync(HttpMethod.Get, $"{Reservations}/{id}")).Body;

    /// <summary>Lets time pass, and does what is due.</summary>
    public async Task PassAsync(TimeSpan span)
    {
        Time.SetClock(span);
        await CatchUpAsync();
    }

    public Task CatchUpAsync() => House.Get<CapacityLoop>().CatchUpAsync(CancellationToken.None);

    /// <summary>What the log of changes says of capacity, in order.</summary>
    public async Task<List<(string Action, string Subject)>> LogAsync() =>
        [.. (await House.Get<AuditStore>().ReadAfterAsync(0, 1000, CancellationToken.None))
            .Where(entry => entry.Action.StartsWith("capacity.", StringComparison.Ordinal))
            .Select(entry => (entry.Action, entry.Subject))];

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await House.DisposeAsync();
    }
}
