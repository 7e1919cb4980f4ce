using System.Buffers;
using System.Text.Json.Nodes;
using Sahab.Wire.Oci;
using Sahab.Wire.OpenAI;
using static Sahab.Tests.Wire.Oci.OciText;

namespace Sahab.Tests.Wire.Oci;

public sealed class OciRequestTests
{
    const string Whole = """
        {"model":"m","messages":[{"role":"system","content":"Be brief."},
        {"role":"user","content":[{"type":"text","text":"See"},{"type":"image_url","image_url":{"url":"https://x/y.png","detail":"high"}}]},
        {"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}]},
        {"role":"tool","tool_call_id":"c1","content":"done"}],
        "max_completion_tokens":7,"temperature":0.5,"top_p":0.9,"top_k":40,"frequency_penalty":0.1,"presence_penalty":0.2,
        "seed":3,"n":2,"stop":"END","reasoning_effort":"low","verbosity":"high","parallel_tool_calls":false,"user":"u",
        "tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"}}},
        {"type":"function","function":{"name":"g"}}],
        "tool_choice":{"type":"function","function":{"name":"f"}},"stream":true,
        "response_format":{"type":"json_schema","json_schema":{"name":"s","strict":true,"schema":{"type":"object"}}}}
        """;

    [Fact]
    public void A_request_is_written_in_the_generic_form() => JsonNode.DeepEquals(
        Write(Whole).Body,
        JsonNode.Parse("""
        {"compartmentId":"ocid1.compartment.oc1..a","servingMode":{"servingType":"ON_DEMAND","modelId":"meta.llama-4"},
        "chatRequest":{"apiFormat":"GENERIC","messages":[
        {"role":"SYSTEM","content":[{"type":"TEXT","text":"Be brief."}]},
        {"role":"USER","content":[{"type":"TEXT","text":"See"},{"type":"IMAGE","imageUrl":{"url":"https://x/y.png","detail":"HIGH"}}]},
        {"role":"ASSISTANT","toolCalls":[{"id":"c1","type":"FUNCTION","name":"f","arguments":"{\"a\":1}"}]},
        {"role":"TOOL","content":[{"type":"TEXT","text":"done"}],"toolCallId":"c1"}],
        "maxTokens":7,"temperature":0.5,"topP":0.9,"topK":40,"frequencyPenalty":0.1,"presencePenalty":0.2,"seed":3,
        "numGenerations":2,"stop":["END"],"reasoningEffort":"LOW","verbosity":"HIGH","isStream":true,
        "streamOptions":{"isIncludeUsage":true},
        "tools":[{"type":"FUNCTION","name":"f","description":"d","parameters":{"type":"object"}},{"type":"FUNCTION","name":"g"}],
        "toolChoice":{"type":"FUNCTION","name":"f"},"isParallelToolCalls":false,
        "responseFormat":{"type":"JSON_SCHEMA","jsonSchema":{"name":"s","schema":{"type":"object"},"isStrict":true}}}}
        """)).ShouldBeTrue(Write(Whole).Body?.ToJsonString() ?? Write(Whole).Fault?.Message);

    [Fact]
    public void A_limit_is_always_sent_and_a_cluster_is_named_by_its_endpoint()
    {
        JsonNode body = Write(
            """{"model":"m","messages":[{"role":"user","content":"x"}]}""",
            serving: new OciServing("c", "ocid1.generativeaiendpoint.oc1.a.b", IsDedicated: true)).Body!;
        body["servingMode"]!.ToJsonString()
            .ShouldBe("""{"servingType":"DEDICATED","endpointId":"ocid1.generativeaiendpoint.oc1.a.b"}""");
        ((long)body["chatRequest"]!["maxTokens"]!).ShouldBe(OciServing.DefaultMaxTokens);
        ((bool)body["chatRequest"]!["isStream"]!).ShouldBeFalse();
    }

