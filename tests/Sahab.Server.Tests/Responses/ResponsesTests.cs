using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Dapper;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Tests.Faults;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Responses;

/// <summary><c>/v1/responses</c> through the whole server, with the emulated clouds behind it.</summary>
public sealed class ResponsesTests : IAsyncLifetime
{
    const string NordicKey = "sk-test-nordic";

    TestHouse _house = null!;

    public async Task InitializeAsync() => _house = await TestHouse.StartAsync(Samples.TwoCloudsYaml.Replace(
        "      demo: { secret: { env: DEMO_KEY } }",
        "      demo: { secret: { env: DEMO_KEY } }\n      nordic: { secret: { sha256: "
        + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(NordicKey)))
        + " }, countries: [\"NO\"] }",
        StringComparison.Ordinal)
        // Whoever is free to choose does not choose Norway.
        .Replace(
            ", region: \"no\" }", ", region: \"no\", price: { prompt: 150, output: 600 } }", StringComparison.Ordinal));

    public async Task DisposeAsync() => await _house.DisposeAsync();

    [Fact]
    public async Task A_conversation_goes_on_from_what_is_kept()
    {
        using var client = _house.Client();
        var (_, first) = await AskAsync(client, """{"model":"small","input":"Tell me of the clouds.","max_output_tokens":9}""");
        ((string)first["object"]!).ShouldBe("response");
        ((bool)first["store"]!).ShouldBeTrue();
        var id = (string)first["id"]!;
        var (_, second) = await AskAsync(
            client, $$"""{"model":"small","input":"And more?","max_output_tokens":9,"previous_response_id":"{{id}}"}""");
        ((string)second["previous_response_id"]!).ShouldBe(id);
        ((long)second["usage"]!["input_tokens"]!).ShouldBeGreaterThan((long)first["usage"]!["input_tokens"]!);
        var (_, named) = await AskAsync(client, $$"""
            {"model":"small","input":[{"role":"user","content":"Tell me of the clouds."},
            {"type":"item_reference","id":"{{(string)first["output"]![0]!["id"]!}}"},
            {"role":"user","content":"And more?"}],"max_output_tokens":9,"store":false}
            """);
        ((long)named["usage"]!["input_tokens"]!).ShouldBe((long)second["usage"]!["input_tokens"]!);
        ((bool)named["store"]!).ShouldBeFalse();
        (await client.GetAsync($"/v1/responses/{(string)named["id"]!}")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_kept_response_is_what_its_client_got_streamed_or_not()
    {
        using var client = _house.Client();
        var (_, whole) = await AskAsync(client, """{"model":"small","input":"x","max_output_tokens":5}""");
        var streamed = await StreamAsync(client, """{"model":"small","input":"x","max_output_tokens":5,"stream":true}""");
        foreach (var response in (JsonNode[])[whole, streamed])
        {
            var kept = await client.GetFromJsonAsync<JsonNode>($"/v1/responses/{(string)response["id"]!}");
            JsonNode.DeepEquals(kept, response).ShouldBeTrue($"{kept} is not {response}");
        }
    }

    [Fact]
    public async Task Another_tenant_sees_nothing()
    {
        using var client = _house.Client();
        using var other = _house.Client(TestHouse.AdminKey);
        var id = (string)(await AskAsync(client, """{"model":"small","input":"x"}""")).Body["id"]!;
        foreach (var path in (string[])[$"/v1/responses/{id}", $"/v1/responses/{id}/input_items"])
        {
            (await other.GetAsync(path)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
            (await client.GetAsync(path)).StatusCode.ShouldBe(HttpStatusCode.OK);
        }

        (await other.DeleteAsync($"/v1/responses/{id}")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        var (status, refused) = await AskAsync(
            other, $$"""{"model":"small","input":"x","previous_response_id":"{{id}}"}""");
        status.ShouldBe(HttpStatusCode.BadRequest);
        ((string)refused["error"]!["code"]!).ShouldBe("previous_response_not_found");
    }

    [Fact]
    public async Task A_conversation_that_began_in_Norway_stays_there_under_any_key_of_its_tenant()
    {
        using var nordic = _house.Client(NordicKey);
        using var anywhere = _house.Client();
        var id = (string)(await AskAsync(nordic, """{"model":"small","input":"x","max_output_tokens":3}""")).Body["id"]!;
        for (var turn = 0; turn < 8; turn++)
        {
            using var response = await anywhere.PostAsync("/v1/responses", Json(
                $$"""{"model":"small","input":"more {{turn}}","max_output_tokens":3,"previous_response_id":"{{id}}"}"""));
            response.Headers.GetValues("x-sahab-region").ShouldBe(["no"]);
            id = (string)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["id"]!;
        }

        using var other = await anywhere.PostAsync("/v1/responses", Json("""{"model":"small","input":"other"}"""));
        other.Headers.GetValues("x-sahab-region").ShouldBe(["us"], "what is cheap is there");
    }

    [Fact]
    public async Task A_store_that_fails_does_not_stop_the_answer_which_tells_that_nobody_kept_it()
    {
        using var client = _house.Client();
        var id = (string)(await AskAsync(client, """{"model":"small","input":"x"}""")).Body["id"]!;
        await using (var connection = await _house.Get<SahabDatabase>().OpenAsync(CancellationToken.None))
        {
            await connection.ExecuteAsync("ALTER TABLE response RENAME TO response_away");
        }

        var (status, whole) = await AskAsync(client, """{"model":"small","input":"x"}""");
        status.ShouldBe(HttpStatusCode.OK);
        ((bool)whole["store"]!).ShouldBeFalse();
        var streamed = await StreamAsync(client, """{"model":"small","input":"x","stream":true}""");
        ((bool)streamed["store"]!).ShouldBeFalse();
        using var refused = await client.PostAsync(
            "/v1/responses", Json($$"""{"model":"small","input":"x","previous_response_id":"{{id}}"}"""));
        refused.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        refused.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(2));
    }

    [Fact]
    public async Task Every_token_that_the_clouds_bill_is_in_the_ledger()
    {
        using var client = _house.Client();
        for (var turn = 0; turn < 6; turn++)
        {
            await AskAsync(client, """{"model":"small","input":"Tell me."}""");
            await StreamAsync(client, """{"model":"small","input":"Tell me.","stream":true}""");
        }

        (await Books.CloseAsync(_house)).ShouldAgree();
    }

    [Fact]
    public async Task Only_what_is_there_can_be_asked_for()
    {
        using var client = _house.Client();
        foreach (var id in (string[])["resp_none", "resp_019ab000000070008000000000000001"])
        {
            (await client.GetAsync($"/v1/responses/{id}")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
            (await client.PostAsync($"/v1/responses/{id}/cancel", null)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        }

        var kept = (string)(await AskAsync(client, """{"model":"small","input":"x"}""")).Body["id"]!;
        (await client.PostAsync($"/v1/responses/{kept}/cancel", null)).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await client.GetAsync($"/v1/responses/{kept}?stream=true")).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await client.GetAsync($"/v1/responses/{kept}/input_items?limit=0")).StatusCode
            .ShouldBe(HttpStatusCode.BadRequest);
        using var nobody = _house.Client("sk-unknown");
        (await nobody.GetAsync($"/v1/responses/{kept}")).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    static StringContent Json(string body) => new(body, Encoding.UTF8, "application/json");

    static async Task<(HttpStatusCode Status, JsonNode Body)> AskAsync(HttpClient client, string body)
    {
        using var response = await client.PostAsync("/v1/responses", Json(body));
        return (response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync())!);
    }

    /// <summary>The response that the last event of a stream holds.</summary>
    static async Task<JsonNode> StreamAsync(HttpClient client, string body)
    {
        using var response = await client.PostAsync("/v1/responses", Json(body));
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        var text = await response.Content.ReadAsStringAsync();
        var last = text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries)[^1];
        last.ShouldStartWith("event: response.");
        return JsonNode.Parse(last.Split('\n')[1]["data: ".Length..])!["response"]!;
    }
}
