using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using Sahab.Wire.Gemini.Clients;
using Sahab.Wire.OpenAI;
using Sahab.Wire.Translation;

namespace Sahab.Tests.Wire.Gemini;

/// <summary>Google's API as clients of the front door speak it.</summary>
public class GeminiClientTests
{
    static readonly ClientTerms Terms = new(Guid.Parse("01234567-89ab-cdef-0123-456789abcdef"), 1, "small", false);

    [Fact]
    public void A_request_becomes_a_chat_completion_request()
    {
        var chat = Open("""
            {"systemInstruction":{"parts":[{"text":"be"},{"text":"brief"}]},
             "contents":[{"role":"user","parts":[{"text":"what?"},{"inlineData":{"mimeType":"image/png","data":"AAAA"}}]},
              {"role":"model","parts":[{"text":"hm","thought":true},{"text":"let me look"},
               {"functionCall":{"name":"f","args":{"a":1}},"thoughtSignature":"AQID"},{"functionCall":{"id":"own","name":"f"}}]},
              {"role":"user","parts":[{"functionResponse":{"name":"f","response":{"output":"fine"}}},
               {"functionResponse":{"id":"own","name":"f","response":{"b":2}}},{"text":"and?"}]}],
             "tools":[{"functionDeclarations":[{"name":"f","parameters":{"type":"OBJECT","properties":
              {"n":{"type":"INTEGER","nullable":true},"l":{"type":"ARRAY","items":{"type":"STRING"},"maxItems":"3"}}}}]}],
             "toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["f"]}},
             "generation_config":{"temperature":1,"topK":40.0,"max_output_tokens":9,"stopSequences":["x"],"candidateCount":2,
              "responseMimeType":"application/json","responseSchema":{"type":"OBJECT"},"thinkingConfig":{"thinkingBudget":8192}},
             "safetySettings":[{"category":"c","threshold":"OFF"}],"labels":{"team":"a"}}
            """);
        ((string)chat["model"]!).ShouldBe("small");
        var messages = chat["messages"]!.AsArray();
        messages.Select(message => (string)message!["role"]!).ShouldBe(["system", "user", "assistant", "tool", "tool", "user"]);
        ((string)messages[0]!["content"]!).ShouldBe("be\nbrief");
        ((string)messages[1]!["content"]![1]!["image_url"]!["url"]!).ShouldBe("data:image/png;base64,AAAA");
        ((string)messages[2]!["reasoning_content"]!).ShouldBe("hm");
        var calls = messages[2]!["tool_calls"]!.AsArray();
        ((string)calls[0]!["extra_content"]!["google"]!["thought_signature"]!).ShouldBe("AQID");
        ((string)calls[0]!["function"]!["arguments"]!).ShouldBe("""{"a":1}""");
        ((string)messages[3]!["tool_call_id"]!).ShouldBe((string)calls[0]!["id"]!);
        ((string)messages[3]!["content"]!).ShouldBe("fine");
        ((string)messages[4]!["tool_call_id"]!).ShouldBe("own");
        ((string)messages[4]!["content"]!).ShouldBe("""{"b":2}""");
        chat["tools"]![0]!["function"]!["parameters"]!.ToJsonString().ShouldBe(
            """{"type":"object","properties":{"n":{"type":["integer","null"]},"l":{"type":"array","items":{"type":"string"},"maxItems":3}}}""");
        ((string)chat["tool_choice"]!["function"]!["name"]!).ShouldBe("f");
        ((int)chat["top_k"]!).ShouldBe(40);
        ((int)chat["max_completion_tokens"]!).ShouldBe(9);
        ((int)chat["n"]!).ShouldBe(2);
        ((string)chat["reasoning_effort"]!).ShouldBe("medium");
        chat["response_format"]!.ToJsonString().ShouldBe(
            """{"type":"json_schema","json_schema":{"name":"response","schema":{"type":"object"}}}""");
        ((string)chat["extra_body"]!["google"]!["safety_settings"]![0]!["threshold"]!).ShouldBe("OFF");
        chat["stream"].ShouldBeNull();
    }

    [Fact]
    public void A_stream_asks_for_its_usage()
    {
        var output = new ArrayBufferWriter<byte>();
        new GeminiClientApi().TryOpen(
            Encoding.UTF8.GetBytes("""{"contents":{"parts":{"text":"x"}}}"""), Terms with { Stream = true }, output,
            out var exchange, out var fault).ShouldBeTrue(fault.Message);
        exchange!.Dispose();
        Encoding.UTF8.GetString(output.WrittenSpan).ShouldBe(
            """{"model":"small","messages":[{"role":"user","content":"x"}],"stream":true,"stream_options":{"include_usage":true}}""");
    }

