using System.Buffers.Text;
using Sahab.Wire.Json;

namespace Sahab.Wire.OpenAI;

/// <summary>What a chunk goes on with.</summary>
[Flags]
public enum DeltaKind : byte
{
    /// <summary>More than one text, or something else.</summary>
    None = 0,

    /// <summary>The answer's text.</summary>
    Text = 1,

    /// <summary>The text of the model's reasoning.</summary>
    Reasoning = 2,

    /// <summary>The arguments of a tool call.</summary>
    Arguments = 4,
}

/// <summary>
/// A chunk that only goes on with one text of the first choice, as almost all do, read in one pass and without a copy.
/// Whatever else a chunk may be is left to those who read chunks of every kind (<see cref="ChunkReader"/>).
/// </summary>
public struct PlainDelta
{
    bool _hasChoices;
    bool _hasDelta;
    bool _hasCall;
    DeltaKind _seen;
    int _contentBytes;

    /// <summary>What it goes on with.</summary>
    public DeltaKind Kind { get; private set; }

    /// <summary>Where the text is as a JSON string, quotes included. It has at least one letter, and is Unicode.</summary>
    public Range Text { get; private set; }

    /// <summary>Which tool call the arguments belong to.</summary>
    public int Call { get; private set; }

    /// <summary>Where the value of <c>usage</c> is, an object; empty where there is none.</summary>
    public Range Usage { get; private set; }

    /// <summary>Where the value of <c>service_tier</c> is; empty where there is none.</summary>
    public Range Tier { get; private set; }

    /// <summary>Reads the data of one event.</summary>
    /// <param name="chunk">The data.</param>
    /// <param name="found">What was found; to be used only where it is such a chunk.</param>
    /// <returns>False for anything but valid JSON of such a chunk.</returns>
    public static bool TryRead(ReadOnlySpan<byte> chunk, out PlainDelta found)
    {
        found = default;
        var cursor = new JsonCursor(chunk);
        if (cursor.Peek() != JsonKind.Object)
        {
            return false;
        }

        cursor.Enter();
        while (cursor.NextMember(out JsonText name))
        {
            if (!found.TryTakeMember(ref cursor, chunk, name))
            {
                return false;
            }
        }

        return cursor.End() && found.Kind != DeltaKind.None && JsonSlice.IsUnicodeText(chunk[found.Text]);
    }

    /// <summary>What <see cref="ChunkReader"/> says of the chunk, but for where its <c>usage</c> can be cut out.</summary>
    public readonly ChunkFacts Facts(ReadOnlySpan<byte> chunk)
    {
        ReadOnlySpan<byte> usage = chunk[Usage];
        var cursor = new JsonCursor(usage);
        return new ChunkFacts
        {
            ContentDeltas = 1,
            ContentBytes = _contentBytes,
            Usage = usage.IsEmpty ? default : UsageReading.Read(usage, ref cursor),
        };
    }

    bool TryTakeMember(ref JsonCursor cursor, ReadOnlySpan<byte> chunk, JsonText name)
    {
        if (name.Is(chunk, "choices"u8))
        {
            bool isFirst = !_hasChoices;
            _hasChoices = true;
            return isFirst && TryTakeChoices(ref cursor, chunk);
        }

        if (name.Is(chunk, "usage"u8))
        {
            if (cursor.Peek() == JsonKind.Object && Usage.Equals(default))
            {
                Usage = cursor.TakeValue();
                return true;
            }

            return TryTakeNull(ref cursor);
        }

        if (name.Is(chunk, "service_tier"u8))
        {
            bool isFirst = Tier.Equals(default);
            Tier = cursor.TakeValue();
            return isFirst;
        }

        if (name.Is(chunk, "object"u8))
        {
            return chunk[cursor.TakeValue()].SequenceEqual("\"chat.completion.chunk\""u8);
        }

        return name.Is(chunk, "error"u8) ? TryTakeNull(ref cursor) : cursor.Skip();
    }

    bool TryTakeChoices(ref JsonCursor cursor, ReadOnlySpan<byte> chunk)
    {
        if (cursor.Peek() != JsonKind.Array || !cursor.Enter() || !cursor.NextElement()
            || cursor.Peek() != JsonKind.Object || !cursor.Enter())
        {
            return false;
        }

        while (cursor.NextMember(out JsonText name))
        {
            if (!TryTakeChoiceMember(ref cursor, chunk, name))
            {
                return false;
            }
        }

        return !cursor.NextElement();
    }

