using System.Text;
using BenchmarkDotNet.Attributes;
using Sahab.Wire.OpenAI;
using Sahab.Wire.Sse;

namespace Sahab.Benchmarks.Wire;

/// <summary>What one chunk of a stream costs to frame and to read.</summary>
[MemoryDiagnoser]
public class StreamBenchmarks
{
    const int Events = 100;

    static readonly byte[] Delta = Encoding.UTF8.GetBytes(
        """{"id":"chatcmpl-Bx1","object":"chat.completion.chunk","created":1732240000,"model":"gpt-x-2026","service_tier":"default","system_fingerprint":"fp_1","choices":[{"index":0,"delta":{"content":" world"},"logprobs":null,"finish_reason":null}],"usage":null}""");

    static readonly byte[] Usage = Encoding.UTF8.GetBytes(
        """{"id":"chatcmpl-Bx1","object":"chat.completion.chunk","created":1732240000,"model":"gpt-x-2026","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":4,"total_tokens":13,"prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":{"reasoning_tokens":0}}}""");

    byte[] _stream = [];
    ChunkFacts _facts;

    [GlobalSetup]
    public void Setup() =>
        _stream = [.. Enumerable.Repeat((byte[])[.. "data: "u8, .. Delta, .. "\n\n"u8], Events).SelectMany(part => part)];

    [Benchmark]
    public bool ReadChunk() => ChunkReader.Read(Delta, ref _facts);

    [Benchmark]
    public bool ReadUsageChunk() => ChunkReader.Read(Usage, ref _facts);

    /// <summary>Per event, when each arrives by itself.</summary>
    [Benchmark(OperationsPerInvoke = Events)]
    public int FrameEvents()
    {
        var scanner = default(SseScanner);
        var start = 0;
        while (scanner.Read(_stream.AsSpan(start), out SseEvent found) == SseStatus.Event)
        {
            start += found.Length;
        }

        return start;
    }

    /// <summary>Per event, both together: the whole of what a chunk costs here.</summary>
    [Benchmark(OperationsPerInvoke = Events)]
    public int FrameAndReadEvents()
    {
        var scanner = default(SseScanner);
        var start = 0;
        while (scanner.Read(_stream.AsSpan(start), out SseEvent found) == SseStatus.Event)
        {
            ChunkReader.Read(found.Data(_stream.AsSpan(start)), ref _facts);
            start += found.Length;
        }

        return start;
    }
}
