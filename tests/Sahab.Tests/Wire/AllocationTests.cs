using System.Buffers;
using System.Text;
using Sahab.Wire.OpenAI;
using Sahab.Wire.Sse;

namespace Sahab.Tests.Wire;

/// <summary>What runs for every request and every chunk allocates nothing.</summary>
public sealed class AllocationTests
{
    const int Times = 100;

    static readonly byte[] Chunk = Encoding.UTF8.GetBytes(
        """{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"Hel\nlo"},"finish_reason":null}],"usage":{"prompt_tokens":9,"completion_tokens":4,"total_tokens":13,"prompt_tokens_details":{"cached_tokens":0}}}""");

    [Fact]
    public void Scanning_a_request_allocates_nothing()
    {
        byte[] body = Body();
        Allocated(() =>
        {
            RequestScanner.TryScan(body, ApiOperation.ChatCompletions, out RequestFacts facts, out _).ShouldBeTrueCheaply();
            Span<byte> scratch = stackalloc byte[RequestFacts.MaxModelBytes];
            (facts.ReadModel(body, scratch).Length == 3).ShouldBeTrueCheaply();
        }).ShouldBe(0);
    }

    [Fact]
    public void Planning_and_walking_edits_allocates_nothing()
    {
        byte[] body = Body();
        byte[] model = "\"up\""u8.ToArray();
        RequestScanner.TryScan(body, ApiOperation.ChatCompletions, out RequestFacts facts, out _).ShouldBeTrue();
        var output = new ArrayBufferWriter<byte>(body.Length * 2);
        Allocated(() =>
        {
            RequestEdits edits = RequestEdits.Plan(facts, model, wantUsage: true, wantRunningUsage: true, dropServiceTier: true);
            long length = 0;
            foreach (ReadOnlyMemory<byte> piece in edits.Segments(body))
            {
                length += piece.Length;
            }

            (length == edits.ContentLength(body.Length)).ShouldBeTrueCheaply();
            output.ResetWrittenCount();
            edits.WriteTo(body, output);
            (output.WrittenCount == length).ShouldBeTrueCheaply();
        }).ShouldBe(0);
    }

    [Fact]
    public void Reading_a_chunk_allocates_nothing()
    {
        ChunkFacts facts = default;
        Allocated(() =>
        {
            ChunkReader.Read(Chunk, ref facts).ShouldBeTrueCheaply();
            facts.Usage.IsConsistent.ShouldBeTrueCheaply();
        }).ShouldBe(0);
    }

    [Theory]
    [InlineData("messages", 0)]
    [InlineData("gemini", 0)]
    // The text is kept until the end, which repeats it: twice its length is room for it to grow.
    [InlineData("responses", 2 * 2 * Times * 8)]
    public void Going_on_with_a_text_at_another_door_allocates_nothing(string door, long allowed)
    {
        using var exchange = ClientDoors.Open(door);
        var output = new ArrayBufferWriter<byte>(4096);
        Allocated(() =>
        {
            output.ResetWrittenCount();
            exchange.Take(Chunk, output).ShouldBeTrueCheaply();
            (output.WrittenCount > 0).ShouldBeTrueCheaply();
        }).ShouldBeLessThanOrEqualTo(allowed);
    }

    [Fact]
    public void Reading_a_replys_usage_allocates_nothing()
    {
        ReplyFacts facts = default;
        Allocated(() => UsageReader.Read(Chunk, ref facts).ShouldBeTrueCheaply()).ShouldBe(0);
    }

    [Fact]
    public void Framing_a_stream_allocates_nothing()
    {
        byte[] stream = [.. ": ping\n\ndata: "u8, .. Chunk, .. "\n\ndata: a\r\ndata: b\r\n\r\ndata: [DONE]\n\n"u8];
        var data = new byte[Chunk.Length];
        Allocated(() =>
        {
            var scanner = default(SseScanner);
            var start = 0;
            for (int end = 1; end <= stream.Length; end++)
            {
                while (scanner.Read(stream.AsSpan(start..end), out SseEvent found) == SseStatus.Event)
                {
                    found.CopyData(stream.AsSpan(start), data);
                    start += found.Length;
                }
            }

            (scanner.Finish(stream.AsSpan(start), out _) == SseStatus.End).ShouldBeTrueCheaply();
        }).ShouldBe(0);
    }

    static byte[] Body() => Encoding.UTF8.GetBytes($$"""
        {"service_tier":"flex","m\u006fdel":"a\u002fb","messages":[{"role":"user","content":"{{new string('x', 900)}}\n"}],
         "stream":true,"stream_options":{"include_usage":false},"prompt_cache_key":"k","tools":[{"type":"function"}],"n":2,
         "response_format":{"type":"json_schema"},"max_completion_tokens":12,"temperature":0.5}
        """);

    static long Allocated(Action action)
    {
        for (var i = 0; i < Times; i++)
        {
            action();
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Times; i++)
        {
            action();
        }

        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}

static class CheapAssertions
{
    /// <summary>Shouldly's own assertion allocates, which here would be measured.</summary>
    public static void ShouldBeTrueCheaply(this bool condition)
    {
        if (!condition)
        {
            condition.ShouldBeTrue();
        }
    }
}
