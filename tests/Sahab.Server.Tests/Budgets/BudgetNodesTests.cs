using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Npgsql;
using Sahab.Emulator;
using Sahab.Emulator.Faults;
using Sahab.Ledger.Rating;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Tests.Database;
using Sahab.Server.Tests.Faults;
using Sahab.Server.Tests.House;
using Sahab.Server.Tests.Keys;
using Xunit.Abstractions;

namespace Sahab.Server.Tests.Budgets;

/// <summary>Several nodes on one PostgreSQL: each judges hard budgets by what it holds of them.</summary>
[Collection(PostgresTests.Name)]
public sealed class BudgetNodesTests(PostgresServer postgres, ITestOutputHelper output) : IDisposable
{
    const int Callers = 400;

    static readonly CallPlan Cent = new(10, BudgetHouse.OutputTokens, Stream: false);

    readonly string _folder = Directory.CreateTempSubdirectory("sahab-budget-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Two_nodes_share_a_budget_and_together_spend_all_of_it_and_no_more()
    {
        var store = await postgres.CreateDatabaseAsync();
        await using var one = await BudgetHouse.StartAsync(postgres: store);
        using var client = new KeyClient(one);
        var budget = await SetAsync(client, "0.2");
        await using var other = await BudgetHouse.StartAsync(postgres: store);
        using var first = new LoadClient(one.Address);
        using var second = new LoadClient(other.Address);
        var served = new int[2];
        for (var exhausted = 0; exhausted < 2;)
        {
            exhausted = 0;
            foreach (var (load, node) in new[] { (first, 0), (second, 1) })
            {
                var end = await load.CallAsync(Cent);
                served[node] += end.Status == 200 ? 1 : 0;
                exhausted += end.Status == 402 ? 1 : 0;
                (end.Status is 200 or 402 or 429).ShouldBeTrue(end.ToString());
                await Task.Delay(TimeSpan.FromMilliseconds(end.Status == 429 ? 200 : 0));
            }
        }

        served.Sum().ShouldBe(20);
        served.ShouldAllBe(calls => calls > 0);
        (await BudgetHouse.ReadAsync(one, budget)).Spent.ShouldBe(20 * BudgetHouse.CentNano);
        (await BudgetHouse.ReadAsync(other, budget)).Spent.ShouldBe(20 * BudgetHouse.CentNano);
    }

    [Fact]
    public async Task Five_dollars_on_two_nodes_end_within_one_call_and_never_above()
    {
        var store = await postgres.CreateDatabaseAsync();
        await using var one = await StartAsync(store);
        using var client = new KeyClient(one);
        var budget = await SetAsync(client, "5");
        await using var other = await StartAsync(store);
        using var first = new LoadClient(one.Address, connections: Callers / 2);
        using var second = new LoadClient(other.Address, connections: Callers / 2);
        foreach (var house in new[] { one, other })
        {
            await house.Clouds.AddFaultAsync(new FaultSpec { Cloud = "azure", Kind = FaultKind.Error, Status = 500, Rate = 0.1 });
            await house.Clouds.AddFaultAsync(new FaultSpec { Cloud = "azure", Kind = FaultKind.Cut, Rate = 0.1 });
            await house.Clouds.AddFaultAsync(new FaultSpec { Cloud = "own", Kind = FaultKind.Stall, AfterTokens = 1, Rate = 0.03 });
            await house.Clouds.AddFaultAsync(new FaultSpec { Cloud = "own", Kind = FaultKind.Cut, Rate = 0.1 });
        }

        var ends = await Task.WhenAll(Enumerable.Range(0, Callers).Select(
            caller => DriveAsync(caller % 2 == 0 ? first : second, caller)));

        await BudgetHouse.SoldAsync(one);
        var sold = await BudgetHouse.SoldAsync(other);
        var reading = await BudgetHouse.ReadAsync(one, budget);
        var served = new[] { 0, 1 }.Select(node => ends.Where((_, caller) => caller % 2 == node).Sum(end => end.Served)).ToList();
        output.WriteLine($"{sold} nano-USD sold; calls answered whole on each node: {string.Join(", ", served)}");
        ends.ShouldAllBe(end => end.Status == 402);
        // So many callers at once lack most of what there is: who asks first may get nearly all.
        served.Sum().ShouldBeInRange(100, 500);
        // Each call states its limit of output and its prompt costs nothing: the documented bound is zero.
        sold.ShouldBeLessThanOrEqualTo(500 * BudgetHouse.CentNano);
        sold.ShouldBeGreaterThan(499 * BudgetHouse.CentNano);
        reading.Spent.ShouldBe(sold);
        (await BudgetHouse.ReadAsync(other, budget)).Spent.ShouldBe(sold);
        (reading.InFlight, (await BudgetHouse.ReadAsync(other, budget)).InFlight).ShouldBe((0, 0));
        (await Books.ReadEventsAsync(one.Get<UsageStore>())).ShouldContain(
            usage => usage.Outcome == AttemptOutcome.ServerError || usage.Outcome == AttemptOutcome.Cut);
    }

    [Fact]
    public async Task A_node_that_is_killed_at_work_keeps_what_it_held_until_it_is_back_and_nothing_is_overspent()
    {
        const int Limit = 150;
        var store = await postgres.CreateDatabaseAsync();
        var clouds = Samples.TwoClouds();
        await using var emulator = await EmulatorHost.StartAsync(clouds);
        var config = Path.Combine(_folder, "sahab.yaml");
        File.WriteAllText(config, Samples.AtAddresses(
            Samples.TwoCloudsYaml + BudgetHouse.Prices + "\nmetering: { store: { postgres: { env: POSTGRES } } }\n",
            emulator, clouds.Clouds.Keys));
        var (answered, refused, budget) = (0, false, "");
        await using var steady = await ServeAsync(config, "steady", store);
        using var steadyLoad = new LoadClient(steady.Address);
        budget = await SetAsync(steady, Limit);
        for (var life = 0; !refused; life++)
        {
            await using var killed = await ServeAsync(config, "killed", store);
            using var killedLoad = new LoadClient(killed.Address);
            for (var round = 0; round < 4 && !refused; round++)
            {
                var ends = await Task.WhenAll(Enumerable.Range(0, 16).Select(
                    caller => (caller % 2 == 0 ? steadyLoad : killedLoad).CallAsync(Cent with { Stream = round % 2 == 0 })));
                answered += ends.Count(end => end is { Status: 200, IsWhole: true });
                refused = ends.Any(end => end.Status == 402);
                ends.ShouldAllBe(end => end.Status == 200 || end.Status == 402 || end.Status == 429 || end.Status == 503);
            }

            killed.Kill();
        }

        await using (var back = await ServeAsync(config, "killed", store))
        {
            using var backLoad = new LoadClient(back.Address);
            for (var exhausted = 0; exhausted < 2;)
            {
                exhausted = 0;
                foreach (var load in new[] { steadyLoad, backLoad })
                {
                    var end = await load.CallAsync(Cent);
                    answered += end is { Status: 200, IsWhole: true } ? 1 : 0;
                    exhausted += end.Status == 402 ? 1 : 0;
                    await Task.Delay(TimeSpan.FromMilliseconds(end.Status is 429 or 503 ? 200 : 0));
                }
            }

            answered.ShouldBe(Limit);
            (await ReadAsync(back, budget))["spent"]!.GetValue<long>().ShouldBe(Limit);
        }
    }

    [Fact]
    public async Task Without_its_database_a_node_goes_on_with_what_it_holds_and_then_asks_callers_to_wait()
    {
        var store = await postgres.CreateDatabaseAsync();
        await using var house = await BudgetHouse.StartAsync(postgres: store);
        using var client = new KeyClient(house);
        using var load = new LoadClient(house.Address);
        var budget = await SetAsync(client, "1");
        (await load.CallAsync(Cent)).Status.ShouldBe(200);
        var name = new NpgsqlConnectionStringBuilder(store).Database;
        await postgres.ExecuteAsync($"ALTER DATABASE {name} ALLOW_CONNECTIONS false");
        await postgres.ExecuteAsync($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");

        // An eighth of a dollar, which is what was given for the first cent.
        var ends = new List<CallEnd>();
        do
        {
            ends.Add(await load.CallAsync(Cent));
        }
        while (ends[^1].Status == 200);

        ends[^1].Status.ShouldBe(503);
        ends[^1].Error!.ShouldContain("budget_unknown");
        ends.Count(end => end.Status == 200).ShouldBeLessThanOrEqualTo(11);
        await postgres.ExecuteAsync($"ALTER DATABASE {name} ALLOW_CONNECTIONS true");
        CallEnd last;
        while ((last = await load.CallAsync(Cent)).Status != 402)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(last.Status == 200 ? 0 : 100));
        }

        (await BudgetHouse.ReadAsync(house, budget)).Spent.ShouldBe(100 * BudgetHouse.CentNano);
        await BudgetHouse.SoldAsync(house);
    }

