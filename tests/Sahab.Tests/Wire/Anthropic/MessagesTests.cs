using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using Sahab.Wire.Anthropic;
using Sahab.Wire.Chat;
using Sahab.Wire.OpenAI;
using Sahab.Wire.Translation;

namespace Sahab.Tests.Wire.Anthropic;

/// <summary>The Messages API at the front door: requests as chat completions, and answers back.</summary>
public class MessagesTests
{
    static readonly Guid CallId = Guid.Parse("00112233-4455-6677-8899-aabbccddeeff");

    [Fact]
    public void A_conversation_becomes_a_chat() => Chat(
        """
        {"model":"m","max_tokens":9,"system":[{"type":"text","text":"S","cache_control":{"type":"ephemeral"}}],"messages":[
        {"role":"user","content":"A"},{"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"s"},
        {"type":"text","text":"B"},{"type":"tool_use","id":"toolu_1","name":"f","input":{"a": 1}}]},
        {"role":"user","content":[{"type":"text","text":"C"},{"type":"tool_result","tool_use_id":"toolu_1","is_error":true,
        "content":[{"type":"text","text":"D"}]},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AA"}}]}]}
        """).ShouldBe(
        """
        {"model":"m","messages":[{"role":"system","content":[{"type":"text","text":"S","cache_control":{"type":"ephemeral"}}]},
        {"role":"user","content":"A"},{"role":"assistant","content":"B","thinking_blocks":[
        {"type":"thinking","thinking":"t","signature":"s"}],"tool_calls":[{"id":"toolu_1","type":"function",
        "function":{"name":"f","arguments":"{\"a\": 1}"}}]},{"role":"tool","tool_call_id":"toolu_1",
        "content":[{"type":"text","text":"D"}],"is_error":true},{"role":"user","content":[{"type":"text","text":"C"},
        {"type":"image_url","image_url":{"url":"data:image/png;base64,AA"}}]}],"max_completion_tokens":9}
        """.ReplaceLineEndings(""));

    [Theory]
    [InlineData("""  "stream":true  """, """  "stream":true,"stream_options":{"include_usage":true}  """)]
    [InlineData("""  "temperature":0.5,"top_p":1,"top_k":3,"stop_sequences":["x"]  """, """  "stop":["x"],"temperature":0.5,"top_p":1,"top_k":3  """)]
    [InlineData("""  "thinking":{"type":"enabled","budget_tokens":2000}  """, """  "reasoning_effort":"low"  """)]
    [InlineData("""  "thinking":{"type":"adaptive"}  """, """  "reasoning_effort":"high"  """)]
    [InlineData("""  "thinking":{"type":"adaptive"},"output_config":{"effort":"max"}  """, """  "reasoning_effort":"max"  """)]
    [InlineData("""  "thinking":{"type":"disabled"}  """, """  "reasoning_effort":"none"  """)]
    [InlineData("""  "output_config":{"format":{"type":"json_schema","schema":{"type":"object"}}}  """, """  "response_format":{"type":"json_schema","json_schema":{"name":"answer","strict":true,"schema":{"type":"object"}}}  """)]
    [InlineData("""  "tool_choice":{"type":"any","disable_parallel_tool_use":true}  """, """  "tool_choice":"required","parallel_tool_calls":false  """)]
    [InlineData("""  "tool_choice":{"type":"tool","name":"f"}  """, """  "tool_choice":{"type":"function","function":{"name":"f"}}  """)]
    [InlineData("""  "tools":[{"name":"f","description":"d","input_schema":{"type":"object"}}]  """, """  "tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"}}}]  """)]
    [InlineData("""  "metadata":{"user_id":"u"},"service_tier":"standard_only","cache_control":{"type":"ephemeral"}  """, """  "user":"u","service_tier":"default"  """)]
    public void Every_member_has_its_place(string asked, string wanted)
    {
        var chat = JsonNode.Parse(Chat(
            $$"""{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"A"}],{{asked}}}"""))!.AsObject();
        foreach (var name in (string[])["model", "messages", "max_completion_tokens"])
        {
            chat.Remove(name).ShouldBeTrue();
        }

        JsonNode.DeepEquals(chat, JsonNode.Parse($"{{{wanted}}}")).ShouldBeTrue(chat.ToJsonString());
    }

