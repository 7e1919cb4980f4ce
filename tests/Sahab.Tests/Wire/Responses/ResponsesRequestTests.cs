using System.Text.Json;
using System.Text.Json.Nodes;
using Sahab.Wire.Responses;

namespace Sahab.Tests.Wire.Responses;

/// <summary>What becomes of a request of the Responses API on its way to a cloud.</summary>
public class ResponsesRequestTests
{
    const string Tools = """
        "tools":[{"type":"function","name":"f","description":"d","parameters":{"type":"object"},"strict":true}]
        """;

    [Fact]
    public void A_text_is_a_message_of_the_user_after_the_instructions() => Chat(
        """{"model":"m","instructions":"Be brief.","input":"Hello"}""")
        .ShouldSay("""
        {"model":"m","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hello"}]}
        """);

    [Fact]
    public void A_stream_asks_for_its_usage() => Chat("""{"model":"m","input":"x","stream":true}""").ShouldSay("""
        {"model":"m","messages":[{"role":"user","content":"x"}],"stream":true,"stream_options":{"include_usage":true}}
        """);

    [Fact]
    public void Settings_get_the_names_that_chat_completions_have_for_them() => Chat($$$"""
        {"model":"m","input":"x",{{{Tools}}},"tool_choice":{"type":"function","name":"f"},"parallel_tool_calls":false,
        "text":{"format":{"type":"json_schema","name":"s","schema":{"type":"object"},"strict":true},"verbosity":"low"},
        "max_output_tokens":9,"reasoning":{"effort":"high","summary":"auto"},"include":["message.output_text.logprobs"],
        "top_logprobs":3,"temperature":0.5,"top_p":0.9,"service_tier":"flex","user":"u","metadata":{"a":"b"},
        "store":false,"truncation":"disabled","background":false,"max_tool_calls":3,"top_k":7}
        """).ShouldSay("""
        {"model":"m","messages":[{"role":"user","content":"x"}],
        "tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"},
        "strict":true}}],"tool_choice":{"type":"function","function":{"name":"f"}},"parallel_tool_calls":false,
        "verbosity":"low","response_format":{"type":"json_schema","json_schema":{"name":"s",
        "schema":{"type":"object"},"strict":true}},"max_completion_tokens":9,"reasoning_effort":"high",
        "logprobs":true,"top_logprobs":3,"temperature":0.5,"top_p":0.9,"service_tier":"flex","user":"u","top_k":7}
        """);

    [Fact]
    public void A_choice_of_tools_without_tools_says_nothing() => Chat(
        """{"model":"m","input":"x","tool_choice":"auto","parallel_tool_calls":true,"tools":[]}""")
        .ShouldSay("""{"model":"m","messages":[{"role":"user","content":"x"}]}""");

    [Fact]
    public void Tools_may_be_narrowed() => ((string?)Exchanges.Open($$$"""
        {"model":"m","input":"x",{{{Tools}}},
        "tool_choice":{"type":"allowed_tools","mode":"required","tools":[{"type":"function","name":"f"}]}}
        """).Chat["tool_choice"]!["allowed_tools"]!["tools"]![0]!["function"]!["name"]).ShouldBe("f");

    [Fact]
    public void One_turn_of_the_model_is_one_message_with_its_calls_and_each_result_another() => Messages("""
        [{"role":"developer","content":"d"},
        {"role":"user","content":[{"type":"input_text","text":"two"},
        {"type":"input_image","image_url":"data:image/png;base64,AA==","detail":"low"}]},
        {"type":"reasoning","id":"rs_1","summary":[]},
        {"type":"message","role":"assistant","content":[{"type":"output_text","text":"I look.","annotations":[]}]},
        {"type":"function_call","call_id":"c1","name":"f","arguments":"{}"},
        {"type":"function_call","call_id":"c2","name":"g","arguments":"{\"a\":1}"},
        {"type":"function_call_output","call_id":"c1","output":"one"},
        {"type":"function_call_output","call_id":"c2","output":[{"type":"input_text","text":"a"},
        {"type":"input_text","text":"b"}]},
        {"role":"assistant","content":"Done."},{"role":"assistant","content":"Really."}]
        """).ShouldSay("""
        [{"role":"system","content":"d"},
        {"role":"user","content":[{"type":"text","text":"two"},{"type":"image_url","image_url":{
        "url":"data:image/png;base64,AA==","detail":"low"}}]},
        {"role":"assistant","content":"I look.","tool_calls":[
        {"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}},
        {"id":"c2","type":"function","function":{"name":"g","arguments":"{\"a\":1}"}}]},
        {"role":"tool","tool_call_id":"c1","content":"one"},
        {"role":"tool","tool_call_id":"c2","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},
        {"role":"assistant","content":"Done."},{"role":"assistant","content":"Really."}]
        """);

