using System.Buffers;
using System.Text;
using Sahab.Wire.Sse;
using Sahab.Wire.Translation;

namespace Sahab.Wire.Bedrock;

/// <summary>One block of a streamed answer: text, reasoning, or the call of a tool.</summary>
sealed class ConverseBlock(int index)
{
    /// <summary>Reasoning that is kept until its signature comes, in UTF-16 code units.</summary>
    const int MaxKept = SseScanner.DefaultMaxEventBytes;

    StringBuilder? _thinking;
    StringBuilder? _signature;

    public int Index { get; } = index;

    /// <summary>Its place among the calls of tools; -1 for none.</summary>
    public int Tool { get; set; } = -1;

    /// <summary>Whether the call has had arguments.</summary>
    public bool HasInput { get; set; }

    public bool IsStopped { get; private set; }

    /// <summary>Keeps reasoning, which is returned with its signature; false where it is endless.</summary>
    public bool TryKeep(ReadOnlySpan<char> text, bool isSignature)
    {
        StringBuilder kept = isSignature ? _signature ??= new StringBuilder() : _thinking ??= new StringBuilder();
        kept.Append(text);
        return kept.Length <= MaxKept;
    }

    /// <summary>Ends the block, the first time only.</summary>
    /// <returns>False where it has ended before.</returns>
    public bool Stop(ChunkWriter chunks, IBufferWriter<byte> output)
    {
        if (IsStopped)
        {
            return false;
        }

        IsStopped = true;
        if (Tool >= 0 && !HasInput)
        {
            // Clients parse the arguments, and nothing at all is no JSON.
            chunks.ToolArguments(output, Tool, "{}");
        }

        if (_signature is not null)
        {
            chunks.ThinkingBlock(
                output, ConverseWords.SignedThinking(_thinking?.ToString() ?? "", _signature.ToString()).Span);
        }

        _thinking = _signature = null;
        return true;
    }
}
