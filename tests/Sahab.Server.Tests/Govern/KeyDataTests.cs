using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Sahab.Server.Tests.Batches;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Govern;

/// <summary>Rules on data of keys that were made at run time, through the whole server.</summary>
public sealed class KeyDataTests : IAsyncLifetime
{
    const string Project = "/api/organisations/demo/projects/default";

    GovernHouse _house = null!;

    public async Task InitializeAsync() => _house = await GovernHouse.StartAsync();

    public async Task DisposeAsync() => await _house.DisposeAsync();

    [Fact]
    public async Task A_key_goes_only_where_its_own_rules_let_it_and_they_can_be_seen_and_changed()
    {
        var (id, secret) = await MakeAsync("""{"process_in":["nordics"],"store_in":["NO"]}""");
        (await _house.PlacesAsync(secret)).ShouldBe("azure-no own-no");
        (await _house.PlacesAsync()).ShouldContain("-us");
        var shown = await _house.DoAsync("GET", $"{Project}/keys/{id}");
        shown["data"]!.ToJsonString().ShouldBe("""{"process_in":["nordics"],"store_in":["NO"]}""");
        (await _house.CallAsync(secret, "vectors")).ShouldBe("country_not_allowed");

        // Another member stays, and the rules with it.
        await _house.DoAsync("PATCH", $"{Project}/keys/{id}", """{"name":"another"}""");
        (await _house.PlacesAsync(secret)).ShouldBe("azure-no own-no");
        await _house.DoAsync("PATCH", $"{Project}/keys/{id}", """{"data":null}""");
        (await _house.PlacesAsync(secret)).ShouldContain("-us");
        (await _house.AuditAsync("demo")).ShouldBe(["key.created", "key.changed", "key.changed"]);
    }

    [Fact]
    public async Task The_rules_of_its_project_stay_around_a_keys()
    {
        var (_, secret) = await MakeAsync("""{"process_in":["US","NO"],"keep_for":"9h"}""");
        (await _house.PlacesAsync(secret)).ShouldContain("-us");

        await _house.DoAsync("PUT", $"{Project}/data-rules", """{"process_in":["NO"],"keep_for":"2h"}""");

        (await _house.PlacesAsync(secret)).ShouldBe("azure-no own-no");
        using var client = _house.House.Client(secret);
        var file = await new BatchClient(client).UploadAsync(BatchClient.Lines(1));
        ((long)file["expires_at"]! - (long)file["created_at"]!).ShouldBe(7200);
    }

    [Fact]
    public async Task What_a_key_keeps_is_kept_for_no_longer_than_its_rule_says_or_not_at_all()
    {
        var (id, secret) = await MakeAsync("""{"keep_for":"2h"}""");
        using var client = _house.House.Client(secret);
        using var kept = await client.PostAsync("/v1/responses", Json("""{"model":"small","input":"x","max_output_tokens":3}"""));
        var response = (string)JsonNode.Parse(await kept.Content.ReadAsStringAsync())!["id"]!;
        (await client.GetAsync($"/v1/responses/{response}")).StatusCode.ShouldBe(HttpStatusCode.OK);
        await _house.PassAsync(TimeSpan.FromHours(2));
        (await client.GetAsync($"/v1/responses/{response}")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await _house.CallAsync(secret, extra: ",\"store\":true")).ShouldBe("content_not_kept");

        await _house.DoAsync("PATCH", $"{Project}/keys/{id}", """{"data":{"keep_for":"0s"}}""");

        ((string)(await new BatchClient(client).UploadAsync(BatchClient.Lines(1)))["error"]!["code"]!).ShouldBe("content_not_kept");
        using var after = await client.PostAsync("/v1/responses", Json("""{"model":"small","input":"x","max_output_tokens":3}"""));
        (await after.Content.ReadAsStringAsync()).ShouldContain("\"store\":false");
    }

    [Fact]
    public async Task The_lines_of_a_keys_batch_go_where_the_key_may()
    {
        var (_, secret) = await MakeAsync("""{"process_in":["NO"],"store_in":["NO"]}""");
        using var client = _house.House.Client(secret);
        var batches = new BatchClient(client);

        await batches.EndAsync(await batches.StartAsync(BatchClient.Lines(8)));

        await _house.House.DrainLedgerAsync();
        (await _house.House.CallsAsync()).SelectMany(call => call.Attempts).ShouldAllBe(attempt => attempt.Country == "NO");
    }

