using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using Sahab.Wire.Anthropic;
using Sahab.Wire.OpenAI;
using Sahab.Wire.Translation;

namespace Sahab.Tests.Wire.Anthropic;

/// <summary>Anthropic's streams as chunks of a chat completion.</summary>
public class AnthropicStreamTests
{
    const string Start = """
        event: message_start
        data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"c","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":5,"output_tokens":1}}}


        """;

    /// <summary>The golden capture: a tool call, after a ping.</summary>
    const string Tool = Start + """
        event: ping
        data: {"type":"ping"}

        event: content_block_start
        data: {"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"toolu_1","name":"f","input":{}}}

        event: content_block_delta
        data: {"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"a\":"}}

        event: content_block_delta
        data: {"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"1}"}}

        event: content_block_stop
        data: {"type":"content_block_stop","index":0}

        event: message_delta
        data: {"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":7}}

        event: message_stop
        data: {"type":"message_stop"}


        """;

    const string Thought = """
        event: message_start
        data: {"type":"message_start","message":{"id":"msg_1","usage":{"input_tokens":9,"cache_read_input_tokens":2,"cache_creation_input_tokens":1,"output_tokens":1}}}

        event: content_block_start
        data: {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}

        event: content_block_delta
        data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"h\u00e9 \"q\""}}

        event: content_block_delta
        data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":" m"}}

        event: content_block_delta
        data: {"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"sig"}}

        event: content_block_stop
        data: {"type":"content_block_stop","index":0}

        event: content_block_start
        data: {"type":"content_block_start","index":1,"content_block":{"type":"redacted_thinking","data":"ZZ"}}

        event: content_block_stop
        data: {"type":"content_block_stop","index":1}

        event: content_block_start
        data: {"type":"content_block_start","index":2,"content_block":{"type":"text","text":""}}

        event: content_block_delta
        data: {"type":"content_block_delta","index":2,"delta":{"type":"text_delta","text":"雲🐪 x"}}

        event: content_block_stop
        data: {"type":"content_block_stop","index":2}

        event: message_delta
        data: {"type":"message_delta","delta":{"stop_reason":"stop_sequence","stop_sequence":"END"},"usage":{"output_tokens":7,"output_tokens_details":{"thinking_tokens":3}}}

        event: message_stop
        data: {"type":"message_stop"}


        """;

    static readonly AnswerTerms Terms = new("chatcmpl-1", 1, "c", 1);

    [Fact]
    public void A_tool_call_comes_in_the_order_that_clients_count_on()
    {
        var (chunks, isWhole) = Translate(Encoding.UTF8.GetBytes(Tool));
        isWhole.ShouldBeTrue();
        Deltas(chunks).ShouldBe(
        [
            """{"role":"assistant","content":""}""",
            """{"tool_calls":[{"index":0,"id":"toolu_1","type":"function","function":{"name":"f","arguments":""}}]}""",
            """{"tool_calls":[{"index":0,"function":{"arguments":"{\u0022a\u0022:"}}]}""",
            """{"tool_calls":[{"index":0,"function":{"arguments":"1}"}}]}""",
            "{}",
        ]);
        ((string)chunks[^3]["choices"]![0]!["finish_reason"]!).ShouldBe("tool_calls");
        Usage(chunks).ShouldBe("5 0 7 0");
        chunks[^1]["done"].ShouldNotBeNull();
    }

    [Fact]
    public void Thoughts_are_shown_as_they_come_and_once_more_whole_to_be_returned()
    {
        var (chunks, isWhole) = Translate(Encoding.UTF8.GetBytes(Thought));
        isWhole.ShouldBeTrue();
        var deltas = chunks.Where(chunk => chunk["choices"] is JsonArray { Count: > 0 })
            .Select(chunk => chunk["choices"]![0]!["delta"]!).ToList();
        string.Concat(deltas.Select(delta => (string?)delta["reasoning_content"])).ShouldBe("hé \"q\" m");
        string.Concat(deltas.Select(delta => (string?)delta["content"])).ShouldBe("雲🐪 x");
        var blocks = deltas.Select(delta => delta["thinking_blocks"]).OfType<JsonArray>().Select(list => list.Single()!).ToList();
        ((string)blocks[0]["thinking"]!, (string)blocks[0]["signature"]!).ShouldBe(("hé \"q\" m", "sig"));
        ((string)blocks[1]["data"]!).ShouldBe("ZZ");
        ((string)chunks[^3]["choices"]![0]!["stop_reason"]!).ShouldBe("END");
        Usage(chunks).ShouldBe("12 2 7 3");
    }

    [Theory]
    [InlineData(Tool)]
    [InlineData(Thought)]
    public void However_the_bytes_are_cut_the_events_are_the_same(string stream)
    {
        var bytes = Encoding.UTF8.GetBytes(stream);
        var whole = Written(bytes, bytes.Length);
        for (var size = 1; size < 90; size++)
        {
            Written(bytes, size).ShouldBe(whole);
        }

        Written(Encoding.UTF8.GetBytes(stream.Replace("\n", "\r\n", StringComparison.Ordinal)), 7).ShouldBe(whole);
    }

    [Fact]
    public void What_ends_without_its_end_is_broken_wherever_that_is()
    {
        var bytes = Encoding.UTF8.GetBytes(Thought);
        // The very last line feeds may be missing: the stream's end says the same.
        var end = Thought.TrimEnd().Length;
        for (var length = 0; length < Encoding.UTF8.GetByteCount(Thought[..end]); length++)
        {
            var (chunks, isWhole) = Translate(bytes.AsSpan(0, length));
            isWhole.ShouldBeFalse();
            chunks.ShouldAllBe(chunk => chunk["done"] == null && !HasFinish(chunk));
        }
    }

