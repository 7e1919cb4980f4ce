using System.Buffers;
using Sahab.Routing.Decisions;

namespace Sahab.Server.Plan.Replay;

/// <summary>Which conversation a prompt belongs to, and which assistant's instructions it begins with.</summary>
internal readonly record struct PromptSource(ulong Assistant, ulong Conversation);

/// <summary>
/// Decides which prompts share a prefix, since a trace tells lengths only, and writes their text. Every prompt begins
/// with the instructions of one of a few assistants; half of them continue one of the conversations that are open, so
/// that the shorter of two such prompts is a prefix of the longer. The same seed gives the same prompts.
/// </summary>
/// <remarks>
/// The text is common words of three letters, each with a space: four bytes are one word and, for most tokenizers and
/// for the emulated clouds' exactly, one token.
/// </remarks>
internal sealed class PromptBook(ulong seed)
{
    /// <summary>Different instructions that prompts begin with.</summary>
    public const int Assistants = 8;

    /// <summary>Tokens of an assistant's instructions. A shorter prompt consists of their beginning.</summary>
    public const int InstructionTokens = 256;

    /// <summary>Conversations that are open at a time.</summary>
    public const int OpenConversations = 64;

    /// <summary>The share of the prompts that continue an open conversation.</summary>
    public const double SharedShare = 0.5;

    /// <summary>Bytes of a token of this text.</summary>
    public const int BytesPerToken = 4;

    readonly PromptSource[] _open = new PromptSource[OpenConversations];
    RandomSource _random = new(seed);
    ulong _begun;

    static ReadOnlySpan<byte> Words =>
        "the and for are but not you all any can had her was one our out "u8
        + "day get has him his how man new now old see two way who boy did "u8
        + "its let put say she too use sun sky air sea ice fog dew dry wet "u8
        + "hot low top far red big map win run fly try ask add end own few "u8;

    /// <summary>Decides for the next request of the trace.</summary>
    public PromptSource Next()
    {
        var place = _random.NextInt32(OpenConversations);
        if (_random.NextDouble() >= SharedShare || _open[place] == default)
        {
            var assistant = 1 + (ulong)_random.NextInt32(Assistants);
            _open[place] = new PromptSource(assistant, Mix(seed, Assistants + 1 + _begun++));
        }

        return _open[place];
    }

    /// <summary>Tokens of a prompt that are its assistant's instructions; the others are the conversation.</summary>
    public static int InstructionsOf(int tokens) => Math.Min(tokens, InstructionTokens);

    /// <summary>Writes the beginning of a text, so many tokens of it.</summary>
    public static void Write(IBufferWriter<byte> writer, ulong text, int tokens)
    {
        var words = Words;
        var random = new RandomSource(text);
        while (tokens > 0)
        {
            var count = Math.Min(tokens, 1024);
            var span = writer.GetSpan(count * BytesPerToken);
            for (var i = 0; i < count; i++)
            {
                var word = random.NextInt32(words.Length / BytesPerToken) * BytesPerToken;
                words.Slice(word, BytesPerToken).CopyTo(span[(i * BytesPerToken)..]);
            }

            writer.Advance(count * BytesPerToken);
            tokens -= count;
        }
    }

    static ulong Mix(ulong seed, ulong number) => new RandomSource(seed ^ (number << 20)).NextUInt64();
}
