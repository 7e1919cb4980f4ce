using System.Net;
using System.Text.Json.Nodes;

namespace Sahab.Server.Tests.Metering;

public sealed class UsageApiTests : IAsyncLifetime, IDisposable
{
    readonly TemporaryFolder _folder = new();
    UsageHost _host = null!;

    public async Task InitializeAsync() => _host = await UsageHost.StartAsync(_folder.Path, events: 60);

    public async Task DisposeAsync() => await _host.DisposeAsync();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Usage_is_grouped_and_its_money_is_exact()
    {
        var answer = await GetAsync("/api/usage?by=provider,key");
        answer["by"]!.AsArray().Select(name => name!.ToString()).ShouldBe(["provider", "key"]);
        var rows = answer["data"]!.AsArray();
        rows.Count.ShouldBe(20);
        answer["truncated"]!.GetValue<bool>().ShouldBeFalse();
        var usage = SampleUsage.Many(60).Where(usage => usage is { Provider: "google", Key: "key-1" }).ToList();
        var row = rows.Single(row => row!["provider"]!.ToString() == "google" && row["key"]!.ToString() == "key-1")!;
        row["attempts"]!.GetValue<long>().ShouldBe(usage.Count);
        row["tokens"]!["prompt"]!.GetValue<long>().ShouldBe(usage.Sum(one => one.Usage.PromptTokens));
        row["tokens"]!["cached"]!.GetValue<long>().ShouldBe(usage.Sum(one => one.Usage.CachedTokens));
        row["tokens"]!["reasoning"]!.GetValue<long>().ShouldBe(usage.Sum(one => one.Usage.ReasoningTokens));
        row["tokens"]!["total"]!.GetValue<long>().ShouldBe(usage.Sum(one => one.Usage.TotalTokens));
        row["cost_nano_usd"]!.GetValue<string>()
            .ShouldBe(usage.Sum(one => one.Cost().Value).ToString(null, null));
    }

    [Fact]
    public async Task Usage_without_a_dimension_is_one_total()
    {
        var row = (await GetAsync("/api/usage"))["data"]!.AsArray().ShouldHaveSingleItem()!;
        row["attempts"]!.GetValue<long>().ShouldBe(60);
        row["calls"]!.GetValue<long>().ShouldBe(20);
    }

    [Fact]
    public async Task Usage_is_restricted_by_time_and_value()
    {
        var answer = await GetAsync(
            "/api/usage?from=2026-03-01T12:10:00Z&to=2026-03-01T12:50:00Z&model=gpt-small&by=hour");
        var row = answer["data"]!.AsArray().ShouldHaveSingleItem()!;
        row["hour"]!.ToString().ShouldBe("2026-03-01T12:00:00Z");
        row["attempts"]!.GetValue<long>().ShouldBe(20);
        answer["from"]!.ToString().ShouldBe("2026-03-01T12:10:00Z");
    }

    [Fact]
    public async Task Usage_comes_as_csv_too()
    {
        using var response = await _host.Client.GetAsync("/api/usage?by=model&format=csv");
        response.Content.Headers.ContentType!.MediaType.ShouldBe("text/csv");
        var lines = (await response.Content.ReadAsStringAsync()).Split("\r\n");
        lines[0].ShouldBe("model,calls,attempts,failed,estimated,prompt_tokens,cached_tokens,"
            + "cache_write_tokens,cache_write_1h_tokens,output_tokens,reasoning_tokens,cost_usd");
        lines.Length.ShouldBe(4);
        lines[1].ShouldStartWith("gpt-small,10,30,20,");
    }

    [Fact]
    public async Task Events_come_in_pages_the_newest_first()
    {
        var seen = new List<string>();
        var address = "/api/usage/events?limit=25";
        for (var next = ""; ;)
        {
            var page = await GetAsync(address + next);
            seen.AddRange(page["data"]!.AsArray().Select(row => row!["id"]!.ToString()));
            if (page["next"] is not { } mark)
            {
                break;
            }

            next = "&before=" + mark;
        }

        seen.ShouldBe(SampleUsage.Many(60).Select(usage => usage.EventId.ToString()).Reverse());
    }

    [Fact]
    public async Task An_event_tells_all_that_is_known()
    {
        var row = (await GetAsync("/api/usage/events?limit=1"))["data"]!.AsArray().ShouldHaveSingleItem()!;
        var usage = SampleUsage.Make(59);
        row["call_id"]!.ToString().ShouldBe(usage.CallId.ToString());
        row["attempt"]!.GetValue<int>().ShouldBe(3);
        row["outcome"]!.ToString().ShouldBe("succeeded");
        row["started_at"]!.ToString().ShouldBe("2026-03-01T12:59:00Z");
        row["duration_ms"]!.GetValue<double>().ShouldBe(17 * 59);
        row["flags"]!.AsArray().Select(flag => flag!.ToString()).ShouldBe(["streamed"]);
        row["cost_nano_usd"]!.ToString().ShouldBe(usage.Cost().Value.ToString(null, null));
        row["upstream_request_id"]!.ToString().ShouldBe("request-59");
    }

    [Fact]
    public async Task Balances_sum_to_zero()
    {
        var answer = await GetAsync("/api/ledger/balances");
        answer["sum_nano_usd"]!.ToString().ShouldBe("0");
        var azure = answer["data"]!.AsArray().Single(row => row!["account"]!.ToString() == "payable:azure")!;
        azure["balance_nano_usd"]!.ToString().ShouldBe((-SampleUsage.Many(60)
            .Where(usage => usage.Provider == "azure")
            .Sum(usage => usage.Cost().Value)).ToString(null, null));
    }

    [Theory]
    [InlineData("/api/usage?by=planet", "by", "provider")]
    [InlineData("/api/usage?from=yesterday", "from", "ISO 8601")]
    [InlineData("/api/usage?from=2026-01-02&to=2026-01-01", "to", "later than 'from'")]
    [InlineData("/api/usage?colour=red", "colour", "Known: by, from")]
    [InlineData("/api/usage?format=xml", "format", "'json' or 'csv'")]
    [InlineData("/api/usage?key=", "key", "with a value")]
    [InlineData("/api/usage?key=a&key=b", "key", "given once")]
    [InlineData("/api/usage?limit=5", "limit", "Known: by")]
    [InlineData("/api/usage/events?limit=0", "limit", "1 to 1000")]
    [InlineData("/api/usage/events?limit=1001", "limit", "1 to 1000")]
    [InlineData("/api/usage/events?before=x", "before", "'next'")]
    public async Task A_wrong_question_is_told_the_parameter_and_what_is_valid(
        string address, string parameter, string valid)
    {
        using var response = await _host.Client.GetAsync(address);
        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        var problem = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        problem["parameter"]!.ToString().ShouldBe(parameter);
        problem["detail"]!.ToString().ShouldContain(valid);
        problem["type"]!.ToString().ShouldBe("urn:sahab:problem:invalid_parameter");
        ((int)problem["status"]!).ShouldBe(400);
    }

    async Task<JsonNode> GetAsync(string address)
    {
        using var response = await _host.Client.GetAsync(address);
        var body = await response.Content.ReadAsStringAsync();
        response.StatusCode.ShouldBe(HttpStatusCode.OK, body);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("application/json");
        return JsonNode.Parse(body)!;
    }
}
