using System.Text;
using System.Text.Json.Nodes;
using Sahab.Wire.Oci;
using Sahab.Wire.OpenAI;
using Sahab.Wire.Translation;
using static Sahab.Tests.Wire.Oci.OciText;

namespace Sahab.Tests.Wire.Oci;

public sealed class OciAnswerTests
{
    const string Text = """
        data: {"index":0,"message":{"role":"ASSISTANT","content":[{"type":"TEXT","text":"Hel"}]},"pad":"aaa"}
        data: {"index":0,"message":{"role":"ASSISTANT","content":[{"type":"TEXT","text":"lo 雲"}]},"pad":"a"}

        data: {"message":{"role":"ASSISTANT"},"finishReason":"stop","pad":"a"}

        data: {"usage":{"promptTokens":3,"completionTokens":2,"totalTokens":5}}

        """;

    const string Tools = """
        data: {"index":0,"message":{"role":"ASSISTANT","toolCalls":[{"type":"FUNCTION","id":"c1","name":"f","arguments":""}]}}
        data: {"index":0,"message":{"role":"ASSISTANT","toolCalls":[{"type":"FUNCTION","arguments":"{\"a\""}]}}
        data: {"index":0,"message":{"role":"ASSISTANT","toolCalls":[{"type":"FUNCTION","arguments":":1}"}]}}
        data: {"index":0,"message":{"role":"ASSISTANT","toolCalls":[{"type":"FUNCTION","name":"g","arguments":"{}"}]}}
        data: {"index":0,"message":{"role":"ASSISTANT"},"finishReason":"stop"}

        """;

    const string Cohere = """
        data: {"apiFormat":"COHERE","text":"Hel","pad":"aa"}

        data: {"apiFormat":"COHERE","text":"lo"}

        data: {"apiFormat":"COHERE","toolCalls":[{"name":"f","parameters":{"a":1}}]}

        data: {"apiFormat":"COHERE","text":"Hello","chatHistory":[{"role":"CHATBOT","message":"Hello"}],"toolCalls":[{"name":"f","parameters":{"a":1}}],"finishReason":"COMPLETE","usage":{"promptTokens":3,"completionTokens":2,"totalTokens":5,"promptTokensDetails":{"cachedTokens":1}}}

        """;

    static readonly OciGenericAnswers Generic = new();
    static readonly OciCohereAnswers OfCohere = new();

    [Fact]
    public void A_stream_whose_events_end_with_one_line_break_is_read_line_by_line()
    {
        var (text, isWhole) = Stream(Generic, 1, Encoding.UTF8.GetBytes(Text));
        isWhole.ShouldBeTrue();
        text.ShouldEndWith("data: [DONE]\n\n");
        List<JsonNode> chunks = ChunksOf(text);
        string.Concat(chunks.SelectMany(c => c["choices"]!.AsArray()).Select(c => (string?)c!["delta"]!["content"]))
            .ShouldBe("Hello 雲");
        ((string)chunks[^2]["choices"]![0]!["finish_reason"]!).ShouldBe("stop");
        chunks[^1]["usage"]!.ToJsonString().ShouldContain("\"prompt_tokens\":3,\"completion_tokens\":2,\"total_tokens\":5");
    }

    [Fact]
    public void Calls_of_tools_are_told_apart_without_index_id_or_name()
    {
        List<JsonNode> chunks = ChunksOf(Stream(Generic, 1, Encoding.UTF8.GetBytes(Tools)).Text);
        var pieces = chunks.Select(c => c["choices"]![0]!["delta"]!["tool_calls"]?[0]).OfType<JsonNode>().ToList();
        pieces.Select(piece => (int)piece["index"]!).ShouldBe([0, 0, 0, 1]);
        pieces.Select(piece => (string?)piece["id"]).ShouldBe(["c1", null, null, "call_7_0_1"]);
        pieces.Select(piece => (string?)piece["function"]!["arguments"]).ShouldBe(["", "{\"a\"", ":1}", "{}"]);
        ((string)chunks[^1]["choices"]![0]!["finish_reason"]!).ShouldBe("tool_calls");
    }

    [Fact]
    public void What_Cohere_repeats_in_the_end_is_told_once()
    {
        var (text, isWhole) = Stream(OfCohere, 1, Encoding.UTF8.GetBytes(Cohere));
        isWhole.ShouldBeTrue();
        List<JsonNode> chunks = ChunksOf(text);
        string.Concat(chunks.SelectMany(c => c["choices"]!.AsArray()).Select(c => (string?)c!["delta"]!["content"]))
            .ShouldBe("Hello");
        chunks.Count(c => c.ToJsonString().Contains("tool_calls\":[", StringComparison.Ordinal)).ShouldBe(1);
        ((long)chunks[^1]["usage"]!["prompt_tokens_details"]!["cached_tokens"]!).ShouldBe(1);
    }