    [Fact]
    public void Earlier_turns_come_before_the_input_and_after_the_instructions()
    {
        var context = new ResponsesContext
        {
            Earlier =
            [
                JsonElement.Parse("""[{"id":"a","type":"message","role":"user","content":[{"type":"input_text","text":"1"}]}]"""),
                JsonElement.Parse("""
                    [{"id":"b","type":"function_call","call_id":"c","name":"f","arguments":"{}","status":"completed",
                    "extra_content":{"google":{"thought_signature":"s"}}}]
                    """),
            ],
        };
        var chat = Exchanges.Open(
            """
            {"model":"m","instructions":"i","previous_response_id":"resp_x",
            "input":[{"type":"function_call_output","call_id":"c","output":"2"}]}
            """,
            context).Chat;
        chat["messages"]!.ToJsonString().ShouldSay("""
            [{"role":"system","content":"i"},{"role":"user","content":"1"},{"role":"assistant","content":null,
            "tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"},
            "extra_content":{"google":{"thought_signature":"s"}}}]},
            {"role":"tool","tool_call_id":"c","content":"2"}]
            """);
    }

    [Fact]
    public void An_item_may_be_named_where_it_is_known()
    {
        const string request = """{"model":"m","input":[{"type":"item_reference","id":"msg_1"},{"id":"msg_1"}]}""";
        var context = new ResponsesContext
        {
            Items = new Dictionary<string, JsonElement>
            {
                ["msg_1"] = JsonElement.Parse(
                    """{"id":"msg_1","type":"message","role":"user","content":[{"type":"input_text","text":"kept"}]}"""),
            },
        };
        Exchanges.Open(request, context).Chat["messages"]!.AsArray()
            .Select(message => (string?)message!["content"]).ShouldBe(["kept", "kept"]);
        Exchanges.Refused(request).Param.ShouldBe("input[0].id");
    }

    [Theory]
    [InlineData("""{"model":"m","input":"x","background":true}""", "background")]
    [InlineData("""{"model":"m","input":"x","conversation":"conv_1"}""", "conversation")]
    [InlineData("""{"model":"m","input":"x","prompt":{"id":"p"}}""", "prompt")]
    [InlineData("""{"model":"m","input":"x","truncation":"auto"}""", "truncation")]
    [InlineData("""{"model":"m","input":"x","n":2}""", "n")]
    [InlineData("""{"model":"m","input":"x","messages":[]}""", "messages")]
    [InlineData("""{"model":"m","input":"x","tools":[{"type":"web_search"}]}""", "tools[0].type")]
    [InlineData("""{"model":"m","input":"x","tools":[{"type":"function","name":"f"},{"type":"mcp"}]}""", "tools[1].type")]
    [InlineData("""{"model":"m","input":"x","tools":[{"type":"custom","name":"c"}]}""", "tools[0].type")]
    [InlineData(
        """{"model":"m","input":"x","tools":[{"type":"function","name":"f"}],"tool_choice":{"type":"file_search"}}""",
        "tool_choice.type")]
    [InlineData("""{"model":"m","input":[{"type":"computer_call"}]}""", "input[0].type")]
    [InlineData("""{"model":"m","input":[{"type":"function_call_output","call_id":"c","output":"x"}]}""", "input[0].call_id")]
    [InlineData("""{"model":"m","input":[{"role":"tool","content":"x"}]}""", "input[0].role")]
    [InlineData("""{"model":"m","input":[{"role":"user"}]}""", "input[0].content")]
    [InlineData("""{"model":"m","input":[{"role":"user","content":[{"type":"input_file","file_id":"f"}]}]}""", "input[0].content[0].file_id")]
    [InlineData("""{"model":"m","input":[{"role":"user","content":[{"type":"input_image","file_id":"f"}]}]}""", "input[0].content[0].file_id")]
    [InlineData("""{"model":"m","input":[{"type":"reasoning","id":"r","summary":[],"encrypted_content":"foreign"}]}""", "input[0].encrypted_content")]
    [InlineData("""{"model":"m","input":7}""", "input")]
    [InlineData("""{"model":"m"}""", "input")]
    [InlineData("""{"model":"m","input":[]}""", "input")]
    [InlineData("""{"input":"x"}""", "model")]
    [InlineData("""{"model":"m","input":"x","text":{"format":{"type":"xml"}}}""", "text.format.type")]
    [InlineData("""{"model":"m","input":"x","instructions":[]}""", "instructions")]
    public void What_cannot_be_kept_is_refused_by_its_name(string request, string param) =>
        Exchanges.Refused(request).Param.ShouldBe(param);

