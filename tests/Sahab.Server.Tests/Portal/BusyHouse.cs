using System.Text.Json.Nodes;
using Microsoft.Playwright;
using Sahab.Ledger.Rating;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Serve.Incidents;
using Sahab.Server.Source.Commitments;
using Sahab.Server.Tests.House;
using Sahab.Server.Tests.Tenants;

namespace Sahab.Server.Tests.Portal;

/// <summary>
/// A server in whose store are many calls of one organisation, made in the last month with twelve keys of four projects, of
/// three models at ten deployments; and something of all that pages show besides.
/// </summary>
internal sealed class BusyHouse : IAsyncDisposable
{
    const int Days = 31;

    /// <summary>Events that are posted at once.</summary>
    const int Batch = 2000;

    const string Yaml = """
        providers:
          azure:
            credentials: { env: CLOUD_KEY }
            regions: { us: { country: US, base_url: "{azure}/us/v1" }, no: { country: "NO", base_url: "{azure}/no/v1" } }
          own:
            credentials: { env: CLOUD_KEY }
            regions: { us: { country: US, base_url: "{own}/us/v1" }, no: { country: "NO", base_url: "{own}/no/v1" } }
        models:
          small: { context_tokens: 32768, operations: [chat, completions] }
          large: { context_tokens: 131072, operations: [chat, completions] }
          vectors: { context_tokens: 8192, operations: [embeddings] }
        deployments:
          azure-us: &held
            provider: azure
            region: us
            model: small
            capacity: reserved
            limits: { tokens_per_minute: 1200000 }
            price: { prompt: 0, output: 0 }
          own-us: { <<: *held, provider: own }
          azure-no: &chat
            provider: azure
            region: "no"
            model: small
            limits: { tokens_per_minute: 1200000 }
            price: { prompt: 0.15, cached: 0.075, output: 0.6 }
          own-no: { <<: *chat, provider: own }
          azure-us-large: { <<: *chat, model: large, region: us }
          azure-no-large: { <<: *chat, model: large }
          own-us-large: { <<: *chat, provider: own, model: large, region: us }
          own-no-large: { <<: *chat, provider: own, model: large }
          azure-vectors: { <<: *chat, model: vectors }
          own-vectors: { <<: *chat, provider: own, model: vectors }
        tenants:
          demo: { keys: { demo: { secret: { env: DEMO_KEY } } } }
          operators: { keys: { admin: { secret: { env: ADMIN_KEY }, admin: true } } }
        contracts:
          cloud:
            provider: azure
            versions:
              "1":
                valid_from: 2026-01-01
                known_from: 2026-01-01
                ends: 2028-01-01
                document: agreement.pdf
                commitments:
                  spend: { page: 4, windows: { y1: { from: 2026-01-01, until: 2027-01-01, amount: 500 } } }
                rates:
                  all: { page: 7, tokens: { prompt: 0.15, output: 0.6 } }
        capacity:
          offers:
            unit:
              model: small
              from: 2025-01-01
              tokens_per_minute: 10000
              largest: 50
              terms: { month: { length: 30d, price: 250 }, quarter: { length: 90d, price: 700 } }
        price_book:
          lists:
            opening:
              from: 2020-01-01
              prices:
                small: { prompt: 0.2, cached: 0.1, output: 0.8, free_tokens: 100000, volume: { million: { from: 1000000, discount: 0.05 } } }
                large: { prompt: 2, cached: 1, output: 8 }
                vectors: { prompt: 0.03, output: 0 }
        """;

    static readonly (string Model, string Provider, string Region, string Deployment)[] Places =
    [
        .. from model in new[] { "small", "large" }
           from provider in new[] { "azure", "own" }
           from region in new[] { "us", "no" }
           select (model, provider, region, $"{provider}-{region}" + (model == "large" ? "-large" : "")),
        ("vectors", "azure", "no", "azure-vectors"), ("vectors", "own", "no", "own-vectors"),
    ];

    readonly List<string> _keys = [];

    readonly int _calls;

    BusyHouse(TestHouse house, int calls) => (House, _calls) = (house, calls);

    public TestHouse House { get; }

    /// <summary>The organisation that made the calls.</summary>
    public string Organisation { get; private set; } = "";

