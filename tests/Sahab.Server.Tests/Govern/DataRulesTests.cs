using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Hosting;
using Sahab.Server.Serve.Batches;
using Sahab.Server.Serve.Responses;
using Sahab.Server.Tests.Batches;

namespace Sahab.Server.Tests.Govern;

/// <summary>Rules on data through the whole server: every path that they bind, and what is refused to be set.</summary>
public sealed class DataRulesTests : IAsyncLifetime
{
    const string Rules = "/api/organisations/demo/data-rules";

    GovernHouse _house = null!;

    public async Task InitializeAsync() => _house = await GovernHouse.StartAsync();

    public async Task DisposeAsync() => await _house.DisposeAsync();

    [Fact]
    public async Task What_is_set_binds_the_next_call_and_nobody_elses()
    {
        (await _house.PlacesAsync()).ShouldContain("-us");

        await _house.DoAsync("PUT", Rules, """{"process_in":["nordics"]}""");

        (await _house.PlacesAsync()).Split(' ').ShouldAllBe(place => place.EndsWith("-no", StringComparison.Ordinal));
        (await _house.CallAsync(model: "tiny")).ShouldEndWith("-no");
        (await _house.CallAsync(model: "vectors")).ShouldBe("country_not_allowed");
        (await _house.PlacesAsync(GovernHouse.OtherKey)).ShouldContain("-us");
        using var client = _house.House.Client();
        (await client.GetStringAsync("/v1/models")).ShouldNotContain("vectors");

        await _house.DoAsync("DELETE", Rules);
        (await _house.PlacesAsync()).ShouldContain("-us");
        (await _house.AuditAsync("demo")).ShouldBe(["data_rules.set", "data_rules.removed"]);
    }

    [Fact]
    public async Task A_projects_rules_only_narrow_those_of_its_organisation()
    {
        await _house.DoAsync("PUT", Rules, """{"process_in":["NO"]}""");
        var rules = await _house.DoAsync(
            "PUT", "/api/organisations/demo/projects/default/data-rules", """{"process_in":["NO","US"],"keep_for":"24h"}""");

        rules["effective"]!["process_in"]!.ToJsonString().ShouldBe("""["NO"]""");
        rules["effective"]!["keep_for"]!.ToString().ShouldBe("1d");
        (await _house.PlacesAsync()).ShouldNotContain("-us");
    }

    [Fact]
    public async Task A_rule_under_which_data_could_leave_is_refused_with_the_path()
    {
        foreach ((string rules, string path) in ((string, string)[])
        [
            ("""{"process_in":["eu"]}""", "organisation demo, model small, every call: this node is in NO, outside zone eu"),
            ("""{"store_in":["ours"],"usage_in":["NO"]}""",
                "organisation demo, model small, stored responses: the store is in NO, outside zone ours"),
            ("""{"usage_in":["US"]}""", "organisation demo, model small, the usage journal: this node is in NO, outside US"),
        ])
        {
            var (status, problem) = await _house.AskAsync("PUT", Rules, rules);
            status.ShouldBe(HttpStatusCode.Conflict);
            ((string)problem!["detail"]!).ShouldContain(path);
        }

        (await _house.PlacesAsync()).ShouldContain("-us");
        (await _house.AuditAsync("demo")).ShouldBeEmpty();
        // Where nothing of content is kept, it cannot be kept in the wrong place.
        await _house.DoAsync("PUT", Rules, """{"store_in":["ours","US"],"usage_in":["NO"],"keep_for":"0s"}""");
        (await _house.PlacesAsync()).ShouldNotContain("-no");
    }

    [Theory]
    [InlineData("""{"process_in":["europe"]}""", "europe")]
    [InlineData("""{"process_in":[]}""", "process_in")]
    [InlineData("""{"keep_for":"-1h"}""", "keep_for")]
    [InlineData("""{"keep_in":["NO"]}""", "keep_in")]
    [InlineData("[]", "body")]
    public async Task What_is_not_a_rule_is_refused(string rules, string named)
    {
        var (status, problem) = await _house.AskAsync("PUT", Rules, rules);

        status.ShouldBe(HttpStatusCode.BadRequest);
        problem!.ToJsonString().ShouldContain(named);
    }

