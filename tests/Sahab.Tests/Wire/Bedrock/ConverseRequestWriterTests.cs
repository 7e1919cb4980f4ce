using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using Sahab.Wire.Bedrock;
using Sahab.Wire.Chat;
using Sahab.Wire.OpenAI;

namespace Sahab.Tests.Wire.Bedrock;

public sealed class ConverseRequestWriterTests
{
    const string Claude = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
    const string NewClaude = "anthropic.claude-sonnet-5-v1:0";
    const string Nova = "amazon.nova-pro-v1:0";
    const string Llama = "meta.llama4-maverick-17b-instruct-v1:0";
    const string Hi = """{"role":"user","content":"hi"}""";
    const string Tools = """
        "tools":[{"type":"function","function":{"name":"f","description":"d","strict":true,
        "parameters":{"type":"object","properties":{"a":{"type":"integer"}}}}},{"type":"function","function":{"name":"g"}}]
        """;

    const string Used = """
        {"role":"user","content":"hi"},{"role":"assistant","content":null,"tool_calls":[
        {"id":"a","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}},
        {"id":"functions.g:1","type":"function","function":{"name":"g","arguments":""}}]},
        {"role":"tool","tool_call_id":"a","content":"one"},
        {"role":"tool","tool_call_id":"functions.g:1","content":[{"type":"text","text":"two"}]},
        {"role":"user","content":"and?"}
        """;

    [Fact]
    public void A_plain_request_always_has_a_limit() => Write($$"""{"model":"m","messages":[{{Hi}}]}""").ShouldBe(
        """{"messages":[{"role":"user","content":[{"text":"hi"}]}],"inferenceConfig":{"maxTokens":777}}""");

    [Fact]
    public void Instructions_stand_apart_and_neighbours_are_joined() => Write("""
        {"model":"m","max_completion_tokens":5,"temperature":0.5,"top_p":0.9,"stop":["a","b"],"user":"u","seed":null,
        "messages":[{"role":"system","content":"be"},{"role":"user","content":"one"},{"role":"user","content":""},
        {"role":"developer","content":[{"type":"text","text":"kind","cache_control":{"type":"ephemeral","ttl":"1h"}}]},
        {"role":"user","content":[{"type":"text","text":"two","cache_control":{"type":"ephemeral"}},
        {"type":"image_url","image_url":{"url":"data:image/jpeg;base64,AAAA"}}]}]}
        """).ShouldBe(
        """{"system":[{"text":"be"},{"text":"kind"},{"cachePoint":{"type":"default","ttl":"1h"}}],"messages":[{"role":"user","content":[{"text":"one"},{"text":"two"},{"cachePoint":{"type":"default"}},{"image":{"format":"jpeg","source":{"bytes":"AAAA"}}}]}],"inferenceConfig":{"maxTokens":5,"temperature":0.5,"topP":0.9,"stopSequences":["a","b"]}}""");

    [Fact]
    public void Calls_of_tools_and_their_results_are_blocks()
    {
        JsonNode body = JsonNode.Parse(Write($$"""{"model":"m","messages":[{{Used}}],{{Tools}} }"""))!;
        JsonArray messages = body["messages"]!.AsArray();
        messages.Select(m => (string?)m!["role"]).ShouldBe(["user", "assistant", "user"]);
        JsonNode[] uses = [.. messages[1]!["content"]!.AsArray().Select(block => block!["toolUse"]!)];
        uses[0].ToJsonString().ShouldBe("""{"toolUseId":"a","name":"f","input":{"a":1}}""");
        uses[1]["input"]!.ToJsonString().ShouldBe("{}");
        string fitted = (string)uses[1]["toolUseId"]!;
        fitted.ShouldMatch("^[a-zA-Z0-9_-]{1,64}$");
        messages[2]!["content"]!.AsArray().Select(block => block!["toolResult"]?.ToJsonString()).ShouldBe(
            [
                """{"toolUseId":"a","content":[{"text":"one"}]}""",
                $$"""{"toolUseId":"{{fitted}}","content":[{"text":"two"}]}""", null,
            ]);
        body["toolConfig"]!.ToJsonString().ShouldBe(
            """{"tools":[{"toolSpec":{"name":"f","description":"d","inputSchema":{"json":{"type":"object","properties":{"a":{"type":"integer"}}}},"strict":true}},{"toolSpec":{"name":"g","inputSchema":{"json":{"type":"object","properties":{}}}}}]}""");
    }

