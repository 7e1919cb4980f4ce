using System.Text.Json.Nodes;
using Sahab.Server.Tests.House;
using Sahab.Server.Tests.Tenants;

namespace Sahab.Server.Tests.Commands;

/// <summary>One journey for each noun of the command line, against a real server.</summary>
public sealed class NounCommandTests : IAsyncLifetime
{
    TestHouse _house = null!;

    public async Task InitializeAsync() => _house = await TestHouse.StartAsync();

    public async Task DisposeAsync() => await _house.DisposeAsync();

    [Fact]
    public async Task A_webhook_is_added_changed_disabled_tried_rotated_and_removed()
    {
        (await _house.RunAsync("webhook", "types", "demo")).ShouldContain("webhook.test");
        var made = await _house.RunAsync("webhook", "add", "demo", "--to", "https://example.com/a", "--type", "webhook.test");
        made.ShouldContain("secret: whsec_");
        var id = CommandHouse.IdIn(made, "whk");
        (await _house.RunAsync("webhook", "list", "demo")).ShouldContain("https://example.com/a");
        (await _house.RunAsync("webhook", "change", "demo", id, "--name", "ours")).ShouldContain("ours");
        (await _house.RunAsync("webhook", "rotate", "demo", id)).ShouldContain("secret: whsec_");
        (await _house.RunAsync("webhook", "test", "demo", id)).Trim().ShouldBe("done");

        var sent = JsonNode.Parse(await _house.RunAsync("webhook", "deliveries", "demo", id, "--json"))!["data"]![0]!;
        sent["type"]!.ToString().ShouldBe("webhook.test");
        (await _house.RunAsync("webhook", "replay", "demo", id, sent["id"]!.ToString())).Trim().ShouldBe("done");
        (await _house.RunAsync("webhook", "disable", "demo", id)).ShouldContain("by a member");
        (await _house.FailAsync("webhook", "test", "demo", id)).ShouldContain("enable it first");
        (await _house.RunAsync("webhook", "enable", "demo", id)).ShouldNotContain("by a member");
        (await _house.RunAsync("webhook", "remove", "demo", id)).Trim().ShouldBe("done");
        (await _house.FailAsync("webhook", "show", "demo", id)).ShouldContain("There is no webhook");
        (await _house.RunAsync("webhook", "list", "demo")).Trim().ShouldBe("There is none.");
    }

    [Fact]
    public async Task Rules_on_data_are_set_shown_and_cleared()
    {
        (await _house.RunAsync("data", "set", "demo", "--keep-for", "24h")).ShouldContain("\"keep_for\":\"1d\"");
        (await _house.RunAsync("data", "rules", "demo")).ShouldContain("own: {");
        (await _house.RunAsync("data", "project", "set", "demo", "default", "--keep-for", "1h")).ShouldContain("keep_for");
        (await _house.RunAsync("data", "paths", "demo")).ShouldContain("deployment");
        (await _house.RunAsync("data", "all-paths", "--organisation", "demo")).ShouldContain("demo");
        (await _house.FailAsync("data", "set", "demo", "--process-in", "Atlantis")).ShouldContain("There is no \"Atlantis\"");
        (await _house.RunAsync("data", "project", "clear", "demo", "default")).ShouldNotContain("own: {");
        (await _house.RunAsync("data", "project", "rules", "demo", "default")).ShouldContain("\"keep_for\":\"1d\"");
        (await _house.RunAsync("data", "clear", "demo")).ShouldNotContain("own: {");
    }

    [Fact]
    public async Task A_use_is_declared_and_shown()
    {
        (await _house.RunAsync("use", "classes", "demo")).ShouldContain("general");
        (await _house.RunAsync("use", "declare", "demo", "default", "--class", "general")).ShouldContain("class: general");
        (await _house.RunAsync("use", "show", "demo", "default")).ShouldContain("state: approved");
        (await _house.FailAsync("use", "declare", "demo", "default", "--class", "mischief")).ShouldContain("must be one of");
    }

    [Fact]
    public async Task A_subprocessor_is_announced_changed_objected_to_accepted_and_removed()
    {
        (await _house.RunAsync(
            "subprocessor", "add", "cumulus", "--name", "Cumulus AS", "--purpose", "mails", "--country", "NO", "--country", "SE"))
            .ShouldContain("NO, SE");
        (await _house.RunAsync("subprocessor", "change", "cumulus", "--country", "NO")).ShouldNotContain("NO, SE");
        (await _house.RunAsync("subprocessor", "public")).ShouldContain("Cumulus AS");
        (await _house.RunAsync("subprocessor", "object", "demo", "cumulus", "--reason", "too far")).ShouldContain("objection");
        (await _house.RunAsync("subprocessor", "objections", "demo")).ShouldContain("too far");
        (await _house.RunAsync("subprocessor", "accept", "demo", "cumulus")).ShouldContain("acceptance");
        (await _house.RunAsync("subprocessor", "stances")).ShouldContain("acceptance");
        (await _house.RunAsync("subprocessor", "take-back", "demo", "cumulus")).Trim().ShouldBe("done");
        (await _house.RunAsync("subprocessor", "stances")).Trim().ShouldBe("There is none.");
        (await _house.RunAsync("subprocessor", "remove", "cumulus")).ShouldContain("removed");
    }