    [Theory]
    [InlineData(Text, false)]
    [InlineData(Tools, false)]
    [InlineData(Cohere, true)]
    public void A_stream_reads_the_same_however_it_is_cut(string stream, bool cohere)
    {
        IAnswerTranslation answers = cohere ? OfCohere : Generic;
        byte[] bytes = Encoding.UTF8.GetBytes(stream);
        string whole = Stream(answers, 1, bytes).Text;
        for (var cut = 0; cut <= bytes.Length; cut++)
        {
            var (text, isWhole) = Stream(answers, 1, bytes[..cut], bytes[cut..]);
            isWhole.ShouldBeTrue();
            text.ShouldBe(whole);
        }

        Stream(answers, 1, bytes.Select(one => new[] { one })).Text.ShouldBe(whole);
        string crlf = stream.Replace("\n", "\r\n", StringComparison.Ordinal);
        Stream(answers, 1, Encoding.UTF8.GetBytes("\uFEFF" + crlf)).Text.ShouldBe(whole);
    }

    [Theory]
    [InlineData(Text, false)]
    [InlineData(Tools, false)]
    [InlineData(Cohere, true)]
    public void A_stream_that_breaks_off_before_its_last_reason_has_no_end_mark(string stream, bool cohere)
    {
        int last = Encoding.UTF8.GetByteCount(stream[..stream.IndexOf("finishReason", StringComparison.Ordinal)]);
        byte[] bytes = Encoding.UTF8.GetBytes(stream);
        for (var length = 0; length < last; length++)
        {
            var (text, isWhole) = Stream(cohere ? OfCohere : Generic, 1, bytes[..length]);
            isWhole.ShouldBeFalse();
            text.ShouldNotContain("[DONE]");
        }
    }

