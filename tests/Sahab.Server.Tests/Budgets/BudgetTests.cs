using System.Net;
using System.Text.Json.Nodes;
using Sahab.Server.Sell.Budgets;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Tests.Faults;
using Sahab.Server.Tests.House;
using Sahab.Server.Tests.Keys;

namespace Sahab.Server.Tests.Budgets;

/// <summary>Budgets that are set through the control API, in a whole house.</summary>
public class BudgetTests
{
    static readonly CallPlan Cent = new(10, BudgetHouse.OutputTokens, Stream: false);

    [Fact]
    public async Task A_hard_budget_refuses_what_goes_beyond_it_and_says_all_about_itself()
    {
        var time = new HandTime();
        await using var house = await BudgetHouse.StartAsync(time);
        using var client = new KeyClient(house);
        using var load = new LoadClient(house.Address);
        var budget = await SetAsync(client, new { name = "tea", measure = "money", period = "hour", limit_usd = "0.025" });
        (await load.CallAsync(Cent)).Status.ShouldBe(200);
        (await load.CallAsync(Cent)).Status.ShouldBe(200);

        var refused = await load.CallAsync(Cent);
        var shown = await client.SendAsync(HttpMethod.Get, $"{BudgetHouse.Budgets}/{budget["id"]}");

        refused.Status.ShouldBe(402);
        var error = JsonNode.Parse(refused.Error!)!["error"]!;
        error["code"]!.ToString().ShouldBe("budget_exceeded");
        var message = error["message"]!.ToString();
        message.ShouldContain("'tea'");
        message.ShouldContain("0.025 USD per hour");
        message.ShouldContain("0.005 USD are left");
        message.ShouldContain("may need 0.01 USD");
        message.ShouldContain("2026-01-01T01:00:00Z");
        shown["spent_usd"]!.ToString().ShouldBe("0.02");
        shown["reserved_usd"]!.ToString().ShouldBe("0");
        shown["left_usd"]!.ToString().ShouldBe("0.005");
        shown["resets_at"]!.ToString().ShouldBe("2026-01-01T01:00:00Z");

        time.Pass(TimeSpan.FromHours(1));
        (await load.CallAsync(Cent)).Status.ShouldBe(200);
    }

    [Fact]
    public async Task The_402_carries_the_header_that_tells_clients_not_to_retry()
    {
        await using var house = await BudgetHouse.StartAsync();
        using var client = new KeyClient(house);
        await SetAsync(client, new { name = "none", measure = "requests", period = "total", limit = 0 });

        var (status, _, headers) = await KeyClient.CallAsync(house, TestHouse.DemoKey);

        status.ShouldBe(402);
        headers.GetValues("x-should-retry").Single().ShouldBe("false");
        headers.RetryAfter.ShouldBeNull();
    }

    [Fact]
    public async Task A_budget_counts_what_was_used_before_it_was_set_unless_it_is_told_not_to()
    {
        await using var house = await BudgetHouse.StartAsync();
        using var client = new KeyClient(house);
        using var load = new LoadClient(house.Address);
        for (var call = 0; call < 3; call++)
        {
            (await load.CallAsync(Cent)).Status.ShouldBe(200);
        }

        await house.DrainLedgerAsync();
        var before = await SetAsync(client, new { name = "a", measure = "requests", period = "year", limit = 10 });
        var fresh = await SetAsync(
            client, new { name = "b", measure = "requests", period = "year", limit = 10, usage = "reset" });

        before["spent"]!.GetValue<long>().ShouldBe(3);
        fresh["spent"]!.GetValue<long>().ShouldBe(0);
        (await client.SendAsync(HttpMethod.Patch, $"{BudgetHouse.Budgets}/{before["id"]}", new { usage = "reset", limit = 20 }))
            ["spent"]!.GetValue<long>().ShouldBe(0);
        (await load.CallAsync(Cent)).Status.ShouldBe(200);
        (await client.SendAsync(HttpMethod.Get, $"{BudgetHouse.Budgets}/{before["id"]}"))["spent"]!.GetValue<long>().ShouldBe(1);
    }