    [Theory]
    [InlineData("\"required\"", """{"any":{}}""", 2)]
    [InlineData("""{"type":"function","function":{"name":"g"}}""", """{"tool":{"name":"g"}}""", 2)]
    [InlineData("\"auto\"", null, 2)]
    [InlineData("""{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{"type":"function","function":{"name":"g"}}]}}""", """{"any":{}}""", 1)]
    public void A_choice_of_tools_has_its_form(string choice, string? expected, int tools)
    {
        JsonNode config = JsonNode.Parse(
            Write($$"""{"model":"m","messages":[{{Hi}}],{{Tools}},"tool_choice":{{choice}} }"""))!["toolConfig"]!;
        config["toolChoice"]?.ToJsonString().ShouldBe(expected);
        config["tools"]!.AsArray().Count.ShouldBe(tools);
    }

    [Fact]
    public void Tools_that_must_not_be_called_are_left_out_while_none_was() =>
        JsonNode.Parse(Write($$"""{"model":"m","messages":[{{Hi}}],{{Tools}},"tool_choice":"none"}"""))!["toolConfig"]
            .ShouldBeNull();

    [Fact]
    public void Tools_that_were_called_must_be_named_even_when_none_is_offered()
    {
        JsonNode body = JsonNode.Parse(Write($$"""{"model":"m","messages":[{{Used}}]}""", Claude))!;
        body["toolConfig"]!["tools"]!.AsArray().Select(tool => (string?)tool!["toolSpec"]!["name"]).ShouldBe(["f", "g"]);
        body["additionalModelRequestFields"]!.ToJsonString().ShouldBe("""{"tool_choice":{"type":"none"}}""");
    }

    [Theory]
    [InlineData(Claude, "high", null, """{"thinking":{"type":"enabled","budget_tokens":6400}}""")]
    [InlineData(Claude, "minimal", null, """{"thinking":{"type":"enabled","budget_tokens":1600}}""")]
    [InlineData(NewClaude, "high", "high", """{"thinking":{"type":"adaptive"}}""")]
    [InlineData(NewClaude, "none", null, null)]
    [InlineData(Llama, "minimal", "low", null)]
    public void Effort_is_asked_for_as_the_model_takes_it(string model, string effort, string? sent, string? fields)
    {
        JsonNode body = JsonNode.Parse(Write(
            $$"""{"model":"m","max_tokens":8000,"messages":[{{Hi}}],"reasoning_effort":"{{effort}}"}""", model))!;
        ((string?)body["outputConfig"]?["effort"]).ShouldBe(sent);
        body["additionalModelRequestFields"]?.ToJsonString().ShouldBe(fields);
    }

    [Theory]
    [InlineData(Claude, """{"top_k":3}""")]
    [InlineData(Nova, """{"inferenceConfig":{"topK":3}}""")]
    public void What_Converse_has_no_member_for_goes_to_the_model(string model, string expected) => JsonNode.Parse(
        Write($$"""{"model":"m","messages":[{{Hi}}],"top_k":3}""", model))!["additionalModelRequestFields"]!
        .ToJsonString().ShouldBe(expected);

    [Fact]
    public void One_tool_at_a_time_is_asked_of_Claude_in_its_own_words() => JsonNode.Parse(Write(
        $$"""{"model":"m","messages":[{{Hi}}],{{Tools}},"parallel_tool_calls":false}""", Claude))![
            "additionalModelRequestFields"]!.ToJsonString()
        .ShouldBe("""{"tool_choice":{"type":"auto","disable_parallel_tool_use":true}}""");

