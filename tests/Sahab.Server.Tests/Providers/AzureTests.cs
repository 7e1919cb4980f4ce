using Sahab.Emulator.Configuration;
using Sahab.Emulator.Faults;
using Sahab.Ledger.Rating;
using Sahab.Server.Tests.Faults;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Providers;

/// <summary>The dialect <c>azure</c>, from the front door to an emulated Azure and back.</summary>
public class AzureTests
{
    const string Ask = """
        "messages":[{"role":"user","content":"hello there"}]
        """;

    const string Tools = """
        "tool_choice":"required","tools":[{"type":"function","function":{"name":"look","parameters":{
        "type":"object","properties":{"at":{"type":"string"}},"required":["at"]}}}]
        """;

    [Theory]
    [InlineData("small")]
    [InlineData("older")]
    public async Task Either_version_of_the_API_serves_what_a_client_asks_for(string model)
    {
        await using var house = await AzureHouse.StartAsync();
        var whole = await house.ChatAsync($$"""{"model":"{{model}}",{{Ask}}}""");
        whole.Status.ShouldBe(200, whole.Body?.ToJsonString());
        ((string)whole.Message["content"]!).ShouldNotBeEmpty();

        var stream = await house.ChatAsync($$"""{"model":"{{model}}","stream":true,{{Ask}}}""");
        stream.Text.ShouldBe((string)whole.Message["content"]!);
        stream.IsDone.ShouldBeTrue();
        stream.Chunks[0]["prompt_filter_results"].ShouldNotBeNull();

        var tools = await house.ChatAsync($$"""{"model":"{{model}}",{{Ask}},{{Tools}}}""");
        ((string)tools.Message["tool_calls"]![0]!["function"]!["name"]!).ShouldBe("look");

        var books = await Books.CloseAsync(house);
        books.ShouldAgree();
        books.Flagged.ShouldBeEmpty();
    }

    [Fact]
    public async Task Embeddings_go_through_the_dated_API()
    {
        await using var house = await AzureHouse.StartAsync();
        var answer = await house.PostAsync("/v1/embeddings", """{"model":"vectors","input":["one","two"]}""");
        answer.Status.ShouldBe(200);
        answer.Body!["data"]!.AsArray().Count.ShouldBe(2);
        (await Books.CloseAsync(house)).ShouldAgree();
    }

    [Fact]
    public async Task A_filtered_prompt_is_the_client_s_own_affair()
    {
        await using var house = await AzureHouse.StartAsync();
        var answer = await house.ChatAsync(
            """{"model":"small","messages":[{"role":"user","content":"some emulated-violence"}]}""");
        answer.Status.ShouldBe(400);
        ((string)answer.Body!["error"]!["code"]!).ShouldBe("content_filter");
        (await Books.CloseAsync(house)).Events.ShouldHaveSingleItem().Outcome.ShouldBe(AttemptOutcome.Refused);
    }

    [Fact]
    public async Task A_request_that_never_fits_goes_elsewhere_and_pauses_nothing()
    {
        await using var house = await AzureHouse.StartAsync(capacity: new CapacityConfig { TokensPerMinute = 200 });
        var large = await house.ChatAsync($$"""{"model":"small","max_tokens":1000,{{Ask}}}""");
        (large.Status, large.Deployment).ShouldBe((200, "own-small"));
        var small = await house.ChatAsync($$"""{"model":"small","max_tokens":5,{{Ask}}}""");
        (small.Status, small.Deployment).ShouldBe((200, "azure-small"));
    }

    [Fact]
    public async Task A_full_deployment_means_the_next_at_once()
    {
        await using var house = await AzureHouse.StartAsync();
        await house.Clouds.AddFaultAsync(
            new FaultSpec { Cloud = "azure", Kind = FaultKind.Throttle, RetryAfterSeconds = 30 });
        var answer = await house.ChatAsync($$"""{"model":"small",{{Ask}}}""");
        (answer.Status, answer.Deployment).ShouldBe((200, "own-small"));
        // The pause that was asked for is kept.
        answer = await house.ChatAsync($$"""{"model":"small",{{Ask}}}""");
        answer.Deployment.ShouldBe("own-small");
        (await Books.CloseAsync(house)).Events.Count(usage => usage.Outcome == AttemptOutcome.Throttled).ShouldBe(1);
    }

    [Fact]
    public async Task What_Azure_says_of_its_spillover_stays_in_the_house()
    {
        await using var cloud = await ScriptedUpstream.StartAsync(async (_, http) =>
        {
            http.Response.Headers["x-ms-spillover-from-deployment"] = "provisioned";
            http.Response.Headers["x-ms-deployment-name"] = "standard";
            http.Response.ContentType = "application/json";
            await Microsoft.AspNetCore.Http.HttpResponseWritingExtensions.WriteAsync(http.Response, """
                {"id":"1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant",
                "content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":2,"completion_tokens":1,"total_tokens":3}}
                """);
        });
        var yaml = new[] { "{azure}/us/v1", "{azure}/no/v1", "{own}/us/v1", "{own}/no/v1" }.Aggregate(
            Samples.TwoCloudsYaml, (text, region) => text.Replace(region, cloud.BaseUrl, StringComparison.Ordinal));
        await using var house = await TestHouse.StartAsync(yaml);
        using var client = house.Client();
        using var body = new StringContent(
            $$"""{"model":"small",{{Ask}}}""", System.Text.Encoding.UTF8, "application/json");
        using var answer = await client.PostAsync("/v1/chat/completions", body);
        answer.StatusCode.ShouldBe(System.Net.HttpStatusCode.OK);
        answer.Headers.Select(header => header.Key)
            .ShouldNotContain(name => name.StartsWith("x-ms-", StringComparison.OrdinalIgnoreCase));
        cloud.Received.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_stream_that_fails_after_the_chunk_about_its_prompt_is_replaced_by_another()
    {
        await using var house = await AzureHouse.StartAsync();
        await house.Clouds.AddFaultAsync(new FaultSpec { Cloud = "azure", Kind = FaultKind.Cut, AfterTokens = 0 });
        var stream = await house.ChatAsync($$"""{"model":"small","stream":true,{{Ask}}}""");
        (stream.Status, stream.Deployment, stream.IsDone).ShouldBe((200, "own-small", true));
        (await Books.CloseAsync(house)).ShouldAgree();
    }
}