    [Theory]
    [InlineData("", null)]
    [InlineData("[]", null)]
    [InlineData("""{"contents":"x"}""", "contents")]
    [InlineData("""{"contents":[{"role":"owner","parts":[{"text":"x"}]}]}""", "contents[0].role")]
    [InlineData("""{"contents":[{"parts":[{"text":"x","videoMetadata":{}}]}]}""", "contents[0].parts[0].videoMetadata")]
    [InlineData("""{"contents":[{"parts":[{"fileData":{"fileUri":"gs://a/b.mp4"}}]}]}""", "contents[0].parts[0].fileData.fileUri")]
    [InlineData("""{"contents":[{"parts":[{"text":"x"}]}],"generationConfig":{"speechConfig":{}}}""", "generationConfig.speechConfig")]
    [InlineData("""{"contents":[{"parts":[{"text":"x"}]}],"generationConfig":{"topK":1.5}}""", "generationConfig.topK")]
    [InlineData("""{"contents":[{"parts":[{"text":"x"}]}],"generationConfig":{"top_k":1,"topK":2}}""", "generationConfig.topK")]
    [InlineData("""{"contents":[{"parts":[{"text":"x"}]}],"generationConfig":{"responseMimeType":"text/x.enum"}}""", "generationConfig.responseMimeType")]
    [InlineData("""{"contents":[{"parts":[{"text":"x"}]}],"generationConfig":{"thinkingConfig":{"thinkingBudget":-7}}}""", "generationConfig.thinkingConfig.thinkingLevel")]
    [InlineData("""{"contents":[{"parts":[{"text":"x"}]}],"toolConfig":{"functionCallingConfig":{"mode":"VALIDATED"}}}""", "toolConfig.functionCallingConfig.mode")]
    [InlineData("""{"contents":[{"parts":[{"text":"x"}]}],"toolConfig":{"retrievalConfig":{}}}""", "toolConfig.retrievalConfig")]
    [InlineData("""{"contents":[{"parts":[{"text":"\ud800"}]}]}""", null)]
    public void What_is_wrong_is_told_in_the_client_s_words(string body, string? param)
    {
        new GeminiClientApi().TryOpen(
            Encoding.UTF8.GetBytes(body), Terms, new ArrayBufferWriter<byte>(), out var exchange, out var fault).ShouldBeFalse();
        exchange.ShouldBeNull();
        fault.Param.ShouldBe(param);
        fault.Message.ShouldNotBeEmpty();
    }

    [Fact]
    public void An_answer_becomes_a_candidate()
    {
        var answer = Answer("""
            {"id":"c","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"hi",
             "reasoning_content":"hm","tool_calls":[{"id":"call_1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"},
             "extra_content":{"google":{"thought_signature":"AQID"}}}]},"finish_reason":"tool_calls"}],
             "usage":{"prompt_tokens":5,"completion_tokens":7,"total_tokens":12,"prompt_tokens_details":{"cached_tokens":2},
             "completion_tokens_details":{"reasoning_tokens":3}}}
            """);
        var candidate = answer["candidates"]![0]!;
        candidate["content"]!["parts"]!.ToJsonString().ShouldBe(
            """[{"text":"hi"},{"functionCall":{"name":"f","args":{"a":1},"id":"call_1"},"thoughtSignature":"AQID"}]""");
        ((string)candidate["finishReason"]!).ShouldBe("STOP");
        answer["usageMetadata"]!.ToJsonString().ShouldBe(
            """{"promptTokenCount":5,"candidatesTokenCount":4,"totalTokenCount":12,"cachedContentTokenCount":2,"thoughtsTokenCount":3}""");
        ((string)answer["responseId"]!).ShouldBe("0123456789abcdef0123456789abcdef");
    }

    [Theory]
    [InlineData("stop", "{}", "STOP", 1)]
    [InlineData("length", "{\\\"a\\\":", "MAX_TOKENS", 0)]
    [InlineData("tool_calls", "no json", "MALFORMED_FUNCTION_CALL", 0)]
    [InlineData("content_filter", "{}", "SAFETY", 1)]
    public void A_call_with_bad_arguments_is_none_and_the_reason_tells(string finish, string arguments, string reason, int calls)
    {
        var answer = Answer($$$"""
            {"choices":[{"index":0,"message":{"tool_calls":[{"id":"1","type":"function","function":{"name":"f",
             "arguments":"{{{arguments}}}"}}]},"finish_reason":"{{{finish}}}"}]}
            """);
        ((string)answer["candidates"]![0]!["finishReason"]!).ShouldBe(reason);
        answer["candidates"]![0]!["content"]!["parts"]!.AsArray().Count.ShouldBe(calls);
    }

    [Fact]
    public void A_stream_tells_calls_whole_and_reasons_last()
    {
        using var exchange = Exchange();
        var output = new ArrayBufferWriter<byte>();
        string[] chunks =
        [
            """{"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}""",
            """{"choices":[{"index":0,"delta":{"content":"Hel"},"finish_reason":null}]}""",
            """{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","type":"function","function":{"name":"f","arguments":""}}]},"finish_reason":null}]}""",
            """{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"a\":"}}]},"finish_reason":null}]}""",
            """{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"1}"}}]},"finish_reason":null}]}""",
            """{"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}""",
            """{"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7}}""",
        ];
        foreach (var chunk in chunks)
        {
            exchange.Take(Encoding.UTF8.GetBytes(chunk), output).ShouldBeTrue();
        }

        Events(output).Count.ShouldBe(2);
        Encoding.UTF8.GetString(output.WrittenSpan).ShouldNotContain("finishReason");
        exchange.Complete(output);
        var events = Events(output);
        ((string)events[0]["candidates"]![0]!["content"]!["parts"]![0]!["text"]!).ShouldBe("Hel");
        ((int)events[1]["candidates"]![0]!["content"]!["parts"]![0]!["functionCall"]!["args"]!["a"]!).ShouldBe(1);
        ((string)events[2]["candidates"]![0]!["finishReason"]!).ShouldBe("STOP");
        ((long)events[2]["usageMetadata"]!["totalTokenCount"]!).ShouldBe(7);
        exchange.Take("no json"u8, output).ShouldBeFalse();
    }

