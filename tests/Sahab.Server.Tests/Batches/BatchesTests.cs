using System.Net;
using Sahab.Emulator.Faults;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Tests.Faults;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Batches;

/// <summary><c>/v1/files</c> and <c>/v1/batches</c> through the whole server, with the emulated clouds behind it.</summary>
public sealed class BatchesTests : IAsyncLifetime
{
    readonly JumpingTime _time = new();
    TestHouse _house = null!;
    HttpClient _http = null!;
    BatchClient _client = null!;

    public async Task InitializeAsync()
    {
        _house = await TestHouse.StartAsync(time: _time);
        _http = _house.Client();
        _client = new BatchClient(_http);
    }

    public async Task DisposeAsync()
    {
        _http.Dispose();
        await _house.DisposeAsync();
    }

    [Fact]
    public async Task Every_line_has_one_result_and_every_token_is_in_the_ledger_at_the_tier_of_batches()
    {
        var lines = BatchClient.Lines(30) + "\n" + BatchClient.Lines(1, model: "nothing")
            .Replace("line-1", "wrong", StringComparison.Ordinal);
        var batch = await _client.EndAsync(await _client.StartAsync(lines));
        ((string)batch["status"]!).ShouldBe("completed");
        batch["request_counts"]!.ToJsonString().ShouldBe("""{"total":31,"completed":30,"failed":1}""");
        var output = await _client.ResultsAsync(batch["output_file_id"]);
        output.Select(line => (string)line["custom_id"]!).Order()
            .ShouldBe(Enumerable.Range(1, 30).Select(number => $"line-{number}").Order());
        output.ShouldAllBe(line => (int)line["response"]!["status_code"]! == 200
            && (int)line["response"]!["body"]!["usage"]!["completion_tokens"]! == 4);
        var error = (await _client.ResultsAsync(batch["error_file_id"])).ShouldHaveSingleItem();
        ((string)error["custom_id"]!).ShouldBe("wrong");
        ((int)error["response"]!["status_code"]!).ShouldBe(404);
        ((string)error["response"]!["body"]!["error"]!["code"]!).ShouldBe("model_not_found");
        var books = await Books.CloseAsync(_house);
        books.ShouldAgree();
        books.Events.Count.ShouldBe(30);
        books.Events.ShouldAllBe(usage => usage.ServiceTier == "batch" && usage.Tenant == "demo" && usage.Key == "demo");
    }

    [Theory]
    [InlineData("/v1/embeddings", """{"model":"vectors","input":"x"}""", "list")]
    [InlineData("/v1/completions", """{"model":"small","prompt":"x"}""", "text_completion")]
    [InlineData("/v1/responses", """{"model":"small","input":"x"}""", "response")]
    public async Task Other_operations_run_too(string endpoint, string body, string kind)
    {
        var batch = await _client.EndAsync(await _client.StartAsync(
            $$"""{"custom_id":"a","method":"POST","url":"{{endpoint}}","body":{{body}}}""", endpoint));
        var line = (await _client.ResultsAsync(batch["output_file_id"])).ShouldHaveSingleItem(batch.ToJsonString());
        ((string)line["response"]!["body"]!["object"]!).ShouldBe(kind);
    }

    [Fact]
    public async Task A_batch_with_faults_fails_and_names_their_lines()
    {
        var batch = await _client.EndAsync(await _client.StartAsync(
            BatchClient.Lines(2) + "\nnonsense\n" + BatchClient.Lines(1)));
        ((string)batch["status"]!).ShouldBe("failed");
        batch["errors"]!["data"]!.AsArray().Select(fault => ((int)fault!["line"]!, (string)fault["code"]!))
            .ShouldBe([(3, "invalid_json_line"), (4, "duplicate_custom_id")]);
        _house.Clouds.ReadBillLines("azure").Concat(_house.Clouds.ReadBillLines("own")).ShouldBeEmpty();
    }

    [Fact]
    public async Task What_is_throttled_waits_and_a_cancelled_batch_keeps_what_it_has()
    {
        await ThrottleAsync("small");
        var waiting = await _client.StartAsync(BatchClient.Lines(9));
        await _client.UntilAsync(waiting, batch => (string)batch["status"]! == "in_progress");
        await _client.PostAsync($"/v1/batches/{waiting}/cancel");
        var batch = await _client.EndAsync(waiting);
        ((string)batch["status"]!).ShouldBe("cancelled");
        ((int)batch["request_counts"]!["completed"]!).ShouldBe(0);
        ((int)batch["request_counts"]!["failed"]!).ShouldBe(0, "what found no room has not failed");
    }

