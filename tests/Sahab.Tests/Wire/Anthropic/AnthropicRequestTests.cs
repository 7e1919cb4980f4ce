using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using Sahab.Wire.Anthropic;
using Sahab.Wire.Chat;
using Sahab.Wire.OpenAI;

namespace Sahab.Tests.Wire.Anthropic;

/// <summary>Chat completion requests as Anthropic gets them.</summary>
public class AnthropicRequestTests
{
    [Fact]
    public void A_plain_request_gets_a_limit_and_little_else() => Written(
        """{"model":"m","messages":[{"role":"user","content":"Hi"}]}""").ShouldBe(
        """{"model":"up","max_tokens":777,"messages":[{"role":"user","content":[{"type":"text","text":"Hi"}]}]}""");

    [Fact]
    public void What_the_operator_says_stands_apart_and_neighbours_of_one_side_are_one_turn() => Written(
        """
        {"model":"m","max_completion_tokens":5,"messages":[{"role":"system","content":"A"},{"role":"user","content":"B"},
        {"role":"user","content":[{"type":"text","text":"C","cache_control":{"type":"ephemeral"}}]},
        {"role":"developer","content":"D"},{"role":"assistant","content":" "},{"role":"assistant","content":"E"}]}
        """).ShouldBe(
        """
        {"model":"up","max_tokens":5,"system":[{"type":"text","text":"A"},{"type":"text","text":"D"}],"messages":[
        {"role":"user","content":[{"type":"text","text":"B"},{"type":"text","text":"C","cache_control":{"type":"ephemeral"}}]},
        {"role":"assistant","content":[{"type":"text","text":"E"}]}]}
        """.ReplaceLineEndings(""));

    [Fact]
    public void Tools_answer_in_the_turn_of_the_user_and_thoughts_go_back_as_they_came() => Messages(
        """
        {"role":"user","content":"Go"},{"role":"assistant","content":null,
        "thinking_blocks":[{"type":"thinking","thinking":"hm","signature":"s"}],"reasoning_content":"hm","tool_calls":[
        {"id":"call:1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}},
        {"id":"call_2","type":"function","function":{"name":"g","arguments":""}}]},
        {"role":"tool","tool_call_id":"call:1","content":"one"},
        {"role":"tool","tool_call_id":"call_2","is_error":true,"content":[{"type":"text","text":"two",
        "cache_control":{"type":"ephemeral"}}]},{"role":"user","content":"Well?"}
        """).ShouldBe(
        """
        [{"role":"user","content":[{"type":"text","text":"Go"}]},{"role":"assistant","content":[
        {"type":"thinking","thinking":"hm","signature":"s"},{"type":"tool_use","id":"call_1","name":"f","input":{"a":1}},
        {"type":"tool_use","id":"call_2","name":"g","input":{}}]},{"role":"user","content":[
        {"type":"tool_result","tool_use_id":"call_1","content":[{"type":"text","text":"one"}]},
        {"type":"tool_result","tool_use_id":"call_2","content":[{"type":"text","text":"two"}],"is_error":true,
        "cache_control":{"type":"ephemeral"}},{"type":"text","text":"Well?"}]}]
        """.ReplaceLineEndings(""));

    [Fact]
    public void Images_and_files_become_sources() => Messages(
        """
        {"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}},
        {"type":"image_url","image_url":{"url":"https://example.com/a.png","detail":"low"}},
        {"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,QUFB"}},
        {"type":"file","file":{"file_data":"data:text/plain;base64,w6Y="}}]}
        """).ShouldBe(
        """
        [{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}},
        {"type":"image","source":{"type":"url","url":"https://example.com/a.png"}},
        {"type":"document","title":"a.pdf","source":{"type":"base64","media_type":"application/pdf","data":"QUFB"}},
        {"type":"document","source":{"type":"text","media_type":"text/plain","data":"æ"}}]}]
        """.ReplaceLineEndings(""));

    [Theory]
    [InlineData("""  "temperature":0.5,"top_p":0.9,"top_k":4,"stop":"x"  """, """  "temperature":0.5,"top_p":0.9,"top_k":4,"stop_sequences":["x"]  """)]
    [InlineData("""  "stream":true,"stream_options":{"include_usage":true}  """, """  "stream":true  """)]
    [InlineData("""  "reasoning_effort":"minimal"  """, """  "thinking":{"type":"adaptive","display":"summarized"},"output_config":{"effort":"low"}  """)]
    [InlineData("""  "reasoning_effort":"xhigh"  """, """  "thinking":{"type":"adaptive","display":"summarized"},"output_config":{"effort":"xhigh"}  """)]
    [InlineData("""  "reasoning_effort":"none"  """, """  "thinking":{"type":"disabled"}  """)]
    [InlineData("""  "response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object"}}}  """, """  "output_config":{"format":{"type":"json_schema","schema":{"type":"object"}}}  """)]
    [InlineData("""  "response_format":{"type":"text"},"n":1,"logprobs":false,"store":false,"prompt_cache_key":"k"  """, "")]
    [InlineData("""  "user":"u"  """, """  "metadata":{"user_id":"u"}  """)]
    public void Every_member_has_its_place(string asked, string wanted)
    {
        var written = Written($$"""{"model":"m","messages":[{"role":"user","content":"Hi"}],{{asked}}}""");
        var rest = wanted.Trim();
        written.ShouldEndWith((rest.Length == 0 ? "" : ",") + rest + "}");
        written[..^(rest.Length + (rest.Length == 0 ? 1 : 2))].ShouldEndWith("\"Hi\"}]}]");
    }

