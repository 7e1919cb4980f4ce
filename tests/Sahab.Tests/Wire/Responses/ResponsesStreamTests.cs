using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sahab.Routing.Decisions;
using Sahab.Wire.OpenAI;

namespace Sahab.Tests.Wire.Responses;

/// <summary>What becomes of a chat completion on its way back to a client of the Responses API.</summary>
public class ResponsesStreamTests
{
    const string Usage = """
        {"prompt_tokens":9,"completion_tokens":4,"total_tokens":13,"prompt_tokens_details":{"cached_tokens":2},
        "completion_tokens_details":{"reasoning_tokens":1}}
        """;

    [Fact]
    public void A_stream_of_text_tells_every_step_in_order()
    {
        var events = Exchanges.Stream(
            Exchanges.Open("""{"model":"m","input":"x","stream":true}""").Exchange,
            [Chunk("""{"role":"assistant","content":""}"""), Chunk("""{"content":"Hel"}"""), Chunk("""{"content":"lo"}"""),
                Chunk("{}", "stop"), LastChunk()]);
        events.Select(told => (string)told["type"]!).ShouldBe(
        [
            "response.created", "response.in_progress", "response.output_item.added", "response.content_part.added",
            "response.output_text.delta", "response.output_text.delta", "response.output_text.done",
            "response.content_part.done", "response.output_item.done", "response.completed",
        ]);
        var response = ResponseReader.Read(events);
        ((string)response["output"]![0]!["content"]![0]!["text"]!).ShouldBe("Hello");
        response["usage"]!.ToJsonString().ShouldSay("""
            {"input_tokens":9,"input_tokens_details":{"cached_tokens":2,"cache_write_tokens":0},"output_tokens":4,
            "output_tokens_details":{"reasoning_tokens":1},"total_tokens":13}
            """);
    }

    [Fact]
    public void Reasoning_and_calls_of_tools_are_items_of_their_own()
    {
        foreach (bool asSummary in (bool[])[false, true])
        {
            string reasoning = asSummary ? ",\"reasoning\":{\"summary\":\"auto\"}" : "";
            var events = Exchanges.Stream(
                Exchanges.Open($$"""{"model":"m","input":"x","stream":true{{reasoning}}}""").Exchange,
                [
                    Chunk("""{"role":"assistant","reasoning_content":"Let me"}"""), Chunk("""{"reasoning":" see."}"""),
                    Chunk("""{"content":"I look."}"""),
                    Chunk("""{"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}}]}"""),
                    Chunk("""{"tool_calls":[{"index":0,"function":{"arguments":"{\"x\":"}}]}"""),
                    Chunk("""{"tool_calls":[{"index":1,"id":"b","function":{"name":"g","arguments":"{}"}},{"index":0,"function":{"arguments":"1}"}}]}"""),
                    Chunk("{}", "tool_calls"), LastChunk(),
                ]);
            var output = ResponseReader.Read(events)["output"]!.AsArray();
            output.Select(item => (string)item!["type"]!)
                .ShouldBe(["reasoning", "message", "function_call", "function_call"]);
            ((string)output[0]![asSummary ? "summary" : "content"]![0]!["text"]!).ShouldBe("Let me see.");
            output[2]!.ToJsonString().ShouldSay("""
                {"id":"fc_019ab0000000700080000000000000010002","type":"function_call","status":"completed",
                "call_id":"a","name":"f","arguments":"{\"x\":1}"}
                """);
            events.Count(told => (string)told["type"]! == (asSummary
                ? "response.reasoning_summary_text.delta" : "response.reasoning_text.delta")).ShouldBe(2);
        }
    }

    [Fact]
    public void Nothing_is_written_before_there_is_something_to_show()
    {
        var exchange = Exchanges.Open("""{"model":"m","input":"x","stream":true}""").Exchange;
        var output = new ArrayBufferWriter<byte>();
        foreach (string quiet in (string[])[Chunk("""{"role":"assistant","content":""}"""), Chunk("{}"), LastChunk()])
        {
            exchange.Take(Encoding.UTF8.GetBytes(quiet), output).ShouldBeTrue();
        }

        output.WrittenCount.ShouldBe(0);
    }

    [Fact]
    public void An_answer_that_says_nothing_is_a_message_without_text()
    {
        var exchange = Exchanges.Open("""{"model":"m","input":"x","stream":true}""").Exchange;
        var response = ResponseReader.Read(Exchanges.Stream(exchange, [Chunk("{}", "stop"), LastChunk()]));
        ((string)response["output"]![0]!["content"]![0]!["text"]!).ShouldBe("");
    }

