using System.Buffers;
using System.Text;
using System.Text.Json;
using Sahab.Wire.OpenAI;

namespace Sahab.Tests.Wire;

/// <summary>Chunks that only go on with a text, which the doors read in one pass.</summary>
public sealed class PlainDeltaTests
{
    [Theory]
    [InlineData("""{"content":" w\u00f6rld"}""", "Text", """ " w\u00f6rld" """)]
    [InlineData("""{"role":"assistant","content":"a","refusal":null,"tool_calls":null}""", "Text", """ "a" """)]
    [InlineData("""{"content":"a","tool_calls":[],"token_id":7}""", "Text", """ "a" """)]
    [InlineData("""{"content":"a","reasoning_content":""}""", "Text", """ "a" """)]
    [InlineData("""{"content":null,"reasoning_content":"a"}""", "Reasoning", """ "a" """)]
    [InlineData("""{"content":"","reasoning":"a"}""", "Reasoning", """ "a" """)]
    [InlineData("""{"tool_calls":[{"index":3,"function":{"arguments":"{\"a"}}]}""", "Arguments", """ "{\"a" """)]
    [InlineData("""{"tool_calls":[{"index":3,"id":null,"type":"function","function":{"name":null,"arguments":"a"}}]}""", "Arguments", """ "a" """)]
    public void A_chunk_that_goes_on_with_one_text_says_which_and_where(string delta, string kind, string text)
    {
        byte[] chunk = Encoding.UTF8.GetBytes(
            Chunk(delta, ""","service_tier":"default","usage":{"a":1}"""));
        PlainDelta.TryRead(chunk, out PlainDelta found).ShouldBeTrue();
        found.Kind.ToString().ShouldBe(kind);
        Encoding.UTF8.GetString(chunk[found.Text]).ShouldBe(text.Trim());
        found.Call.ShouldBe(kind == "Arguments" ? 3 : 0);
        Encoding.UTF8.GetString(chunk[found.Usage]).ShouldBe("""{"a":1}""");
        Encoding.UTF8.GetString(chunk[found.Tier]).ShouldBe("\"default\"");
    }

    [Theory]
    [InlineData("""{"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}]}""")]
    [InlineData("""{"choices":[{"delta":{"content":"a"},"stop_reason":"x"}]}""")]
    [InlineData("""{"choices":[{"delta":{"content":"a"},"logprobs":{}}]}""")]
    [InlineData("""{"choices":[{"index":1,"delta":{"content":"a"}}]}""")]
    [InlineData("""{"choices":[{"delta":{"content":"a"}},{"delta":{"content":"a"}}]}""")]
    [InlineData("""{"choices":[{"delta":{"content":"a"}}],"choices":[]}""")]
    [InlineData("""{"choices":[{"delta":{"content":"a"},"delta":{}}]}""")]
    [InlineData("""{"choices":[{"delta":{"content":"a","content":""}}]}""")]
    [InlineData("""{"choices":[{"delta":{"content":"a"}}],"usage":5}""")]
    [InlineData("""{"choices":[{"delta":{"content":"a","reasoning":"b"}}]}""")]
    [InlineData("""{"choices":[{"delta":{"reasoning_content":"","reasoning":"b"}}]}""")]
    [InlineData("""{"choices":[{"delta":{"content":"a","refusal":"b"}}]}""")]
    [InlineData("""{"choices":[{"delta":{"content":"a","thinking_blocks":[{}]}}]}""")]
    [InlineData("""{"choices":[{"delta":{"content":["a"]}}]}""")]
    [InlineData("""{"choices":[{"delta":{"content":""}}]}""")]
    [InlineData("""{"choices":[{"delta":{"content":"\ud83d\udc2a"}}]}""")]
    [InlineData("""{"choices":[{"delta":{"content":"\uD800"}}]}""")]
    [InlineData("""{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"arguments":"b"}}]}}]}""")]
    [InlineData("""{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"name":"a","arguments":"b"}}]}}]}""")]
    [InlineData("""{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"b"},"extra_content":{}}]}}]}""")]
    [InlineData("""{"choices":[{"delta":{"tool_calls":[{"function":{"arguments":"b"}}]}}]}""")]
    [InlineData("""{"choices":[{"delta":{"tool_calls":[{"index":1.5,"function":{"arguments":"b"}}]}}]}""")]
    [InlineData("""{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"b"}},{"index":1}]}}]}""")]
    [InlineData("""{"choices":[{"delta":{"content":"a","audio":{"data":"b"}}}]}""")]
    [InlineData("""{"choices":[{"delta":{"content":"a"},"text":"b"}]}""")]
    [InlineData("""{"object":"error","choices":[{"delta":{"content":"a"}}]}""")]
    [InlineData("""{"error":{},"choices":[{"delta":{"content":"a"}}]}""")]
    [InlineData("""{"choices":[]}""")]
    [InlineData("""{"choices":[{"delta":{"content":"a"}}]} x""")]
    [InlineData("""{"choices":[{"delta":{"content":"a""")]
    [InlineData("[]")]
    [InlineData("")]
    public void Whatever_else_a_chunk_is_is_left_to_others(string chunk) =>
        PlainDelta.TryRead(Encoding.UTF8.GetBytes(chunk), out _).ShouldBeFalse();