    [Fact]
    public async Task What_a_node_held_that_will_not_come_back_can_be_taken_from_it_and_not_from_one_that_is_there()
    {
        var store = await postgres.CreateDatabaseAsync();
        await using var house = await BudgetHouse.StartAsync(postgres: store);
        using var client = new KeyClient(house);
        using var load = new LoadClient(house.Address);
        await SetAsync(client, "0.02");
        var gone = Guid.NewGuid();
        await using (var connection = new NpgsqlConnection(store))
        {
            await connection.OpenAsync();
            await using var command = new NpgsqlCommand(
                """
                INSERT INTO budget_window (budget_id, window_us, ends_us, spent, wanted)
                SELECT budget_id, @window, @end, 0, 0 FROM budget ON CONFLICT DO NOTHING;
                INSERT INTO budget_hold (budget_id, window_us, node_id, held) SELECT budget_id, @window, @node, 10000000 FROM budget
                """,
                connection);
            command.Parameters.AddWithValue("window", long.MinValue);
            command.Parameters.AddWithValue("end", long.MaxValue);
            command.Parameters.AddWithValue("node", gone);
            await command.ExecuteNonQueryAsync();
        }

        (await load.CallAsync(Cent)).Status.ShouldBe(200);
        (await load.CallAsync(Cent)).Status.ShouldBe(429);
        var nodes = (await client.SendAsync(HttpMethod.Get, "api/budget-nodes"))["data"]!.AsArray();
        nodes.Select(node => node!["id"]!.ToString()).ShouldContain(gone.ToString());
        await client.SendAsync(
            HttpMethod.Delete, $"api/budget-nodes/{house.Get<Journal>().Id}", null,
            nodes.Count == 2 ? HttpStatusCode.Conflict : HttpStatusCode.NotFound);

        await client.SendAsync(HttpMethod.Delete, $"api/budget-nodes/{gone}");

        CallEnd end;
        while ((end = await load.CallAsync(Cent)).Status == 429)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100));
        }

        end.Status.ShouldBe(200);
        (await load.CallAsync(Cent)).Status.ShouldBe(402);
    }

    static Task<TestHouse> StartAsync(string store) => BudgetHouse.StartAsync(
        yaml: Samples.TwoCloudsYaml.Replace("between_chunks: 60s", "between_chunks: 3s", StringComparison.Ordinal),
        clouds: Samples.TwoClouds() with { Speed = 20, Latency = Sahab.Emulator.Configuration.Latency.Realistic },
        postgres: store);

    /// <summary>Calls until it is told that the budget is used up.</summary>
    static async Task<(int Status, int Served)> DriveAsync(LoadClient load, int caller)
    {
        var served = 0;
        for (var turn = 0; ; turn++)
        {
            var stream = (caller + turn) % 4 < 2;
            // Some leave in the middle of an answer, and some before there is any.
            int? leavesAfter = turn > 2 ? null : caller % 25 == 0 && stream ? 300 : caller % 25 == 1 ? 0 : null;
            var end = await load.CallAsync(new CallPlan(20, BudgetHouse.OutputTokens, stream, leavesAfter));
            served += end is { Status: 200, IsWhole: true } ? 1 : 0;
            if (end.Status == 402)
            {
                return (end.Status, served);
            }

            if (end.Status is 429 or 503)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100 + (caller % 400)));
            }
        }
    }

    static async Task<string> SetAsync(KeyClient client, string usd) => (await client.SendAsync(
        HttpMethod.Post, BudgetHouse.Budgets, new { name = "shared", measure = "money", period = "total", limit_usd = usd }))
        ["id"]!.ToString();

    Task<ServerProcess> ServeAsync(string config, string name, string store) => ServerProcess.StartAsync(
        config, Path.Combine(_folder, name), new Dictionary<string, string> { ["POSTGRES"] = store });

    static async Task<string> SetAsync(ServerProcess server, int limit)
    {
        using var http = Admin(server);
        using var response = await http.PostAsJsonAsync(
            BudgetHouse.Budgets, new { name = "calls", measure = "requests", period = "total", limit });
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        return JsonNode.Parse(await response.Content.ReadAsStringAsync())!["id"]!.ToString();
    }

    static async Task<JsonObject> ReadAsync(ServerProcess server, string budget)
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
