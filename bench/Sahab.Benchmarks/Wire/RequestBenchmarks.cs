using System.Buffers;
using System.Text;
using System.Text.Json;
using BenchmarkDotNet.Attributes;
using Sahab.Wire.OpenAI;

namespace Sahab.Benchmarks.Wire;

/// <summary>
/// What one request costs to read and to change, by the size of its prompt; beside it, what the reader of .NET
/// needs only to walk over the same bytes. The prompt is prose with a line break every 80 letters, as clients send it.
/// </summary>
[MemoryDiagnoser]
public class RequestBenchmarks
{
    readonly byte[] _model = "\"upstream/model\""u8.ToArray();
    readonly ArrayBufferWriter<byte> _output = new(1 << 20);
    byte[] _body = [];
    RequestFacts _facts;

    /// <summary>Bytes of the prompt's text.</summary>
    [Params(1_000, 8_000, 100_000)]
    public int PromptBytes { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        const string line = "The quick brown fox jumps over the lazy dog and says \\\"hello\\\" to all of them.\\n";
        var text = new StringBuilder();
        while (text.Length < PromptBytes)
        {
            text.Append(line);
        }

        _body = Encoding.UTF8.GetBytes($$"""
            {"model":"gpt-x","messages":[{"role":"system","content":"You are a helpful assistant."},
            {"role":"user","content":"{{text}}"}],"temperature":0.7,"max_tokens":256,"stream":true,"user":"u-1"}
            """);
        RequestScanner.TryScan(_body, ApiOperation.ChatCompletions, out _facts, out _);
    }

    [Benchmark]
    public bool Scan() => RequestScanner.TryScan(_body, ApiOperation.ChatCompletions, out _, out _);

    [Benchmark]
    public long PlanEdits()
    {
        RequestEdits edits = RequestEdits.Plan(_facts, _model, wantUsage: true);
        long length = 0;
        foreach (ReadOnlyMemory<byte> piece in edits.Segments(_body))
        {
            length += piece.Length;
        }

        return length;
    }

    [Benchmark(Baseline = true)]
    public int WalkWithDotnet()
    {
        var reader = new Utf8JsonReader(_body);
        var tokens = 0;
        while (reader.Read())
        {
            tokens++;
        }

        return tokens;
    }
}
