using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using Sahab.Wire.Bedrock;
using Sahab.Wire.Translation;

namespace Sahab.Tests.Wire.Bedrock;

public sealed class ConverseStreamTests
{
    static readonly AnswerTerms Terms = new("chatcmpl-1", 1, "m", 1);

    [Fact]
    public void The_golden_stream_becomes_chunks()
    {
        (string text, bool isGood) = Translate(Frames.Golden, [Frames.Golden.Length]);
        isGood.ShouldBeTrue();
        JsonNode[] chunks = ChunksOf(text);
        chunks.ShouldAllBe(chunk => (string?)chunk["object"] == "chat.completion.chunk" && (string?)chunk["model"] == "m");
        JsonNode[] deltas = [.. chunks[..^1].Select(chunk => chunk["choices"]![0]!["delta"]!)];
        ((string?)deltas[0]["role"]).ShouldBe("assistant");
        string.Concat(deltas.Select(delta => (string?)delta["content"])).ShouldBe("Hellø 雲");
        JsonNode[] calls = [.. deltas.Where(delta => delta["tool_calls"] is not null).Select(d => d["tool_calls"]![0]!)];
        ((int)calls[0]["index"]!, (string?)calls[0]["id"], (string?)calls[0]["function"]!["name"])
            .ShouldBe((0, "tooluse_1", "f"));
        string.Concat(calls.Select(call => (string?)call["function"]!["arguments"])).ShouldBe("{\"a\":1}");
        ((string?)chunks[^2]["choices"]![0]!["finish_reason"]).ShouldBe("tool_calls");
        chunks[^1]["usage"]!.ToJsonString().ShouldBe(
            """{"prompt_tokens":12,"completion_tokens":4,"total_tokens":16,"prompt_tokens_details":{"cached_tokens":2,"cache_write_tokens":1},"completion_tokens_details":{"reasoning_tokens":0}}""");
        text.ShouldEndWith("data: [DONE]\n\n");
    }

    [Fact]
    public void A_stream_is_translated_the_same_however_it_is_cut()
    {
        (string whole, _) = Translate(Frames.Golden, [Frames.Golden.Length]);
        for (var cut = 0; cut <= Frames.Golden.Length; cut++)
        {
            Translate(Frames.Golden, [cut, Frames.Golden.Length]).ShouldBe((whole, true));
        }

        Translate(Frames.Golden, Enumerable.Range(0, Frames.Golden.Length + 1)).ShouldBe((whole, true));
    }

    [Fact]
    public void A_stream_that_ends_early_never_ends_as_success()
    {
        for (var length = 0; length < Frames.Golden.Length; length++)
        {
            (string text, _) = Translate(Frames.Golden[..length], [length]);
            text.ShouldNotContain("[DONE]");
            text.ShouldNotContain("\"finish_reason\":\"");
        }
    }

    [Fact]
    public void Reasoning_is_shown_and_its_signature_handed_on()
    {
        byte[] stream =
        [
            .. Start(), .. Delta(0, """{"reasoningContent":{"text":"I "}}"""),
            .. Delta(0, """{"reasoningContent":{"text":"think"}}"""),
            .. Delta(0, """{"reasoningContent":{"signature":"c2ln"}}"""), .. Stop(0),
            .. Delta(1, """{"reasoningContent":{"redactedContent":"aGlkZGVu"}}"""), .. Stop(1),
            .. Delta(2, """{"text":"so"}"""), .. Stop(2), .. End("end_turn"),
        ];
        JsonNode[] deltas = [.. ChunksOf(Translate(stream, [stream.Length]).Text)[..^1]
            .Select(chunk => chunk["choices"]![0]!["delta"]!)];
        string.Concat(deltas.Select(delta => (string?)delta["reasoning_content"])).ShouldBe("I think");
        deltas.Where(delta => delta["thinking_blocks"] is not null)
            .Select(delta => delta["thinking_blocks"]![0]!.ToJsonString()).ShouldBe(
            [
                """{"type":"thinking","thinking":"I think","signature":"c2ln"}""",
                """{"type":"redacted_thinking","data":"aGlkZGVu"}""",
            ]);
    }

