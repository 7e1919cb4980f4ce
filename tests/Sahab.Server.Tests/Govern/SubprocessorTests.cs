using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace Sahab.Server.Tests.Govern;

/// <summary>The register of subprocessors through the whole server: notices, objections, and where calls then go.</summary>
public sealed class SubprocessorTests : IAsyncLifetime
{
    const string Azure =
        """{"id":"azure-inc","name":"Azure Inc.","provider":"azure","purpose":"Runs models","countries":["US","NO"]}""";

    GovernHouse _house = null!;

    public async Task InitializeAsync() => _house = await GovernHouse.StartAsync();

    public async Task DisposeAsync() => await _house.DisposeAsync();

    [Fact]
    public async Task A_subprocessor_takes_no_calls_before_its_notice_is_over_but_of_who_accepts_it()
    {
        (await _house.PlacesAsync()).ShouldContain("azure");

        var added = await _house.DoAsync("POST", "/api/subprocessors", Azure);

        ((string)added["state"]!).ShouldBe("announced");
        (await _house.PlacesAsync()).ShouldNotContain("azure");
        (await _house.CallAsync(model: "vectors")).ShouldBe("own-vectors");
        await _house.DoAsync("PUT", "/api/organisations/demo/objections/azure-inc", """{"says":"acceptance"}""");
        (await _house.PlacesAsync()).ShouldContain("azure");
        (await _house.PlacesAsync(GovernHouse.OtherKey)).ShouldNotContain("azure");

        await _house.PassAsync(TimeSpan.FromDays(30) - TimeSpan.FromMinutes(5));
        (await _house.PlacesAsync(GovernHouse.OtherKey)).ShouldNotContain("azure");
        await _house.PassAsync(TimeSpan.FromMinutes(6));
        (await _house.PlacesAsync(GovernHouse.OtherKey)).ShouldContain("azure");
    }

    [Fact]
    public async Task What_organisations_say_is_listed_part_by_part()
    {
        await _house.DoAsync("POST", "/api/subprocessors", Azure);
        await _house.DoAsync("PUT", "/api/organisations/other/objections/azure-inc", """{"says":"objection"}""");
        await _house.DoAsync("PUT", "/api/organisations/demo/objections/azure-inc", """{"says":"acceptance"}""");

        var first = await _house.DoAsync("GET", "/api/subprocessors/stances?limit=1");
        ((string)first["data"]!.AsArray().ShouldHaveSingleItem()!["organisation"]!).ShouldBe("demo");
        var last = await _house.DoAsync(
            "GET", $"/api/subprocessors/stances?limit=1&after={Uri.EscapeDataString((string)first["next"]!)}");
        ((string)last["data"]!.AsArray().ShouldHaveSingleItem()!["organisation"]!).ShouldBe("other");
        last["next"].ShouldBeNull();
    }

    [Fact]
    public async Task An_objection_keeps_calls_away_and_if_nothing_is_left_says_so()
    {
        await _house.DoAsync("POST", "/api/subprocessors", Azure.Replace("\"countries\"", "\"already_in_use\":true,\"countries\"", StringComparison.Ordinal));
        await _house.DoAsync("POST", "/api/subprocessors", """
            {"id":"ours","name":"Our own halls","provider":"own","purpose":"Runs models","countries":["NO","US"],"already_in_use":true}
            """);
        (await _house.PlacesAsync()).ShouldContain("azure");

        await _house.DoAsync(
            "PUT", "/api/organisations/demo/objections/azure-inc", """{"says":"objection","reason":"our board"}""");
        (await _house.PlacesAsync()).ShouldNotContain("azure");
        (await _house.PlacesAsync(GovernHouse.OtherKey)).ShouldContain("azure");
        var explained = await _house.DoAsync(
            "POST", "/api/explain?key=demo", """{"model":"small","messages":[{"role":"user","content":"x"}]}""");
        explained["decision"]!["candidates"]!.AsArray()
            .Where(candidate => (string)candidate!["verdict"]! == "provider_barred")
            .Select(candidate => (string)candidate!["deployment"]!).Order().ShouldBe(["azure-no", "azure-us"]);

        await _house.DoAsync("PUT", "/api/organisations/demo/objections/ours", """{"says":"objection"}""");
        using var client = _house.House.Client();
        using var refused = await client.PostAsync("/v1/chat/completions", new StringContent(
            """{"model":"small","messages":[{"role":"user","content":"x"}]}""", Encoding.UTF8, "application/json"));
        refused.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        var error = JsonNode.Parse(await refused.Content.ReadAsStringAsync())!["error"]!;
        ((string)error["code"]!).ShouldBe("subprocessor_barred");
        ((string)error["message"]!).ShouldContain("objection");
        ((string)error["message"]!).ShouldContain("Our own halls");

        await _house.DoAsync("DELETE", "/api/organisations/demo/objections/ours");
        (await _house.CallAsync()).ShouldStartWith("own");
        (await _house.AuditAsync("demo")).ShouldBe(
            ["subprocessor.objection_recorded", "subprocessor.objection_recorded", "subprocessor.stance_withdrawn"]);
    }