    [Fact]
    public async Task Billing_credit_prices_and_margin_are_told_and_changed()
    {
        (await _house.RunAsync("billing", "set", "demo", "--name", "Demo AS", "--country", "NO", "--address-line", "Street 1"))
            .ShouldContain("Demo AS");
        (await _house.RunAsync("billing", "show", "demo")).ShouldContain("""address: ["Street 1"]""");
        (await _house.RunAsync(
            "credit", "add", "demo", "--kind", "promotional", "--amount-usd", "12.50", "--note", "welcome")).ShouldContain("id: ");
        (await _house.RunAsync("credit", "list", "demo")).ShouldContain("welcome");
        (await _house.RunAsync("price", "list")).ShouldNotBeEmpty();
        (await _house.RunAsync("price", "of", "demo")).ShouldNotBeEmpty();
        (await _house.RunAsync("price", "agreements")).ShouldNotBeEmpty();
        (await _house.RunAsync("margin", "--by", "provider", "--json")).ShouldContain("\"data\":[");
        (await _house.FailAsync("margin", "--by", "weather")).ShouldContain("by is one of");
        (await _house.RunAsync("invoice", "open")).ShouldContain("number");
        (await _house.RunAsync("invoice", "all")).Trim().ShouldBe("There is none.");
        (await _house.RunAsync("invoice", "due", "--month", "2020-01")).Trim().ShouldBe("There is none.");
        (await _house.FailAsync("invoice", "payment", "add", "demo", "INV-1", "--amount-usd", "1", "--reference", "a"))
            .ShouldContain("There is no invoice");
    }

    [Fact]
    public async Task Members_are_invited_come_and_are_changed_and_removed()
    {
        (await _house.RunAsync("account", "sign-up", "--email", "kim@example.com")).ShouldContain("is a user now");
        var first = await _house.RunAsync("invitation", "make", "demo", "--email", "kim@example.com", "--role", "auditor");
        var id = CommandHouse.IdIn(first, "inv");
        (await _house.RunAsync("invitation", "list", "demo")).ShouldContain(id);
        (await _house.RunAsync("invitation", "withdraw", "demo", id)).ShouldContain("withdrawn: true");
        var again = await _house.RunAsync("invitation", "make", "demo", "--email", "kim@example.com", "--role", "developer");
        var token = again.Split('\n').Single(line => line.StartsWith("token: ", StringComparison.Ordinal))["token: ".Length..].Trim();
        (await _house.RunAsync("invitation", "accept", "--email", "kim@example.com", "--token", token))
            .ShouldContain("role: developer");

        var user = CommandHouse.IdIn(await _house.RunAsync("member", "list", "demo"), "usr");
        (await _house.RunAsync("member", "change", "demo", user, "--role", "billing")).ShouldContain("billing");
        (await _house.RunAsync("member", "remove", "demo", user)).ShouldContain("removed: true");
        (await _house.RunAsync("member", "add", "demo", "--email", "kim@example.com", "--role", "auditor")).ShouldContain("auditor");
        (await _house.RunAsync("account", "leave", "demo", "--email", "kim@example.com")).ShouldContain("left: true");
    }

    [Fact]
    public async Task Users_make_tokens_that_commands_run_under_and_change_their_password()
    {
        (await _house.RunAsync("user", "add", "kim@example.com")).ShouldContain("is user");
        (await _house.RunAsync("member", "add", "demo", "--email", "kim@example.com", "--role", "developer"))
            .ShouldContain("developer");
        string[] kim = ["--email", "kim@example.com"];
        var made = await _house.RunAsync(
            ["account", "token", "make", "--name", "laptop", "--organisation", "demo", "--role", "developer", .. kim]);
        var token = made.Split('\n').Single(line => line.StartsWith("token: ", StringComparison.Ordinal))["token: ".Length..].Trim();
        (await _house.RunWithAsync(token, "key", "list", "--organisation", "demo")).ShouldContain("There is none.");
        (await _house.RunAsync(["account", "token", "list", .. kim])).ShouldContain("laptop");
        (await _house.RunAsync(["account", "token", "revoke", CommandHouse.IdIn(made, "tok"), .. kim])).ShouldContain("revoked: true");

        (await _house.RunAsync(["account", "show", .. kim])).ShouldContain("kim@example.com");
        // Sessions of commands end with them: there is none but this one.
        JsonNode.Parse(await _house.RunAsync(["account", "sessions", "--json", .. kim]))!["data"]!.AsArray().Count.ShouldBe(1);
        (await _house.RunAsync(["account", "password", .. kim])).Trim().ShouldBe("changed");
        (await _house.FailAsync(["account", "show", .. kim])).ShouldContain("answered 401");
        using var visitor = new Visitor(_house);
        (await visitor.PostAsync("/api/sign-in", new JsonObject
        {
            ["email"] = "kim@example.com",
            ["password"] = CommandHouse.NewPassword,
        })).ShouldBeOk();
    }