    [Theory]
    [InlineData("\"logprobs\":true", 0)]
    [InlineData("\"logprobs\":true,\"top_logprobs\":3", 3)]
    public void Probabilities_are_asked_for_by_the_number_of_alternatives(string members, long wanted) => Write(
            $$"""{"model":"m",{{members}},"messages":[{"role":"user","content":"x"}]}""")
        .Body!["chatRequest"]!["logProbs"]!.GetValue<long>().ShouldBe(wanted);

    [Theory]
    [InlineData("openai.gpt-5-mini", "maxCompletionTokens")]
    [InlineData("openai.o3", "maxCompletionTokens")]
    [InlineData("openai.gpt-oss-120b", "maxTokens")]
    public void Models_that_reason_are_limited_by_their_own_member(string model, string member) => Write(
            """{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"x"}]}""",
            serving: new OciServing("c", model, IsDedicated: false))
        .Body!["chatRequest"]![member]!.GetValue<long>().ShouldBe(9);

    [Theory]
    [InlineData("\"logprobs\":true", "logprobs", true)]
    [InlineData("\"reasoning_effort\":\"xhigh\"", "reasoning_effort", false)]
    [InlineData("\"n\":65", "n", false)]
    [InlineData("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"strict\":true}}]", "tools[0].strict", false)]
    [InlineData("\"web_search_options\":{}", "web_search_options", false)]
    [InlineData("\"n\":2", "n", true)]
    [InlineData("\"logit_bias\":{\"5\":1}", "logit_bias", true)]
    [InlineData("\"parallel_tool_calls\":false", "parallel_tool_calls", true)]
    [InlineData("\"tool_choice\":\"required\",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]", "tool_choice", true)]
    [InlineData("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":{\"$ref\":\"#/x\"}}}]", "tools[0].parameters", true)]
    public void What_cannot_be_expressed_is_refused_by_its_name(string member, string param, bool cohere) =>
        Write($$"""{"model":"m",{{member}},"messages":[{"role":"user","content":"x"}]}""", cohere)
            .Fault.ShouldNotBeNull().Param.ShouldBe(param);

    [Theory]
    [InlineData("""{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://x/y"}}]}""", "messages[0].content[0]")]
    [InlineData("""{"role":"assistant","content":"x"}""", "messages[0]")]
    [InlineData("""{"role":"tool","tool_call_id":"none","content":"x"}""", "messages[0].tool_call_id")]
    public void A_conversation_that_Cohere_cannot_have_is_refused(string message, string param) =>
        Write($$"""{"model":"m","messages":[{{message}}]}""", cohere: true).Fault.ShouldNotBeNull().Param.ShouldBe(param);

    [Fact]
    public void A_conversation_becomes_a_message_and_its_history_for_Cohere() => JsonNode.DeepEquals(
        Write("""
        {"model":"m","max_tokens":5,"stop":["END"],"response_format":{"type":"json_object"},"messages":[
        {"role":"system","content":"Be brief."},{"role":"developer","content":"Be kind."},
        {"role":"user","content":"f?"},
        {"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}]},
        {"role":"tool","tool_call_id":"c1","content":"{\"b\":2}"},
        {"role":"assistant","content":"so"},{"role":"user","content":"now?"}]}
        """, cohere: true).Body!["chatRequest"],
        JsonNode.Parse("""
        {"apiFormat":"COHERE","preambleOverride":"Be brief.\n\nBe kind.","chatHistory":[{"role":"USER","message":"f?"},
        {"role":"CHATBOT","message":"","toolCalls":[{"name":"f","parameters":{"a":1}}]},
        {"role":"TOOL","toolResults":[{"call":{"name":"f","parameters":{"a":1}},"outputs":[{"b":2}]}]},
        {"role":"CHATBOT","message":"so"}],"message":"now?","maxTokens":5,"stopSequences":["END"],"isStream":false,
        "responseFormat":{"type":"JSON_OBJECT"}}
        """)).ShouldBeTrue();

    [Fact]
    public void The_last_results_of_tools_stand_beside_an_empty_message_and_what_is_no_object_becomes_one()
    {
        JsonNode chat = Write("""
            {"model":"m","messages":[{"role":"user","content":"f?"},
            {"role":"assistant","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{oops"}},
            {"id":"c2","type":"function","function":{"name":"g","arguments":""}}]},
            {"role":"tool","tool_call_id":"c2","content":"two"},{"role":"tool","tool_call_id":"c1","content":"[1]"}],
            "tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","required":["a"],"properties":{
            "a":{"type":"integer","description":"A number.","minimum":1},"b":{"type":"array","items":{"type":"string"}} } } } }]}
            """, cohere: true).Body!["chatRequest"]!;
        ((string)chat["message"]!).ShouldBe("");
        chat["toolResults"]!.ToJsonString().ShouldBe(
            """[{"call":{"name":"g","parameters":{}},"outputs":[{"result":"two"}]},{"call":{"name":"f","parameters":{"arguments":"{oops"}},"outputs":[{"result":"[1]"}]}]""");
        JsonNode parameters = chat["tools"]![0]!["parameterDefinitions"]!;
        ((string)parameters["a"]!["type"]!).ShouldBe("int");
        ((bool)parameters["a"]!["isRequired"]!).ShouldBeTrue();
        ((string)parameters["a"]!["description"]!).ShouldStartWith("A number. JSON schema: {");
        ((string)parameters["b"]!["type"]!).ShouldBe("List[str]");
    }

    [Fact]
    public void Embeddings_are_asked_for_in_texts()
    {
        var output = new ArrayBufferWriter<byte>();
        OciEmbeddings.Write(
            """{"model":"m","input":"one","dimensions":8,"encoding_format":"base64","input_type":"search_query"}"""u8.ToArray(),
            Serving, output).ShouldBeNull();
        JsonNode.Parse(output.WrittenSpan)!.ToJsonString().ShouldBe(
            """{"compartmentId":"ocid1.compartment.oc1..a","servingMode":{"servingType":"ON_DEMAND","modelId":"meta.llama-4"},"inputs":["one"],"truncate":"NONE","outputDimensions":8,"inputType":"SEARCH_QUERY"}""");
        OciEmbeddings.Write("""{"model":"m","input":[[1,2]]}"""u8.ToArray(), Serving, output)
            .ShouldNotBeNull().Param.ShouldBe("input");
        string many = string.Join(',', Enumerable.Repeat("\"x\"", OciEmbeddings.MaxInputs + 1));
        OciEmbeddings.Write(System.Text.Encoding.UTF8.GetBytes($$"""{"model":"m","input":[{{many}}]}"""), Serving, output)
            .ShouldNotBeNull().Param.ShouldBe("input");
    }

    [Theory]
    [InlineData(429, """{"code":"TooManyRequests","message":"m"}""", ErrorClass.RateLimited)]
    [InlineData(401, """{"code":"NotAuthenticated","message":"m"}""", ErrorClass.Unauthorized)]
    [InlineData(404, """{"code":"NotAuthorizedOrNotFound","message":"m"}""", ErrorClass.Forbidden)]
    [InlineData(400, """{"code":"InvalidParameter","message":"m"}""", ErrorClass.InvalidRequest)]
    [InlineData(400, """{"code":"400","message":"maximum context length is 5"}""", ErrorClass.ContextLengthExceeded)]
    [InlineData(409, """{"code":"IncorrectState","message":"m"}""", ErrorClass.Overloaded)]
    [InlineData(413, "", ErrorClass.TooLarge)]
    [InlineData(500, """{"code":"InternalServerError","message":"m"}""", ErrorClass.ServerError)]
    [InlineData(503, "<html>", ErrorClass.Overloaded)]
    public void An_error_s_code_tells_whose_fault_it_is(int status, string body, ErrorClass expected) =>
        OciErrors.Read(status, System.Text.Encoding.UTF8.GetBytes(body)).Class.ShouldBe(expected);
}
