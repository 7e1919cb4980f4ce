using System.Text.Json.Nodes;
using Sahab.Emulator.Faults;
using Sahab.Ledger.Rating;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Tests.Faults;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Providers.Anthropic;

/// <summary>The dialect <c>anthropic</c>, from the front door in OpenAI's form to an emulated Anthropic and back.</summary>
public class AnthropicTests
{
    const string Ask = """
        "messages":[{"role":"system","content":"Be kind."},{"role":"user","content":"hello there"}]
        """;

    const string Tools = """
        "tools":[{"type":"function","function":{"name":"look","parameters":{"type":"object",
        "properties":{"at":{"type":"string"}},"required":["at"]}}},{"type":"function","function":{"name":"listen"}}]
        """;

    [Fact]
    public async Task A_client_of_OpenAI_gets_what_it_asks_for()
    {
        await using var house = await AnthropicHouse.StartAsync();
        var whole = await house.ChatAsync($$"""{"model":"claude-fast",{{Ask}}}""");
        whole.Status.ShouldBe(200, whole.Body?.ToJsonString());
        ((string)whole.Body!["object"]!).ShouldBe("chat.completion");
        ((string)whole.Message["content"]!).ShouldNotBeEmpty();

        var stream = await house.ChatAsync(
            $$$"""{"model":"claude-fast","stream":true,"stream_options":{"include_usage":true},{{{Ask}}}}""");
        stream.IsDone.ShouldBeTrue();
        stream.Text.ShouldBe((string)whole.Message["content"]!);
        stream.Finishes.ShouldBe(["stop"]);
        stream.Chunks[^1]["usage"]!.ToJsonString().ShouldBe(whole.Body["usage"]!.ToJsonString());

        var unasked = await house.ChatAsync($$"""{"model":"claude-fast","stream":true,"max_tokens":2,{{Ask}}}""");
        unasked.Finishes.ShouldBe(["length"]);
        unasked.Chunks.ShouldAllBe(chunk => chunk["usage"] == null);

        var json = await house.ChatAsync(
            "{\"model\":\"claude-fast\"," + Ask + """
            ,"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{
            "type":"object","properties":{"age":{"type":"integer"}},"required":["age"],"additionalProperties":false}}}}
            """);
        ((long)JsonNode.Parse((string)json.Message["content"]!)!["age"]!).ShouldBeGreaterThanOrEqualTo(long.MinValue);

        var refusal = await house.ChatAsync(
            """{"model":"claude-fast","messages":[{"role":"user","content":"ANTHROPIC_MAGIC_STRING_TRIGGER_REFUSAL"}]}""");
        ((string)refusal.Body!["choices"]![0]!["finish_reason"]!).ShouldBe("content_filter");
        await CloseAsync(house);
    }

    [Fact]
    public async Task Tools_are_called_side_by_side_and_their_answers_go_back()
    {
        await using var house = await AnthropicHouse.StartAsync();
        const string user = """{"role":"user","content":"look and listen"}""";
        var called = await house.ChatAsync(
            $$"""{"model":"claude-thinker","reasoning_effort":"high","messages":[{{user}}],{{Tools}}}""");
        called.Status.ShouldBe(200, called.Body?.ToJsonString());
        var calls = called.Message["tool_calls"]!.AsArray();
        calls.Select(call => (string)call!["function"]!["name"]!).ShouldBe(["look", "listen"]);
        ((string)called.Message["reasoning_content"]!).ShouldNotBeEmpty();
        ((long)called.Body!["usage"]!["completion_tokens_details"]!["reasoning_tokens"]!).ShouldBeGreaterThan(0);

        // The message goes back as it came: the cloud checks that its thoughts are its own.
        var results = calls.Select(call => $$"""{"role":"tool","tool_call_id":"{{call!["id"]}}","content":"fine"}""");
        var spoken = await house.ChatAsync(
            $$"""
            {"model":"claude-thinker","reasoning_effort":"high","messages":[{{user}},{{called.Message.ToJsonString()}},
            {{string.Join(',', results)}}],{{Tools}}}
            """);
        spoken.Status.ShouldBe(200, spoken.Body?.ToJsonString());
        ((string)spoken.Message["content"]!).ShouldNotBeEmpty();

        var streamed = await house.ChatAsync(
            $$"""{"model":"claude-fast","stream":true,"parallel_tool_calls":false,"messages":[{{user}}],{{Tools}}}""");
        streamed.Finishes.ShouldBe(["tool_calls"]);
        var deltas = streamed.Deltas.Select(delta => delta["tool_calls"]?[0]).OfType<JsonNode>().ToList();
        deltas.ShouldAllBe(delta => (int)delta["index"]! == 0);
        var arguments = string.Concat(deltas.Select(delta => (string?)delta["function"]!["arguments"]));
        JsonNode.Parse(arguments)!["at"].ShouldNotBeNull();
        await CloseAsync(house);
    }

