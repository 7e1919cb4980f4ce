using Sahab.Emulator.Faults;
using Sahab.Ledger.Rating;
using Sahab.Server.Tests.Configuration;
using Sahab.Server.Tests.Faults;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Providers;

/// <summary>The dialect <c>oci</c>, from the front door to an emulated OCI Generative AI and back.</summary>
public class OciTests
{
    const string Ask = """
        "messages":[{"role":"user","content":"hello there"}]
        """;

    const string Tools = """
        "tools":[{"type":"function","function":{"name":"look","description":"Looks","parameters":{"type":"object",
        "properties":{"at":{"type":"string","enum":["sky","sea"]},"times":{"type":"integer"}},"required":["at"]}}},
        {"type":"function","function":{"name":"listen","description":"Listens","parameters":{"type":"object",
        "properties":{"to":{"type":"array","items":{"type":"string"}}},"required":["to"]}}}]
        """;

    const string AskBoth = """
        "messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"look and listen"}]
        """;

    [Theory]
    [InlineData("generic")]
    [InlineData("cohere")]
    [InlineData("compatible")]
    [InlineData("dedicated")]
    public async Task Every_API_of_it_serves_text_and_tools_and_is_metered_to_the_token(string model)
    {
        await using var house = await OciHouse.StartAsync();
        var whole = await house.ChatAsync($$"""{"model":"{{model}}",{{Ask}}}""");
        whole.Status.ShouldBe(200, whole.Body?.ToJsonString());
        ((string)whole.Message["content"]!).ShouldNotBeEmpty();
        // Its own limit, where none is set, is a few words.
        ((long)whole.Body!["usage"]!["completion_tokens"]!).ShouldBeGreaterThan(20);

        var stream = await house.ChatAsync($$"""{"model":"{{model}}","stream":true,{{Ask}}}""");
        stream.Text.ShouldBe((string)whole.Message["content"]!);
        (stream.IsDone, stream.Finishes.Single()).ShouldBe((true, "stop"));

        var tools = await house.ChatAsync($$"""{"model":"{{model}}",{{AskBoth}},{{Tools}}}""");
        var calls = tools.Message["tool_calls"]!.AsArray();
        calls.Select(call => (string)call!["function"]!["name"]!).ShouldBe(["look", "listen"]);
        ((string)tools.Body!["choices"]![0]!["finish_reason"]!).ShouldBe("tool_calls");

        var streamed = await house.ChatAsync($$"""{"model":"{{model}}","stream":true,{{AskBoth}},{{Tools}}}""");
        var pieces = streamed.Deltas.Where(delta => delta["tool_calls"] is not null)
            .Select(delta => delta["tool_calls"]![0]!)
            .GroupBy(piece => (int)piece["index"]!).ToList();
        pieces.Select(call => (string)call.First()["function"]!["name"]!).ShouldBe(["look", "listen"]);
        pieces.Select(call => string.Concat(call.Select(piece => (string?)piece["function"]!["arguments"])))
            .ShouldBe(calls.Select(call => (string)call!["function"]!["arguments"]!));
        streamed.Finishes.ShouldBe(["tool_calls"]);

        var back = await house.ChatAsync($$"""
            {"model":"{{model}}",{{Tools}},"messages":[{"role":"user","content":"look and listen"},
            {{tools.Message.ToJsonString()}},
            {"role":"tool","tool_call_id":"{{calls[0]!["id"]}}","content":"blue"},
            {"role":"tool","tool_call_id":"{{calls[1]!["id"]}}","content":"{\"heard\":\"waves\"}"}]}
            """);
        back.Status.ShouldBe(200, back.Body?.ToJsonString());
        ((string)back.Message["content"]!).ShouldNotBeEmpty();

        var books = await Books.CloseAsync(house);
        books.ShouldAgree();
        books.Flagged.ShouldBeEmpty();
        books.Events.ShouldAllBe(usage => usage.Outcome == AttemptOutcome.Succeeded && usage.UpstreamRequestId != null);
    }