    [Theory]
    [MemberData(nameof(ClientDoors.Names), MemberType = typeof(ClientDoors))]
    public void Clients_are_told_the_same_whichever_way_a_chunk_is_read(string door)
    {
        for (var seed = 1; seed <= 400; seed++)
        {
            var random = new RandomJson(seed);
            var deltas = Enumerable.Range(0, 12).Select(_ => (Delta(random), Rest(random))).ToList();
            Stream(door, seed, deltas, readsPlain: true).ShouldBe(
                Stream(door, seed, deltas, readsPlain: false), $"seed {seed}: {string.Join('\n', deltas)}");
        }
    }

    [Fact]
    public void What_is_found_is_a_text_and_what_is_said_of_it_is_what_the_reader_of_every_chunk_says()
    {
        var random = new RandomJson(seed: 7);
        var found = 0;
        for (var i = 0; i < 30_000; i++)
        {
            byte[] chunk = Encoding.UTF8.GetBytes(Chunk(Delta(random), Rest(random)));
            chunk = i % 3 == 0 ? chunk : random.Break(chunk);
            if (PlainDelta.TryRead(chunk, out PlainDelta delta))
            {
                JsonDocument.Parse(chunk[delta.Text]).RootElement.GetString().ShouldNotBeEmpty();
                ChunkFacts facts = default;
                ChunkReader.Read(chunk, ref facts).ShouldBeTrue(Encoding.UTF8.GetString(chunk));
                (facts.UsageMemberStart, facts.UsageMemberLength) = (0, 0);
                delta.Facts(chunk).ShouldBe(facts, Encoding.UTF8.GetString(chunk));
                found++;
            }
        }

        found.ShouldBeGreaterThan(500);
    }

    static List<string> Stream(string door, int seed, List<(string Delta, string More)> deltas, bool readsPlain)
    {
        using var exchange = ClientDoors.Open(door, showsReasoning: seed % 2 == 0);
        var output = new ArrayBufferWriter<byte>();
        foreach (var (delta, rest) in deltas)
        {
            byte[] chunk = Encoding.UTF8.GetBytes(Chunk(delta, rest));
            if (!(readsPlain ? exchange.Take(chunk, output) : exchange.Take(chunk, default, output)))
            {
                return [.. ClientDoors.Events(output), "refused"];
            }
        }

        exchange.Take("""{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"""u8, output).ShouldBeTrue();
        exchange.Complete(output);
        return ClientDoors.Events(output);
    }

    static string Delta(RandomJson random)
    {
        var text = random.String("a" + random.Text());
        return random.OneOf(
            """{"role":"assistant","content":""}""", $$"""{"content":{{text}}}""", $$"""{"content":{{text}}}""",
            $$"""{"content":{{text}},"refusal":null,"tool_calls":null,"function_call":null}""",
            $$"""{"content":{{text}},"tool_calls":[],"token_id":7}""", $$"""{"audio":{"data":"a"},"content":{{text}}}""",
            $$"""{"reasoning_content":{{text}},"content":null}""", $$"""{"content":"","reasoning":{{text}}}""",
            $$"""{"content":{{text}},"reasoning_content":{{text}}}""", $$"""{"reasoning_content":"","reasoning":{{text}}}""",
            $$"""{"refusal":{{text}}}""", Call(random.Random.Next(2), text), Arguments(random.Random.Next(2), text),
            Arguments(0, text));
    }

    static string Call(int index, string arguments) =>
        $$$"""{"tool_calls":[{"index":{{{index}}},"id":"c{{{index}}}","type":"function","function":{"name":"f","arguments":{{{arguments}}}}}]}""";

    static string Arguments(int index, string arguments) =>
        $$$"""{"tool_calls":[{"index":{{{index}}},"function":{"arguments":{{{arguments}}}}}]}""";

    static string Rest(RandomJson random) => random.OneOf(
        "", ",\"usage\":null", ",\"service_tier\":\"flex\"",
        $$$""","usage":{"prompt_tokens_details":{"cached_tokens":2},"prompt_tokens":9,"completion_tokens":{{{random.Random.Next(9)}}} }""");

    static string Chunk(string delta, string rest) =>
        $$"""{"id":"c","object":"chat.completion.chunk","created":1,"model":"u","choices":[{"index":0,"delta":{{delta}},"logprobs":null,"finish_reason":null}]{{rest}}}""";
}
