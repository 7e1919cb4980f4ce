using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Sahab.Tests.Wire.Bedrock;
using Sahab.Wire.Anthropic;
using Sahab.Wire.Bedrock;
using Sahab.Wire.Gemini;
using Sahab.Wire.Oci;
using Sahab.Wire.Translation;

namespace Sahab.Tests.Wire;

/// <summary>
/// Streams of every vendor, cut, merged, reordered and corrupted: nothing crashes or hangs, nothing grows without bound,
/// and what breaks off never ends as if it were whole.
/// </summary>
public sealed class StreamFuzzTests
{
    /// <summary>Cases of each decoder in the suite that must pass before a change lands.</summary>
    const int Few = 20_000;

    /// <summary>Cases of each decoder in the long suite.</summary>
    const int Many = 10_000_000;

    /// <summary>Bytes of OpenAI's events that one byte of a vendor's may become, at most.</summary>
    const int MostGrowth = 400;

    static readonly AnswerTerms Terms = new("chatcmpl-1", 1_700_000_000, "m", Choices: 1);

    /// <summary>A decoder, and whole streams that it must take.</summary>
    /// <param name="IsChecked">Whether its frames carry checksums, so that no corruption may pass.</param>
    public sealed record Decoder(
        string Name, Func<IStreamTranslation> Open, IReadOnlyList<byte[]> Streams, bool IsChecked = false)
    {
        public override string ToString() => Name;
    }

    static readonly Decoder[] All =
    [
        new("oci", () => new OciGenericAnswers().OpenStream(Terms), [Bytes(Oci)]),
        new("oci-cohere", () => new OciCohereAnswers().OpenStream(Terms), [Bytes(OciCohere)]),
        new("anthropic", () => new AnthropicAnswers().OpenStream(Terms), [Bytes(Anthropic)]),
        new("gemini", () => new GeminiAnswers().OpenStream(Terms), [Bytes(Gemini)]),
        new("bedrock", () => ConverseAnswers.Instance.OpenStream(Terms), [Frames.Golden], IsChecked: true),
    ];