    [Fact]
    public void Errors_are_Google_s()
    {
        var output = new ArrayBufferWriter<byte>();
        new GeminiClientApi().WriteError(
            output, 429, new ClientError("Slow down.", "tokens", null, "rate_limit_exceeded"), "id-1");
        var error = JsonNode.Parse(output.WrittenSpan)!["error"]!;
        ((int)error["code"]!, (string)error["status"]!, (string)error["message"]!)
            .ShouldBe((429, "RESOURCE_EXHAUSTED", "Slow down."));
        ((string)error["details"]![0]!["reason"]!).ShouldBe("RATE_LIMIT_EXCEEDED");
        ((string)error["details"]![1]!["requestId"]!).ShouldBe("id-1");

        output.ResetWrittenCount();
        using var exchange = Exchange();
        exchange.Fail(output, new ClientError("It broke.", "server_error", null, "stream_interrupted"));
        ((int)Events(output).ShouldHaveSingleItem()["error"]!["code"]!).ShouldBe(503);
    }

    [Fact]
    public void Embeddings_come_and_go_in_each_of_Google_s_forms()
    {
        Embed(GeminiEmbeddingForm.EmbedContent, """{"content":{"parts":[{"text":"a"}]},"outputDimensionality":4}""").ShouldBe((
            """{"model":"small","input":["a"],"encoding_format":"float","dimensions":4}""",
            """{"embedding":{"values":[1,2]},"usageMetadata":{"promptTokenCount":3,"totalTokenCount":3}}"""));
        Embed(GeminiEmbeddingForm.BatchEmbedContents, """{"requests":[{"model":"models/x","content":{"parts":[{"text":"a"}]}}]}""")
            .ShouldBe((
                """{"model":"small","input":["a"],"encoding_format":"float"}""", """{"embeddings":[{"values":[1,2]}]}"""));
        Embed(GeminiEmbeddingForm.Predict, """{"instances":[{"content":"a"}],"parameters":{"outputDimensionality":4}}""").ShouldBe((
            """{"model":"small","input":["a"],"encoding_format":"float","dimensions":4}""",
            """{"predictions":[{"embeddings":{"values":[1,2]}}]}"""));
    }

    static (string Request, string Answer) Embed(GeminiEmbeddingForm form, string body)
    {
        var (request, answer) = (new ArrayBufferWriter<byte>(), new ArrayBufferWriter<byte>());
        new GeminiEmbeddingApi(form).TryOpen(Encoding.UTF8.GetBytes(body), Terms, request, out var exchange, out var fault)
            .ShouldBeTrue(fault.Message);
        using (exchange)
        {
            exchange!.TryWriteAnswer(
                """{"object":"list","data":[{"index":0,"embedding":[1,2]}],"usage":{"prompt_tokens":3,"total_tokens":3}}"""u8,
                answer).ShouldBeTrue();
        }

        return (Encoding.UTF8.GetString(request.WrittenSpan), Encoding.UTF8.GetString(answer.WrittenSpan));
    }

    static List<JsonNode> Events(ArrayBufferWriter<byte> output) =>
    [
        .. Encoding.UTF8.GetString(output.WrittenSpan).Split("\r\n\r\n", StringSplitOptions.RemoveEmptyEntries)
            .Select(one => JsonNode.Parse(one["data: ".Length..])!),
    ];

    static JsonNode Open(string body)
    {
        var output = new ArrayBufferWriter<byte>();
        new GeminiClientApi().TryOpen(Encoding.UTF8.GetBytes(body), Terms, output, out var exchange, out var fault)
            .ShouldBeTrue(fault.Message);
        exchange!.Dispose();
        return JsonNode.Parse(output.WrittenSpan)!;
    }

    static IClientExchange Exchange()
    {
        new GeminiClientApi().TryOpen(
            Encoding.UTF8.GetBytes("""{"contents":[{"parts":[{"text":"x"}]}]}"""), Terms, new ArrayBufferWriter<byte>(),
            out var exchange, out _).ShouldBeTrue();
        return exchange!;
    }

    static JsonNode Answer(string completion)
    {
        using var exchange = Exchange();
        var output = new ArrayBufferWriter<byte>();
        exchange.TryWriteAnswer(Encoding.UTF8.GetBytes(completion), output).ShouldBeTrue();
        return JsonNode.Parse(output.WrittenSpan)!;
    }
}
