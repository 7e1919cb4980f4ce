using System.Text.Json.Nodes;
using Sahab.Emulator.Configuration;
using Sahab.Emulator.Faults;
using Sahab.Ledger.Rating;
using Sahab.Server.Tests.Faults;

namespace Sahab.Server.Tests.Providers;

/// <summary>The dialect <c>vertex</c>, from the front door to an emulated Google and back.</summary>
public class VertexTests
{
    const string Ask = """
        "messages":[{"role":"user","content":"hello there"}]
        """;

    const string Tools = """
        "tools":[{"type":"function","function":{"name":"look","parameters":{"type":"object",
        "properties":{"at":{"type":"string"}},"required":["at"]}}},{"type":"function","function":{"name":"listen",
        "parameters":{"type":"object","properties":{"to":{"type":"string"}},"required":["to"]}}}]
        """;

    const string Schema = """
        "response_format":{"type":"json_schema","json_schema":{"name":"r","schema":{"type":"object","properties":{
        "n":{"type":"integer"}},"required":["n"]}}}
        """;

    [Theory]
    [InlineData("gemini")]
    [InlineData("flash")]
    public async Task Either_API_serves_what_a_client_asks_for(string model)
    {
        await using var google = await GoogleHouse.StartAsync();
        var house = google.House;
        var whole = await house.ChatAsync($$"""{"model":"{{model}}",{{Ask}}}""");
        whole.Status.ShouldBe(200, whole.Body?.ToJsonString());
        ((string)whole.Message["content"]!).ShouldNotBeEmpty();

        var stream = await house.ChatAsync(
            $$"""{"model":"{{model}}","stream":true,"stream_options":{"include_usage":true},{{Ask}}}""");
        stream.Text.ShouldBe((string)whole.Message["content"]!);
        stream.Finishes.ShouldBe(["stop"]);
        stream.IsDone.ShouldBeTrue();
        ((long)stream.Chunks[^1]["usage"]!["completion_tokens"]!).ShouldBe((long)whole.Body!["usage"]!["completion_tokens"]!);

        var cut = await house.ChatAsync($$"""{"model":"{{model}}","max_tokens":3,{{Ask}}}""");
        ((string)cut.Body!["choices"]![0]!["finish_reason"]!).ShouldBe("length");

        var json = await house.ChatAsync($$"""{"model":"{{model}}",{{Ask}},{{Schema}}}""");
        JsonNode.Parse((string)json.Message["content"]!)!["n"]!.GetValueKind().ShouldBe(System.Text.Json.JsonValueKind.Number);

        var several = await house.ChatAsync(
            $$"""{"model":"{{model}}","n":2,"stream":true,"logprobs":true,"top_logprobs":1,"max_tokens":4,{{Ask}}}""");
        several.Finishes.Count().ShouldBe(2);
        several.Chunks.SelectMany(chunk => chunk["choices"]!.AsArray())
            .Count(choice => choice!["logprobs"]?["content"] is JsonArray { Count: > 0 }).ShouldBe(8);

        var books = await Books.CloseAsync(house);
        books.ShouldAgree();
        books.Flagged.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("gemini", false)]
    [InlineData("gemini", true)]
    public async Task Parallel_calls_and_their_results_go_there_and_back(string model, bool streams)
    {
        await using var google = await GoogleHouse.StartAsync();
        var calls = await CallToolsAsync(google, model, streams);
        calls.Select(call => (string)call!["function"]!["name"]!).ShouldBe(["look", "listen"]);
        calls.Select(call => (string)call!["id"]!).ShouldBeUnique();
        foreach (var keepsSignature in (bool[])[true, false])
        {
            var echoed = calls.DeepClone().AsArray();
            foreach (var call in echoed)
            {
                call!.AsObject().Remove("index");
                if (!keepsSignature)
                {
                    // As a client does that knows OpenAI's members only.
                    call.AsObject().Remove("extra_content");
                }
            }

            var answer = await google.House.ChatAsync($$"""
                {"model":"{{model}}","messages":[{"role":"user","content":"look and listen"},
                {"role":"assistant","content":null,"tool_calls":{{echoed.ToJsonString()}}},
                {"role":"tool","tool_call_id":"{{echoed[1]!["id"]}}","content":"{\"heard\":\"rain\"}"},
                {"role":"tool","tool_call_id":"{{echoed[0]!["id"]}}","content":"seen"}],{{Tools}}}
                """);
            answer.Status.ShouldBe(200, answer.Body?.ToJsonString());
            ((string)answer.Body!["choices"]![0]!["finish_reason"]!).ShouldBe("stop");
            ((string)answer.Message["content"]!).ShouldNotBeEmpty();
        }

        (await Books.CloseAsync(google.House)).ShouldAgree();
    }

