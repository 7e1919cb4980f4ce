using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Sahab.Server.Plan.Steering;
using Sahab.Server.Serve.Gateway;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Steering;

/// <summary>The running server steered by what it has signed.</summary>
public sealed class SteeringTests
{
    const string Contract = """

        routing: { policy: least-cost }
        contracts:
          lease:
            provider: own
            versions:
              "1":
                valid_from: 2026-01-01
                known_from: 2026-01-01
                ends: 2100-01-01
                document: lease.pdf
                rates:
                  inference: { page: 2, discount: 0.1 }
                commitments:
                  spend:
                    page: 4
                    windows:
                      all: { from: 2026-01-01, until: 2100-01-01, amount: 100000 }
        """;

    [Fact]
    public async Task Calls_go_where_a_commitment_is_heading_for_a_shortfall_and_the_reasons_show_the_price()
    {
        await using var house = await TestHouse.StartAsync(Configuration());
        using var client = house.Client();
        using var admin = house.Client(TestHouse.AdminKey);
        var desk = house.Get<SteeringDesk>();
        desk.Step();

        // 0.2 less the contract's tenth is still dearer than 0.15.
        (await CallAsync(client)).ShouldBe("azure");
        var provider = "azure";
        for (var call = 0; call < 60 && provider == "azure"; call++)
        {
            desk.Step();
            provider = await CallAsync(client);
        }

        provider.ShouldBe("own");
        var steering = (await admin.GetFromJsonAsync<JsonObject>("/api/steering"))!;
        var commitment = steering["commitments"]!.AsArray().ShouldHaveSingleItem()!;
        ((double)commitment["lambda"]!).ShouldBeGreaterThan(1 - (0.15 / 0.18));
        ((decimal)commitment["target_usd"]!).ShouldBe(100_000);
        ((decimal)commitment["drawn_usd"]!).ShouldBeGreaterThanOrEqualTo(0);
        var own = steering["deployments"]!.AsArray().Single(each => (string)each!["deployment"]! == "own-us")!;
        ((double)own["lambda"]!).ShouldBe((double)commitment["lambda"]!);
        ((decimal)own["rate_usd_per_million"]!["prompt"]!).ShouldBe(0.18m);
        ((bool)own["barred"]!).ShouldBeFalse();

        var reasons = await ExplainAsync(admin);
        var chosen = reasons["candidates"]!.AsArray()[0]!;
        chosen["deployment"]!.ToString().ShouldBe("own-us");
        var (rate, lambda) = ((double)chosen["rate"]!, (double)chosen["lambda"]!);
        ((double)chosen["cost"]!).ShouldBe(rate * (1 - lambda), 1e-8);
    }

    static string Configuration()
    {
        var yaml = Samples.TwoCloudsYaml
            .Replace("  azure-no: { <<: *chat, region: \"no\" }\n", "", StringComparison.Ordinal)
            .Replace("  own-no: { <<: *chat, provider: own, region: \"no\" }\n", "", StringComparison.Ordinal)
            .Replace(
                "own-us: { <<: *chat, provider: own }",
                "own-us: { <<: *chat, provider: own, price: { prompt: 0.2, cached: 0.1, output: 0.8 } }",
                StringComparison.Ordinal);
        return yaml + Contract;
    }

    static async Task<string> CallAsync(HttpClient client)
    {
        using var response = await client.PostAsJsonAsync("/v1/chat/completions", Body());
        response.EnsureSuccessStatusCode();
        return response.Headers.GetValues("x-sahab-provider").Single();
    }

    static async Task<JsonObject> ExplainAsync(HttpClient admin)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
        {
            Content = JsonContent.Create(Body()),
        };
        request.Headers.Add(Explanation.HeaderName, "1");
        using var response = await admin.SendAsync(request);
        response.EnsureSuccessStatusCode();
        return JsonNode.Parse(response.Headers.GetValues(Explanation.HeaderName).Single())!.AsArray()[0]!.AsObject();
    }

    static object Body() => new
    {
        model = "small",
        messages = new[] { new { role = "user", content = "Tell me of the clouds over the sea, in a few words." } },
    };
}