    [Fact]
    public void A_schema_is_text() => JsonNode.Parse(Write(
        """{"model":"m","messages":[{"role":"user","content":"hi"}],"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object"}}}}"""))![
            "outputConfig"]!.ToJsonString().ShouldBe(JsonNode.Parse(
        """{"textFormat":{"type":"json_schema","structure":{"jsonSchema":{"schema":"{\"type\":\"object\"}","name":"n"}}}}""")!
        .ToJsonString());

    [Fact]
    public void Signed_reasoning_goes_back_to_Claude_only()
    {
        const string Body = """
            {"model":"m","messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"yes",
            "reasoning_content":"hm","thinking_blocks":[{"type":"thinking","thinking":"hm","signature":"c2ln"},
            {"type":"redacted_thinking","data":"aGk="},{"type":"thinking","thinking":"unsigned"}]},
            {"role":"user","content":"so"}]}
            """;
        JsonNode.Parse(Write(Body, Claude))!["messages"]![1]!["content"]!.ToJsonString().ShouldBe(
            """[{"reasoningContent":{"reasoningText":{"text":"hm","signature":"c2ln"}}},{"reasoningContent":{"redactedContent":"aGk="}},{"text":"yes"}]""");
        JsonNode.Parse(Write(Body, Llama))!["messages"]![1]!["content"]!.ToJsonString().ShouldBe("""[{"text":"yes"}]""");
    }

    [Theory]
    [InlineData("\"a\":1", "{\"arguments\":\"\\u0022a\\u0022:1\"}")]
    [InlineData("[1]", "{\"arguments\":\"[1]\"}")]
    [InlineData("{\"a\":\"雲\"}", "{\"a\":\"雲\"}")]
    public void Arguments_that_are_no_object_are_kept_as_text(string arguments, string expected)
    {
        JsonNode body = JsonNode.Parse(Write(
            $$"""
            {"model":"m","messages":[{"role":"user","content":"hi"},{"role":"assistant","tool_calls":[{"id":"a",
            "type":"function","function":{"name":"f","arguments":{{JsonValue.Create(arguments).ToJsonString()}} } }]},
            {"role":"tool","tool_call_id":"a","content":""}]}
            """))!;
        JsonNode.DeepEquals(body["messages"]![1]!["content"]![0]!["toolUse"]!["input"], JsonNode.Parse(expected))
            .ShouldBeTrue(body.ToJsonString());
        body["messages"]![2]!["content"]![0]!["toolResult"]!["content"]!.ToJsonString().ShouldBe("""[{"json":{}}]""");
    }

    [Theory]
    [InlineData("\"n\":2", "n")]
    [InlineData("\"seed\":1", "seed")]
    [InlineData("\"logprobs\":true", "logprobs")]
    [InlineData("\"logit_bias\":{\"1\":2}", "logit_bias")]
    [InlineData("\"presence_penalty\":1", "presence_penalty")]
    [InlineData("\"frequency_penalty\":1", "frequency_penalty")]
    [InlineData("\"verbosity\":\"low\"", "verbosity")]
    [InlineData("\"temperature\":1.5", "temperature")]
    [InlineData("\"response_format\":{\"type\":\"json_object\"}", "response_format")]
    [InlineData("\"parallel_tool_calls\":false,\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]", "parallel_tool_calls")]
    [InlineData("\"reasoning_effort\":\"none\"", "reasoning_effort")]
    [InlineData("\"web_search_options\":{}", "web_search_options")]
    public void What_cannot_be_expressed_is_refused_by_its_name(string member, string param)
    {
        RequestFault fault = Refuse($$"""{"model":"m","messages":[{{Hi}}],{{member}} }""");
        (fault.Param, fault.Code).ShouldBe((param, "unsupported_parameter"));
        fault.Message.ShouldContain("bedrock");
    }

