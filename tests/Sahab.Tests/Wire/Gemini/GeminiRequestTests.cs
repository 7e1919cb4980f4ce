using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using Sahab.Wire.Chat;
using Sahab.Wire.Gemini;
using Sahab.Wire.OpenAI;

namespace Sahab.Tests.Wire.Gemini;

public class GeminiRequestTests
{
    const string Skip = "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I=";

    const string Conversation = """
        {"model":"m","messages":[
          {"role":"system","content":"be brief"},
          {"role":"user","content":[{"type":"text","text":"what is it?"},
            {"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA","detail":"low"}}]},
          {"role":"assistant","content":"let me look","tool_calls":[
            {"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"},
             "extra_content":{"google":{"thought_signature":"AQID"}}},
            {"id":"c2","type":"function","function":{"name":"g","arguments":""}}]},
          {"role":"tool","tool_call_id":"c2","content":"{\"b\":2}"},
          {"role":"tool","tool_call_id":"c1","content":"fine"},
          {"role":"user","content":"and?"}],
         "tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"}}},
          {"type":"function","function":{"name":"g"}}],
         "tool_choice":{"type":"function","function":{"name":"f"}},
         "temperature":0.5,"top_p":0.9,"top_k":40,"seed":7,"n":2,"max_tokens":100,"stop":["x"],
         "presence_penalty":0.1,"frequency_penalty":0.2,"reasoning_effort":"low","logprobs":true,"top_logprobs":3,
         "response_format":{"type":"json_schema","json_schema":{"name":"r","schema":{"type":"object"}}},
         "user":"u","parallel_tool_calls":true}
        """;

    [Fact]
    public void A_conversation_becomes_contents_in_turns()
    {
        var body = Write(Conversation);
        ((string)body["systemInstruction"]!["parts"]![0]!["text"]!).ShouldBe("be brief");
        var contents = body["contents"]!.AsArray();
        contents.Select(content => (string)content!["role"]!).ShouldBe(["user", "model", "user"]);
        ((string)contents[0]!["parts"]![1]!["inlineData"]!["mimeType"]!).ShouldBe("image/png");
        var calls = contents[1]!["parts"]!.AsArray();
        calls[1]!.ToJsonString().ShouldBe("""{"functionCall":{"name":"f","args":{"a":1}},"thoughtSignature":"AQID"}""");
        calls[2]!.ToJsonString().ShouldBe("""{"functionCall":{"name":"g","args":{}}}""");
        var results = contents[2]!["parts"]!.AsArray();
        // In the order of the calls, whatever the order of the results.
        results[0]!.ToJsonString().ShouldBe("""{"functionResponse":{"name":"f","response":{"output":"fine"}}}""");
        results[1]!.ToJsonString().ShouldBe("""{"functionResponse":{"name":"g","response":{"b":2}}}""");
        ((string)results[2]!["text"]!).ShouldBe("and?");
    }

    [Fact]
    public void Tools_and_settings_are_Google_s()
    {
        var body = Write(Conversation);
        var functions = body["tools"]!.AsArray().ShouldHaveSingleItem()!["functionDeclarations"]!.AsArray();
        functions[0]!.ToJsonString().ShouldBe("""{"name":"f","description":"d","parametersJsonSchema":{"type":"object"}}""");
        body["toolConfig"]!.ToJsonString().ShouldBe("""{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["f"]}}""");
        body["generationConfig"]!.ToJsonString().ShouldBe(
            """{"temperature":0.5,"topP":0.9,"topK":40,"presencePenalty":0.1,"frequencyPenalty":0.2,"maxOutputTokens":100,"candidateCount":2,"seed":7,"stopSequences":["x"],"responseLogprobs":true,"logprobs":3,"responseMimeType":"application/json","responseJsonSchema":{"type":"object"},"thinkingConfig":{"includeThoughts":true,"thinkingBudget":1024},"mediaResolution":"MEDIA_RESOLUTION_LOW"}""");
    }