    [Theory]
    [InlineData(Text, false)]
    [InlineData(Tools, false)]
    [InlineData(Cohere, true)]
    public void Corrupted_bytes_neither_throw_nor_write_what_is_no_chunk(string stream, bool cohere)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(stream);
        var random = new Random(11);
        for (var round = 0; round < 3000; round++)
        {
            byte[] broken = [.. bytes];
            for (int flips = random.Next(1, 5); flips > 0; flips--)
            {
                broken[random.Next(broken.Length)] = (byte)random.Next(256);
            }

            var (text, isWhole) = Stream(cohere ? OfCohere : Generic, 1, broken);
            ChunksOf(text).ShouldAllBe(chunk => chunk is JsonObject);
            (text.Contains("[DONE]", StringComparison.Ordinal) && !isWhole).ShouldBeFalse();
        }
    }

    [Theory]
    [InlineData("data: {\"code\":\"InternalServerError\",\"message\":\"It broke.\"}\n", "It broke.")]
    [InlineData("data: {\"error\":{\"message\":\"It broke.\"}}\n\n", "It broke.")]
    public void An_error_in_a_stream_is_told_and_nothing_after_it(string error, string message)
    {
        byte[] begun = Encoding.UTF8.GetBytes(Text[..Text.IndexOf("\n\n", StringComparison.Ordinal)] + "\n" + error + Text);
        var (text, _) = Stream(Generic, 1, begun);
        text.ShouldNotContain("[DONE]");
        ((string)ChunksOf(text)[^1]["error"]!["message"]!).ShouldBe(message);
    }

    [Fact]
    public void A_line_longer_than_any_event_is_refused()
    {
        using IStreamTranslation stream = Generic.OpenStream(Terms());
        var output = new System.Buffers.ArrayBufferWriter<byte>();
        var piece = new byte[1024 * 1024];
        piece.AsSpan().Fill((byte)'a');
        Enumerable.Range(0, 8).All(_ => stream.Take(piece, output)).ShouldBeFalse();
    }

    [Fact]
    public void An_answer_in_the_generic_form_is_read_whole()
    {
        JsonNode answer = Read(Generic, """
            {"modelId":"m","modelVersion":"1","chatResponse":{"apiFormat":"GENERIC","timeCreated":"2026-11-22T00:00:00Z",
            "choices":[{"index":0,"message":{"role":"ASSISTANT","content":[{"type":"TEXT","text":"a"},{"type":"TEXT","text":"b"}],
            "reasoningContent":"so","toolCalls":[{"type":"FUNCTION","name":"f","arguments":"{}"}]},"finishReason":"tool_calls"}],
            "usage":{"promptTokens":10,"completionTokens":5,"totalTokens":15,"promptTokensDetails":{"cachedTokens":4},
            "completionTokensDetails":{"reasoningTokens":2}}}}
            """)!;
        JsonNode message = answer["choices"]![0]!["message"]!;
        ((string)message["content"]!).ShouldBe("ab");
        ((string)message["reasoning_content"]!).ShouldBe("so");
        ((string)message["tool_calls"]![0]!["id"]!).ShouldBe("call_7_0_0");
        answer["usage"]!.ToJsonString().ShouldBe(
            """{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,"prompt_tokens_details":{"cached_tokens":4},"completion_tokens_details":{"reasoning_tokens":2}}""");
    }

    [Fact]
    public void Probabilities_in_lists_become_those_of_tokens()
    {
        JsonNode answer = Read(Generic, """
            {"chatResponse":{"choices":[{"index":0,"finishReason":"stop",
            "message":{"role":"ASSISTANT","content":[{"type":"TEXT","text":"a b"}]},
            "logprobs":{"tokens":["a"," b"],"tokenLogprobs":[-0.5,-1],"textOffset":[0,1],
            "topLogprobs":[{"a":"-0.5","c":"-2"},{" b":-1}]}}]}}
            """)!;
        answer["choices"]![0]!["logprobs"]!.ToJsonString().ShouldBe(
            """{"content":[{"token":"a","logprob":-0.5,"bytes":null,"top_logprobs":[{"token":"a","logprob":-0.5,"bytes":null},"""
            + """{"token":"c","logprob":-2,"bytes":null}]},{"token":" b","logprob":-1,"bytes":null,"top_logprobs":["""
            + """{"token":" b","logprob":-1,"bytes":null}]}],"refusal":null}""");
    }

    [Fact]
    public void Reasoning_that_ate_the_whole_answer_leaves_neither_message_nor_count()
    {
        JsonNode answer = Read(Generic, """
            {"chatResponse":{"choices":[{"index":0,"finishReason":"length"}],"usage":{"promptTokens":10,"totalTokens":30}}}
            """)!;
        ((string)answer["choices"]![0]!["message"]!["content"]!).ShouldBe("");
        ((long)answer["usage"]!["completion_tokens"]!).ShouldBe(20);
    }

    [Theory]
    [InlineData("COMPLETE", "stop")]
    [InlineData("MAX_TOKENS", "length")]
    [InlineData("ERROR_LIMIT", "length")]
    [InlineData("ERROR_TOXIC", "content_filter")]
    [InlineData("ERROR", null)]
    public void Cohere_s_reasons_are_put_in_OpenAI_s_words(string reason, string? expected) => ((string?)Read(
        OfCohere, $$"""{"chatResponse":{"text":"a","finishReason":"{{reason}}"} }""")?["choices"]![0]!["finish_reason"])
        .ShouldBe(expected);

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"chatResponse\":1}")]
    [InlineData("{\"chatResponse\":{\"choices\":[]}}")]
    [InlineData("{\"chatResponse\":{\"choices\":[{\"message\":{\"content\":[{\"text\":\"\\ud800\"}]}}]}}")]
    [InlineData("{\"embeddings\":3}")]
    public void What_is_no_answer_is_none(string body)
    {
        Read(Generic, body).ShouldBeNull();
        Read(OfCohere, body).ShouldBeNull();
        Read(new OciEmbeddings(), body).ShouldBeNull();
    }

    [Theory]
    [InlineData("\"usage\":{\"promptTokens\":6,\"totalTokens\":6}")]
    [InlineData("\"inputTextTokenCounts\":[4,2]")]
    public void Embeddings_keep_their_numbers_and_count_their_tokens(string usage)
    {
        string answer = Read(new OciEmbeddings(), $$"""{"id":"1","embeddings":[[0.125,-1.5e-3],[1,2]],{{usage}}}""")!
            .ToJsonString();
        answer.ShouldContain("[0.125,-1.5e-3]");
        answer.ShouldContain("\"prompt_tokens\":6");
        ReplyFacts facts = default;
        UsageReader.Read(Encoding.UTF8.GetBytes(answer), ref facts).ShouldBeTrue();
        facts.Usage.Prompt.ShouldBe(6);
    }
}