    [Theory]
    [InlineData("""{"type":"image_url","image_url":{"url":"https://example.com/a.png"}}""", "data URL")]
    [InlineData("""{"type":"image_url","image_url":{"url":"data:image/bmp;base64,AA=="}}""", "image/bmp")]
    [InlineData("""{"type":"input_audio","input_audio":{"data":"AA==","format":"wav"}}""", "text and images")]
    [InlineData("""{"type":"file","file":{"file_id":"f"}}""", "text and images")]
    public void A_part_that_cannot_be_expressed_is_refused_by_its_place(string part, string why)
    {
        RequestFault fault = Refuse($$"""{"model":"m","messages":[{"role":"user","content":[{{part}}]}]}""");
        fault.Param.ShouldBe("messages[0].content[0]");
        fault.Message.ShouldContain(why);
    }

    [Theory]
    [InlineData(Llama, "\"tool_choice\":\"none\"", Used, "tool_choice")]
    [InlineData(Claude, "\"reasoning_effort\":\"low\",\"max_tokens\":1000", Hi, "reasoning_effort")]
    [InlineData(Claude, "\"reasoning_effort\":\"much\"", Hi, "reasoning_effort")]
    [InlineData(Claude, "\"stream\":false", """{"role":"system","content":"be kind"}""", "messages")]
    [InlineData(Claude, "\"stream\":false", """{"role":"user","content":"a"},{"role":"tool","content":"b"}""", "messages[1].tool_call_id")]
    public void What_a_model_cannot_do_is_refused(string model, string member, string messages, string param) =>
        Refuse($$"""{"model":"m","messages":[{{messages}}],{{member}},{{Tools}} }""", model).Param.ShouldBe(param);

    [Theory]
    [InlineData("us.anthropic.claude-sonnet-4-20250514-v1:0", "model/us.anthropic.claude-sonnet-4-20250514-v1%3A0/converse")]
    [InlineData(
        "arn:aws:bedrock:eu-north-1:123456789012:application-inference-profile/a b+c",
        "model/arn%3Aaws%3Abedrock%3Aeu-north-1%3A123456789012%3Aapplication-inference-profile%2Fa%20b%2Bc/converse")]
    public void A_model_s_id_is_encoded_once_and_stays_so(string id, string path)
    {
        new BedrockModel(id, "x").PathTo("converse").ShouldBe(path);
        new Uri(new Uri("https://bedrock-runtime.us-east-1.amazonaws.com/"), path).AbsolutePath.ShouldBe("/" + path);
    }

    [Fact]
    public void An_ARN_is_of_the_family_that_the_alias_tells() => new BedrockModel(
        "arn:aws:bedrock:us-east-1:1:provisioned-model/x", "claude-sonnet-4-5").ReasonsByBudget.ShouldBeTrue();

    static string Write(string json, string model = Llama)
    {
        ChatRequest.TryRead(Encoding.UTF8.GetBytes(json), out ChatRequest? request, out RequestFault fault)
            .ShouldBeTrue(fault.Message);
        var output = new ArrayBufferWriter<byte>();
        using (request)
        {
            ConverseRequestWriter.TryWrite(request!, new BedrockModel(model, "x"), 777, output, out fault)
                .ShouldBeTrue(fault.Message);
        }

        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    static RequestFault Refuse(string json, string model = Llama)
    {
        ChatRequest.TryRead(Encoding.UTF8.GetBytes(json), out ChatRequest? request, out RequestFault fault)
            .ShouldBeTrue(fault.Message);
        using (request)
        {
            ConverseRequestWriter.TryWrite(
                request!, new BedrockModel(model, "x"), 777, new ArrayBufferWriter<byte>(), out fault).ShouldBeFalse();
        }

        return fault;
    }
}