    [Fact]
    public void A_tool_without_arguments_has_empty_ones()
    {
        var stream = Tool.Replace("\"{\\\"a\\\":\"", "\"\"", StringComparison.Ordinal)
            .Replace("\"1}\"", "\"\"", StringComparison.Ordinal);
        Deltas(Translate(Encoding.UTF8.GetBytes(stream)).Chunks)
            .ShouldContain("""{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]}""");
    }

    [Fact]
    public void An_error_inside_is_told_and_nothing_after_it()
    {
        var (chunks, _) = Translate(Encoding.UTF8.GetBytes(
            Start + "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n" + Tool));
        var error = chunks.ShouldHaveSingleItem()["error"]!;
        ((string)error["message"]!, (string)error["type"]!).ShouldBe(("Overloaded", "overloaded_error"));
    }

    [Theory]
    [InlineData("\"index\":0,\"delta\"", "\"index\":1,\"delta\"")]
    [InlineData("\"index\":0,\"content_block\"", "\"index\":3,\"content_block\"")]
    [InlineData("input_json_delta", "text_delta")]
    [InlineData("\"type\":\"content_block_stop\"", "\"type\":\"content_block_other\"")]
    [InlineData("\"id\":\"toolu_1\",", "")]
    [InlineData("\"stop_reason\":\"tool_use\"", "\"stop_reason\":null")]
    [InlineData("{\"type\":\"ping\"}", "{\"type\":\"ping\"")]
    [InlineData("{\"type\":\"ping\"}", "{\"type\":\"message_stop\"}")]
    public void Events_in_another_order_are_no_stream(string text, string other) =>
        Translate(Encoding.UTF8.GetBytes(Tool.Replace(text, other, StringComparison.Ordinal))).IsWhole.ShouldBeFalse();

    [Fact]
    public void Events_that_nobody_knows_yet_are_let_pass() => Translate(Encoding.UTF8.GetBytes(
        Tool.Replace("{\"type\":\"ping\"}", "{\"type\":\"weather\",\"is\":\"fine\"}", StringComparison.Ordinal)))
        .IsWhole.ShouldBeTrue();

    [Fact]
    public void An_event_without_end_is_given_up()
    {
        using var stream = AnthropicAnswers.Instance.OpenStream(Terms);
        var output = new ArrayBufferWriter<byte>();
        var chunk = new byte[64 * 1024];
        chunk.AsSpan().Fill((byte)'x');
        var taken = 0;
        while (stream.Take(chunk, output))
        {
            taken += chunk.Length;
            taken.ShouldBeLessThan(8 * 1024 * 1024);
        }
    }

    [Fact]
    public void A_broken_stream_never_throws_and_never_ends_well_without_its_end()
    {
        var random = new RandomJson(seed: 203);
        var streams = new[] { Encoding.UTF8.GetBytes(Tool), Encoding.UTF8.GetBytes(Thought) };
        var wholes = 0;
        for (var i = 0; i < 40_000; i++)
        {
            var broken = random.Break(streams[i % 2]);
            var (chunks, isWhole) = Translate(broken, 1 + random.Random.Next(300));
            if (isWhole && !chunks.Exists(chunk => chunk["error"] is not null))
            {
                wholes++;
                Encoding.UTF8.GetString(broken).ShouldContain("message_stop");
                chunks.Count(HasFinish).ShouldBe(1);
                chunks[^1]["done"].ShouldNotBeNull();
            }
        }

        wholes.ShouldBeGreaterThan(1_000);
    }

    static bool HasFinish(JsonNode chunk) =>
        chunk["choices"] is JsonArray { Count: > 0 } choices && choices[0]!["finish_reason"] is not null;

    static List<string> Deltas(IEnumerable<JsonNode> chunks) => [.. chunks
        .Where(chunk => chunk["choices"] is JsonArray { Count: > 0 })
        .Select(chunk => chunk["choices"]![0]!["delta"]!.ToJsonString())];

    static string Usage(List<JsonNode> chunks)
    {
        ChunkFacts facts = default;
        ChunkReader.Read(Encoding.UTF8.GetBytes(chunks[^2].ToJsonString()), ref facts).ShouldBeTrue();
        facts.Usage.IsConsistent.ShouldBeTrue();
        var usage = facts.Usage;
        return $"{usage.Prompt} {usage.Cached} {usage.Output} {usage.Reasoning}";
    }

    static string Written(byte[] bytes, int size)
    {
        using var stream = AnthropicAnswers.Instance.OpenStream(Terms);
        var output = new ArrayBufferWriter<byte>();
        Run(stream, bytes, size, output).ShouldBeTrue();
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    static (List<JsonNode> Chunks, bool IsWhole) Translate(ReadOnlySpan<byte> bytes, int size = int.MaxValue)
    {
        using var stream = AnthropicAnswers.Instance.OpenStream(Terms);
        var output = new ArrayBufferWriter<byte>();
        var isWhole = Run(stream, bytes, size, output);
        var chunks = Encoding.UTF8.GetString(output.WrittenSpan)
            .Split("\n\n", StringSplitOptions.RemoveEmptyEntries)
            .Where(chunk => chunk[0] != ':')
            .Select(chunk => chunk["data: ".Length..])
            .Select(data => data == "[DONE]" ? new JsonObject { ["done"] = true } : JsonNode.Parse(data)!)
            .ToList();
        return (chunks, isWhole);
    }

    static bool Run(IStreamTranslation stream, ReadOnlySpan<byte> bytes, int size, ArrayBufferWriter<byte> output)
    {
        for (var at = 0; at < bytes.Length;)
        {
            var count = Math.Min(size, bytes.Length - at);
            if (!stream.Take(bytes.Slice(at, count), output))
            {
                return false;
            }

            at += count;
        }

        return stream.Complete(output);
    }
}