    [Fact]
    public void A_tool_without_arguments_gets_an_empty_object()
    {
        byte[] stream =
        [
            .. Start(),
            .. Frames.Event(
                "contentBlockStart", """{"contentBlockIndex":0,"start":{"toolUse":{"toolUseId":"t","name":"now"}}}"""),
            .. Delta(0, """{"toolUse":{"input":""}}"""), .. Stop(0), .. End("tool_use"),
        ];
        string.Concat(ChunksOf(Translate(stream, [stream.Length]).Text)[..^1]
            .Select(chunk => chunk["choices"]![0]!["delta"]!["tool_calls"]?[0]!["function"]!["arguments"])
            .Select(arguments => (string?)arguments)).ShouldBe("{}");
    }

    [Theory]
    [InlineData("throttlingException", "ThrottlingException")]
    [InlineData("modelStreamErrorException", "ModelStreamErrorException")]
    public void An_exception_becomes_an_error_and_no_end(string sent, string told)
    {
        byte[] stream =
        [
            .. Start(), .. Delta(0, """{"text":"so"}"""), .. Frames.Exception(sent, """{"message":"Too much."}"""),
            .. End("end_turn"),
        ];
        (string text, bool isGood) = Translate(stream, [stream.Length]);
        isGood.ShouldBeTrue();
        text.ShouldNotContain("[DONE]");
        JsonNode error = ChunksOf(text)[^1]["error"]!;
        ((string?)error["message"], (string?)error["type"]).ShouldBe(("Too much.", told));
    }

    [Fact]
    public void An_error_that_nobody_models_is_told_too()
    {
        byte[] stream =
        [
            .. Start(),
            .. Frames.Encode([], (":message-type", "error"), (":error-code", "InternalError"), (":error-message", "Oh.")),
        ];
        (string text, _) = Translate(stream, [stream.Length]);
        ((string?)ChunksOf(text)[^1]["error"]!["message"]).ShouldBe("Oh.");
    }

    [Fact]
    public void Events_and_frames_that_are_not_known_change_nothing()
    {
        byte[] stream =
        [
            .. Start(), .. Frames.Event("somethingNew", """{"a":1}"""), .. Frames.EncodeRaw("x"u8.ToArray(), []),
            .. Delta(0, """{"citation":{"title":"t"}}"""), .. Delta(0, """{"text":"so"}"""), .. End("end_turn"),
        ];
        Translate(stream, [stream.Length]).Text.ShouldEndWith("[DONE]\n\n");
    }

    [Fact]
    public void Events_out_of_their_order_break_the_stream()
    {
        byte[] metadata = Frames.Event("metadata", """{"usage":{"inputTokens":1,"outputTokens":1}}""");
        byte[] stop = Frames.Event("messageStop", """{"stopReason":"end_turn"}""");
        byte[] tool = Frames.Event(
            "contentBlockStart", """{"contentBlockIndex":0,"start":{"toolUse":{"toolUseId":"t","name":"now"}}}""");
        byte[][] wrong =
        [
            [.. Delta(0, """{"text":"a"}""")],
            [.. metadata],
            [.. Start(), .. metadata],
            [.. Start(), .. Start()],
            [.. Start(), .. stop, .. Delta(0, """{"text":"a"}""")],
            [.. Start(), .. stop, .. stop],
            [.. Start(), .. tool, .. tool],
            [.. Start(), .. Delta(0, """{"text":"a"}"""), .. Stop(0), .. Delta(0, """{"text":"b"}""")],
            [.. Start(), .. Delta(0, """{"text":"a"}"""), .. Stop(0), .. Stop(0)],
            [.. Start(), .. Delta(0, """{"toolUse":{"input":"{}"}}""")],
            [.. Start(), .. tool, .. Delta(0, """{"text":"a"}""")],
        ];
        foreach (byte[] stream in wrong)
        {
            Translate(stream, [stream.Length]).IsGood.ShouldBeFalse(Encoding.UTF8.GetString(stream));
        }
    }

