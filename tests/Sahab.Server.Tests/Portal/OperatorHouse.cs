using System.Text.Json.Nodes;
using Microsoft.Playwright;
using Sahab.Ledger.Rating;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Serve.Incidents;
using Sahab.Server.Tests.House;
using Sahab.Server.Tests.Tenants;

namespace Sahab.Server.Tests.Portal;

/// <summary>One such house for the tests of a class, since it takes a while to fill.</summary>
public sealed class FilledHouse : IAsyncLifetime
{
    internal OperatorHouse House { get; private set; } = null!;

    public async Task InitializeAsync() => House = await OperatorHouse.StartAsync();

    public async Task DisposeAsync() => await House.DisposeAsync();
}

/// <summary>A server with something on each of the operator's pages, and somebody who is signed in as operator.</summary>
internal sealed class OperatorHouse : IAsyncDisposable
{
    public const string Prices = """

        price_book:
          notice: 30d
          lists:
            opening:
              from: 2020-01-01
              prices:
                small:
                  prompt: 100
                  output: 1000
                  free_tokens: 1000
                  volume: { million: { from: 1000000, discount: 0.05 } }
                vectors: { prompt: 0.03, output: 0 }
            later:
              from: 2090-01-01
              prices:
                small: { prompt: 80, output: 800 }
          agreements:
            demo-deal: { organisation: demo, from: 2020-01-01, until: 2090-01-01, discount: 0.08 }
        """;

    /// <summary>Where each of the operator's pages is.</summary>
    public static readonly (string Name, string Path)[] Pages =
    [
        ("map", "/operator/map"), ("calls", "/operator/calls"), ("incidents", "/operator/incidents"),
        ("organisations", "/operator/organisations"), ("organisation", "/operator/organisations/demo"),
        ("invoices", "/operator/invoices"), ("invoice", "/operator/invoices/{invoice}"), ("prices", "/operator/prices"),
        ("margin", "/operator/margin?by=organisation&days=90"), ("reviews", "/operator/reviews"),
        ("subprocessors", "/operator/subprocessors"), ("audit", "/operator/audit?verify=yes"),
        ("operators", "/operator/operators"),
    ];

    /// <summary>Where each page for everybody is.</summary>
    public static readonly (string Name, string Path)[] Public =
        [("status", "/status"), ("prices", "/prices"), ("subprocessors", "/subprocessors")];

    OperatorHouse(TestHouse house) => House = house;

    public TestHouse House { get; }

    /// <summary>A signed-in operator's cookies.</summary>
    public Cookie[] Cookies { get; private set; } = [];

    /// <summary>The number of an invoice.</summary>
    public string Invoice { get; private set; } = "";

    public static async Task<OperatorHouse> StartAsync()
    {
        var house = new OperatorHouse(await TestHouse.StartAsync(Samples.TwoCloudsYaml + Prices));
        await house.FillAsync();
        return house;
    }

    /// <summary>A page's address.</summary>
    public string AddressOf(string path) =>
        new Uri(House.Address, path.Replace("{invoice}", Invoice, StringComparison.Ordinal)).ToString();

    public ValueTask DisposeAsync() => House.DisposeAsync();

    /// <summary>Gives somebody who has signed up roles of the operator.</summary>
    public static async Task MakeOperatorAsync(TestHouse house, string email, params string[] roles)
    {
        using var admin = Visitor.Admin(house);
        (await admin.PostAsync("/api/operators", new JsonObject
        {
            ["email"] = email,
            ["roles"] = new JsonArray([.. roles.Select(role => (JsonNode)role)]),
        })).ShouldBeOk();
    }