    [Fact]
    public async Task Where_nothing_is_kept_there_are_no_stored_responses_files_and_batches()
    {
        await _house.DoAsync("PUT", Rules, """{"keep_for":"0s"}""");

        using var client = _house.House.Client();
        foreach (var stream in (string[])["", ",\"stream\":true"])
        {
            using var answer = await client.PostAsync("/v1/responses", Json(
                $$"""{"model":"small","input":"x","max_output_tokens":3,"store":true{{stream}}}"""));
            var text = await answer.Content.ReadAsStringAsync();
            text.ShouldContain("\"store\":false");
            text.ShouldNotContain("\"store\":true");
        }

        using var kept = await client.PostAsync("/v1/responses", Json("""{"model":"small","input":"x","max_output_tokens":3}"""));
        var id = (string)JsonNode.Parse(await kept.Content.ReadAsStringAsync())!["id"]!;
        (await client.GetAsync($"/v1/responses/{id}")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await _house.CallAsync(extra: ",\"store\":true")).ShouldBe("content_not_kept");
        (await _house.CallAsync(extra: ",\"store\":false")).ShouldContain("-");
        var batches = new BatchClient(client);
        ((string)(await batches.UploadAsync(BatchClient.Lines(1)))["error"]!["code"]!).ShouldBe("content_not_kept");
        ((string)(await batches.PostAsync("/v1/batches", "{}"))["error"]!["code"]!).ShouldBe("content_not_kept");
    }

    [Fact]
    public async Task What_is_kept_is_kept_for_no_longer_than_the_rule_says()
    {
        await _house.DoAsync("PUT", Rules, """{"keep_for":"2h"}""");
        using var client = _house.House.Client();
        using var kept = await client.PostAsync("/v1/responses", Json("""{"model":"small","input":"x","max_output_tokens":3}"""));
        var id = (string)JsonNode.Parse(await kept.Content.ReadAsStringAsync())!["id"]!;
        var file = await new BatchClient(client).UploadAsync(BatchClient.Lines(1));
        ((long)file["expires_at"]! - (long)file["created_at"]!).ShouldBe(7200);

        (await client.GetAsync($"/v1/responses/{id}")).StatusCode.ShouldBe(HttpStatusCode.OK);
        await _house.PassAsync(TimeSpan.FromHours(2));

        (await client.GetAsync($"/v1/responses/{id}")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await client.GetAsync($"/v1/files/{(string)file["id"]!}")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData("24h", ",\"store\":true", "content_not_kept")]
    [InlineData("24h", ",\"store\":false", null)]
    [InlineData("24h", ",\"prompt_cache_retention\":\"24h\"", null)]
    [InlineData("23h", ",\"prompt_cache_retention\":\"24h\"", "content_not_kept")]
    [InlineData("0s", ",\"prompt_cache_retention\":\"in_memory\"", null)]
    [InlineData("30m", ",\"system\":[{\"type\":\"text\",\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"1h\"}}]", "content_not_kept")]
    [InlineData("1h", ",\"metadata\":{\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"1h\"}}", null)]
    [InlineData("23h", ",\"prompt_cache_retention\":null", null)]
    [InlineData("23h", ",\"prompt_cache_retention\":\"for ever\"", "content_not_kept")]
    [InlineData("23h", ",\"prompt_cache_retention\":\"2\\u0034h\"", "content_not_kept")]
    [InlineData("20m", ",\"prompt_cache_options\":{\"mode\":\"implicit\",\"ttl\":\"30m\"}", "content_not_kept")]
    [InlineData("1h", ",\"prompt_cache_options\":{\"mode\":{\"ttl\":\"9h\"},\"ttl\":\"30m\"},\"user\":\"kim\"", null)]
    public async Task Nothing_is_passed_on_that_asks_a_cloud_to_keep_content_for_longer_than_the_rule_says(
        string keepFor, string wish, string? code)
    {
        await _house.DoAsync("PUT", Rules, $$"""{"keep_for":"{{keepFor}}"}""");

        var came = await _house.CallAsync(extra: wish);

        (came == code || (code is null && came.Contains('-', StringComparison.Ordinal))).ShouldBeTrue(came);
        if (!wish.Contains("store", StringComparison.Ordinal))
        {
            // What responses hand on is bound likewise, and what they store is kept here.
            using var client = _house.House.Client();
            using var answer = await client.PostAsync("/v1/responses", Json(
                $$"""{"model":"small","input":"x","max_output_tokens":3{{wish}}}"""));
            (answer.StatusCode == HttpStatusCode.OK).ShouldBe(code is null, await answer.Content.ReadAsStringAsync());
        }
    }

    [Fact]
    public async Task What_a_cloud_would_keep_is_refused_with_what_can_be_done()
    {
        await _house.DoAsync("PUT", Rules, """{"keep_for":"24h"}""");
        using var client = _house.House.Client();

        using var answer = await client.PostAsync("/v1/chat/completions", Json(
            """{"model":"small","messages":[{"role":"user","content":"Hi"}],"store":true}"""));

        answer.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await answer.Content.ReadAsStringAsync()).ShouldContain("Leave it out, or use /v1/responses, which are kept here.");
    }