    [Fact]
    public void A_call_whose_signature_was_not_kept_gets_the_word_that_skips_the_check()
    {
        const string Unsigned = """
            {"model":"m","messages":[{"role":"user","content":"x"},{"role":"assistant","tool_calls":[
             {"id":"1","type":"function","function":{"name":"f","arguments":"{}"}},
             {"id":"2","type":"function","function":{"name":"f","arguments":"{}"}}]},
             {"role":"tool","tool_call_id":"1","content":"a"},{"role":"tool","tool_call_id":"2","content":"b"}]}
            """;
        var calls = Write(Unsigned, "gemini-3-pro")["contents"]![1]!["parts"]!.AsArray();
        ((string?)calls[0]!["thoughtSignature"]).ShouldBe(Skip);
        calls[1]!["thoughtSignature"].ShouldBeNull();
        Encoding.UTF8.GetString(Convert.FromBase64String(Skip)).ShouldBe("skip_thought_signature_validator");
        Write(Unsigned, "gemini-2.5-flash")["contents"]![1]!["parts"]![0]!["thoughtSignature"].ShouldBeNull();
    }

    [Theory]
    [InlineData("gemini-2.5-pro", "high", """{"includeThoughts":true,"thinkingBudget":24576}""")]
    [InlineData("gemini-3-pro", "high", """{"includeThoughts":true,"thinkingLevel":"HIGH"}""")]
    [InlineData("gemini-3-flash", "minimal", """{"includeThoughts":true,"thinkingLevel":"MINIMAL"}""")]
    [InlineData("gemini-2.5-flash", "none", """{"thinkingBudget":0}""")]
    public void Effort_is_a_level_or_a_budget(string model, string effort, string expected) =>
        Write(Minimal($"\"reasoning_effort\":\"{effort}\""), model)["generationConfig"]!["thinkingConfig"]!.ToJsonString()
            .ShouldBe(expected);

    [Theory]
    [InlineData("\"tool_choice\":\"none\"", "NONE", null)]
    [InlineData("\"tool_choice\":\"auto\"", "AUTO", null)]
    [InlineData("\"tool_choice\":\"required\"", "ANY", null)]
    [InlineData("\"tool_choice\":{\"type\":\"allowed_tools\",\"allowed_tools\":{\"mode\":\"required\",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"g\"}}]}}", "ANY", "g")]
    public void Choices_of_tools_become_modes(string choice, string mode, string? name)
    {
        var config = Write(Minimal($"{choice},{TwoTools}"))["toolConfig"]!["functionCallingConfig"]!;
        ((string)config["mode"]!).ShouldBe(mode);
        ((string?)config["allowedFunctionNames"]?[0]).ShouldBe(name);
    }

    [Fact]
    public void What_may_not_be_called_is_not_offered_where_no_call_is_required()
    {
        var body = Write(Minimal(
            "\"tool_choice\":{\"type\":\"allowed_tools\",\"allowed_tools\":{\"mode\":\"auto\",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"g\"}}]}},"
            + TwoTools));
        ((string)body["tools"]![0]!["functionDeclarations"]!.AsArray().ShouldHaveSingleItem()!["name"]!).ShouldBe("g");
    }

    [Fact]
    public void Google_s_extras_pass_as_its_own_OpenAI_endpoint_takes_them()
    {
        var body = Write(Minimal("""
            "extra_body":{"google":{"safety_settings":[{"category":"HARM_CATEGORY_HARASSMENT","threshold":"OFF"}],
             "cached_content":"projects/p/cachedContents/1","thinking_config":{"thinking_budget":77}}}
            """));
        ((string)body["safetySettings"]![0]!["threshold"]!).ShouldBe("OFF");
        ((string)body["cachedContent"]!).ShouldBe("projects/p/cachedContents/1");
        ((int)body["generationConfig"]!["thinkingConfig"]!["thinking_budget"]!).ShouldBe(77);
    }

    [Theory]
    [InlineData("\"logit_bias\":{\"1\":2}", "logit_bias")]
    [InlineData("\"verbosity\":\"low\"", "verbosity")]
    [InlineData("\"n\":9", "n")]
    [InlineData("\"seed\":5000000000", "seed")]
    [InlineData("\"stop\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\"]", "stop")]
    [InlineData("\"reasoning_effort\":\"xhigh\"", "reasoning_effort")]
    [InlineData("\"parallel_tool_calls\":false," + TwoTools, "parallel_tool_calls")]
    [InlineData("\"extra_body\":{\"other\":{}}", "extra_body.other")]
    [InlineData("\"extra_body\":{\"google\":{\"other\":1}}", "extra_body.google.other")]
    [InlineData("\"store\":true", "store")]
    public void What_cannot_be_expressed_is_refused_by_its_name(string members, string param) =>
        Refuse(Minimal(members)).Param.ShouldBe(param);

