using System.Buffers;
using System.Buffers.Text;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects;

/// <summary>Writes JSON piece by piece: a stream's frames are too many for a writer with state.</summary>
internal static class JsonFrames
{
    static readonly SearchValues<byte> Escaped = SearchValues.Create(
        [.. Enumerable.Range(0, 32).Select(b => (byte)b), (byte)'"', (byte)'\\']);

    /// <summary>
    /// Copies bytes. Unlike the framework's own extension it says how many are to come, without which Kestrel has no
    /// room to give once the connection is gone.
    /// </summary>
    public static void Raw(this IBufferWriter<byte> to, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(to.GetSpan(bytes.Length));
        to.Advance(bytes.Length);
    }

    public static void Number(this IBufferWriter<byte> to, long value)
    {
        Utf8Formatter.TryFormat(value, to.GetSpan(20), out var written);
        to.Advance(written);
    }

    /// <summary>A string with its quotes, from valid UTF-8.</summary>
    public static void Text(this IBufferWriter<byte> to, ReadOnlySpan<byte> utf8)
    {
        to.Raw("\""u8);
        while (utf8.IndexOfAny(Escaped) is >= 0 and var at)
        {
            to.Raw(utf8[..at]);
            var escape = to.GetSpan(6);
            "\\u00"u8.CopyTo(escape);
            escape[4] = (byte)"0123456789abcdef"[utf8[at] >> 4];
            escape[5] = (byte)"0123456789abcdef"[utf8[at] & 15];
            to.Advance(6);
            utf8 = utf8[(at + 1)..];
        }
        to.Raw(utf8);
        to.Raw("\""u8);
    }

    public static void Usage(this IBufferWriter<byte> to, Usage usage)
    {
        to.Raw("{\"prompt_tokens\":"u8);
        to.Number(usage.Prompt);
        to.Raw(",\"completion_tokens\":"u8);
        to.Number(usage.Output);
        to.Raw(",\"total_tokens\":"u8);
        to.Number(usage.Prompt + usage.Output);
        to.Raw(",\"prompt_tokens_details\":{\"cached_tokens\":"u8);
        to.Number(usage.Cached);
        to.Raw("},\"completion_tokens_details\":{\"reasoning_tokens\":"u8);
        to.Number(usage.Reasoning);
        to.Raw("}}"u8);
    }
}