    [Fact]
    public async Task Reasoning_cached_tokens_and_images_are_counted_as_Google_bills_them()
    {
        await using var google = await GoogleHouse.StartAsync();
        var house = google.House;
        var thought = await house.ChatAsync($$"""{"model":"gemini","reasoning_effort":"high",{{Ask}}}""");
        ((string)thought.Message["reasoning_content"]!).ShouldNotBeEmpty();
        ((long)thought.Body!["usage"]!["completion_tokens_details"]!["reasoning_tokens"]!).ShouldBeGreaterThan(0);

        var lengthy = $$"""{"model":"gemini","max_tokens":4,"messages":[{"role":"user","content":"{{new string('a', 12_000)}}"}]}""";
        await house.ChatAsync(lengthy);
        var again = await house.ChatAsync(lengthy);
        ((long)again.Body!["usage"]!["prompt_tokens_details"]!["cached_tokens"]!).ShouldBeGreaterThan(1000);

        var image = await house.ChatAsync("""
            {"model":"gemini","max_tokens":4,"messages":[{"role":"user","content":[{"type":"text","text":"what is it?"},
            {"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]}]}
            """);
        ((long)image.Body!["usage"]!["prompt_tokens"]!).ShouldBeGreaterThan(256);

        var books = await Books.CloseAsync(house);
        books.ShouldAgree();
        books.Events.Sum(usage => usage.Usage.ReasoningTokens).ShouldBe(books.Lines.Sum(line => line.Billed.Reasoning));
        // Google names the request in the answer's body: the ledger knows each by the name that the bill has.
        books.Events.Select(usage => usage.UpstreamRequestId).Order().ShouldBe(books.Lines.Select(line => line.RequestId).Order());
    }

    [Fact]
    public async Task Embeddings_go_by_the_call_that_the_model_has()
    {
        await using var google = await GoogleHouse.StartAsync();
        var several = await google.House.PostAsync(
            "/v1/embeddings", """{"model":"embedding","input":["one","two"],"dimensions":16,"encoding_format":"base64"}""");
        several.Status.ShouldBe(200, several.Body?.ToJsonString());
        several.Body!["data"]!.AsArray().Select(item => Convert.FromBase64String((string)item!["embedding"]!).Length)
            .ShouldBe([64, 64]);

        var one = await google.House.PostAsync("/v1/embeddings", """{"model":"embedding-2","input":"one"}""");
        one.Body!["data"]![0]!["embedding"]!.AsArray().Count.ShouldBe(64);
        var two = await google.House.PostAsync("/v1/embeddings", """{"model":"embedding-2","input":["one","two"]}""");
        (two.Status, (string?)two.Body!["error"]!["param"]).ShouldBe((400, "input"));
        (await Books.CloseAsync(google.House)).ShouldAgree();
    }

    [Fact]
    public async Task What_was_bought_in_advance_serves_alone_and_what_is_over_goes_to_the_shared_pool()
    {
        await using var google = await GoogleHouse.StartAsync(provisioned: new CapacityConfig { RequestsPerMinute = 1 });
        var first = await google.House.ChatAsync($$"""{"model":"bought",{{Ask}}}""");
        (first.Status, first.Deployment).ShouldBe((200, "google-bought"));
        var second = await google.House.ChatAsync($$"""{"model":"bought",{{Ask}}}""");
        (second.Status, second.Deployment).ShouldBe((200, "google-bought-spill"));
        (await Books.CloseAsync(google.House)).Events.Count(usage => usage.Outcome == AttemptOutcome.Throttled).ShouldBe(1);
    }