    [Fact]
    public async Task What_is_in_a_keys_file_is_sent_by_no_key_with_other_rules()
    {
        var (_, secret) = await MakeAsync("""{"process_in":["NO"]}""");
        using var client = _house.House.Client(secret);
        using var colleague = _house.House.Client(TestHouse.DemoKey);
        var own = (string)(await new BatchClient(client).UploadAsync(BatchClient.Lines(1)))["id"]!;
        var shared = (string)(await new BatchClient(colleague).UploadAsync(BatchClient.Lines(1)))["id"]!;

        var refused = await new BatchClient(colleague).PostAsync("/v1/batches", BatchOf(own));

        ((string)refused["error"]!["code"]!).ShouldBe("file_of_another_key");
        (await new BatchClient(client).PostAsync("/v1/batches", BatchOf(own)))["error"].ShouldBeNull();
        (await new BatchClient(client).PostAsync("/v1/batches", BatchOf(shared)))["error"].ShouldBeNull();

        static string BatchOf(string file) =>
            $$"""{"input_file_id":"{{file}}","endpoint":"/v1/chat/completions","completion_window":"24h"}""";
    }

    [Theory]
    [InlineData("""{"store_in":["DE"]}""", "stored responses: the store is in NO, outside DE")]
    [InlineData("""{"process_in":["ours"]}""", "every call: this node is in NO, outside zone ours")]
    [InlineData("""{"usage_in":["US"],"keep_for":"0s"}""", "the usage journal")]
    public async Task Rules_that_could_not_be_kept_are_refused_with_the_path_and_change_nothing(string data, string path)
    {
        var (id, secret) = await MakeAsync("""{"process_in":["NO"]}""");

        var (made, problem) = await _house.AskAsync("POST", $"{Project}/keys", $$"""{"name":"k","data":{{data}}}""");
        made.ShouldBe(HttpStatusCode.Conflict);
        problem!.ToJsonString().ShouldContain(path);
        (await _house.AskAsync("PATCH", $"{Project}/keys/{id}", $$"""{"data":{{data}}}""")).Status.ShouldBe(HttpStatusCode.Conflict);

        (await _house.DoAsync("GET", $"{Project}/keys"))["data"]!.AsArray().Count.ShouldBe(1);
        (await _house.PlacesAsync(secret, calls: 4)).ShouldEndWith("-no");
    }

    [Theory]
    [InlineData("""{"process_in":["Atlantis"]}""", "data.process_in")]
    [InlineData("""{"store_in":[]}""", "data.store_in")]
    [InlineData("""{"keep_for":"long"}""", "data.keep_for")]
    [InlineData("""{"keep_in":["NO"]}""", "data")]
    [InlineData("[]", "data")]
    public async Task What_is_no_rule_is_refused(string data, string parameter)
    {
        var (status, problem) = await _house.AskAsync("POST", $"{Project}/keys", $$"""{"name":"k","data":{{data}}}""");

        status.ShouldBe(HttpStatusCode.BadRequest);
        problem!["parameter"]!.ToString().ShouldBe(parameter);
    }

    [Fact]
    public async Task A_reload_under_which_a_keys_rules_could_not_be_kept_is_refused()
    {
        var (id, secret) = await MakeAsync("""{"process_in":["NO","ours"]}""");

        _house.House.Configuration.TryApply(GovernHouse.Read(GovernHouse.Yaml.Replace(
            "country: \"NO\" }\nrouting", "country: US }\nrouting", StringComparison.Ordinal))).ShouldBeFalse();
        _house.House.Configuration.Status.LastErrors.ShouldHaveSingleItem().ShouldContain(
            $"organisation demo, project default, key {id}, model small, every call: this node is in US");
        _house.House.Configuration.TryApply(GovernHouse.Read(
            GovernHouse.Yaml.Replace("zones: { ours: [DE, FR] }\n", "", StringComparison.Ordinal))).ShouldBeFalse();
        _house.House.Configuration.Status.LastErrors.ShouldHaveSingleItem().ShouldContain($"key {id} name the zone ours");

        (await _house.PlacesAsync(secret, calls: 4)).ShouldEndWith("-no");
    }

    static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");

    async Task<(string Id, string Secret)> MakeAsync(string data)
    {
        var key = await _house.DoAsync("POST", $"{Project}/keys", $$"""{"name":"k","data":{{data}}}""");
        return ((string)key["id"]!, (string)key["secret"]!);
    }
}