    [Theory]
    [InlineData("""{"role":"system","content":"only this"}""", "messages")]
    [InlineData("""{"role":"user","name":"Ann","content":"x"}""", "messages[0].name")]
    [InlineData("""{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://example.com/picture"}}]}""", "messages[0].content[0]")]
    [InlineData("""{"role":"user","content":[{"type":"file","file":{"file_id":"file-1"}}]}""", "messages[0].content[0]")]
    [InlineData("""{"role":"user","content":"x"},{"role":"tool","tool_call_id":"nobody","content":"y"}""", "messages[1].tool_call_id")]
    [InlineData("""{"role":"user","content":"x"},{"role":"assistant","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"not json"}}]}""", "messages[1].tool_calls[0].function.arguments")]
    public void So_is_what_is_wrong_in_a_message(string messages, string param) =>
        Refuse($$"""{"model":"m","messages":[{{messages}}]}""").Param.ShouldBe(param);

    [Fact]
    public void An_address_is_given_with_the_type_that_its_end_tells()
    {
        var body = Write("""
            {"model":"m","messages":[{"role":"user","content":[
             {"type":"image_url","image_url":{"url":"https://example.com/a.JPG?x=1"}},
             {"type":"image_url","image_url":{"url":"gs://bucket/b.webp"}}]}]}
            """);
        body["contents"]![0]!["parts"]!.AsArray().Select(part => (string)part!["fileData"]!["mimeType"]!)
            .ShouldBe(["image/jpeg", "image/webp"]);
    }

    [Theory]
    [InlineData("text-embedding-005", GeminiEmbeddingCall.Predict)]
    [InlineData("gemini-embedding-001", GeminiEmbeddingCall.Predict)]
    [InlineData("gemini-embedding-2", GeminiEmbeddingCall.EmbedContent)]
    public void Embedding_models_have_two_calls(string model, GeminiEmbeddingCall call) =>
        GeminiEmbeddingWriter.CallOf(model).ShouldBe(call);

    [Fact]
    public void Inputs_are_embedded_together_where_the_call_takes_several()
    {
        const string Two = """{"model":"m","input":["a","b"],"dimensions":64,"encoding_format":"base64"}""";
        Embed(Two, GeminiEmbeddingCall.Predict).Body.ShouldBe(
            """{"instances":[{"content":"a"},{"content":"b"}],"parameters":{"autoTruncate":false,"outputDimensionality":64}}""");
        Embed(Two, GeminiEmbeddingCall.EmbedContent).Fault!.Value.Param.ShouldBe("input");
        Embed("""{"model":"m","input":"a"}""", GeminiEmbeddingCall.EmbedContent).Body.ShouldBe(
            """{"content":{"parts":[{"text":"a"}]},"embedContentConfig":{"autoTruncate":false}}""");
        Embed("""{"model":"m","input":[1,2]}""", GeminiEmbeddingCall.Predict).Fault!.Value.Param.ShouldBe("input");
        Embed("""{"model":"m","input":"a","other":1}""", GeminiEmbeddingCall.Predict).Fault!.Value.Param.ShouldBe("other");
    }

    const string TwoTools =
        "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}},{\"type\":\"function\",\"function\":{\"name\":\"g\"}}]";

    static string Minimal(string members) => $$"""{"model":"m","messages":[{"role":"user","content":"x"}],{{members}}}""";

    static (string Body, RequestFault? Fault) Embed(string body, GeminiEmbeddingCall call)
    {
        var output = new ArrayBufferWriter<byte>();
        var fault = GeminiEmbeddingWriter.Write(Encoding.UTF8.GetBytes(body), call, output);
        return (Encoding.UTF8.GetString(output.WrittenSpan), fault);
    }

    static JsonNode Write(string chat, string model = "gemini-2.5-flash")
    {
        var output = new ArrayBufferWriter<byte>();
        Translate(chat, model, output).ShouldBeNull();
        return JsonNode.Parse(output.WrittenSpan)!;
    }

    static RequestFault Refuse(string chat)
    {
        var fault = Translate(chat, "gemini-2.5-flash", new ArrayBufferWriter<byte>()).ShouldNotBeNull();
        fault.Code.ShouldBe("unsupported_parameter");
        return fault;
    }

    static RequestFault? Translate(string chat, string model, ArrayBufferWriter<byte> output)
    {
        ChatRequest.TryRead(Encoding.UTF8.GetBytes(chat), out var request, out var fault).ShouldBeTrue(fault.Message);
        using (request)
        {
            return GeminiRequestWriter.Write(request!, model, output);
        }
    }
}