    [Fact]
    public async Task A_blocked_prompt_is_an_answer_that_was_filtered_and_paid_for()
    {
        await using var google = await GoogleHouse.StartAsync();
        const string Blocked = "\"messages\":[{\"role\":\"user\",\"content\":\"some emulated-violence\"}]";
        var whole = await google.House.ChatAsync($$"""{"model":"gemini",{{Blocked}}}""");
        ((string)whole.Body!["choices"]![0]!["finish_reason"]!).ShouldBe("content_filter");
        var stream = await google.House.ChatAsync($$"""{"model":"gemini","stream":true,{{Blocked}}}""");
        (stream.Finishes.Single(), stream.IsDone).ShouldBe(("content_filter", true));
        var books = await Books.CloseAsync(google.House);
        books.ShouldAgree();
        books.Events.Sum(usage => usage.Usage.PromptTokens).ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task What_cannot_be_expressed_goes_where_it_can_and_else_comes_back_by_its_name()
    {
        await using var google = await GoogleHouse.StartAsync();
        var elsewhere = await google.House.ChatAsync($$"""{"model":"both","logit_bias":{"1":1},{{Ask}}}""");
        (elsewhere.Status, elsewhere.Deployment).ShouldBe((200, "own-both"));
        var nowhere = await google.House.ChatAsync($$"""{"model":"gemini","logit_bias":{"1":1},{{Ask}}}""");
        (nowhere.Status, (string?)nowhere.Body!["error"]!["param"]).ShouldBe((400, "logit_bias"));
        var plain = await google.House.PostAsync("/v1/completions", """{"model":"gemini","prompt":"hello"}""");
        (plain.Status, (string?)plain.Body!["error"]!["code"]).ShouldBe((400, "unsupported_operation"));
    }

    [Theory]
    [InlineData(FaultKind.Throttle, false)]
    [InlineData(FaultKind.Error, true)]
    [InlineData(FaultKind.Cut, true)]
    [InlineData(FaultKind.ErrorIn200, true)]
    [InlineData(FaultKind.ErrorIn200, false)]
    public async Task What_fails_before_its_first_token_is_replaced_by_another(FaultKind kind, bool streams)
    {
        await using var google = await GoogleHouse.StartAsync();
        await google.House.Clouds.AddFaultAsync(new FaultSpec { Cloud = "google", Kind = kind, AfterTokens = 0 });
        var answer = await google.House.ChatAsync(
            $$"""{"model":"both","stream":{{(streams ? "true" : "false")}},{{Ask}}}""");
        (answer.Status, answer.Deployment).ShouldBe((200, "own-both"), answer.Body?.ToJsonString());
        (await Books.CloseAsync(google.House)).ShouldAgree();
    }

    [Theory]
    [InlineData(FaultKind.Cut)]
    [InlineData(FaultKind.ErrorIn200)]
    public async Task A_stream_that_breaks_off_never_looks_whole(FaultKind kind)
    {
        await using var google = await GoogleHouse.StartAsync();
        await google.House.Clouds.AddFaultAsync(new FaultSpec { Cloud = "google", Kind = kind, AfterTokens = 3 });
        var stream = await google.House.ChatAsync($$"""{"model":"gemini","stream":true,{{Ask}}}""");
        stream.IsDone.ShouldBeFalse();
        stream.Chunks[^1]["error"].ShouldNotBeNull();
        (await Books.CloseAsync(google.House)).ShouldAgree();
    }

    static async Task<JsonArray> CallToolsAsync(GoogleHouse google, string model, bool streams)
    {
        var answer = await google.House.ChatAsync($$"""
            {"model":"{{model}}","stream":{{(streams ? "true" : "false")}},
            "messages":[{"role":"user","content":"look and listen"}],{{Tools}}}
            """);
        answer.Status.ShouldBe(200, answer.Body?.ToJsonString());
        if (!streams)
        {
            return answer.Message["tool_calls"]!.AsArray();
        }

        answer.Finishes.ShouldBe(["tool_calls"]);
        return [.. answer.Deltas.Select(delta => delta["tool_calls"]).OfType<JsonArray>()
            .SelectMany(calls => calls).Select(call => call!.DeepClone())];
    }
}
