using System.Buffers.Text;
using System.Text;

namespace Sahab.Wire.Vllm;

/// <summary>Calls that a vLLM server works on, and those that it lets wait.</summary>
public readonly record struct VllmLoad(int Running, int Waiting);

/// <summary>
/// Reads what a vLLM server's <c>/metrics</c> says of one model: the sums over its engines of
/// <c>vllm:num_requests_running</c> and <c>vllm:num_requests_waiting</c>.
/// </summary>
public static class VllmMetrics
{
    /// <summary>Reads a whole page of metrics in Prometheus' text form.</summary>
    /// <param name="page">The page, UTF-8.</param>
    /// <param name="model">The model's name as the server calls it; lines of others are passed over.</param>
    /// <param name="load">The figures, when they are there.</param>
    /// <returns>Whether both figures are there for the model.</returns>
    public static bool TryRead(ReadOnlySpan<byte> page, string model, out VllmLoad load)
    {
        var label = Encoding.UTF8.GetBytes($"model_name=\"{Escape(model)}\"");
        int? running = null, waiting = null;
        foreach (Range line in page.Split((byte)'\n'))
        {
            ReadOnlySpan<byte> text = page[line];
            if (text.StartsWith("vllm:num_requests_running{"u8))
            {
                Add(text, label, ref running);
            }
            else if (text.StartsWith("vllm:num_requests_waiting{"u8))
            {
                Add(text, label, ref waiting);
            }
        }

        load = new VllmLoad(running ?? 0, waiting ?? 0);
        return running is not null && waiting is not null;
    }

    static void Add(ReadOnlySpan<byte> line, ReadOnlySpan<byte> label, ref int? sum)
    {
        int end = line.LastIndexOf("} "u8);
        if (end > 0 && line[..end].IndexOf(label) > 0
            && Utf8Parser.TryParse(line[(end + 2)..].Trim((byte)'\r'), out double value, out _)
            && value is >= 0 and <= 1_000_000)
        {
            sum = (sum ?? 0) + (int)value;
        }
    }

    static string Escape(string label) => label.Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace("\"", "\\\"", StringComparison.Ordinal);
}