    [Theory]
    [InlineData("length", "max_output_tokens")]
    [InlineData("content_filter", "content_filter")]
    public void An_answer_cut_short_is_incomplete_and_says_why(string finish, string reason)
    {
        var response = ResponseReader.Read(Exchanges.Stream(
            Exchanges.Open("""{"model":"m","input":"x","stream":true}""").Exchange,
            [Chunk("""{"content":"Hal"}"""), Chunk("{}", finish), LastChunk()]));
        ((string)response["incomplete_details"]!["reason"]!).ShouldBe(reason);
        ((string)response["output"]![0]!["status"]!).ShouldBe("incomplete");
    }

    [Fact]
    public void A_stream_that_breaks_off_ends_with_failure_and_an_error_that_clients_raise()
    {
        var exchange = Exchanges.Open("""{"model":"m","input":"x","stream":true}""").Exchange;
        var output = new ArrayBufferWriter<byte>();
        exchange.Take(Encoding.UTF8.GetBytes(Chunk("""{"content":"Hal"}""")), output).ShouldBeTrue();
        exchange.Fail(output, new ClientError("It broke.", "server_error", null, "stream_interrupted"));
        var events = Exchanges.Events(output.WrittenSpan);
        var failed = events[^2];
        ((string)failed["type"]!).ShouldBe("response.failed");
        ((string)failed["response"]!["status"]!).ShouldBe("failed");
        ((string)failed["response"]!["error"]!["message"]!).ShouldBe("It broke.");
        ((string)failed["response"]!["output"]![0]!["status"]!).ShouldBe("incomplete");
        ((string)events[^1]["error"]!["code"]!).ShouldBe("stream_interrupted");
        ((string)events[^1]["message"]!).ShouldBe("It broke.");
    }

    [Fact]
    public void What_a_cloud_wants_back_comes_back_to_it()
    {
        var (_, exchange) = Exchanges.Open("""{"model":"m","input":"x"}""");
        var response = Exchanges.Whole(exchange, Answer("""
            {"role":"assistant","content":null,"reasoning_content":"Hm.","thinking_blocks":[{"type":"thinking","signature":"s"}],
            "tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"},
            "extra_content":{"google":{"thought_signature":"g"}}}]}
            """, "tool_calls"));
        var next = Exchanges.Open($$"""
            {"model":"m","input":[{"role":"user","content":"x"},{{string.Join(',', response["output"]!.AsArray().Select(item => item!.ToJsonString()))}},
            {"type":"function_call_output","call_id":"c","output":"y"}]}
            """).Chat["messages"]!.AsArray();
        next[1]!.ToJsonString().ShouldSay("""
            {"role":"assistant","content":null,"thinking_blocks":[{"type":"thinking","signature":"s"}],
            "tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"},
            "extra_content":{"google":{"thought_signature":"g"}}}]}
            """);
    }

    [Fact]
    public void The_truth_about_keeping_is_told_at_the_end()
    {
        var exchange = Exchanges.Open("""{"model":"m","input":"x"}""").Exchange;
        string answer = Answer("""{"role":"assistant","content":"y"}""", "stop");
        ((bool)Exchanges.Whole(exchange, answer)["store"]!).ShouldBeTrue();
        exchange.IsStored = false;
        ((bool)Exchanges.Whole(exchange, answer)["store"]!).ShouldBeFalse();
    }

    [Fact]
    public void The_response_repeats_what_was_asked()
    {
        var response = Exchanges.Whole(
            Exchanges.Open("""
                {"model":"m","input":"x","instructions":"i","metadata":{"a":"b"},"temperature":0.5,"max_output_tokens":7,
                "previous_response_id":null,"store":false,
                "tools":[{"type":"function","name":"f","parameters":{}}]}
                """).Exchange,
            Answer("""{"role":"assistant","content":"y"}""", "stop"));
        ((string)response["id"]!).ShouldBe("resp_019ab000000070008000000000000001");
        ((string)response["instructions"]!).ShouldBe("i");
        ((string)response["metadata"]!["a"]!).ShouldBe("b");
        ((double)response["temperature"]!).ShouldBe(0.5);
        ((double)response["top_p"]!).ShouldBe(1);
        ((int)response["max_output_tokens"]!).ShouldBe(7);
        ((bool)response["store"]!).ShouldBeFalse();
        ((bool)response["parallel_tool_calls"]!).ShouldBeTrue();
        response["tools"]!.AsArray().Count.ShouldBe(1);
        response["previous_response_id"].ShouldBeNull();
    }

    /// <summary>However an answer is cut into chunks, the client reads the same, and the same as in one piece.</summary>
    [Fact]
    public void Any_cut_of_an_answer_tells_the_same()
    {
        for (ulong seed = 1; seed <= 300; seed++)
        {
            var random = new RandomSource(seed);
            var told = Parts(ref random);
            var chunks = Cut(told, ref random);
            var streamed = ResponseReader.Read(Exchanges.Stream(
                Exchanges.Open("""{"model":"m","input":"x","stream":true}""").Exchange, chunks));
            var whole = Exchanges.Whole(
                Exchanges.Open("""{"model":"m","input":"x"}""").Exchange, Answer(Message(told), "stop"));
            JsonNode.DeepEquals(streamed["output"], whole["output"])
                .ShouldBeTrue($"seed {seed}: {streamed["output"]} is not {whole["output"]}");
            JsonNode.DeepEquals(streamed["usage"], whole["usage"]).ShouldBeTrue($"seed {seed}");
        }
    }

