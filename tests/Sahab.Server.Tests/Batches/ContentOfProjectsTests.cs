using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Sahab.Server.Tests.Govern;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Batches;

/// <summary>Files, batches and stored responses are their project's, as at OpenAI: two keys of it share them, others do not.</summary>
public sealed class ContentOfProjectsTests : IAsyncLifetime
{
    GovernHouse _house = null!;

    public async Task InitializeAsync() => _house = await GovernHouse.StartAsync();

    public async Task DisposeAsync() => await _house.DisposeAsync();

    [Fact]
    public async Task Keys_of_another_project_see_nothing_of_files_and_batches_and_those_of_the_same_all()
    {
        var (one, _) = await KeyAsync("Norwegian");
        var (same, _) = await KeyAsync("Norwegian");
        var (other, _) = await KeyAsync("Elsewhere");
        using var client = _house.House.Client(one);
        var batches = new BatchClient(client);
        var file = (string)(await batches.UploadAsync(BatchClient.Lines(1)))["id"]!;
        var id = await batches.StartAsync(BatchClient.Lines(1));
        var output = (string)(await batches.EndAsync(id))["output_file_id"]!;
        string[] paths = [$"/v1/files/{file}", $"/v1/files/{file}/content", $"/v1/batches/{id}", $"/v1/files/{output}/content"];
        foreach (var key in (string[])[other, TestHouse.DemoKey])
        {
            using var stranger = _house.House.Client(key);
            foreach (var path in paths)
            {
                (await stranger.GetAsync(path)).StatusCode.ShouldBe(HttpStatusCode.NotFound, path);
            }

            (await stranger.DeleteAsync($"/v1/files/{file}")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
            (await stranger.PostAsync($"/v1/batches/{id}/cancel", null)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
            (await CountAsync(stranger, "/v1/files")).ShouldBe(0);
            (await CountAsync(stranger, "/v1/batches")).ShouldBe(0);
            ((string)(await new BatchClient(stranger).PostAsync("/v1/batches", BatchOf(file)))["error"]!["code"]!)
                .ShouldBe("file_not_found");
        }

        using var colleague = _house.House.Client(same);
        foreach (var path in paths)
        {
            (await colleague.GetAsync(path)).StatusCode.ShouldBe(HttpStatusCode.OK, path);
        }

        (await CountAsync(colleague, "/v1/files")).ShouldBe(3);
        (await CountAsync(colleague, "/v1/batches")).ShouldBe(1);
        (await new BatchClient(colleague).PostAsync("/v1/batches", BatchOf(file)))["error"].ShouldBeNull();
    }

    [Fact]
    public async Task Keys_of_another_project_cannot_go_on_from_a_response()
    {
        var (one, _) = await KeyAsync("Norwegian");
        var (same, _) = await KeyAsync("Norwegian");
        var (other, _) = await KeyAsync("Elsewhere");
        using var client = _house.House.Client(one);
        using var colleague = _house.House.Client(same);
        using var stranger = _house.House.Client(other);
        var (_, first) = await AskAsync(client, """{"model":"small","input":"x","max_output_tokens":3}""");
        var id = (string)first["id"]!;
        var next = $$"""{"model":"small","input":"y","max_output_tokens":3,"previous_response_id":"{{id}}"}""";
        var named = $$"""
            {"model":"small","max_output_tokens":3,"input":[{"type":"item_reference","id":"{{(string)first["output"]![0]!["id"]!}}"}]}
            """;

        foreach (var path in (string[])[$"/v1/responses/{id}", $"/v1/responses/{id}/input_items"])
        {
            (await stranger.GetAsync(path)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
            (await colleague.GetAsync(path)).StatusCode.ShouldBe(HttpStatusCode.OK);
        }

        (await stranger.PostAsync($"/v1/responses/{id}/cancel", null)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await stranger.DeleteAsync($"/v1/responses/{id}")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        ((string)(await AskAsync(stranger, next)).Body["error"]!["code"]!).ShouldBe("previous_response_not_found");
        (await AskAsync(stranger, named)).Status.ShouldBe(HttpStatusCode.BadRequest);
        (await AskAsync(colleague, next)).Status.ShouldBe(HttpStatusCode.OK);
        (await AskAsync(colleague, named)).Status.ShouldBe(HttpStatusCode.OK);
        (await colleague.DeleteAsync($"/v1/responses/{id}")).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task What_a_project_may_not_do_elsewhere_it_does_not_do_by_another_projects_key()
    {
        var (one, project) = await KeyAsync("Norwegian");
        await _house.DoAsync(
            "PUT", $"/api/organisations/demo/projects/{project}/data-rules", """{"process_in":["NO"],"store_in":["NO"]}""");
        using var client = _house.House.Client(one);
        var batches = new BatchClient(client);

        var file = (string)(await batches.UploadAsync(BatchClient.Lines(8)))["id"]!;

        using var stranger = _house.House.Client();
        ((string)(await new BatchClient(stranger).PostAsync("/v1/batches", BatchOf(file)))["error"]!["code"]!)
            .ShouldBe("file_not_found");
        await batches.EndAsync((string)(await batches.PostAsync("/v1/batches", BatchOf(file)))["id"]!);
        await _house.House.DrainLedgerAsync();
        (await _house.House.CallsAsync()).SelectMany(call => call.Attempts).ShouldAllBe(attempt => attempt.Country == "NO");
    }

    static string BatchOf(string file) =>
        $$"""{"input_file_id":"{{file}}","endpoint":"/v1/chat/completions","completion_window":"24h"}""";

    static async Task<int> CountAsync(HttpClient client, string path) =>
        JsonNode.Parse(await client.GetStringAsync(path))!["data"]!.AsArray().Count;

    static async Task<(HttpStatusCode Status, JsonNode Body)> AskAsync(HttpClient client, string body)
    {
        using var answer = await client.PostAsync("/v1/responses", new StringContent(body, Encoding.UTF8, "application/json"));
        return (answer.StatusCode, JsonNode.Parse(await answer.Content.ReadAsStringAsync())!);
    }

    /// <summary>A new key of a project, which is made where there is none of that name.</summary>
    async Task<(string Secret, string Project)> KeyAsync(string project)
    {
        const string projects = "/api/organisations/demo/projects";
        var known = (await _house.DoAsync("GET", projects))["data"]!.AsArray()
            .FirstOrDefault(each => (string)each!["name"]! == project);
        var id = (string)(known ?? await _house.DoAsync("POST", projects, $$"""{"name":"{{project}}"}"""))["id"]!;
        var key = await _house.DoAsync("POST", $"{projects}/{id}/keys", """{"name":"k"}""");
        return ((string)key["secret"]!, id);
    }
}