    public static TheoryData<string> Names() => [.. All.Select(decoder => decoder.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_whole_stream_reads_the_same_however_it_is_cut(string name)
    {
        foreach (var stream in Find(name).Streams)
        {
            var (whole, ended) = Decode(Find(name), stream, [stream.Length]);
            ended.ShouldBeTrue();
            whole.ShouldEndWith("data: [DONE]\n\n");
            for (var at = 1; at < stream.Length; at++)
            {
                Decode(Find(name), stream, [at, stream.Length]).Text.ShouldBe(whole);
            }

            Decode(Find(name), stream, [.. Enumerable.Range(1, stream.Length)]).Text.ShouldBe(whole);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_stream_that_breaks_off_never_ends_as_if_it_were_whole(string name)
    {
        foreach (var stream in Find(name).Streams)
        {
            var (whole, _) = Decode(Find(name), stream, [stream.Length]);
            for (var length = 0; length < stream.Length; length++)
            {
                var (text, ended) = Decode(Find(name), stream[..length], [length]);
                // The last bytes may be a line's end that nobody needs: then all of it is there.
                (text == whole || !text.Contains("[DONE]", StringComparison.Ordinal) || !ended)
                    .ShouldBeTrue($"after {length} of {stream.Length} bytes");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Noise_breaks_nothing(string name) => Fuzz(Find(name), Few, seed: 1);

    [Theory]
    [MemberData(nameof(Names))]
    [Trait("Suite", "All")]
    public void Ten_million_cases_of_noise_break_nothing(string name) => Fuzz(Find(name), Many, seed: 2);

    static void Fuzz(Decoder decoder, int cases, int seed)
    {
        var random = new Random(seed);
        var output = new ArrayBufferWriter<byte>(64 * 1024);
        for (var one = 0; one < cases; one++)
        {
            var stream = decoder.Streams[random.Next(decoder.Streams.Count)];
            var (bytes, isIntact) = Mutate(random, stream);
            output.ResetWrittenCount();
            using var translation = decoder.Open();
            var ended = Feed(translation, bytes, random, output);
            if (output.WrittenCount > MostGrowth * (bytes.Length + 64))
            {
                Assert.Fail($"case {one} grew to {output.WrittenCount} bytes out of {bytes.Length}");
            }

            if (decoder.IsChecked && !isIntact && ended && output.WrittenSpan.IndexOf("[DONE]"u8) >= 0
                && !IsMadeOfFrames(bytes, stream))
            {
                Assert.Fail($"case {one} was corrupted from byte {bytes.AsSpan().CommonPrefixLength(stream)} of {stream.Length} "
                    + $"({bytes.Length} bytes) and ended as if it were whole");
            }
        }
    }

    /// <summary>
    /// Whether the bytes up to the end of the stream are whole frames of it, some lost or moved, of which no checksum
    /// tells.
    /// </summary>
    static bool IsMadeOfFrames(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> stream)
    {
        while (bytes.Length >= sizeof(int))
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(bytes);
            if (length < sizeof(int) || length > bytes.Length || stream.IndexOf(bytes[..length]) < 0)
            {
                return false;
            }

            if (stream.EndsWith(bytes[..length]))
            {
                return true;
            }

            bytes = bytes[length..];
        }

        return false;
    }

    /// <summary>Feeds the bytes in pieces; false where the decoder refused them.</summary>
    static bool Feed(IStreamTranslation translation, byte[] bytes, Random random, ArrayBufferWriter<byte> output)
    {
        for (var at = 0; at < bytes.Length;)
        {
            var length = Math.Min(bytes.Length - at, 1 + random.Next(random.Next(4) == 0 ? 3 : 200));
            if (!translation.Take(bytes.AsSpan(at, length), output))
            {
                return false;
            }

            at += length;
        }

        return translation.Complete(output);
    }

    static (byte[] Bytes, bool IsIntact) Mutate(Random random, byte[] stream)
    {
        var bytes = stream.ToArray();
        switch (random.Next(6))
        {
            case 0:
                return (bytes[..random.Next(bytes.Length)], false);
            case 1:
                for (var times = 1 + random.Next(4); times > 0; times--)
                {
                    bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
                }

                return (bytes, bytes.AsSpan().SequenceEqual(stream));
            case 2:
                // Two pieces change their places.
                var (from, to) = (random.Next(bytes.Length), random.Next(bytes.Length));
                (from, to) = (Math.Min(from, to), Math.Max(from, to));
                byte[] swapped = [.. bytes[from..to], .. bytes[..from], .. bytes[to..]];
                return (swapped, swapped.AsSpan().SequenceEqual(stream));
            case 3:
                // A piece comes twice.
                var again = random.Next(bytes.Length);
                var end = again + random.Next(bytes.Length - again);
                return ([.. bytes[..end], .. bytes[again..]], again == end);
            case 4:
                // A piece is lost.
                var lost = random.Next(bytes.Length);
                var rest = lost + random.Next(bytes.Length - lost);
                return ([.. bytes[..lost], .. bytes[rest..]], lost == rest);
            default:
                return (bytes, true);
        }
    }

    static (string Text, bool Ended) Decode(Decoder decoder, byte[] stream, int[] cuts)
    {
        var output = new ArrayBufferWriter<byte>(4096);
        using var translation = decoder.Open();
        var at = 0;
        foreach (var cut in cuts)
        {
            if (!translation.Take(stream.AsSpan(at, cut - at), output))
            {
                return (Encoding.UTF8.GetString(output.WrittenSpan), false);
            }

            at = cut;
        }

        return (Encoding.UTF8.GetString(output.WrittenSpan) + Rest(translation, out var ended), ended);
    }

    static string Rest(IStreamTranslation translation, out bool ended)
    {
        var output = new ArrayBufferWriter<byte>(1024);
        ended = translation.Complete(output);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    static Decoder Find(string name) => Array.Find(All, decoder => decoder.Name == name)!;

    static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    const string Oci = """
        data: {"index":0,"message":{"role":"ASSISTANT","content":[{"type":"TEXT","text":"Hel"}]},"pad":"aaa"}
        data: {"index":0,"message":{"role":"ASSISTANT","toolCalls":[{"type":"FUNCTION","id":"c1","name":"f","arguments":"{\"a\""}]},"pad":"a"}

        data: {"index":0,"message":{"role":"ASSISTANT","toolCalls":[{"type":"FUNCTION","arguments":":1}"}]},"pad":"aa"}
        data: {"message":{"role":"ASSISTANT"},"finishReason":"tool_calls","usage":{"promptTokens":3,"completionTokens":2,"totalTokens":5}}

        """;

    const string OciCohere = """
        data: {"apiFormat":"COHERE","text":"Hel","pad":"aaa"}

        data: {"apiFormat":"COHERE","text":"lo"}

        data: {"apiFormat":"COHERE","text":"Hello","toolCalls":[{"name":"f","parameters":{"a":1}}],"finishReason":"COMPLETE","usage":{"promptTokens":3,"completionTokens":2,"totalTokens":5}}

        """;

    const string Gemini = """
        data: {"candidates":[{"content":{"role":"model","parts":[{"text":"Sjøen 海 👩‍🚀 \"quoted\"\n"}]},"index":0}],"usageMetadata":{"trafficType":"ON_DEMAND"},"modelVersion":"m","responseId":"r1"}

        data: {"candidates":[{"content":{"role":"model","parts":[{"functionCall":{"name":"f","args":{"a":1}},"thoughtSignature":"AQID"}]},"index":0}],"modelVersion":"m","responseId":"r1"}

        data: {"candidates":[{"content":{"role":"model","parts":[{"text":""}]},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":4,"thoughtsTokenCount":1,"cachedContentTokenCount":2,"totalTokenCount":10},"modelVersion":"m","responseId":"r1"}


        """;

    const string Anthropic = """
        event: message_start
        data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"c","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":5,"output_tokens":1}}}

        event: content_block_start
        data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

        event: ping
        data: {"type": "ping"}

        event: content_block_delta
        data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Sjøen 海 👩‍🚀 \"quoted\"\n"}}

        event: content_block_stop
        data: {"type":"content_block_stop","index":0}

        event: content_block_start
        data: {"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"toolu_1","name":"f","input":{}}}

        event: content_block_delta
        data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"a\":"}}

        event: content_block_delta
        data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"1}"}}

        event: content_block_stop
        data: {"type":"content_block_stop","index":1}

        event: message_delta
        data: {"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":7}}

        event: message_stop
        data: {"type":"message_stop"}


        """;
}