    [Fact]
    public async Task The_generic_form_carries_images_schemas_reasoning_choices_and_cached_prompts()
    {
        await using var house = await OciHouse.StartAsync();
        var image = await house.ChatAsync("""
            {"model":"generic","messages":[{"role":"user","content":[{"type":"text","text":"what is it?"},
            {"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA","detail":"low"}}]}]}
            """);
        image.Status.ShouldBe(200, image.Body?.ToJsonString());

        var schema = await house.ChatAsync($$"""
            {"model":"generic",{{Ask}},"reasoning_effort":"high","n":2,"response_format":{"type":"json_schema",
            "json_schema":{"name":"one","strict":true,"schema":{"type":"object","properties":{"x":{"type":"integer"} },
            "required":["x"] } } } }
            """);
        schema.Status.ShouldBe(200, schema.Body?.ToJsonString());
        schema.Body!["choices"]!.AsArray().Count.ShouldBe(2);
        ((string)schema.Message["content"]!).ShouldContain("\"x\"");
        ((long)schema.Body["usage"]!["completion_tokens_details"]!["reasoning_tokens"]!).ShouldBeGreaterThan(0);

        var cut = await house.ChatAsync($$"""{"model":"generic","stream":true,"max_tokens":3,{{Ask}}}""");
        cut.Finishes.ShouldBe(["length"]);

        var text = string.Concat(Enumerable.Repeat("many words that a cache remembers ", 400));
        var long1 = $$"""{"model":"generic","max_tokens":3,"messages":[{"role":"user","content":"{{text}}"}]}""";
        await house.ChatAsync(long1);
        var again = await house.ChatAsync(long1);
        ((long)again.Body!["usage"]!["prompt_tokens_details"]!["cached_tokens"]!).ShouldBeGreaterThan(0);

        var books = await Books.CloseAsync(house);
        books.ShouldAgree();
        books.Flagged.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("cohere", "\"n\":2", null)]
    [InlineData("cohere", "\"reasoning_effort\":\"low\"", "reasoning_effort")]
    [InlineData("cohere", "\"tool_choice\":\"required\"," + Tools, "tool_choice")]
    [InlineData("generic", "\"web_search_options\":{\"x\":1}", "web_search_options")]
    [InlineData("generic", "\"reasoning_effort\":\"xhigh\"", "reasoning_effort")]
    public async Task What_it_cannot_express_is_refused_by_name(string model, string member, string? param)
    {
        await using var house = await OciHouse.StartAsync();
        var answer = await house.ChatAsync($$"""{"model":"{{model}}",{{member}},{{Ask}}}""");
        answer.Status.ShouldBe(400, answer.Body?.ToJsonString());
        if (param is not null)
        {
            ((string)answer.Body!["error"]!["param"]!).ShouldBe(param);
        }

        (await Books.CloseAsync(house)).Events.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("float")]
    [InlineData("base64")]
    public async Task Embeddings_are_the_client_s_form(string encoding)
    {
        await using var house = await OciHouse.StartAsync();
        var answer = await house.PostAsync(
            "/v1/embeddings", $$"""{"model":"vectors","input":["one","two"],"encoding_format":"{{encoding}}"}""");
        answer.Status.ShouldBe(200, answer.Body?.ToJsonString());
        answer.Body!["data"]!.AsArray().Count.ShouldBe(2);
        answer.Body["data"]![1]!["embedding"]!.GetValueKind().ShouldBe(
            encoding == "float" ? System.Text.Json.JsonValueKind.Array : System.Text.Json.JsonValueKind.String);
        (await Books.CloseAsync(house)).ShouldAgree();
    }

    [Fact]
    public async Task Throttling_and_failures_before_the_first_token_mean_the_next_deployment()
    {
        await using var house = await OciHouse.StartAsync();
        foreach (var fault in new FaultSpec[]
        {
            new() { Cloud = "generic", Kind = FaultKind.Throttle },
            new() { Cloud = "generic", Kind = FaultKind.Error, Status = 500 },
            new() { Cloud = "generic", Kind = FaultKind.ErrorIn200, AfterTokens = 0 },
        })
        {
            await house.Clouds.AddFaultAsync(fault);
            var answer = await house.ChatAsync($$"""{"model":"shared","stream":true,{{Ask}}}""");
            (answer.Status, answer.Deployment, answer.IsDone).ShouldBe((200, "shared-own", true), fault.Kind.ToString());
            await house.Clouds.ClearFaultsAsync();
        }

        (await Books.CloseAsync(house)).ShouldAgree();
    }

    [Theory]
    [InlineData(FaultKind.Cut, "generic")]
    [InlineData(FaultKind.ErrorIn200, "generic")]
    [InlineData(FaultKind.Cut, "cohere")]
    [InlineData(FaultKind.ErrorIn200, "cohere")]
    public async Task A_stream_that_breaks_in_the_middle_never_looks_whole(FaultKind kind, string model)
    {
        await using var house = await OciHouse.StartAsync();
        await house.Clouds.AddFaultAsync(new FaultSpec { Cloud = model, Kind = kind, AfterTokens = 5 });
        var answer = await house.ChatAsync($$"""{"model":"{{model}}","stream":true,{{Ask}}}""");
        answer.IsDone.ShouldBeFalse();
        answer.Chunks[^1]["error"].ShouldNotBeNull();
        (await Books.CloseAsync(house)).ShouldAgree();
    }

    [Fact]
    public async Task A_key_that_is_not_accepted_takes_the_deployment_out_and_no_client_hears_of_it()
    {
        await using var house = await OciHouse.StartAsync();
        (await house.ChatAsync($$"""{"model":"shared",{{Ask}}}""")).Deployment.ShouldBe("shared");
        house.Clouds.AcceptKey("generic", OciKey.Id, accepts: false);
        for (var call = 0; call < 3; call++)
        {
            var answer = await house.ChatAsync($$"""{"model":"shared",{{Ask}}}""");
            (answer.Status, answer.Deployment).ShouldBe((200, "shared-own"));
        }

        (await house.CallsAsync()).SelectMany(call => call.AttemptReasons?.Values ?? [])
            .ShouldHaveSingleItem().ShouldContain("did not accept our credentials");
    }

    [Theory]
    [InlineData("oci: { compartment: c }", "takes signed requests only")]
    [InlineData("oci: { compartment: c, private_key: { env: AZURE_API_KEY } }", "by tenancy, user and fingerprint")]
    [InlineData("oci: { compartment: c, tenancy: t, user: u, fingerprint: f, private_key: { env: AZURE_API_KEY } }\n    credentials: { env: AZURE_API_KEY }", "requests are signed")]
    public void A_configuration_that_cannot_work_is_refused(string settings, string reason)
    {
        var yaml = ConfigText.Small.Replace(
            "credentials: { env: AZURE_API_KEY }", $"dialect: oci\n    {settings}", StringComparison.Ordinal);
        ConfigText.Read(yaml).Errors.ShouldContain(problem => problem.Message.Contains(reason, StringComparison.Ordinal));
    }
}