    [Fact]
    public async Task A_rule_of_a_project_ends_what_the_project_kept_before_it_and_nothing_of_others()
    {
        using var client = _house.House.Client();
        var batches = new BatchClient(client);
        async Task<(string Response, string File)> KeepAsync()
        {
            using var kept = await client.PostAsync("/v1/responses", Json("""{"model":"small","input":"x","max_output_tokens":3}"""));
            return ((string)JsonNode.Parse(await kept.Content.ReadAsStringAsync())!["id"]!,
                (string)(await batches.UploadAsync(BatchClient.Lines(1)))["id"]!);
        }

        var before = await KeepAsync();
        var (responses, files) = (_house.House.Get<ResponseStore>(), _house.House.Get<FileStore>());
        var (now, none) = (_house.Time.GetUtcNow(), CancellationToken.None);
        await responses.AddAsync(new(new Guid("00000000-0000-7000-8000-000000000001"), null, "demo", "*", now, "[]", """{"output":[]}""") { Project = "else" }, now.AddDays(9), none);
        await files.AddAsync(new(new Guid("00000000-0000-7000-8000-000000000002"), "demo", "batch", "x", 1, now, now.AddDays(9)) { Project = "else" }, none);
        await _house.PassAsync(TimeSpan.FromHours(3));
        var after = await KeepAsync();

        await _house.DoAsync("PUT", "/api/organisations/demo/projects/default/data-rules", """{"keep_for":"2h"}""");
        await _house.House.Get<IEnumerable<IHostedService>>().OfType<ResponseLoop>().Single().PurgeAsync(none);
        await _house.House.Get<BatchLoop>().PurgeAsync(none);

        (await client.GetAsync($"/v1/responses/{before.Response}")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await client.GetAsync($"/v1/files/{before.File}")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await client.GetAsync($"/v1/responses/{after.Response}")).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await client.GetAsync($"/v1/files/{after.File}")).StatusCode.ShouldBe(HttpStatusCode.OK);
        now = _house.Time.GetUtcNow();
        (await responses.FindAsync("demo", "else", new Guid("00000000-0000-7000-8000-000000000001"), now, none)).ShouldNotBeNull();
        (await files.FindAsync("demo", "else", new Guid("00000000-0000-7000-8000-000000000002"), now, none)).ShouldNotBeNull();
    }

    [Fact]
    public async Task What_comes_of_a_batch_is_bound_by_its_project_when_its_key_is_gone_too()
    {
        await _house.DoAsync("PUT", "/api/organisations/demo/projects/default/data-rules", """{"keep_for":"2h"}""");
        using var client = _house.House.Client();
        var batches = new BatchClient(client);
        BatchIds.TryReadBatch(await batches.StartAsync(BatchClient.Lines(1)), out var id).ShouldBeTrue();

        var batch = (await _house.House.Get<BatchStore>().FindAsync("demo", "default", id, CancellationToken.None)).ShouldNotBeNull();

        _house.House.Get<LineRunner>().RulesOf(batch with { Key = "gone" }).ShouldNotBeNull()
            .KeepFor(TimeSpan.FromDays(1)).ShouldBe(TimeSpan.FromHours(2));
    }

    [Fact]
    public async Task The_lines_of_a_batch_and_counting_tokens_are_bound_too()
    {
        await _house.DoAsync("PUT", Rules, """{"process_in":["NO"],"store_in":["NO"]}""");
        using var client = _house.House.Client();
        var batches = new BatchClient(client);

        var batch = await batches.EndAsync(await batches.StartAsync(BatchClient.Lines(8)));

        ((string)batch["status"]!).ShouldBe("completed");
        await _house.House.DrainLedgerAsync();
        (await _house.House.CallsAsync()).SelectMany(call => call.Attempts).ShouldAllBe(attempt => attempt.Country == "NO");
        var refused = await batches.EndAsync(await batches.StartAsync(
            """{"custom_id":"a","method":"POST","url":"/v1/embeddings","body":{"model":"vectors","input":"x"}}""", "/v1/embeddings"));
        (await batches.ResultsAsync(refused["error_file_id"])).ShouldHaveSingleItem()
            ["response"]!["body"]!["error"]!["code"]!.ToString().ShouldBe("country_not_allowed");
    }

    [Fact]
    public async Task A_reload_under_which_what_was_set_could_not_be_kept_is_refused_and_the_old_one_stays()
    {
        await _house.DoAsync("PUT", Rules, """{"process_in":["NO"]}""");
        var text = GovernHouse.Yaml;
        var moved = text.Replace("country: \"NO\" }\nrouting", "country: US }\nrouting", StringComparison.Ordinal);
        moved.ShouldNotBe(text);

        _house.House.Configuration.TryApply(GovernHouse.Read(moved)).ShouldBeFalse();

        _house.House.Configuration.Status.LastErrors.ShouldHaveSingleItem().ShouldContain(
            "organisation demo, model small, every call: this node is in US, outside NO");
        _house.House.Configuration.Current.Server.Country.ShouldBe("NO");
        (await _house.PlacesAsync(calls: 4)).ShouldEndWith("-no");
        await _house.DoAsync("PUT", Rules, """{"process_in":["ours","NO"]}""");
        _house.House.Configuration.TryApply(GovernHouse.Read(
            text.Replace("zones: { ours: [DE, FR] }\n", "", StringComparison.Ordinal))).ShouldBeFalse();
        _house.House.Configuration.Status.LastErrors.ShouldHaveSingleItem().ShouldContain("name the zone ours");
    }

    [Fact]
    public async Task The_paths_of_an_organisation_can_be_seen()
    {
        await _house.DoAsync("PUT", Rules, """{"process_in":["NO"],"store_in":["NO"],"keep_for":"0s"}""");

        var paths = (await _house.DoAsync("GET", "/api/residency?organisation=demo&model=small"))["data"]!.AsArray()
            .Select(path => $"{path!["kind"]} {path["deployment"]} {path["state"]}").ToList();

        paths.ShouldContain("attempt azure-us closed");
        paths.ShouldContain("attempt azure-no open");
        paths.ShouldContain("stored_response  closed");
        paths.ShouldContain("usage_store  open");
        paths.ShouldContain("telemetry_export  closed");
        (await _house.DoAsync("GET", "/api/organisations/other/residency"))["data"]!.AsArray().ShouldBeEmpty();
    }

    static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");
}