    [Fact]
    public void What_is_no_chunk_is_told_and_never_thrown()
    {
        for (ulong seed = 1; seed <= 2000; seed++)
        {
            var random = new RandomSource(seed);
            byte[] chunk = Encoding.UTF8.GetBytes(Chunk(
                """{"content":"a\u00e9","tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]}"""));
            for (int changes = 0; changes < 3; changes++)
            {
                chunk[random.NextInt32(chunk.Length)] = (byte)random.NextInt32(256);
            }

            var exchange = Exchanges.Open("""{"model":"m","input":"x","stream":true}""").Exchange;
            var output = new ArrayBufferWriter<byte>();
            if (exchange.Take(chunk, output))
            {
                exchange.Complete(output);
                ResponseReader.Read(Exchanges.Events(output.WrittenSpan));
            }

            exchange.TryWriteAnswer(chunk, new ArrayBufferWriter<byte>());
        }
    }

    static List<(string Member, string Text)> Parts(ref RandomSource random)
    {
        string[] words = ["cloud ", "雲", "👩‍👩‍👧‍👦", "\"quoted\"", "\n", "x", "Ærø "];
        var told = new List<(string, string)>();
        foreach (string member in (string[])["reasoning_content", "content", "refusal", "call", "call"])
        {
            var text = new StringBuilder();
            for (int left = random.NextInt32(6); left > 0; left--)
            {
                text.Append(words[random.NextInt32(words.Length)]);
            }

            if (text.Length > 0)
            {
                told.Add((member, text.ToString()));
            }
        }

        return told;
    }

    static List<string> Cut(List<(string Member, string Text)> told, ref RandomSource random)
    {
        var chunks = new List<string> { Chunk("""{"role":"assistant","content":""}""") };
        int calls = 0;
        foreach (var (member, text) in told)
        {
            int call = member == "call" ? calls++ : -1;
            if (call >= 0)
            {
                chunks.Add(Chunk($$$"""
                    {"tool_calls":[{"index":{{{call}}},"id":"c{{{call}}}","function":{"name":"f","arguments":""}}]}
                    """));
            }

            foreach (string piece in Pieces(text, ref random))
            {
                string quoted = JsonSerializer.Serialize(piece);
                chunks.Add(Chunk(call < 0
                    ? $$"""{"{{member}}":{{quoted}}}"""
                    : $$$"""{"tool_calls":[{"index":{{{call}}},"function":{"arguments":{{{quoted}}}}}]}"""));
            }
        }

        chunks.Add(Chunk("{}", "stop"));
        chunks.Add(LastChunk());
        return chunks;
    }

    static List<string> Pieces(string text, ref RandomSource random)
    {
        var pieces = new List<string>();
        var runes = text.EnumerateRunes().Select(rune => rune.ToString()).ToList();
        while (runes.Count > 0)
        {
            int taken = 1 + random.NextInt32(runes.Count);
            pieces.Add(string.Concat(runes[..taken]));
            runes.RemoveRange(0, taken);
        }

        return pieces;
    }

    static string Message(List<(string Member, string Text)> told)
    {
        var message = new JsonObject { ["role"] = "assistant", ["content"] = null };
        foreach (var (member, text) in told.Where(part => part.Member != "call"))
        {
            message[member] = text;
        }

        var calls = told.Where(part => part.Member == "call").Select((part, index) => (JsonNode)new JsonObject
        {
            ["id"] = $"c{index}",
            ["type"] = "function",
            ["function"] = new JsonObject { ["name"] = "f", ["arguments"] = part.Text },
        }).ToArray();
        if (calls.Length > 0)
        {
            message["tool_calls"] = new JsonArray(calls);
        }

        return message.ToJsonString();
    }

    static string Chunk(string delta, string? finish = null) => $$"""
        {"id":"c","object":"chat.completion.chunk","created":1,"model":"u","choices":[{"index":0,"delta":{{delta}},
        "finish_reason":{{(finish is null ? "null" : $"\"{finish}\"")}}}],"usage":null}
        """;

    static string LastChunk() =>
        $$"""{"id":"c","object":"chat.completion.chunk","created":1,"model":"u","choices":[],"usage":{{Usage}}}""";

    static string Answer(string message, string finish) => $$"""
        {"id":"c","object":"chat.completion","created":1,"model":"u","choices":[{"index":0,"message":{{message}},
        "finish_reason":"{{finish}}"}],"usage":{{Usage}}}
        """;
}