    [Fact]
    public async Task What_a_cache_held_is_a_part_of_the_prompt()
    {
        await using var house = await AnthropicHouse.StartAsync();
        var request = $$$"""
            {"model":"claude-fast","max_tokens":5,"messages":[{"role":"system","content":[{"type":"text",
            "text":"{{{string.Concat(Enumerable.Repeat("clouds over hills. ", 400))}}}","cache_control":{"type":"ephemeral"}}]},
            {"role":"user","content":"hello"}]}
            """;
        var first = (await house.ChatAsync(request)).Body!["usage"]!;
        var second = (await house.ChatAsync(request)).Body!["usage"]!;
        ((long)first["prompt_tokens_details"]!["cached_tokens"]!).ShouldBe(0);
        ((long)first["prompt_tokens_details"]!["cache_write_tokens"]!).ShouldBeGreaterThan(1000);
        ((long)second["prompt_tokens_details"]!["cached_tokens"]!).ShouldBeGreaterThan(1000);
        ((long)second["prompt_tokens"]!).ShouldBe((long)first["prompt_tokens"]!);
        await CloseAsync(house);
    }

    [Theory]
    [InlineData("/v1/chat/completions", "", false, 3.75)]
    [InlineData("/v1/chat/completions", "", true, 3.75)]
    [InlineData("/v1/chat/completions", ",\"ttl\":\"1h\"", false, 6)]
    [InlineData("/v1/messages", "", false, 3.75)]
    [InlineData("/v1/messages", ",\"ttl\":\"1h\"", true, 6)]
    public async Task What_is_written_to_the_cache_is_charged_at_its_own_price(
        string path, string ttl, bool streams, decimal pricePerMillion)
    {
        await using var house = await AnthropicHouse.StartAsync();
        var cached = $$"""
            {"type":"text","text":"{{string.Concat(Enumerable.Repeat("clouds over hills. ", 400))}}",
            "cache_control":{"type":"ephemeral"{{ttl}} } }
            """;
        var request = $$"""
            {"model":"claude-fast","max_tokens":5,"stream":{{(streams ? "true" : "false")}},
            "messages":[{"role":"user","content":[{{cached}},{"type":"text","text":"hello"}]}]}
            """;
        var answers = new[] { await house.PostAsync(path, request), await house.PostAsync(path, request) };
        answers.Select(answer => answer.Status).ShouldBe([200, 200]);

        var books = await CloseAsync(house);
        var bill = books.Billed["anthropic"];
        bill.Written.ShouldBeGreaterThan(1000);
        bill.Written1h.ShouldBe(ttl.Length > 0 ? bill.Written : 0);
        bill.Cached.ShouldBe(bill.Written);
        var balance = (await house.Get<UsageStore>().BalancesAsync(CancellationToken.None))
            .Single(account => account.Account == "payable:anthropic");
        var plain = bill.Prompt - bill.Cached - bill.Written;
        balance.Usd.ShouldBe(
            -((plain * 3m) + (bill.Cached * 0.3m) + (bill.Written * pricePerMillion) + (bill.Output * 15m)) / 1_000_000);

        using var admin = house.Client(TestHouse.AdminKey);
        var tokens = JsonNode.Parse(await admin.GetStringAsync("/api/usage"))!["data"]![0]!["tokens"]!;
        ((long)tokens["cache_write"]!, (long)tokens["cache_write_1h"]!).ShouldBe((bill.Written, bill.Written1h));
        if (path == "/v1/messages")
        {
            var usage = streams
                ? answers[0].Chunks.Single(told => (string)told["type"]! == "message_delta")["usage"]!
                : answers[0].Body!["usage"]!;
            ((long)usage["cache_creation_input_tokens"]!).ShouldBe(bill.Written);
            ((long)usage["cache_creation"]!["ephemeral_1h_input_tokens"]!).ShouldBe(bill.Written1h);
            ((long)usage["cache_creation"]!["ephemeral_5m_input_tokens"]!).ShouldBe(bill.Written - bill.Written1h);
        }
    }

    [Theory]
    [InlineData("\"seed\":1", "seed")]
    [InlineData("\"temperature\":1.2", "temperature")]
    [InlineData("\"response_format\":{\"type\":\"json_object\"}", "response_format")]
    public async Task What_cannot_be_expressed_goes_to_a_cloud_that_can_and_is_refused_where_none_is(
        string member, string param)
    {
        await using var house = await AnthropicHouse.StartAsync();
        var refused = await house.ChatAsync($$"""{"model":"claude-fast",{{member}},{{Ask}}}""");
        refused.Status.ShouldBe(400);
        ((string)refused.Body!["error"]!["param"]!).ShouldBe(param);
        ((string)refused.Body["error"]!["code"]!).ShouldBe("unsupported_parameter");

        (await house.ChatAsync($$"""{"model":"mixed",{{Ask}}}""")).Deployment.ShouldBe("anthropic-mixed");
        (await house.ChatAsync($$"""{"model":"mixed",{{member}},{{Ask}}}""")).Deployment.ShouldBe("own-mixed");
        await CloseAsync(house);
    }