    [Theory]
    [InlineData("web_search")]
    [InlineData("file_search")]
    [InlineData("code_interpreter")]
    [InlineData("computer_use_preview")]
    [InlineData("image_generation")]
    [InlineData("mcp")]
    [InlineData("local_shell")]
    public void A_tool_that_runs_at_its_vendor_is_named_in_the_refusal(string tool) =>
        Exchanges.Refused($$"""{"model":"m","input":"x","tools":[{"type":"{{tool}}"}]}""")
            .Message.ShouldContain($"'{tool}'");

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("""{"model":"m","input":"\ud800"}""")]
    public void A_body_that_is_no_request_is_refused(string request) => Exchanges.Refused(request);

    [Fact]
    public void Bytes_that_are_no_text_are_refused()
    {
        byte[] body = [.. """{"model":"m","input":"x"""u8, 0xff, .. "\"}"u8];
        ResponsesApi.Plain.TryOpen(
            body, new Sahab.Wire.Translation.ClientTerms(Exchanges.CallId, 1, null, null),
            new System.Buffers.ArrayBufferWriter<byte>(), out _, out var fault).ShouldBeFalse();
        fault.Code.ShouldBe("invalid_json");
    }

    [Fact]
    public void The_input_is_kept_in_one_form_with_an_id_for_every_item()
    {
        var exchange = Exchanges.Open("""
            {"model":"m","input":[{"role":"user","content":"x"},{"type":"message","id":"mine","role":"assistant","content":"y"}]}
            """).Exchange;
        JsonNode.Parse(exchange.Input.Span)!.ToJsonString().ShouldSay("""
            [{"id":"msg_019ab00000007000800000000000000110000","type":"message","status":"completed","role":"user",
            "content":[{"type":"input_text","text":"x"}]},{"id":"mine","type":"message","status":"completed",
            "role":"assistant","content":[{"type":"output_text","text":"y","annotations":[]}]}]
            """);
    }

    [Fact]
    public void What_a_request_refers_to_is_found_before_it_is_read()
    {
        var found = ResponsesReferences.Find("""
            {"previous_response_id":"resp_1","input":[{"type":"item_reference","id":"a"},{"id":"b"},
            {"id":"c","role":"user","content":"item_reference"},{"id":"d","type":"message"}]}
            """u8);
        found.PreviousResponse.ShouldBe("resp_1");
        found.Items.ShouldBe(["a", "b"]);
        ResponsesReferences.Find("""{"input":"previous_response_id"}"""u8).Any.ShouldBeFalse();
        ResponsesReferences.Find("""{"previous_response_id":"""u8).Any.ShouldBeFalse();
    }

    [Fact]
    public void Ids_lead_back_to_their_call()
    {
        var call = Exchanges.CallId;
        ResponseIds.TryReadResponse(ResponseIds.OfResponse(call), out var response).ShouldBeTrue();
        response.ShouldBe(call);
        foreach (var id in (string[])[ResponseIds.OfOutput("fc", call, 3), ResponseIds.OfInput("msg", call, 70_000)])
        {
            ResponseIds.TryReadItem(id, out var owner).ShouldBeTrue();
            owner.ShouldBe(call);
        }

        foreach (var id in (string?[])[null, "", "resp_", "resp_zz", "_", "msg_1", "msg"])
        {
            ResponseIds.TryReadResponse(id, out _).ShouldBeFalse();
            ResponseIds.TryReadItem(id, out _).ShouldBeFalse();
        }
    }

    static string Chat(string request) => Exchanges.Open(request).Chat.ToJsonString(Lines.Plain);

    static string Messages(string input) =>
        Exchanges.Open($$"""{"model":"m","input":{{input}}}""").Chat["messages"]!.ToJsonString(Lines.Plain);
}