    [Fact]
    public async Task A_batch_whose_time_is_over_keeps_what_it_has_and_names_what_it_has_not()
    {
        await ThrottleAsync("small");
        var waiting = await _client.StartAsync(
            BatchClient.Lines(3) + "\n" + BatchClient.Lines(1, model: "nothing")
                .Replace("line-1", "wrong", StringComparison.Ordinal));
        await _client.UntilAsync(waiting, batch => (int)batch["request_counts"]!["failed"]! == 1);
        _time.SetClock(TimeSpan.FromHours(24.5));
        var batch = await _client.EndAsync(waiting);
        ((string)batch["status"]!).ShouldBe("expired");
        ((long)batch["expired_at"]!).ShouldBeGreaterThan((long)batch["created_at"]!);
        batch["request_counts"]!.ToJsonString().ShouldBe("""{"total":4,"completed":0,"failed":4}""");
        var errors = await _client.ResultsAsync(batch["error_file_id"]);
        errors.Select(line => (string)line["custom_id"]!).ShouldBe(["wrong", "line-1", "line-2", "line-3"]);
        ((int)errors[0]["response"]!["status_code"]!).ShouldBe(404);
        errors.Skip(1).ShouldAllBe(line => (string)line["error"]!["code"]! == "batch_expired");
    }

    [Fact]
    public async Task A_key_that_was_revoked_runs_no_further_line()
    {
        await ThrottleAsync("small");
        var waiting = await _client.StartAsync(BatchClient.Lines(3));
        await _client.UntilAsync(waiting, batch => (string)batch["status"]! == "in_progress");
        // The tenant has another key now, and looks with that.
        var config = _house.Configuration.Current;
        var tenant = config.Tenants.Single(tenant => tenant.Id == "demo");
        _house.Configuration.TryApply(new ConfigReading
        {
            Source = "reload",
            Config = config with
            {
                Tenants = config.Tenants.Replace(
                    tenant, tenant with { Keys = [.. tenant.Keys.Select(key => key with { Id = key.Id + "-new" })] }),
            },
            Problems = [],
            Files = [],
            Hash = "",
        }).ShouldBeTrue();
        var batch = await _client.EndAsync(waiting);
        ((string)batch["status"]!).ShouldBe("completed");
        (await _client.ResultsAsync(batch["error_file_id"]))
            .ShouldAllBe(line => (string)line["error"]!["code"]! == "invalid_api_key");
        batch["request_counts"]!.ToJsonString().ShouldBe("""{"total":3,"completed":0,"failed":3}""");
    }

    [Fact]
    public async Task Another_tenant_sees_nothing()
    {
        using var other = _house.Client(TestHouse.AdminKey);
        var file = (string)(await _client.UploadAsync(BatchClient.Lines(1)))["id"]!;
        var batch = await _client.StartAsync(BatchClient.Lines(1));
        foreach (var path in (string[])[$"/v1/files/{file}", $"/v1/files/{file}/content", $"/v1/batches/{batch}"])
        {
            (await other.GetAsync(path)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
            (await _http.GetAsync(path)).StatusCode.ShouldBe(HttpStatusCode.OK);
        }

        (await other.DeleteAsync($"/v1/files/{file}")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        var refused = await new BatchClient(other).PostAsync(
            "/v1/batches",
            $$"""{"input_file_id":"{{file}}","endpoint":"/v1/chat/completions","completion_window":"24h"}""");
        ((string)refused["error"]!["code"]!).ShouldBe("file_not_found");
        await _client.EndAsync(batch);
    }

    [Theory]
    [InlineData("{", "body")]
    [InlineData("""{"endpoint":"/v1/files"}""", "endpoint")]
    [InlineData("""{"endpoint":"/v1/embeddings"}""", "completion_window")]
    [InlineData("""{"endpoint":"/v1/embeddings","completion_window":"24h"}""", "input_file_id")]
    [InlineData("""{"endpoint":"/v1/embeddings","completion_window":"24h","metadata":[]}""", "metadata")]
    public async Task A_request_that_is_none_names_what_is_wrong(string body, string param) =>
        ((string)(await _client.PostAsync("/v1/batches", body))["error"]!["param"]!).ShouldBe(param);

    async Task ThrottleAsync(string model)
    {
        foreach (var cloud in (string[])["azure", "own"])
        {
            await _house.Clouds.AddFaultAsync(new FaultSpec { Cloud = cloud, Model = model, Kind = FaultKind.Throttle });
        }
    }
}