    async Task FillAsync()
    {
        using var operators = await Visitor.SignUpAsync(House, "operator@example.com");
        await MakeOperatorAsync(House, "operator@example.com", "admin");
        Cookies = [new Cookie { Name = "sahab", Value = operators.Cookie, Url = House.Address.ToString() }];
        using var client = House.Client();
        using var call = await client.PostAsync("/v1/chat/completions", new StringContent(
            """{"model":"small","messages":[{"role":"user","content":"Hello"}]}""", System.Text.Encoding.UTF8, "application/json"));
        await House.DrainLedgerAsync();
        await House.Get<UsageStore>().PostAsync(SampleUsage.Id(9, 7), 1, [.. Past()], CancellationToken.None);
        await new StatusLoop(
            House.Get<StatusBoard>(), House.Get<UsageStore>(), TimeProvider.System,
            Microsoft.Extensions.Logging.Abstractions.NullLogger<StatusLoop>.Instance).CountAsync(CancellationToken.None);
        foreach (var (id, name, inUse) in ((string, string, bool)[])
            [("azure", "Azure, a cloud in Norway and the US", true), ("nordic", "Nordic Compute", false)])
        {
            (await operators.PostAsync("/api/subprocessors", new JsonObject
            {
                ["id"] = id,
                ["name"] = name,
                ["purpose"] = "Runs models for us.",
                ["countries"] = new JsonArray("NO", "US"),
                ["provider"] = inUse ? id : null,
                ["already_in_use"] = inUse,
            })).ShouldBeOk();
        }

        await DeclareAsync(operators);
        var issued = await operators.PostAsync("/api/invoices/issue", new JsonObject { ["month"] = Month.ToString("yyyy-MM", null) });
        Invoice = issued.ShouldBeOk().Json["data"]!.AsArray()
            .Single(each => each!["organisation"]!.ToString() == "demo")!["number"]!.ToString();
        (await operators.PostAsync($"/api/organisations/demo/invoices/{Invoice}/payments", new JsonObject
        {
            ["amount_usd"] = "1",
            ["reference"] = "bank 1",
        })).ShouldBeOk();
        (await operators.PostAsync("/api/organisations/demo/credits", new JsonObject
        {
            ["kind"] = "prepaid",
            ["amount_usd"] = "25",
            ["note"] = "Welcome",
        })).ShouldBeOk();
    }

    static DateOnly Month => DateOnly.FromDateTime(DateTime.UtcNow).AddMonths(-1);

    /// <summary>What happened last month, and an outage of an hour ago.</summary>
    static IEnumerable<UsageEvent> Past()
    {
        var month = new DateTimeOffset(Month.Year, Month.Month, 3, 8, 0, 0, TimeSpan.Zero);
        for (var number = 0; number < 60; number++)
        {
            yield return Attempt(number, month.AddHours(number * 7), AttemptOutcome.Succeeded) with
            {
                Tenant = number % 3 == 0 ? "operators" : "demo",
                Prices = number % 3 == 0 ? PriceTerms.FromUsdPerMillion(500, 500, 3000) : PriceTerms.FromUsdPerMillion(20, 20, 300),
            };
        }

        var outage = DateTimeOffset.UtcNow.AddHours(-1);
        for (var number = 60; number < 70; number++)
        {
            yield return Attempt(number, outage.AddMinutes(number - 60), AttemptOutcome.Unreachable);
        }
    }

    static UsageEvent Attempt(int number, DateTimeOffset at, AttemptOutcome outcome) => SampleUsage.Make(number) with
    {
        CallId = SampleUsage.Id(3, number),
        Attempt = 1,
        StartedAt = at,
        Outcome = outcome,
        Tenant = "demo",
        Key = "demo",
        Model = "small",
        Deployment = "azure-us",
        Provider = "azure",
        Region = "us",
        Country = "US",
        ServiceTier = "default",
        Usage = new TokenUsage(20_000, 0, 4000, 0),
    };

    static async Task DeclareAsync(Visitor operators)
    {
        var answer = await operators.SendAsync(
            HttpMethod.Put, "/api/organisations/demo/projects/default/use", new JsonObject
            {
                ["class"] = "sensitive",
                ["justification"] = "Letters of patients are summarised, in hospitals of Norway. Nothing is kept.",
            });
        answer.ShouldBeOk();
    }
}