    [Theory]
    [InlineData("contentBlockDelta", """{"contentBlockIndex":0,"delta":{"text":1}}""")]
    [InlineData("contentBlockDelta", """{"contentBlockIndex":"0","delta":{"text":"a"}}""")]
    [InlineData("contentBlockDelta", """{"delta":{"text":"a"}}""")]
    [InlineData("contentBlockDelta", """{"contentBlockIndex":-1,"delta":{"text":"a"}}""")]
    [InlineData("contentBlockDelta", """{"contentBlockIndex":0,"delta":{"text":"\ud83d"}}""")]
    [InlineData("contentBlockDelta", """{"contentBlockIndex":0,"delta":{"text":"a"}""")]
    [InlineData("contentBlockDelta", """{"contentBlockIndex":0,"delta":{"text":"a"}}]""")]
    [InlineData("contentBlockDelta", "")]
    [InlineData("contentBlockDelta", "[]")]
    [InlineData("contentBlockStart", """{"contentBlockIndex":0,"start":{"toolUse":{"name":1}}}""")]
    [InlineData("contentBlockStart", "null")]
    [InlineData("contentBlockStop", "{}")]
    [InlineData("messageStop", """{"stopReason":7}""")]
    [InlineData("messageStop", "x")]
    public void A_payload_that_is_no_such_event_breaks_the_stream(string type, string payload)
    {
        byte[] stream = [.. Start(), .. Frames.Event(type, payload)];
        Translate(stream, [stream.Length]).IsGood.ShouldBeFalse();
    }

    [Fact]
    public void Damaged_streams_never_throw_hang_or_end_as_success()
    {
        var random = new RandomJson(seed: 2026);
        for (var i = 0; i < 20_000; i++)
        {
            byte[] damaged = random.Break(Frames.Golden);
            (string text, _) = Translate(damaged, [damaged.Length / 2, damaged.Length]);
            // Only what has all of its beginning can have its end: checksums leave no room for another.
            (text.Contains("data: [DONE]\n\n", StringComparison.Ordinal)
                && !damaged.AsSpan().StartsWith(Frames.Golden)).ShouldBeFalse(Convert.ToHexString(damaged));
        }
    }

    [Fact]
    public void Payloads_damaged_before_their_checksums_never_throw()
    {
        var random = new RandomJson(seed: 7);
        byte[] delta = """{"contentBlockIndex":0,"delta":{"reasoningContent":{"text":"h\u00e9 雲"}},"p":"abc"}"""u8.ToArray();
        string[] types = ["contentBlockDelta", "contentBlockStart", "contentBlockStop", "messageStop", "metadata", "x"];
        for (var i = 0; i < 20_000; i++)
        {
            byte[] stream =
            [
                .. Start(),
                .. Frames.Encode(
                    random.Break(delta), (":event-type", types[i % types.Length]), (":message-type", "event")),
            ];
            (string text, _) = Translate(stream, [stream.Length]);
            text.ShouldNotContain("data: [DONE]\n\n");
        }
    }

    static byte[] Start() => Frames.Event("messageStart", """{"role":"assistant"}""");

    static byte[] Delta(int index, string delta) =>
        Frames.Event("contentBlockDelta", $$"""{"contentBlockIndex":{{index}},"delta":{{delta}} }""");

    static byte[] Stop(int index) => Frames.Event("contentBlockStop", $$"""{"contentBlockIndex":{{index}} }""");

    static byte[] End(string reason) =>
    [
        .. Frames.Event("messageStop", $$"""{"stopReason":"{{reason}}"}"""),
        .. Frames.Event("metadata", """{"usage":{"inputTokens":3,"outputTokens":2,"totalTokens":5}}"""),
    ];

    static JsonNode[] ChunksOf(string text) =>
    [
        .. text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Where(e => e != "data: [DONE]")
            .Select(e => JsonNode.Parse(e["data: ".Length..])!),
    ];

    static (string Text, bool IsGood) Translate(byte[] stream, IEnumerable<int> cuts)
    {
        using IStreamTranslation translation = ConverseAnswers.Instance.OpenStream(Terms);
        var output = new ArrayBufferWriter<byte>();
        var start = 0;
        var isGood = true;
        foreach (int cut in cuts)
        {
            isGood = isGood && translation.Take(stream.AsSpan(start, cut - start), output);
            start = cut;
        }

        isGood = isGood && translation.Complete(output);
        return (Encoding.UTF8.GetString(output.WrittenSpan), isGood);
    }
}
