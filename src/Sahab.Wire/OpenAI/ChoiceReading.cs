using Sahab.Wire.Json;

namespace Sahab.Wire.OpenAI;

/// <summary>Reads the value of a <c>choices</c> member, of a chunk or of a whole reply.</summary>
ref struct ChoiceReading(ReadOnlySpan<byte> document)
{
    readonly ReadOnlySpan<byte> _document = document;
    bool _hasContent;

    public int Choices { get; private set; }

    public int WithContent { get; private set; }

    public int ContentBytes { get; private set; }

    public int Finished { get; private set; }

    public FinishReason Finish { get; private set; }

    /// <summary>Whether the last value read was an array without elements.</summary>
    public bool IsEmpty { get; private set; }

    public void Read(ref JsonCursor cursor)
    {
        IsEmpty = false;
        if (cursor.Peek() != JsonKind.Array)
        {
            cursor.Skip();
            return;
        }

        IsEmpty = true;
        cursor.Enter();
        while (cursor.NextElement())
        {
            IsEmpty = false;
            Choices++;
            if (cursor.Peek() == JsonKind.Object)
            {
                ReadChoice(ref cursor);
            }
            else
            {
                cursor.Skip();
            }
        }
    }

    void ReadChoice(ref JsonCursor cursor)
    {
        _hasContent = false;
        var finish = FinishReason.None;
        cursor.Enter();
        while (cursor.NextMember(out JsonText name))
        {
            if (name.Is(_document, "delta"u8) || name.Is(_document, "message"u8))
            {
                ReadDelta(ref cursor);
            }
            else if (name.Is(_document, "text"u8))
            {
                ReadContent(ref cursor);
            }
            else if (name.Is(_document, "finish_reason"u8))
            {
                finish = ReadFinish(ref cursor);
            }
            else
            {
                cursor.Skip();
            }
        }

        WithContent += _hasContent ? 1 : 0;
        if (finish != FinishReason.None)
        {
            Finished++;
            Finish = finish;
        }
    }

    void ReadDelta(ref JsonCursor cursor)
    {
        if (cursor.Peek() != JsonKind.Object)
        {
            cursor.Skip();
            return;
        }

        cursor.Enter();
        while (cursor.NextMember(out JsonText name))
        {
            if (IsContent(name))
            {
                ReadContent(ref cursor);
            }
            else
            {
                cursor.Skip();
            }
        }
    }

    readonly bool IsContent(JsonText name)
    {
        if (name.HasEscapes)
        {
            return name.Is(_document, "content"u8) || name.Is(_document, "refusal"u8)
                || name.Is(_document, "tool_calls"u8) || name.Is(_document, "function_call"u8)
                || name.Is(_document, "reasoning"u8) || name.Is(_document, "reasoning_content"u8)
                || name.Is(_document, "reasoning_details"u8) || name.Is(_document, "audio"u8);
        }

        ReadOnlySpan<byte> raw = name.Raw(_document);
        return raw.Length switch
        {
            5 => raw.SequenceEqual("audio"u8),
            7 => raw.SequenceEqual("content"u8) || raw.SequenceEqual("refusal"u8),
            9 => raw.SequenceEqual("reasoning"u8),
            10 => raw.SequenceEqual("tool_calls"u8),
            13 => raw.SequenceEqual("function_call"u8),
            17 => raw.SequenceEqual("reasoning_content"u8) || raw.SequenceEqual("reasoning_details"u8),
            _ => false,
        };
    }

    /// <summary>Content is whatever is not null and not empty.</summary>
    void ReadContent(ref JsonCursor cursor)
    {
        int bytes;
        JsonKind kind = cursor.Peek();
        int start = cursor.Position;
        switch (kind)
        {
            case JsonKind.String:
                bytes = cursor.ReadString(out JsonText text) ? text.Length : 0;
                break;
            case JsonKind.Array:
                cursor.Enter();
                bytes = 0;
                while (cursor.NextElement())
                {
                    cursor.Skip();
                    bytes = cursor.Position - start;
                }

                break;
            case JsonKind.Object:
                cursor.Enter();
                bytes = 0;
                while (cursor.NextMember(out _))
                {
                    cursor.Skip();
                    bytes = cursor.Position - start;
                }

                break;
            default:
                bytes = cursor.Skip() && kind != JsonKind.Null ? cursor.Position - start : 0;
                break;
        }

        ContentBytes += bytes;
        _hasContent |= bytes > 0;
    }

    readonly FinishReason ReadFinish(ref JsonCursor cursor)
    {
        JsonKind kind = cursor.Peek();
        if (kind != JsonKind.String)
        {
            return cursor.Skip() && kind != JsonKind.Null ? FinishReason.Other : FinishReason.None;
        }

        if (!cursor.ReadString(out JsonText text) || text.Length == 0)
        {
            return FinishReason.None;
        }

        return text.Is(_document, "stop"u8) ? FinishReason.Stop
            : text.Is(_document, "length"u8) ? FinishReason.Length
            : text.Is(_document, "tool_calls"u8) ? FinishReason.ToolCalls
            : text.Is(_document, "content_filter"u8) ? FinishReason.ContentFilter
            : text.Is(_document, "function_call"u8) ? FinishReason.FunctionCall
            : FinishReason.Other;
    }
}
