using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Sahab.Emulator;
using Sahab.Server.Tests.Faults;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Budgets;

/// <summary>The real executable, killed at work: what was spent of a budget is what it was.</summary>
public sealed class BudgetRestartTests : IAsyncLifetime
{
    readonly string _folder = Directory.CreateTempSubdirectory("sahab-budget-").FullName;

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return Task.CompletedTask;
    }

    [Fact]
    public async Task After_a_kill_the_budget_goes_on_from_exactly_what_was_spent()
    {
        const int Limit = 120;
        var clouds = Samples.TwoClouds();
        await using var emulator = await EmulatorHost.StartAsync(clouds);
        var config = Path.Combine(_folder, "sahab.yaml");
        File.WriteAllText(
            config, Samples.AtAddresses(Samples.TwoCloudsYaml + BudgetHouse.Prices, emulator, clouds.Clouds.Keys));
        var (answered, budget, refusals) = (0, "", 0);
        for (var life = 0; refusals == 0; life++)
        {
            await using var server = await ServerProcess.StartAsync(config, Path.Combine(_folder, "data"));
            budget = life == 0 ? await SetAsync(server, Limit) : budget;
            using var load = new LoadClient(server.Address);
            var plan = new CallPlan(20, BudgetHouse.OutputTokens, Stream: life % 2 == 0);
            // Killed between an answer and its posting, most likely: those come 200 ms apart.
            for (var round = 0; round < 4 && refusals == 0; round++)
            {
                var ends = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => load.CallAsync(plan)));
                answered += ends.Count(end => end is { Status: 200, IsWhole: true });
                refusals += ends.Count(end => end.Status == 402);
                ends.ShouldAllBe(end => end.Status == 200 || end.Status == 402 || end.Status == 429 || end.Status == 503);
                if (ends.Any(end => end.Status == 503))
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(200));
                }
            }

            server.Kill();
        }

        answered.ShouldBe(Limit);
        await using var last = await ServerProcess.StartAsync(config, Path.Combine(_folder, "data"));
        JsonObject shown;
        do
        {
            shown = await GetAsync(last, budget);
        }
        while (shown["status"]!.ToString() != "counting");

        shown["spent"]!.GetValue<long>().ShouldBe(Limit);
    }

    static async Task<string> SetAsync(ServerProcess server, int limit)
    {
        using var http = Admin(server);
        using var response = await http.PostAsJsonAsync(
            BudgetHouse.Budgets, new { name = "calls", measure = "requests", period = "total", limit });
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        return JsonNode.Parse(await response.Content.ReadAsStringAsync())!["id"]!.ToString();
    }

    static async Task<JsonObject> GetAsync(ServerProcess server, string budget)
    {
        using var http = Admin(server);
        return JsonNode.Parse(await http.GetStringAsync($"{BudgetHouse.Budgets}/{budget}"))!.AsObject();
    }

    static HttpClient Admin(ServerProcess server)
    {
        var http = new HttpClient { BaseAddress = server.Address };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", TestHouse.AdminKey);
        return http;
    }
}