    /// <summary>A webhook of the organisation.</summary>
    public string Webhook { get; private set; } = "";

    /// <summary>Somebody who buys, signed in.</summary>
    public Cookie Customer { get; private set; } = null!;

    /// <summary>Somebody who runs it all, signed in.</summary>
    public Cookie Operator { get; private set; } = null!;

    /// <summary>The number of the invoice of the last month.</summary>
    public string Invoice { get; private set; } = "";

    /// <summary>A call of weeks ago, of the ledger.</summary>
    public Guid Old { get; private set; }

    /// <summary>A call of this moment, which is in memory too.</summary>
    public string New { get; private set; } = "";

    /// <summary>A day on which calls were made, and drew of the contract.</summary>
    public DateOnly Day { get; private set; }

    /// <summary>A deployment, a contract, and a commitment of it.</summary>
    public static (string Deployment, string Contract, string Commitment) Names => ("azure-us", "cloud", "spend");

    public static async Task<BusyHouse> StartAsync(int calls, string? postgres = null)
    {
        var house = new BusyHouse(await TestHouse.StartAsync(Yaml, postgres: postgres), calls);
        await house.FillAsync();
        return house;
    }

    public ValueTask DisposeAsync() => House.DisposeAsync();

    async Task FillAsync()
    {
        using var customer = await Visitor.SignUpAsync(House, "owner@example.com");
        Customer = CookieOf(customer);
        Organisation = await customer.FoundAsync("Acme Robotics");
        var secret = await FurnishAsync(customer);
        await PostAsync();
        await CallAsync(secret);
        using var operators = await Visitor.SignUpAsync(House, "operator@example.com");
        await OperatorHouse.MakeOperatorAsync(House, "operator@example.com", "admin");
        Operator = CookieOf(operators);
        (await operators.PostAsync("/api/subprocessors", new JsonObject
        {
            ["id"] = "azure",
            ["name"] = "Azure",
            ["purpose"] = "Runs models for us.",
            ["countries"] = new JsonArray("NO", "US"),
            ["provider"] = "azure",
            ["already_in_use"] = true,
        })).ShouldBeOk();
        var month = DateOnly.FromDateTime(DateTime.UtcNow).AddMonths(-1).ToString("yyyy-MM", null);
        Invoice = (await operators.PostAsync("/api/invoices/issue", new JsonObject { ["month"] = month }))
            .ShouldBeOk().Json["data"]!.AsArray().Single()!["number"]!.ToString();
        await House.Get<SettlementLoop>().SettleAsync(CancellationToken.None);
        await new StatusLoop(
            House.Get<StatusBoard>(), House.Get<UsageStore>(), TimeProvider.System,
            Microsoft.Extensions.Logging.Abstractions.NullLogger<StatusLoop>.Instance).CountAsync(CancellationToken.None);
    }

    Cookie CookieOf(Visitor visitor) => new() { Name = "sahab", Value = visitor.Cookie, Url = House.Address.ToString() };

    /// <summary>Projects, keys, budgets, webhooks and all that; yields the secret of the last key.</summary>
    async Task<string> FurnishAsync(Visitor customer)
    {
        var secret = "";
        async Task<JsonNode> MakeAsync(string path, JsonObject body) =>
            (await customer.PostAsync($"/api/organisations/{Organisation}{path}", body)).ShouldBeOk().Json;
        for (var project = 1; project <= 4; project++)
        {
            var made = (await MakeAsync("/projects", new() { ["name"] = $"Project {project}" }))["id"]!.ToString();
            for (var key = 1; key <= 3; key++)
            {
                var answer = await MakeAsync($"/projects/{made}/keys", new() { ["name"] = $"Key {project}.{key}" });
                _keys.Add(answer["id"]!.ToString());
                secret = answer["secret"]!.ToString();
            }

            await MakeAsync("/budgets", new()
            {
                ["name"] = $"Of project {project}",
                ["project"] = made,
                ["measure"] = "money",
                ["period"] = "month",
                ["limit_usd"] = "100000",
            });
            (await customer.SendAsync(
                HttpMethod.Put, $"/api/organisations/{Organisation}/projects/{made}/use",
                new() { ["class"] = "general", ["justification"] = "Letters of customers are summarised." })).ShouldBeOk();
        }

        Webhook = (await MakeAsync("/webhooks", new() { ["url"] = "https://hooks.acme.example/sahab" }))["id"]!.ToString();
        (await customer.PostAsync($"/api/organisations/{Organisation}/webhooks/{Webhook}/test")).Status.ShouldBe(
            System.Net.HttpStatusCode.Accepted);
        await MakeAsync("/invitations", new() { ["email"] = "auditor@example.com", ["role"] = "auditor" });
        await MakeAsync("/capacity", new() { ["offer"] = "unit", ["term"] = "month", ["units"] = 9 });
        return secret;
    }