    [Fact]
    public async Task The_version_that_takes_no_sampling_parameters_is_not_sent_any()
    {
        await using var house = await AnthropicHouse.StartAsync("anthropic: { version: 2026-10-21 }");
        (await house.ChatAsync($$"""{"model":"claude-fast",{{Ask}}}""")).Status.ShouldBe(200);
        var refused = await house.ChatAsync($$"""{"model":"claude-fast","temperature":0.5,{{Ask}}}""");
        refused.Status.ShouldBe(400);
        ((string)refused.Body!["error"]!["message"]!).ShouldContain("2023-06-01");
        await CloseAsync(house);
    }

    [Fact]
    public async Task A_limit_that_is_not_given_is_the_operator_s()
    {
        await using var house = await AnthropicHouse.StartAsync("anthropic: { max_tokens: 3 }");
        var answer = await house.ChatAsync($$"""{"model":"claude-fast",{{Ask}}}""");
        ((string)answer.Body!["choices"]![0]!["finish_reason"]!).ShouldBe("length");
        ((long)answer.Body["usage"]!["completion_tokens"]!).ShouldBe(3);
        await CloseAsync(house);
    }

    [Fact]
    public async Task A_revoked_key_takes_the_deployments_out_and_no_client_hears_of_it()
    {
        await using var house = await AnthropicHouse.StartAsync();
        house.Clouds.AcceptKey("anthropic", "sahab", accepts: false);
        for (var call = 0; call < 3; call++)
        {
            var answer = await house.ChatAsync($$"""{"model":"mixed",{{Ask}}}""");
            (answer.Status, answer.Deployment).ShouldBe((200, "own-mixed"));
        }

        (await house.ChatAsync($$"""{"model":"claude-fast",{{Ask}}}""")).Status.ShouldBe(503);
        var books = await CloseAsync(house);
        // Once for each deployment, for then it is out.
        books.Events.Count(usage => usage.Outcome == AttemptOutcome.Unauthorized).ShouldBe(2);
    }

    [Fact]
    public async Task A_cloud_that_is_full_or_fails_means_the_next()
    {
        await using var house = await AnthropicHouse.StartAsync();
        var fault = await house.Clouds.AddFaultAsync(
            new FaultSpec { Cloud = "anthropic", Kind = FaultKind.Error, Status = 529 });
        (await house.ChatAsync($$"""{"model":"mixed",{{Ask}}}""")).Deployment.ShouldBe("own-mixed");
        await house.Clouds.RemoveFaultAsync(fault.Id);
        await house.Clouds.AddFaultAsync(new FaultSpec { Cloud = "anthropic", Kind = FaultKind.ErrorIn200, AfterTokens = 0 });
        var stream = await house.ChatAsync($$"""{"model":"mixed","stream":true,{{Ask}}}""");
        (stream.Deployment, stream.IsDone).ShouldBe(("own-mixed", true));
        await CloseAsync(house);
    }

    [Fact]
    public async Task Without_figures_the_usage_is_an_estimate_that_says_so()
    {
        await using var house = await AnthropicHouse.StartAsync();
        await house.Clouds.AddFaultAsync(
            new FaultSpec { Cloud = "anthropic", Kind = FaultKind.WrongUsage, Mode = WrongUsageMode.Missing });
        (await house.ChatAsync($$"""{"model":"claude-fast","stream":true,{{Ask}}}""")).IsDone.ShouldBeTrue();
        (await house.ChatAsync($$"""{"model":"claude-fast",{{Ask}}}""")).Status.ShouldBe(200);
        var books = await Books.CloseAsync(house);
        books.Flagged.Count().ShouldBe(2);
        books.ShouldAgreeButForFlagged();
    }

    [Fact]
    public async Task Tokens_are_counted_and_calls_explained_without_a_word_to_any_cloud()
    {
        await using var house = await AnthropicHouse.StartAsync();
        const string request = """{"model":"claude-fast","messages":[{"role":"user","content":"How many tokens are these?"}]""";
        var counted = await house.PostAsync("/v1/messages/count_tokens", request + "}");
        ((long)counted.Body!["input_tokens"]!).ShouldBeInRange(3, 100);

        using var admin = house.Client(TestHouse.AdminKey);
        using var content = new StringContent(request + ",\"max_tokens\":9}");
        using var explained = await admin.PostAsync("/api/explain?path=/v1/messages", content);
        var told = JsonNode.Parse(await explained.Content.ReadAsStringAsync())!;
        ((string)told["model"]!).ShouldBe("claude-fast");
        (await Books.CloseAsync(house)).Lines.ShouldBeEmpty();
    }

    static async Task<Books> CloseAsync(TestHouse house)
    {
        var books = await Books.CloseAsync(house);
        books.ShouldAgree();
        books.Flagged.ShouldBeEmpty();
        return books;
    }
}