    [Fact]
    public async Task Keys_budgets_and_projects_are_changed()
    {
        var key = CommandHouse.IdIn(await _house.RunAsync("key", "add", "--organisation", "demo", "--name", "before"), "key");
        var changed = await _house.RunAsync(
            "key", "change", key, "--organisation", "demo", "--name", "after", "--concurrency", "3");
        changed.ShouldContain("name: after");
        changed.ShouldContain("\"concurrency\":3");
        var budget = (await _house.RunAsync(
            "budget", "set", "--organisation", "demo", "--name", "small", "--measure", "requests", "--period", "month", "--limit",
            "5")).Trim();
        (await _house.RunAsync("budget", "change", "demo", budget, "--limit", "7", "--kind", "soft")).ShouldContain("limit: 7");
        (await _house.RunAsync("budget", "show", "demo", budget)).ShouldContain("kind: soft");
        (await _house.RunAsync("budget", "events", "demo", budget)).Trim().ShouldBe("There is none.");
        var project = CommandHouse.IdIn(await _house.RunAsync("tenant", "project", "add", "demo", "night"), "prj");
        (await _house.RunAsync("tenant", "project", "rename", "demo", project, "day")).ShouldContain("day");
        (await _house.RunAsync("tenant", "project", "show", "demo", project)).ShouldContain("day");
        var tenant = CommandHouse.IdIn(await _house.RunAsync("tenant", "add", "Cumulus"), "org");
        (await _house.RunAsync("tenant", "change", tenant, "--name", "Nimbus")).ShouldContain("Nimbus");
        (await _house.RunAsync("tenant", "list", "--search", "imbu")).ShouldContain(tenant);
        (await _house.RunAsync("tenant", "close", tenant, "--reason", "over")).ShouldContain("closed");
    }

    [Fact]
    public async Task What_ran_and_how_it_runs_is_told()
    {
        using var client = _house.Client();
        using var answer = await client.PostAsync("/v1/chat/completions", new StringContent(
            """{"model":"small","messages":[{"role":"user","content":"Hello"}]}""", null, "application/json"));
        answer.EnsureSuccessStatusCode();
        (await _house.CallsAsync()).Count.ShouldBe(1);
        await _house.DrainLedgerAsync();

        (await _house.RunAsync("call", "latest", "--model", "small")).ShouldContain("demo");
        var call = JsonNode.Parse(await _house.RunAsync("call", "list", "demo", "--json"))!["data"]![0]!["call_id"]!.ToString();
        (await _house.RunAsync("call", "show", "demo", call)).ShouldContain("model: small");
        (await _house.RunAsync("call", "route", call)).ShouldContain("decision");
        (await _house.RunAsync("call", "sums", "demo", "--group", "model")).ShouldContain("small");
        (await _house.RunAsync("ledger", "balances", "--json")).ShouldContain("{");
        (await _house.RunAsync("ledger", "events", "--limit", "1", "--json")).ShouldContain(call);
        (await _house.RunAsync("ledger", "commitments", "--json")).ShouldContain("\"data\":");
        (await _house.RunAsync("incident", "list")).Trim().ShouldBe("There is none.");
        (await _house.RunAsync("incident", "availability")).ShouldContain("small");
        (await _house.RunAsync("status", "server")).ShouldContain("journal_healthy: true");
        (await _house.RunAsync("status", "deployments")).ShouldContain("small");
        (await _house.RunAsync("status", "guarantees")).ShouldNotBeEmpty();
        (await _house.RunAsync("status", "steering", "--json")).ShouldStartWith("{");
        (await _house.RunAsync("audit", "list", "--limit", "5", "--json")).ShouldContain("\"data\":");
        (await _house.RunAsync("audit", "of", "demo")).ShouldNotBeEmpty();
        (await _house.RunAsync("audit", "check")).ShouldNotBeEmpty();
        (await _house.RunAsync("receipt", "keys")).ShouldContain("public_key");
    }
}