    [Fact]
    public async Task Budgets_of_key_project_and_organisation_apply_together()
    {
        await using var house = await BudgetHouse.StartAsync();
        using var client = new KeyClient(house);
        var key = await client.CreateAsync();
        await SetAsync(client, new { name = "key", key = key["id"], measure = "requests", period = "total", limit = 1 });
        await SetAsync(client, new { name = "project", project = "default", measure = "requests", period = "total", limit = 2 });

        (await KeyClient.CallAsync(house, KeyClient.SecretOf(key))).Status.ShouldBe(200);
        var (status, body, _) = await KeyClient.CallAsync(house, KeyClient.SecretOf(key));
        status.ShouldBe(402);
        body!["error"]!["message"]!.ToString().ShouldContain("'key'");
        (await KeyClient.CallAsync(house, TestHouse.DemoKey)).Status.ShouldBe(200);
        (await KeyClient.CallAsync(house, TestHouse.DemoKey)).Body!["error"]!["message"]!.ToString().ShouldContain("'project'");
        (await KeyClient.CallAsync(house, TestHouse.AdminKey)).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_call_without_a_limit_of_its_own_reserves_the_models()
    {
        await using var house = await BudgetHouse.StartAsync(yaml: Samples.TwoCloudsYaml.Replace(
            "context_tokens: 32768,", "context_tokens: 32768, max_output_tokens: 1000,", StringComparison.Ordinal));
        using var client = new KeyClient(house);
        await SetAsync(client, new { name = "b", measure = "money", period = "month", limit_usd = "0.99" });
        using var http = house.Client();
        using var content = new StringContent(
            """{"model":"small","messages":[{"role":"user","content":"hi"}]}""", System.Text.Encoding.UTF8, "application/json");
        using var response = await http.PostAsync("v1/chat/completions", content);

        response.StatusCode.ShouldBe(HttpStatusCode.PaymentRequired);
        (await response.Content.ReadAsStringAsync()).ShouldContain("may need 1 USD");
    }

    [Fact]
    public async Task Thresholds_and_exhaustion_are_told_once_in_a_window()
    {
        var time = new HandTime();
        await using var house = await BudgetHouse.StartAsync(time);
        using var client = new KeyClient(house);
        using var load = new LoadClient(house.Address);
        var budget = await SetAsync(client, new
        {
            name = "told",
            measure = "requests",
            period = "hour",
            limit = 4,
            thresholds = new[] { 50, 80, 100 },
        });
        var path = $"{BudgetHouse.Budgets}/{budget["id"]}/events";
        for (var call = 0; call < 2; call++)
        {
            (await load.CallAsync(Cent)).Status.ShouldBe(200);
        }

        await house.Get<BudgetLoop>().TellAsync(CancellationToken.None);
        var first = (await client.SendAsync(HttpMethod.Get, path))["data"]!.AsArray();
        for (var call = 0; call < 3; call++)
        {
            await load.CallAsync(Cent);
        }

        await house.Get<BudgetLoop>().TellAsync(CancellationToken.None);
        await house.Get<BudgetLoop>().TellAsync(CancellationToken.None);
        var all = (await client.SendAsync(HttpMethod.Get, path))["data"]!.AsArray();

        first.ShouldHaveSingleItem()!["percent"]!.GetValue<long>().ShouldBe(50);
        all.Select(each => $"{each!["kind"]} {each["percent"]}").ShouldBe(
            ["exhausted ", "threshold 50", "threshold 80", "threshold 100"]);
        all[0]!["window_start"]!.ToString().ShouldBe("2026-01-01T00:00:00Z");
    }

    [Fact]
    public async Task What_was_told_is_told_again_under_another_limit_and_when_it_counts_anew()
    {
        await using var house = await BudgetHouse.StartAsync();
        using var client = new KeyClient(house);
        using var load = new LoadClient(house.Address);
        var budget = await SetAsync(client, new
        {
            name = "told",
            measure = "requests",
            period = "total",
            limit = 1,
            thresholds = new[] { 80 },
        });
        var path = $"{BudgetHouse.Budgets}/{budget["id"]}";
        async Task<string[]> SpendAsync(int calls)
        {
            for (var call = 0; call < calls; call++)
            {
                (await load.CallAsync(Cent)).Status.ShouldBe(call < calls - 1 ? 200 : 402);
                await house.Get<BudgetLoop>().TellAsync(CancellationToken.None);
            }

            return
            [
                .. (await client.SendAsync(HttpMethod.Get, path + "/events"))["data"]!.AsArray()
                    .Select(each => $"{each!["kind"]} {each["percent"]} of {each["limit"]}"),
            ];
        }

        var first = await SpendAsync(2);
        await client.SendAsync(HttpMethod.Patch, path, new { limit = 3 });
        await house.Get<BudgetLoop>().TellAsync(CancellationToken.None);
        var raised = (await client.SendAsync(HttpMethod.Get, path + "/events"))["data"]!.AsArray().Count;
        var second = await SpendAsync(3);
        await client.SendAsync(HttpMethod.Patch, path, new { usage = "reset" });
        var third = await SpendAsync(4);

        string[] once = ["exhausted  of 1", "threshold 80 of 1"];
        string[] twice = [.. once, "exhausted  of 3", "threshold 80 of 3"];
        first.ShouldBe(once, ignoreOrder: true);
        raised.ShouldBe(2);
        second.ShouldBe(twice, ignoreOrder: true);
        third.ShouldBe([.. twice, "exhausted  of 3", "threshold 80 of 3"], ignoreOrder: true);
    }

    [Fact]
    public async Task A_soft_budget_refuses_nothing_and_tells_at_80_and_100_percent_unless_told_otherwise()
    {
        await using var house = await BudgetHouse.StartAsync();
        using var client = new KeyClient(house);
        using var load = new LoadClient(house.Address);
        var budget = await SetAsync(client, new { name = "told", kind = "soft", measure = "requests", period = "total", limit = 2 });
        for (var call = 0; call < 3; call++)
        {
            (await load.CallAsync(Cent)).Status.ShouldBe(200);
        }

        await house.DrainLedgerAsync();
        var told = (await client.SendAsync(HttpMethod.Get, $"{BudgetHouse.Budgets}/{budget["id"]}/events"))["data"]!.AsArray();

        budget["thresholds"]!.AsArray().Select(percent => (int)percent!).ShouldBe([80, 100]);
        told.Select(each => $"{each!["kind"]} {each["percent"]}").ShouldBe(["threshold 80", "threshold 100"], ignoreOrder: true);
    }

    [Fact]
    public async Task A_budget_of_tokens_counts_what_answers_use_and_stops_before_its_limit()
    {
        await using var house = await BudgetHouse.StartAsync();
        using var client = new KeyClient(house);
        using var load = new LoadClient(house.Address);
        var budget = await SetAsync(client, new { name = "tokens", measure = "tokens", period = "total", limit = 100 });
        var statuses = new List<int>();
        for (var call = 0; call < 12; call++)
        {
            statuses.Add((await load.CallAsync(Cent)).Status);
        }

        await house.DrainLedgerAsync();
        var spent = (await client.SendAsync(HttpMethod.Get, $"{BudgetHouse.Budgets}/{budget["id"]}"))["spent"]!.GetValue<long>();

        statuses[0].ShouldBe(200);
        statuses[^1].ShouldBe(402);
        var events = (await Books.ReadEventsAsync(house.Get<UsageStore>())).Where(usage => usage.Tenant == "demo").ToList();
        spent.ShouldBe(events.Sum(usage => usage.Usage.PromptTokens + usage.Usage.OutputTokens));
        spent.ShouldBeInRange(1, 100);
    }

    [Fact]
    public async Task A_removed_budget_refuses_nobody_and_what_it_did_is_in_the_audit_log()
    {
        await using var house = await BudgetHouse.StartAsync();
        using var client = new KeyClient(house);
        var budget = await SetAsync(client, new { name = "b", measure = "tokens", period = "day", limit = 0 });
        (await KeyClient.CallAsync(house, TestHouse.DemoKey)).Status.ShouldBe(402);

        await client.SendAsync(HttpMethod.Delete, $"{BudgetHouse.Budgets}/{budget["id"]}");

        (await KeyClient.CallAsync(house, TestHouse.DemoKey)).Status.ShouldBe(200);
        (await client.SendAsync(HttpMethod.Get, BudgetHouse.Budgets))["data"]!.AsArray().ShouldBeEmpty();
        await client.SendAsync(HttpMethod.Get, $"{BudgetHouse.Budgets}/{budget["id"]}", null, HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData("""{"measure":"money","period":"day","limit_usd":"1"}""", "name")]
    [InlineData("""{"name":"a","measure":"coins","period":"day","limit":1}""", "measure")]
    [InlineData("""{"name":"a","measure":"money","period":"decade","limit_usd":"1"}""", "period")]
    [InlineData("""{"name":"a","measure":"money","period":"day","limit":1}""", "limit_usd")]
    [InlineData("""{"name":"a","measure":"money","period":"day","limit_usd":"-1"}""", "limit_usd")]
    [InlineData("""{"name":"a","measure":"money","period":"day","limit_usd":"0.0000000001"}""", "limit_usd")]
    [InlineData("""{"name":"a","measure":"tokens","period":"day"}""", "limit")]
    [InlineData("""{"name":"a","measure":"tokens","period":"day","limit":1,"thresholds":[0]}""", "thresholds")]
    [InlineData("""{"name":"a","measure":"tokens","period":"day","limit":1,"kind":"firm"}""", "kind")]
    [InlineData("""{"name":"a","measure":"tokens","period":"day","limit":1,"usage":"half"}""", "usage")]
    [InlineData("""{"name":"a","measure":"tokens","period":"day","limit":1,"key":"k","project":"p"}""", "key")]
    public async Task What_is_wrong_with_a_budget_is_said_with_its_place(string body, string parameter)
    {
        await using var house = await BudgetHouse.StartAsync();
        using var client = new KeyClient(house);
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var response = await client.Http.PostAsync(BudgetHouse.Budgets, content);

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        JsonNode.Parse(await response.Content.ReadAsStringAsync())!["parameter"]!.ToString().ShouldBe(parameter);
    }

    static Task<JsonObject> SetAsync(KeyClient client, object order) =>
        client.SendAsync(HttpMethod.Post, BudgetHouse.Budgets, order);
}
