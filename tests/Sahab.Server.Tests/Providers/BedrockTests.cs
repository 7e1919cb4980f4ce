using System.Text.Json.Nodes;
using Sahab.Emulator.Configuration;
using Sahab.Emulator.Faults;
using Sahab.Ledger.Rating;
using Sahab.Server.Tests.Faults;

namespace Sahab.Server.Tests.Providers;

/// <summary>The dialect <c>bedrock</c>, from the front door to an emulated AWS and back.</summary>
public class BedrockTests
{
    const string Ask = """
        "messages":[{"role":"user","content":"hello there"}]
        """;

    const string Tools = """
        "tools":[{"type":"function","function":{"name":"look","parameters":{"type":"object","properties":{
        "at":{"type":"string"}},"required":["at"]}}},{"type":"function","function":{"name":"wait"}}]
        """;

    const string Pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

    [Theory]
    [InlineData(BedrockHouse.Keys, "{aws}")]
    [InlineData(BedrockHouse.Keys, "{aws:http2}")]
    [InlineData(BedrockHouse.Bearer, "{aws:http2}/us-east-1")]
    public async Task What_a_client_asks_for_is_served(string signIn, string address)
    {
        await using var house = await BedrockHouse.StartAsync(signIn, address);
        var whole = await house.ChatAsync($$"""{"model":"small",{{Ask}} }""");
        whole.Status.ShouldBe(200, whole.Body?.ToJsonString());
        whole.Deployment.ShouldBe("aws-small");
        ((string)whole.Message["content"]!).ShouldNotBeEmpty();

        var stream = await house.ChatAsync($$"""{"model":"small","stream":true,{{Ask}} }""");
        stream.Text.ShouldBe((string)whole.Message["content"]!);
        stream.IsDone.ShouldBeTrue();
        stream.Finishes.ShouldBe(["stop"]);

        var image = await house.ChatAsync($$"""
            {"model":"small","max_tokens":5,"messages":[{"role":"user","content":[{"type":"text","text":"what?"},
            {"type":"image_url","image_url":{"url":"data:image/png;base64,{{Pixel}}"} }]}]}
            """);
        ((long)image.Body!["usage"]!["prompt_tokens"]!).ShouldBeGreaterThan(256);

        var schema = await house.ChatAsync($$"""
            {"model":"small",{{Ask}},"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{
            "type":"object","properties":{"age":{"type":"integer"} },"required":["age"]} } } }
            """);
        JsonNode.Parse((string)schema.Message["content"]!)!["age"]!.GetValue<int>();

        var books = await Books.CloseAsync(house);
        books.ShouldAgree();
        books.Flagged.ShouldBeEmpty();
        books.Events.ShouldAllBe(usage => usage.Outcome == AttemptOutcome.Succeeded);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Tools_are_called_and_told_what_came_of_it(bool streamed)
    {
        await using var house = await BedrockHouse.StartAsync();
        var messages = new JsonArray(JsonNode.Parse("""{"role":"user","content":"look and wait"}"""));
        var request = JsonNode.Parse($$"""{"model":"small","stream":{{(streamed ? "true" : "false")}},{{Tools}} }""")!.AsObject();
        request["messages"] = messages;
        var called = await house.ChatAsync(request.ToJsonString());
        called.Status.ShouldBe(200, called.Body?.ToJsonString());
        JsonNode message = streamed ? Whole(called) : called.Message.DeepClone();
        message["tool_calls"]!.AsArray().Select(call => (string?)call!["function"]!["name"]).ShouldBe(["look", "wait"]);
        messages.Add(message);
        foreach (var call in message["tool_calls"]!.AsArray())
        {
            JsonNode.Parse((string)call!["function"]!["arguments"]!)!.ShouldBeOfType<JsonObject>();
            messages.Add(new JsonObject { ["role"] = "tool", ["tool_call_id"] = (string)call["id"]!, ["content"] = "done" });
        }

        var answer = await house.ChatAsync(request.ToJsonString());
        (streamed ? answer.Text : (string)answer.Message["content"]!).ShouldNotBeEmpty();
        request["parallel_tool_calls"] = false;
        messages.Clear();
        messages.Add(JsonNode.Parse("""{"role":"user","content":"look and wait"}"""));
        var one = await house.ChatAsync(request.ToJsonString());
        (streamed ? Whole(one) : one.Message)["tool_calls"]!.AsArray().Count.ShouldBe(1);
        (await Books.CloseAsync(house)).ShouldAgree();
    }

    [Fact]
    public async Task Reasoning_is_shown_and_goes_back_with_its_signature()
    {
        await using var house = await BedrockHouse.StartAsync();
        var stream = await house.ChatAsync($$"""{"model":"small","stream":true,"reasoning_effort":"high",{{Ask}} }""");
        var reasoning = string.Concat(stream.Deltas.Select(delta => (string?)delta["reasoning_content"]));
        reasoning.ShouldNotBeEmpty();
        var block = stream.Deltas.Select(delta => delta["thinking_blocks"]).OfType<JsonNode>().ShouldHaveSingleItem()[0]!;
        ((string?)block["thinking"]).ShouldBe(reasoning);

        var whole = await house.ChatAsync($$"""{"model":"small","reasoning_effort":"high",{{Ask}} }""");
        JsonNode.DeepEquals(whole.Message["thinking_blocks"]![0], block).ShouldBeTrue();
        var back = new JsonObject
        {
            ["model"] = "only",
            ["messages"] = new JsonArray(
                JsonNode.Parse("""{"role":"user","content":"hello there"}"""), whole.Message.DeepClone(),
                JsonNode.Parse("""{"role":"user","content":"go on"}""")),
        };
        (await house.ChatAsync(back.ToJsonString())).Status.ShouldBe(200);
        back["messages"]![1]!["thinking_blocks"]![0]!["thinking"] = "something else";
        var forged = await house.ChatAsync(back.ToJsonString());
        forged.Status.ShouldBe(400);
        ((string?)forged.Body!["error"]!["message"])!.ShouldContain("signature");
        (await Books.CloseAsync(house)).ShouldAgree();
    }

    [Fact]
    public async Task What_the_cache_read_and_took_is_part_of_the_prompt()
    {
        await using var house = await BedrockHouse.StartAsync();
        var preface = string.Concat(Enumerable.Repeat("a long preface ", 600));
        var request = $$"""
            {"model":"small","max_tokens":5,"messages":[{"role":"system","content":[{"type":"text","text":"{{preface}}",
            "cache_control":{"type":"ephemeral"} }]},{"role":"user","content":"well?"}]}
            """;
        var first = (await house.ChatAsync(request)).Body!["usage"]!;
        var second = (await house.ChatAsync(request)).Body!["usage"]!;
        ((long)first["prompt_tokens"]!).ShouldBe((long)second["prompt_tokens"]!);
        ((long)first["prompt_tokens_details"]!["cache_write_tokens"]!).ShouldBeGreaterThan(1000);
        ((long)second["prompt_tokens_details"]!["cached_tokens"]!).ShouldBeGreaterThan(1000);
        (await Books.CloseAsync(house)).ShouldAgree();
    }

    [Theory]
    [InlineData("", false, 3.75)]
    [InlineData(",\"ttl\":\"1h\"", true, 6)]
    public async Task What_is_written_to_the_cache_is_charged_at_its_own_price(
        string ttl, bool streams, decimal pricePerMillion)
    {
        await using var house = await BedrockHouse.StartAsync();
        var preface = string.Concat(Enumerable.Repeat("a long preface ", 600));
        var request = $$"""
            {"model":"small","max_tokens":5,"stream":{{(streams ? "true" : "false")}},"messages":[{"role":"user",
            "content":[{"type":"text","text":"{{preface}}","cache_control":{"type":"ephemeral"{{ttl}} } },
            {"type":"text","text":"well?"}]}]}
            """;
        (await house.ChatAsync(request)).Status.ShouldBe(200);
        (await house.ChatAsync(request)).Status.ShouldBe(200);
        var books = await Books.CloseAsync(house);
        books.ShouldAgree();
        var bill = books.Billed["aws"];
        bill.Written.ShouldBeGreaterThan(1000);
        bill.Written1h.ShouldBe(ttl.Length > 0 ? bill.Written : 0);
        var plain = bill.Prompt - bill.Cached - bill.Written;
        books.Events.Sum(usage => usage.Cost().ToUsd()).ShouldBe(
            ((plain * 3m) + (bill.Cached * 0.3m) + (bill.Written * pricePerMillion) + (bill.Output * 15m)) / 1_000_000);
    }

    [Theory]
    [InlineData("titan")]
    [InlineData("cohere")]
    public async Task Embeddings_of_many_texts_are_one_answer(string model)
    {
        await using var house = await BedrockHouse.StartAsync();
        var texts = string.Join(',', Enumerable.Range(0, 100).Select(i => $"\"text number {i}\""));
        var many = await house.PostAsync("/v1/embeddings", $$"""{"model":"{{model}}","input":[{{texts}}]}""");
        many.Status.ShouldBe(200, many.Body?.ToJsonString());
        var data = many.Body!["data"]!.AsArray();
        data.Select(item => (int)item!["index"]!).ShouldBe(Enumerable.Range(0, 100));
        var last = await house.PostAsync(
            "/v1/embeddings", $$"""{"model":"{{model}}","input":"text number 99","encoding_format":"float"}""");
        last.Body!["data"]![0]!["embedding"]!.ToJsonString().ShouldBe(data[99]!["embedding"]!.ToJsonString());
        var books = await Books.CloseAsync(house);
        books.ShouldAgree();
        books.Flagged.ShouldBeEmpty();
        books.Events.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Embeddings_that_fail_in_the_middle_are_booked_as_far_as_they_came()
    {
        await using var house = await BedrockHouse.StartAsync();
        await house.Clouds.AddFaultAsync(new FaultSpec { Cloud = "aws", Kind = FaultKind.Error, Status = 500, Rate = 0.2 });
        var texts = string.Join(',', Enumerable.Range(0, 60).Select(i => $"\"text number {i}\""));
        var answer = await house.PostAsync("/v1/embeddings", $$"""{"model":"titan","input":[{{texts}}]}""");
        answer.Status.ShouldBeGreaterThanOrEqualTo(500);
        var books = await Books.CloseAsync(house);
        books.ShouldAgree();
        books.Billed["aws"].Prompt.ShouldBeGreaterThan(0);
    }

    [Theory]
    [InlineData(BedrockHouse.Bearer, "{aws}/us-east-1/openai/v1", "bedrock: { api: openai }")]
    [InlineData("", "{aws:http2}/us-east-1/openai/v1", "bedrock: { api: openai, access_key_id: { env: CLOUD_KEY_ID }, secret_access_key: { env: CLOUD_KEY } }")]
    public async Task Its_OpenAI_compatible_API_is_spoken_too(string key, string address, string settings)
    {
        await using var house = await BedrockHouse.StartAsync($"{settings}\n    {key}", address);
        var whole = await house.ChatAsync($$"""{"model":"oss","n":2,"seed":7,{{Ask}} }""");
        whole.Status.ShouldBe(200, whole.Body?.ToJsonString());
        whole.Body!["choices"]!.AsArray().Count.ShouldBe(2);
        var stream = await house.ChatAsync($$"""{"model":"oss","stream":true,{{Ask}} }""");
        stream.IsDone.ShouldBeTrue();
        (await Books.CloseAsync(house)).ShouldAgree();
    }

    [Fact]
    public async Task Provisioned_throughput_is_named_by_its_ARN()
    {
        await using var house = await BedrockHouse.StartAsync(address: "{aws:http2}");
        var stream = await house.ChatAsync($$"""{"model":"provisioned","stream":true,{{Ask}} }""");
        (stream.IsDone, stream.Deployment).ShouldBe((true, "aws-provisioned"));
        (await Books.CloseAsync(house)).Lines.ShouldHaveSingleItem().Account.Model.ShouldBe(BedrockHouse.Arn);
    }

    [Fact]
    public async Task What_cannot_be_expressed_goes_elsewhere_or_is_refused_by_name()
    {
        await using var house = await BedrockHouse.StartAsync();
        var elsewhere = await house.ChatAsync($$"""{"model":"small","seed":7,{{Ask}} }""");
        (elsewhere.Status, elsewhere.Deployment).ShouldBe((200, "own-small"));
        var refused = await house.ChatAsync($$"""{"model":"only","seed":7,{{Ask}} }""");
        refused.Status.ShouldBe(400);
        ((string?)refused.Body!["error"]!["param"]).ShouldBe("seed");
        (await house.PostAsync("/v1/completions", """{"model":"only","prompt":"a"}""")).Status.ShouldBe(400);
        (await Books.CloseAsync(house)).ShouldAgree();
    }

    [Fact]
    public async Task A_full_deployment_and_a_spent_quota_mean_the_next()
    {
        await using var house = await BedrockHouse.StartAsync(capacity: new CapacityConfig { TokensPerMinute = 300 });
        // The whole of max_tokens is taken out of the quota before the answer begins.
        var quota = await house.ChatAsync($$"""{"model":"small","max_tokens":1000,{{Ask}} }""");
        (quota.Status, quota.Deployment).ShouldBe((200, "own-small"));
        var books = await Books.CloseAsync(house);
        books.ShouldAgree();
        books.Events.Single(usage => usage.Provider == "aws").Outcome.ShouldBe(AttemptOutcome.Throttled);
    }

    [Fact]
    public async Task Throttling_means_the_next_at_once()
    {
        await using var house = await BedrockHouse.StartAsync();
        await house.Clouds.AddFaultAsync(new FaultSpec { Cloud = "aws", Kind = FaultKind.Throttle });
        var answer = await house.ChatAsync($$"""{"model":"small",{{Ask}} }""");
        (answer.Status, answer.Deployment).ShouldBe((200, "own-small"));
        (await Books.CloseAsync(house)).Events.Count(usage => usage.Outcome == AttemptOutcome.Throttled).ShouldBe(1);
    }

    [Theory]
    [InlineData(FaultKind.ErrorIn200, "{aws}")]
    [InlineData(FaultKind.ErrorIn200, "{aws:http2}")]
    [InlineData(FaultKind.Cut, "{aws}")]
    [InlineData(FaultKind.Cut, "{aws:http2}")]
    public async Task A_stream_that_fails_is_told_and_never_ends_as_if_it_were_whole(FaultKind kind, string address)
    {
        await using var house = await BedrockHouse.StartAsync(address: address);
        await house.Clouds.AddFaultAsync(new FaultSpec { Cloud = "aws", Kind = kind, AfterTokens = 0 });
        var early = await house.ChatAsync($$"""{"model":"small","stream":true,{{Ask}} }""");
        (early.Status, early.Deployment, early.IsDone).ShouldBe((200, "own-small", true));

        await house.Clouds.ClearFaultsAsync();
        await house.Clouds.AddFaultAsync(new FaultSpec { Cloud = "aws", Kind = kind, AfterTokens = 3 });
        var whole = await house.ChatAsync($$"""{"model":"small",{{Ask}} }""");
        (whole.Status, whole.Deployment).ShouldBe((200, "own-small"));
        var late = await house.ChatAsync($$"""{"model":"only","stream":true,{{Ask}} }""");
        late.IsDone.ShouldBeFalse();
        // Over HTTP/2 a reset may overtake what was sent before it, so that nothing has begun yet.
        (late.Chunks.Count == 0 ? late.Body!["error"] : late.Chunks[^1]["error"]).ShouldNotBeNull();
        late.Chunks.SelectMany(chunk => chunk["choices"]?.AsArray() ?? [])
            .ShouldAllBe(choice => choice!["finish_reason"] == null);
        var books = await Books.CloseAsync(house);
        books.ShouldAgree();
    }

    [Fact]
    public async Task A_client_that_leaves_is_billed_what_the_cloud_bills()
    {
        await using var house = await BedrockHouse.StartAsync();
        await house.Clouds.AddFaultAsync(new FaultSpec { Cloud = "aws", Kind = FaultKind.Slow });
        using (var client = house.Client())
        using (var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
        {
            Content = new StringContent($$"""{"model":"only","stream":true,{{Ask}} }"""),
        })
        {
            using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            answer.EnsureSuccessStatusCode();
        }

        var books = await Books.CloseAsync(house);
        books.ShouldAgree();
        books.Flagged.ShouldBeEmpty();
    }

    /// <summary>The message of a stream, as a client puts it together.</summary>
    static JsonObject Whole(DoorAnswer stream)
    {
        var calls = new SortedDictionary<int, JsonObject>();
        foreach (var delta in stream.Deltas.SelectMany(delta => delta["tool_calls"]?.AsArray() ?? []).OfType<JsonNode>())
        {
            var index = (int)delta["index"]!;
            if (!calls.TryGetValue(index, out var call))
            {
                calls.Add(index, call = new JsonObject
                {
                    ["id"] = (string)delta["id"]!,
                    ["type"] = "function",
                    ["function"] = new JsonObject { ["name"] = (string)delta["function"]!["name"]!, ["arguments"] = "" },
                });
            }

            call["function"]!["arguments"] =
                (string)call["function"]!["arguments"]! + (string?)delta["function"]!["arguments"];
        }

        return new JsonObject { ["role"] = "assistant", ["tool_calls"] = new JsonArray([.. calls.Values]) };
    }
}
