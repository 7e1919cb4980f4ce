using System.Buffers.Text;
using Sahab.Wire.Json;

namespace Sahab.Wire.OpenAI;

/// <summary>What a chunk goes on with.</summary>
[Flags]
enum DeltaKind : byte
{
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
/// Whatever else a chunk may be is left to those who read chunks of every kind.
/// </summary>
struct PlainDelta
{
    bool _hasChoices;
    bool _hasDelta;
    bool _hasCall;
    DeltaKind _seen;

    public DeltaKind Kind { get; private set; }

    /// <summary>Where the text is as a JSON string, quotes included. It has at least one letter, and is Unicode.</summary>
    public Range Text { get; private set; }

    /// <summary>Which tool call the arguments belong to.</summary>
    public int Call { get; private set; }

    /// <summary>Where the value of <c>usage</c> is, an object; empty where there is none.</summary>
    public Range Usage { get; private set; }

    /// <summary>Where the value of <c>service_tier</c> is; empty where there is none.</summary>
    public Range Tier { get; private set; }

    /// <summary>False for anything but valid JSON of such a chunk.</summary>
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

        return cursor.Skip();
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

        return name.Is(chunk, "refusal"u8) || name.Is(chunk, "thinking_blocks"u8)
            ? TryTakeNull(ref cursor)
            : cursor.Skip();
    }

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
        (Kind, Text) = (kind, text);
        return isFirst && isOnly;
    }

    /// <summary>Exactly one call, with nothing new but arguments.</summary>
    bool TryTakeCalls(ref JsonCursor cursor, ReadOnlySpan<byte> chunk)
    {
        if (cursor.Peek() != JsonKind.Array || !cursor.Enter() || !cursor.NextElement()
            || cursor.Peek() != JsonKind.Object || !cursor.Enter())
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