    bool TryTakeChoiceMember(ref JsonCursor cursor, ReadOnlySpan<byte> chunk, JsonText name)
    {
        if (name.Is(chunk, "delta"u8))
        {
            bool isFirst = !_hasDelta;
            _hasDelta = true;
            return isFirst && TryTakeDelta(ref cursor, chunk);
        }

        if (name.Is(chunk, "index"u8))
        {
            return chunk[cursor.TakeValue()].SequenceEqual("0"u8);
        }

        return name.Is(chunk, "finish_reason"u8) || name.Is(chunk, "stop_reason"u8) || name.Is(chunk, "logprobs"u8)
            || name.Is(chunk, "text"u8) || name.Is(chunk, "message"u8)
            ? TryTakeNull(ref cursor)
            : cursor.Skip();
    }

    bool TryTakeDelta(ref JsonCursor cursor, ReadOnlySpan<byte> chunk)
    {
        if (cursor.Peek() != JsonKind.Object || !cursor.Enter())
        {
            return false;
        }

        while (cursor.NextMember(out JsonText name))
        {
            if (!TryTakeDeltaMember(ref cursor, chunk, name))
            {
                return false;
            }
        }

        return true;
    }

    bool TryTakeDeltaMember(ref JsonCursor cursor, ReadOnlySpan<byte> chunk, JsonText name)
    {
        if (name.Is(chunk, "content"u8))
        {
            return TryTakeText(ref cursor, DeltaKind.Text);
        }

        if (name.Is(chunk, "reasoning_content"u8) || name.Is(chunk, "reasoning"u8))
        {
            return TryTakeText(ref cursor, DeltaKind.Reasoning);
        }

        if (name.Is(chunk, "tool_calls"u8))
        {
            return cursor.Peek() == JsonKind.Null ? cursor.Skip() : TryTakeCalls(ref cursor, chunk);
        }

        return IsOtherContent(chunk, name) ? TryTakeNull(ref cursor) : cursor.Skip();
    }

    static bool IsOtherContent(ReadOnlySpan<byte> chunk, JsonText name) =>
        name.Is(chunk, "refusal"u8) || name.Is(chunk, "thinking_blocks"u8) || name.Is(chunk, "function_call"u8)
        || name.Is(chunk, "audio"u8) || name.Is(chunk, "reasoning_details"u8);

    /// <summary>One kind of text, once: what comes of several has an order that is not told here.</summary>
    bool TryTakeText(ref JsonCursor cursor, DeltaKind kind)
    {
        if (cursor.Peek() != JsonKind.String)
        {
            return TryTakeNull(ref cursor);
        }

        bool isFirst = (_seen & kind) == 0;
        _seen |= kind;
        Range text = cursor.TakeValue();
        if (text.End.Value - text.Start.Value <= JsonSlice.EmptyText)
        {
            return isFirst && !cursor.Failed;
        }

        bool isOnly = Kind == DeltaKind.None;
        (Kind, Text, _contentBytes) = (kind, text, text.End.Value - text.Start.Value - JsonSlice.EmptyText);
        return isFirst && isOnly;
    }

    /// <summary>No call, or one with nothing new but arguments.</summary>
    bool TryTakeCalls(ref JsonCursor cursor, ReadOnlySpan<byte> chunk)
    {
        if (cursor.Peek() != JsonKind.Array)
        {
            return false;
        }

        int start = cursor.Position;
        cursor.Enter();
        if (!cursor.NextElement())
        {
            return true;
        }

        if (cursor.Peek() != JsonKind.Object || !cursor.Enter())
        {
            return false;
        }

        while (cursor.NextMember(out JsonText name))
        {
            bool isTaken = name.Is(chunk, "index"u8) ? !_hasCall && TryTakeCall(ref cursor, chunk)
                : name.Is(chunk, "function"u8) ? TryTakeFunction(ref cursor, chunk)
                : name.Is(chunk, "type"u8) ? cursor.Skip()
                : TryTakeNull(ref cursor);
            if (!isTaken)
            {
                return false;
            }
        }

        _contentBytes = cursor.Position - start;
        return _hasCall && !cursor.NextElement();
    }

    bool TryTakeCall(ref JsonCursor cursor, ReadOnlySpan<byte> chunk)
    {
        ReadOnlySpan<byte> digits = chunk[cursor.TakeValue()];
        _hasCall = Utf8Parser.TryParse(digits, out int call, out int used) && used == digits.Length && call >= 0;
        Call = call;
        return _hasCall;
    }

    bool TryTakeFunction(ref JsonCursor cursor, ReadOnlySpan<byte> chunk)
    {
        if (cursor.Peek() != JsonKind.Object || !cursor.Enter())
        {
            return false;
        }

        while (cursor.NextMember(out JsonText name))
        {
            bool isTaken = name.Is(chunk, "arguments"u8)
                ? TryTakeText(ref cursor, DeltaKind.Arguments)
                : TryTakeNull(ref cursor);
            if (!isTaken)
            {
                return false;
            }
        }

        return true;
    }

    static bool TryTakeNull(ref JsonCursor cursor) => cursor.Peek() == JsonKind.Null && cursor.Skip();
}