    [Theory]
    [InlineData("\"auto\"", "null", "")]
    [InlineData("\"auto\"", "false", """,{"type":"auto","disable_parallel_tool_use":true}""")]
    [InlineData("\"required\"", "true", """,{"type":"any"}""")]
    [InlineData("\"none\"", "false", """,{"type":"none"}""")]
    [InlineData("""{"type":"function","function":{"name":"f"}}""", "false", """,{"type":"tool","name":"f","disable_parallel_tool_use":true}""")]
    public void Which_tools_may_be_called_is_told(string choice, string parallel, string wanted)
    {
        var body = JsonNode.Parse(Written(
            $$$"""
            {"model":"m","messages":[{"role":"user","content":"Hi"}],"tool_choice":{{{choice}}},"parallel_tool_calls":{{{parallel}}},
            "tools":[{"type":"function","function":{"name":"f","description":"d","strict":true,"parameters":{"type":"object"}},
            "cache_control":{"type":"ephemeral"}},{"type":"function","function":{"name":"g"}}]}
            """))!;
        body["tools"]!.ToJsonString().ShouldBe(
            """
            [{"name":"f","description":"d","input_schema":{"type":"object"},"strict":true,"cache_control":{"type":"ephemeral"}},
            {"name":"g","input_schema":{"type":"object","properties":{}}}]
            """.ReplaceLineEndings(""));
        (body["tool_choice"] is { } told ? "," + told.ToJsonString() : "").ShouldBe(wanted);
    }

    [Theory]
    [InlineData("\"temperature\":1.5", "temperature")]
    [InlineData("\"seed\":1", "seed")]
    [InlineData("\"n\":2", "n")]
    [InlineData("\"logprobs\":true", "logprobs")]
    [InlineData("\"logit_bias\":{\"1\":2}", "logit_bias")]
    [InlineData("\"frequency_penalty\":1", "frequency_penalty")]
    [InlineData("\"verbosity\":\"low\"", "verbosity")]
    [InlineData("\"ignore_eos\":true", "ignore_eos")]
    [InlineData("\"response_format\":{\"type\":\"json_object\"}", "response_format")]
    [InlineData("\"reasoning_effort\":\"enormous\"", "reasoning_effort")]
    [InlineData("\"tool_choice\":\"required\"", "tool_choice")]
    public void What_cannot_be_expressed_is_refused_by_name(string member, string param) =>
        Refused($$"""{"model":"m","messages":[{"role":"user","content":"Hi"}],{{member}}}""").Param.ShouldBe(param);

    [Theory]
    [InlineData("""{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"AA","format":"wav"}}]}""", "messages[0].content[0]")]
    [InlineData("""{"role":"user","content":[{"type":"file","file":{"file_id":"file-1"}}]}""", "messages[0].content[0]")]
    [InlineData("""{"role":"user","name":"Ann","content":"Hi"}""", "messages[0].name")]
    [InlineData("""{"role":"system","content":"Only me."}""", "messages")]
    [InlineData("""{"role":"assistant","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{"}}]}""", "messages[0].tool_calls[0].function.arguments")]
    public void So_are_messages_that_it_has_no_form_for(string message, string param) =>
        Refused($$"""{"model":"m","messages":[{{message}}]}""").Param.ShouldBe(param);

    [Theory]
    [InlineData("temperature", "1")]
    [InlineData("top_p", "1")]
    [InlineData("top_k", "3")]
    public void The_newer_version_takes_no_sampling_parameters(string member, string value)
    {
        var body = $$"""{"model":"m","messages":[{"role":"user","content":"Hi"}],"{{member}}":{{value}}}""";
        Write(body, "2023-06-01", out _).ShouldNotBeNull();
        Write(body, "2026-10-21", out var fault).ShouldBeNull();
        fault.Param.ShouldBe(member);
        fault.Message.ShouldContain("2023-06-01");
    }

    [Fact]
    public void A_broken_request_is_refused_or_written_as_JSON()
    {
        var random = new RandomJson(seed: 201);
        var whole = Encoding.UTF8.GetBytes(
            """
            {"model":"m","messages":[{"role":"system","content":"A"},{"role":"user","content":[{"type":"text","text":"\u00e9"},
            {"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]},{"role":"assistant","tool_calls":[
            {"id":"1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}]},{"role":"tool","tool_call_id":"1",
            "content":"x"}],"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}],"stop":["x"]}
            """);
        var written = 0;
        for (var i = 0; i < 30_000; i++)
        {
            var text = Encoding.UTF8.GetString(random.Break(whole));
            if (Write(text, "2023-06-01", out var fault) is { } body)
            {
                JsonNode.Parse(body).ShouldNotBeNull();
                written++;
            }
            else
            {
                fault.Message.ShouldNotBeEmpty(text);
            }
        }

        written.ShouldBeGreaterThan(500);
    }

    static string Messages(string messages)
    {
        var body = Written($$"""{"model":"m","messages":[{{messages}}]}""");
        var start = body.IndexOf("\"messages\":", StringComparison.Ordinal) + "\"messages\":".Length;
        return body[start..^1];
    }

    static string Written(string body)
    {
        var written = Write(body, "2023-06-01", out var fault);
        return written.ShouldNotBeNull(fault.Message);
    }

    static RequestFault Refused(string body)
    {
        Write(body, "2023-06-01", out var fault).ShouldBeNull();
        return fault;
    }

    static string? Write(string body, string version, out RequestFault fault)
    {
        if (!ChatRequest.TryRead(Encoding.UTF8.GetBytes(body), out var request, out fault))
        {
            return null;
        }

        using (request)
        {
            var output = new ArrayBufferWriter<byte>();
            return AnthropicRequestWriter.TryWrite(
                request!, new AnthropicRequestTerms("up", version, 777), output, out fault)
                ? Encoding.UTF8.GetString(output.WrittenSpan)
                : null;
        }
    }
}