    [Theory]
    [InlineData("\"inference_geo\":\"us\"", "inference_geo")]
    [InlineData("\"container\":{}", "container")]
    [InlineData("\"tools\":[{\"type\":\"web_search_20250305\",\"name\":\"web_search\"}]", "tools[0].type")]
    [InlineData("\"tools\":[{\"name\":\"f\",\"input_schema\":{},\"defer_loading\":true}]", "tools[0].defer_loading")]
    [InlineData("\"thinking\":{\"type\":\"between_tools\"}", "thinking.type")]
    [InlineData("\"output_config\":{\"task_budget\":{}}", "output_config.task_budget")]
    [InlineData("\"system\":[{\"type\":\"image\"}]", "system[0].type")]
    public void What_a_chat_cannot_express_is_refused_by_name(string member, string param)
    {
        Read($$"""{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"A"}],{{member}}}""", out var fault)
            .ShouldBeNull();
        fault.Param.ShouldBe(param);
    }

    [Theory]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":"A"}]}""", "max_tokens")]
    [InlineData("""{"model":"m","max_tokens":9,"messages":[]}""", "messages")]
    [InlineData("""{"model":"m","max_tokens":9,"messages":[{"role":"user"}]}""", "messages[0].content")]
    [InlineData("""{"model":"m","max_tokens":9,"messages":[{"role":"user","content":[{"type":"video"}]}]}""", "messages[0].content[0].type")]
    [InlineData("[]", null)]
    [InlineData("{", null)]
    public void What_is_wrong_is_refused(string body, string? param)
    {
        Read(body, out var fault).ShouldBeNull();
        fault.Param.ShouldBe(param);
        fault.Message.ShouldNotBeEmpty();
    }

    [Fact]
    public void Tokens_are_counted_without_a_limit()
    {
        var chat = new ArrayBufferWriter<byte>();
        MessagesApi.TokenCount.TryOpen(
            Encoding.UTF8.GetBytes("""{"model":"m","messages":[{"role":"user","content":"A"}]}"""), default, chat,
            out var exchange, out _).ShouldBeTrue();
        exchange!.Dispose();
        var output = new ArrayBufferWriter<byte>();
        MessagesApi.TokenCount.WriteTokenCount(output, 42);
        Encoding.UTF8.GetString(output.WrittenSpan).ShouldBe("""{"input_tokens":42}""");
    }

    [Fact]
    public void A_whole_answer_comes_back_in_blocks()
    {
        using var exchange = Open();
        var output = new ArrayBufferWriter<byte>();
        exchange.TryWriteAnswer(Encoding.UTF8.GetBytes(
            """
            {"choices":[{"message":{"role":"assistant","content":"B","reasoning_content":"t","tool_calls":[
            {"id":"c","function":{"name":"f","arguments":"{\"a\":1}"}},{"id":"d","function":{"name":"g","arguments":"{\"a"}}]},
            "finish_reason":"tool_calls"}],"usage":{"prompt_tokens":12,"completion_tokens":7,"total_tokens":19,
            "prompt_tokens_details":{"cached_tokens":2,"cache_write_tokens":1},"completion_tokens_details":{"reasoning_tokens":3}}}
            """), output).ShouldBeTrue();
        Encoding.UTF8.GetString(output.WrittenSpan).ShouldBe(
            """
            {"id":"msg_00112233445566778899aabbccddeeff","type":"message","role":"assistant","model":"m","content":[
            {"type":"thinking","thinking":"t","signature":""},{"type":"text","text":"B"},
            {"type":"tool_use","id":"c","name":"f","input":{"a":1}},
            {"type":"tool_use","id":"d","name":"g","input":{"arguments":"{\"a"}}],"stop_reason":"tool_use","stop_sequence":null,
            "usage":{"input_tokens":9,"cache_creation_input_tokens":1,"cache_read_input_tokens":2,
            "cache_creation":{"ephemeral_5m_input_tokens":1,"ephemeral_1h_input_tokens":0},"output_tokens":7,
            "output_tokens_details":{"thinking_tokens":3}}}
            """.ReplaceLineEndings(""));
    }

    [Fact]
    public void A_streamed_answer_opens_continues_and_closes_each_block()
    {
        var events = Stream(
            """{"reasoning_content":"t"}""", """{"thinking_blocks":[{"type":"thinking","thinking":"t","signature":"s"}]}""",
            """{"content":"B"}""", """{"content":"C"}""",
            """{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":""}}]}""",
            """{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]}""",
            """{"tool_calls":[{"index":1,"id":"d","function":{"name":"g","arguments":"{}"}}]}""");
        events.Select(told => (string)told["type"]! + told["index"]).ShouldBe(
        [
            "message_start", "ping", "content_block_start0", "content_block_delta0", "content_block_delta0",
            "content_block_stop0", "content_block_start1", "content_block_delta1", "content_block_delta1",
            "content_block_stop1", "content_block_start2", "content_block_delta2", "content_block_stop2",
            "content_block_start3", "content_block_delta3", "content_block_stop3", "message_delta", "message_stop",
        ]);
        ((string)events[4]["delta"]!["signature"]!).ShouldBe("s");
        events[10]["content_block"]!.ToJsonString().ShouldBe("""{"type":"tool_use","id":"c","name":"f","input":{}}""");
        events[^2].ToJsonString().ShouldBe(
            """
            {"type":"message_delta","delta":{"stop_reason":"stop_sequence","stop_sequence":"x"},"usage":{"input_tokens":9,
            "cache_creation_input_tokens":0,"cache_read_input_tokens":2,"output_tokens":7,
            "output_tokens_details":{"thinking_tokens":0}}}
            """.ReplaceLineEndings(""));
    }

    [Fact]
    public void A_signature_of_Gemini_goes_out_and_comes_back_beside_its_call()
    {
        var events = Stream(
            """{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":"{}"},"extra_content":{"google":{"thought_signature":"AQID+/="}}}]}""");
        var blocks = events.Where(told => (string)told["type"]! == "content_block_start")
            .Select(told => told["content_block"]!).ToList();
        var data = (string)blocks[0]["data"]!;
        ((string)blocks[1]["type"]!).ShouldBe("tool_use");
        var chat = JsonNode.Parse(Chat(
            $$$"""
            {"model":"m","max_tokens":9,"messages":[{"role":"user","content":"A"},{"role":"assistant","content":[
            {"type":"redacted_thinking","data":"{{{data}}}"},{"type":"tool_use","id":"c","name":"f","input":{}}]},
            {"role":"user","content":[{"type":"tool_result","tool_use_id":"c"}]}]}
            """))!;
        var message = chat["messages"]![1]!;
        message["thinking_blocks"].ShouldBeNull();
        ((string)message["tool_calls"]![0]!["extra_content"]!["google"]!["thought_signature"]!).ShouldBe("AQID+/=");
    }

    [Fact]
    public void Calls_that_are_continued_after_the_next_has_begun_cannot_be_followed()
    {
        using var exchange = Open();
        var output = new ArrayBufferWriter<byte>();
        Take(exchange, output, """{"tool_calls":[{"index":1,"id":"c","function":{"name":"f","arguments":""}}]}""").ShouldBeTrue();
        Take(exchange, output, """{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]}""").ShouldBeFalse();
    }

    [Fact]
    public void An_error_is_told_in_the_form_of_the_API()
    {
        var output = new ArrayBufferWriter<byte>();
        MessagesApi.Messages.WriteError(output, 429, new ClientError("Wait.", "tokens", null, "rate_limit_exceeded"), "id");
        Encoding.UTF8.GetString(output.WrittenSpan).ShouldBe(
            """
            {"type":"error","error":{"type":"rate_limit_error","message":"Wait.","details":{"error_code":"rate_limit_exceeded"}},
            "request_id":"id"}
            """.ReplaceLineEndings(""));
        using var exchange = Open();
        output.ResetWrittenCount();
        exchange.Fail(output, new ClientError("Broken.", "server_error", null, null));
        Encoding.UTF8.GetString(output.WrittenSpan).ShouldStartWith(
            "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"Broken.\"}");
    }

    [Fact]
    public void A_broken_request_is_refused_or_is_a_chat_that_can_be_read()
    {
        var random = new RandomJson(seed: 204);
        var whole = Encoding.UTF8.GetBytes(
            """
            {"model":"m","max_tokens":9,"system":"S","messages":[{"role":"user","content":[{"type":"text","text":"\u00e9"},
            {"type":"image","source":{"type":"url","url":"http://x"}}]},{"role":"assistant","content":[
            {"type":"tool_use","id":"1","name":"f","input":{"a":1}}]},{"role":"user","content":[{"type":"tool_result",
            "tool_use_id":"1","content":"x"}]}],"tools":[{"name":"f","input_schema":{"type":"object"}}],"stream":true}
            """);
        var read = 0;
        for (var i = 0; i < 30_000; i++)
        {
            var body = random.Break(whole);
            if (Read(body, out var fault) is { } chat)
            {
                ChatRequest.TryRead(Encoding.UTF8.GetBytes(chat), out var request, out fault)
                    .ShouldBeTrue($"{Encoding.UTF8.GetString(body)}: {fault.Message}");
                request!.Dispose();
                read++;
            }
            else
            {
                fault.Message.ShouldNotBeEmpty();
            }
        }

        read.ShouldBeGreaterThan(500);
    }

    [Fact]
    public void Members_that_only_other_vendors_know_do_not_reach_OpenAI()
    {
        var body = Encoding.UTF8.GetBytes(
            """
            {"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"A","cache_control":{}}]},
            {"role":"assistant","content":"B","reasoning_content":"t","thinking_blocks":[{}]},
            {"role":"tool","tool_call_id":"c","content":"is_error","is_error":true}],"tools":[{"type":"function","cache_control":{}}]}
            """);
        var output = new ArrayBufferWriter<byte>();
        ForeignMembers.TryStrip(body, output).ShouldBeTrue();
        Encoding.UTF8.GetString(output.WrittenSpan).ShouldBe(
            """
            {"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"A"}]},{"role":"assistant","content":"B"},
            {"role":"tool","tool_call_id":"c","content":"is_error"}],"tools":[{"type":"function"}]}
            """.ReplaceLineEndings(""));
        ForeignMembers.TryStrip("""{"messages":[]}"""u8.ToArray(), output).ShouldBeFalse();
    }

    static IClientExchange Open()
    {
        MessagesApi.Messages.TryOpen(
            Encoding.UTF8.GetBytes(
                """{"model":"m","max_tokens":9,"stop_sequences":["x"],"messages":[{"role":"user","content":"A"}]}"""),
            new ClientTerms(CallId, 1, null, null), new ArrayBufferWriter<byte>(), out var exchange, out _).ShouldBeTrue();
        return exchange!;
    }

    static List<JsonNode> Stream(params string[] deltas)
    {
        using var exchange = Open();
        var output = new ArrayBufferWriter<byte>();
        Take(exchange, output, """{"role":"assistant","content":""}""").ShouldBeTrue();
        foreach (var delta in deltas)
        {
            Take(exchange, output, delta).ShouldBeTrue();
        }

        exchange.Take(
            """{"choices":[{"index":0,"delta":{},"finish_reason":"stop","stop_reason":"x"}]}"""u8, output).ShouldBeTrue();
        exchange.Take(
            """{"choices":[],"usage":{"prompt_tokens":11,"completion_tokens":7,"prompt_tokens_details":{"cached_tokens":2}}}"""u8,
            output).ShouldBeTrue();
        exchange.Complete(output);
        return [.. Encoding.UTF8.GetString(output.WrittenSpan).Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(Event)];
    }

    /// <summary>An event's data, whose type must be the event's name.</summary>
    static JsonNode Event(string text)
    {
        var lines = text.Split('\n');
        var data = JsonNode.Parse(lines[1]["data: ".Length..])!;
        lines[0].ShouldBe($"event: {data["type"]}");
        return data;
    }

    static bool Take(IClientExchange exchange, ArrayBufferWriter<byte> output, string delta) => exchange.Take(
        Encoding.UTF8.GetBytes($$"""{"choices":[{"index":0,"delta":{{delta}},"finish_reason":null}]}"""), output);

    static string Chat(string body) => Read(body, out var fault).ShouldNotBeNull(fault.Message);

    static string? Read(string body, out RequestFault fault) => Read(Encoding.UTF8.GetBytes(body), out fault);

    static string? Read(byte[] body, out RequestFault fault)
    {
        var output = new ArrayBufferWriter<byte>();
        if (!MessagesApi.Messages.TryOpen(body, new ClientTerms(CallId, 1, null, null), output, out var exchange, out fault))
        {
            return null;
        }

        exchange.Dispose();
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