    [Fact]
    public async Task Anybody_may_read_the_register_and_nobody_what_others_say()
    {
        await _house.DoAsync("POST", "/api/subprocessors", Azure);
        await _house.DoAsync("PUT", "/api/organisations/demo/objections/azure-inc", """{"says":"objection","reason":"our board"}""");

        var (status, body) = await _house.AskAsync("GET", "/api/subprocessors", key: null);

        status.ShouldBe(HttpStatusCode.OK);
        var text = body!.ToJsonString();
        text.ShouldContain("Azure Inc.");
        text.ShouldNotContain("demo");
        text.ShouldNotContain("our board");
        body["data"]![0]!["provider"].ShouldBeNull();
        (await _house.DoAsync("GET", "/api/organisations/other/objections")).ToJsonString().ShouldNotContain("our board");
        foreach (var (method, path) in ((string, string)[])
        [
            ("POST", "/api/subprocessors"), ("GET", "/api/organisations/demo/objections"), ("GET", "/api/subprocessors/register"),
        ])
        {
            (await _house.AskAsync(method, path, key: null)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        }
    }

    [Fact]
    public async Task Who_is_removed_takes_no_more_calls_and_needs_notice_again()
    {
        await _house.DoAsync("POST", "/api/subprocessors", Azure);
        await _house.PassAsync(TimeSpan.FromDays(31));
        (await _house.PlacesAsync()).ShouldContain("azure");

        await _house.DoAsync("DELETE", "/api/subprocessors/azure-inc");

        (await _house.PlacesAsync()).ShouldNotContain("azure");
        (await _house.AskAsync("POST", "/api/subprocessors", Azure)).Status.ShouldBe(HttpStatusCode.Conflict);
        await _house.DoAsync("POST", "/api/subprocessors", Azure.Replace("azure-inc", "azure-two", StringComparison.Ordinal));
        (await _house.PlacesAsync()).ShouldNotContain("azure");
    }

    [Fact]
    public async Task A_change_that_tenants_must_hear_of_in_time_is_an_addition()
    {
        await _house.DoAsync("POST", "/api/subprocessors", Azure);

        (await _house.AskAsync("PATCH", "/api/subprocessors/azure-inc", """{"countries":["US","DE"]}""")).Status
            .ShouldBe(HttpStatusCode.Conflict);
        var changed = await _house.DoAsync("PATCH", "/api/subprocessors/azure-inc", """{"countries":["US"],"name":"Azure plc"}""");
        changed["countries"]!.ToJsonString().ShouldBe("""["US"]""");
        (await _house.AskAsync("POST", "/api/subprocessors", Azure.Replace("azure-inc", "second", StringComparison.Ordinal)))
            .Status.ShouldBe(HttpStatusCode.Conflict);
        (await _house.AskAsync("POST", "/api/subprocessors", Azure.Replace("[\"US\",\"NO\"]", "[\"XX\"]", StringComparison.Ordinal)))
            .Status.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task A_provider_gets_no_data_in_countries_that_were_not_announced()
    {
        await _house.DoAsync("POST", "/api/subprocessors", Azure.Replace(
            "[\"US\",\"NO\"]", "[\"NO\"],\"already_in_use\":true", StringComparison.Ordinal));
        await _house.DoAsync("POST", "/api/subprocessors", """
            {"id":"ours","name":"Our own halls","provider":"own","purpose":"Runs models","countries":["NO","US"],"already_in_use":true}
            """);
        (await _house.PlacesAsync()).ShouldBe("azure-no own-no own-us");
        (await _house.PlacesAsync(GovernHouse.OtherKey)).ShouldBe("azure-no own-no own-us");
        var explained = await _house.DoAsync(
            "POST", "/api/explain?key=demo", """{"model":"small","messages":[{"role":"user","content":"x"}]}""");
        explained["decision"]!["candidates"]!.AsArray()
            .Where(candidate => (string)candidate!["verdict"]! == "provider_barred")
            .Select(candidate => (string)candidate!["deployment"]!).ShouldBe(["azure-us"]);

        // An objection bars the rest of it too, and an acceptance nothing more than was announced.
        await _house.DoAsync("PUT", "/api/organisations/demo/objections/azure-inc", """{"says":"acceptance"}""");
        (await _house.PlacesAsync()).ShouldBe("azure-no own-no own-us");
        await _house.DoAsync("PUT", "/api/organisations/demo/objections/azure-inc", """{"says":"objection"}""");
        (await _house.PlacesAsync()).ShouldBe("own-no own-us");

        // What is taken away is barred from then on.
        await _house.DoAsync("PATCH", "/api/subprocessors/ours", """{"countries":["NO"]}""");
        (await _house.PlacesAsync()).ShouldBe("own-no");
        using var client = _house.House.Client();
        using var refused = await client.PostAsync("/v1/embeddings", new StringContent(
            """{"model":"vectors","input":"x"}""", Encoding.UTF8, "application/json"));
        refused.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await refused.Content.ReadAsStringAsync()).ShouldContain("The subprocessor Our own halls was announced for NO only.");
    }

    [Fact]
    public async Task Where_the_register_is_required_a_configuration_with_somebody_else_is_refused()
    {
        var text = GovernHouse.Yaml + "\nsubprocessors: { required: true, notice: 24h }\n";

        _house.House.Configuration.TryApply(GovernHouse.Read(text)).ShouldBeFalse();
        _house.House.Configuration.Status.LastErrors.ShouldHaveSingleItem()
            .ShouldContain("The provider own is not in the register of subprocessors");

        await _house.DoAsync("POST", "/api/subprocessors", Azure);
        await _house.DoAsync(
            "POST", "/api/subprocessors", """{"id":"narrow","name":"Ours","provider":"own","purpose":"x","countries":["NO"]}""");
        _house.House.Configuration.TryApply(GovernHouse.Read(text)).ShouldBeFalse();
        _house.House.Configuration.Status.LastErrors.ShouldHaveSingleItem().ShouldContain("has the region us in US");
        await _house.DoAsync("DELETE", "/api/subprocessors/narrow");
        await _house.DoAsync(
            "POST", "/api/subprocessors", """{"id":"ours","name":"Ours","provider":"own","purpose":"x","countries":["NO","US"]}""");
        _house.House.Configuration.TryApply(GovernHouse.Read(text)).ShouldBeTrue();
        (await _house.AskAsync("DELETE", "/api/subprocessors/ours")).Status.ShouldBe(HttpStatusCode.Conflict);
        var (status, problem) = await _house.AskAsync("PATCH", "/api/subprocessors/ours", """{"countries":["NO"]}""");
        status.ShouldBe(HttpStatusCode.Conflict);
        problem!["detail"]!.ToString().ShouldContain("has the provider own in US");
        await _house.DoAsync("PATCH", "/api/subprocessors/ours", """{"name":"Our halls","countries":["US","NO"]}""");
    }
}
