using Sahab.Wire.Json;

namespace Sahab.Wire.Gemini;

/// <summary>
/// An event that only goes on with the text of the first candidate, as almost all do, read in one pass and without a
/// copy. Whatever else an event may be is left to the reader of documents.
/// </summary>
struct GeminiTextEvent
{
    bool _hasCandidates;

    bool _hasText;

    /// <summary>Where the text is as a JSON string, its quotes included.</summary>
    public Range Text { get; private set; }

    /// <summary>Where the value of <c>usageMetadata</c> is; empty where there is none.</summary>
    public Range Usage { get; private set; }

    /// <summary>Where the value of <c>responseId</c> is; empty where there is none.</summary>
    public Range ResponseId { get; private set; }

    /// <summary>False for anything but valid JSON of such an event.</summary>
    public static bool TryRead(ReadOnlySpan<byte> data, out GeminiTextEvent found)
    {
        found = default;
        var cursor = new JsonCursor(data);
        if (cursor.Peek() != JsonKind.Object)
        {
            return false;
        }

        cursor.Enter();
        while (cursor.NextMember(out JsonText name))
        {
            if (!found.TryTakeMember(ref cursor, data, name))
            {
                return false;
            }
        }

        return cursor.End() && JsonSlice.IsUnicodeText(data[found.Text]);
    }

    bool TryTakeMember(ref JsonCursor cursor, ReadOnlySpan<byte> data, JsonText name)
    {
        if (name.Is(data, "candidates"u8))
        {
            bool isFirst = !_hasCandidates;
            _hasCandidates = true;
            return isFirst && TryTakeCandidates(ref cursor, data);
        }

        if (name.Is(data, "usageMetadata"u8))
        {
            Usage = cursor.TakeValue();
            return true;
        }

        if (name.Is(data, "responseId"u8))
        {
            ResponseId = cursor.TakeValue();
            return true;
        }

        return !name.Is(data, "error"u8) && !name.Is(data, "promptFeedback"u8) && cursor.Skip();
    }

    bool TryTakeCandidates(ref JsonCursor cursor, ReadOnlySpan<byte> data)
    {
        if (cursor.Peek() != JsonKind.Array || !cursor.Enter() || !cursor.NextElement()
            || cursor.Peek() != JsonKind.Object || !cursor.Enter())
        {
            return false;
        }

        while (cursor.NextMember(out JsonText name))
        {
            if (name.Is(data, "content"u8))
            {
                if (_hasText || !TryTakeContent(ref cursor, data))
                {
                    return false;
                }
            }
            else if (name.Is(data, "index"u8))
            {
                if (!data[cursor.TakeValue()].SequenceEqual("0"u8))
                {
                    return false;
                }
            }
            else if (name.Is(data, "finishReason"u8) || name.Is(data, "logprobsResult"u8) || !cursor.Skip())
            {
                return false;
            }
        }

        return !cursor.NextElement();
    }

    bool TryTakeContent(ref JsonCursor cursor, ReadOnlySpan<byte> data)
    {
        if (cursor.Peek() != JsonKind.Object || !cursor.Enter())
        {
            return false;
        }

        while (cursor.NextMember(out JsonText name))
        {
            bool isTaken = name.Is(data, "parts"u8)
                ? !_hasText && TryTakeParts(ref cursor, data)
                : cursor.Skip();
            if (!isTaken)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Exactly one part, with nothing but text.</summary>
    bool TryTakeParts(ref JsonCursor cursor, ReadOnlySpan<byte> data)
    {
        if (cursor.Peek() != JsonKind.Array || !cursor.Enter() || !cursor.NextElement()
            || cursor.Peek() != JsonKind.Object || !cursor.Enter()
            || !cursor.NextMember(out JsonText name) || !name.Is(data, "text"u8))
        {
            return false;
        }

        Text = cursor.TakeValue();
        _hasText = true;
        return !cursor.NextMember(out _) && !cursor.NextElement();
    }
}