    /// <summary>Posts the calls as the loop does that takes them from the journal.</summary>
    async Task PostAsync()
    {
        var (random, now, position) = (new Random(1), DateTimeOffset.UtcNow, 0L);
        var store = House.Get<UsageStore>();
        var begin = now.AddDays(-Days);
        Day = DateOnly.FromDateTime(begin.UtcDateTime).AddDays(3);
        var events = new List<UsageEvent>();
        for (var number = 0; number < _calls; number++)
        {
            var at = begin + ((now - begin) * ((double)number / _calls));
            events.AddRange(Attempts(number, at, random));
            if (events.Count >= Batch || number == _calls - 1)
            {
                await store.PostAsync(SampleUsage.Id(9, 9), ++position, events, CancellationToken.None);
                events.Clear();
            }
        }
    }

    /// <summary>A call, in one of 25 cases after an attempt that was for nothing. For an hour of each day a deployment is out.</summary>
    IEnumerable<UsageEvent> Attempts(int number, DateTimeOffset at, Random random)
    {
        var call = Guid.CreateVersion7(at);
        Old = number == _calls / 4 ? call : Old;
        var (key, tier, place) = (_keys[random.Next(_keys.Count)], random.Next(4) == 0 ? "flex" : "default", random.Next(Places.Length));
        var isOut = at.Hour == 4 && Places[place].Deployment == "azure-no";
        var first = Attempt(call, 1, Places[place], at) with { Key = key, ServiceTier = tier };
        if (isOut || random.Next(25) == 0)
        {
            yield return first with { Outcome = isOut ? AttemptOutcome.Unreachable : AttemptOutcome.Throttled };
            place = Array.FindIndex(Places, other => other.Model == first.Model && other.Deployment != first.Deployment);
            first = Attempt(call, 2, Places[place], at.AddSeconds(1)) with { Key = key, ServiceTier = tier };
        }

        var prompt = random.Next(100, 4000);
        yield return first with
        {
            Outcome = AttemptOutcome.Succeeded,
            UpstreamStatus = 200,
            Usage = new TokenUsage(prompt, random.Next(prompt), first.Model == "vectors" ? 0 : random.Next(1, 900), 0),
        };
    }

    UsageEvent Attempt(
        Guid call, int attempt, (string Model, string Provider, string Region, string Deployment) place, DateTimeOffset at) =>
        SampleUsage.Make(1) with
        {
            EventId = Guid.CreateVersion7(at),
            CallId = call,
            Attempt = attempt,
            StartedAt = at,
            Duration = TimeSpan.FromMilliseconds(900),
            Tenant = Organisation,
            Model = place.Model,
            Deployment = place.Deployment,
            Provider = place.Provider,
            Region = place.Region,
            Country = place.Region == "no" ? "NO" : "US",
            Operation = place.Model == "vectors" ? "embeddings" : "chat.completions",
            Flags = UsageFlags.None,
            Usage = default,
            Prices = PriceTerms.FromUsdPerMillion(0.15m, 0.075m, 0.6m),
        };

    /// <summary>Calls of this moment, until as many are in memory as go in.</summary>
    async Task CallAsync(string secret)
    {
        using var client = House.Client(secret);
        for (var call = 0; call < Serve.Gateway.RecentCalls.Capacity; call++)
        {
            using var answer = await client.PostAsync("/v1/chat/completions", new StringContent(
                """{"model":"small","max_tokens":5,"messages":[{"role":"user","content":"Hello"}]}""",
                System.Text.Encoding.UTF8, "application/json"));
            ((int)answer.StatusCode).ShouldBe(200);
            New = answer.Headers.GetValues("x-request-id").Single();
        }

        await House.DrainLedgerAsync();
    }
}
