using Sahab.Wire.Json;

namespace Sahab.Wire.OpenAI;

/// <summary>What a prompt holds: its text's share, its images, its token ids.</summary>
ref struct PromptReading(ReadOnlySpan<byte> body)
{
    readonly ReadOnlySpan<byte> _body = body;

    /// <summary>Bytes that are no prompt text: payloads, and token ids with their commas and white space.</summary>
    public int ExcludedBytes { get; private set; }

    public int TokenIds { get; private set; }

    public int Images { get; private set; }

    public bool HasAudio { get; private set; }

    public bool HasFiles { get; private set; }

    public int Prompts { get; private set; } = 1;

    public bool IsEmpty { get; private set; }

    /// <summary>The index of the element that is not as it should be.</summary>
    public int FaultIndex { get; private set; }

    /// <summary>Reads the array of messages at the cursor. False when it is empty or holds something else.</summary>
    public bool ReadMessages(ref JsonCursor cursor)
    {
        var count = 0;
        cursor.Enter();
        while (cursor.NextElement())
        {
            if (cursor.Peek() != JsonKind.Object)
            {
                FaultIndex = count;
                return false;
            }

            ReadMessage(ref cursor);
            count++;
        }

        IsEmpty = count == 0;
        return !IsEmpty;
    }

    /// <summary>
    /// Reads the array at the cursor: strings, arrays of token ids, or token ids. False when it is empty or mixed with
    /// something else.
    /// </summary>
    public bool ReadPrompts(ref JsonCursor cursor)
    {
        var texts = 0;
        var ids = 0;
        int start = cursor.Position;
        cursor.Enter();
        while (cursor.NextElement())
        {
            JsonKind kind = cursor.Peek();
            if (kind is JsonKind.Number ? texts > 0 : kind is not (JsonKind.String or JsonKind.Array) || ids > 0)
            {
                FaultIndex = texts + ids;
                return false;
            }

            if (kind == JsonKind.Number)
            {
                ids++;
                cursor.Skip();
            }
            else
            {
                texts++;
                if (kind == JsonKind.String ? !cursor.ReadString(out _) : !ReadTokenIds(ref cursor))
                {
                    FaultIndex = texts - 1;
                    return false;
                }
            }
        }

        if (ids > 0)
        {
            TokenIds += ids;
            ExcludedBytes += cursor.Position - start;
        }

        IsEmpty = texts + ids == 0;
        Prompts = Math.Max(1, texts);
        return !IsEmpty;
    }

    bool ReadTokenIds(ref JsonCursor cursor)
    {
        int start = cursor.Position;
        cursor.Enter();
        while (cursor.NextElement())
        {
            if (cursor.Peek() != JsonKind.Number)
            {
                return false;
            }

            cursor.Skip();
            TokenIds++;
        }

        ExcludedBytes += cursor.Position - start;
        return true;
    }

    void ReadMessage(ref JsonCursor cursor)
    {
        cursor.Enter();
        while (cursor.NextMember(out JsonText name))
        {
            JsonKind kind = cursor.Peek();
            if (kind == JsonKind.Array && name.Is(_body, "content"u8))
            {
                cursor.Enter();
                while (cursor.NextElement())
                {
                    ReadPart(ref cursor);
                }
            }
            else
            {
                HasAudio |= kind == JsonKind.Object && name.Is(_body, "audio"u8);
                cursor.Skip();
            }
        }
    }

    void ReadPart(ref JsonCursor cursor)
    {
        if (cursor.Peek() != JsonKind.Object)
        {
            cursor.Skip();
            return;
        }

        cursor.Enter();
        while (cursor.NextMember(out JsonText name))
        {
            if (name.Is(_body, "image_url"u8) || name.Is(_body, "video_url"u8))
            {
                Images++;
                ReadPayload(ref cursor);
            }
            else if (name.Is(_body, "input_audio"u8) || name.Is(_body, "audio_url"u8))
            {
                HasAudio = true;
                ReadPayload(ref cursor);
            }
            else if (name.Is(_body, "file"u8))
            {
                HasFiles = true;
                ReadPayload(ref cursor);
            }
            else
            {
                cursor.Skip();
            }
        }
    }

    /// <summary>Leaves out the payload: a URL, or the URL or data inside an object.</summary>
    void ReadPayload(ref JsonCursor cursor)
    {
        JsonKind kind = cursor.Peek();
        if (kind == JsonKind.String)
        {
            Exclude(ref cursor);
            return;
        }

        if (kind != JsonKind.Object)
        {
            cursor.Skip();
            return;
        }

        cursor.Enter();
        while (cursor.NextMember(out JsonText name))
        {
            bool isPayload = name.Is(_body, "url"u8) || name.Is(_body, "data"u8) || name.Is(_body, "file_data"u8);
            if (isPayload && cursor.Peek() == JsonKind.String)
            {
                Exclude(ref cursor);
            }
            else
            {
                cursor.Skip();
            }
        }
    }

    void Exclude(ref JsonCursor cursor)
    {
        if (cursor.ReadString(out JsonText payload))
        {
            ExcludedBytes += payload.Length;
        }
    }
}
