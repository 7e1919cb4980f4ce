using System.Buffers.Text;
using Sahab.Wire.Json;

namespace Sahab.Wire.OpenAI;

/// <summary>Reads the value of a <c>usage</c> member.</summary>
ref struct UsageReading
{
    const long Missing = -1;
    const long Wrong = -2;

    long _prompt;
    long _cached;
    long _cacheWritten;
    long _cacheWritten1h;
    long _output;
    long _reasoning;
    long _total;

    /// <summary>
    /// Reads the value at the cursor. Null is no usage; anything but an object is a usage that cannot be true.
    /// </summary>
    public static UsageFigures Read(ReadOnlySpan<byte> document, ref JsonCursor cursor)
    {
        JsonKind kind = cursor.Peek();
        if (kind != JsonKind.Object)
        {
            cursor.Skip();
            return new UsageFigures { Present = kind is not (JsonKind.Null or JsonKind.None) };
        }

        var reading = new UsageReading
        {
            _prompt = Missing,
            _cached = Missing,
            _cacheWritten = Missing,
            _cacheWritten1h = Missing,
            _output = Missing,
            _reasoning = Missing,
            _total = Missing,
        };
        cursor.Enter();
        while (cursor.NextMember(out JsonText name))
        {
            reading.ReadMember(document, ref cursor, name);
        }

        return reading.Conclude();
    }

    void ReadMember(ReadOnlySpan<byte> document, ref JsonCursor cursor, JsonText name)
    {
        if (name.Is(document, "prompt_tokens"u8))
        {
            _prompt = Count(document, ref cursor);
        }
        else if (name.Is(document, "completion_tokens"u8))
        {
            _output = Count(document, ref cursor);
        }
        else if (name.Is(document, "total_tokens"u8))
        {
            _total = Count(document, ref cursor);
        }
        else if (name.Is(document, "prompt_tokens_details"u8))
        {
            ReadPromptDetails(document, ref cursor);
        }
        else if (name.Is(document, "completion_tokens_details"u8))
        {
            ReadOutputDetails(document, ref cursor);
        }
        else
        {
            ReadOtherName(document, ref cursor, name);
        }
    }

    /// <summary>Images and sound have other names for the same; where both are there, the names of chat count.</summary>
    void ReadOtherName(ReadOnlySpan<byte> document, ref JsonCursor cursor, JsonText name)
    {
        if (_prompt == Missing && name.Is(document, "input_tokens"u8))
        {
            _prompt = Count(document, ref cursor);
        }
        else if (_output == Missing && name.Is(document, "output_tokens"u8))
        {
            _output = Count(document, ref cursor);
        }
        else if (_cached == Missing && name.Is(document, "input_tokens_details"u8))
        {
            ReadPromptDetails(document, ref cursor);
        }
        else
        {
            cursor.Skip();
        }
    }

    void ReadPromptDetails(ReadOnlySpan<byte> document, ref JsonCursor cursor)
    {
        if (!Enter(ref cursor, out long instead))
        {
            _cached = instead;
            return;
        }

        while (cursor.NextMember(out JsonText name))
        {
            if (name.Is(document, "cached_tokens"u8))
            {
                _cached = Count(document, ref cursor);
            }
            else if (name.Is(document, "cache_write_tokens"u8))
            {
                _cacheWritten = Count(document, ref cursor);
            }
            else if (name.Is(document, "cache_write_1h_tokens"u8))
            {
                _cacheWritten1h = Count(document, ref cursor);
            }
            else
            {
                cursor.Skip();
            }
        }
    }

    void ReadOutputDetails(ReadOnlySpan<byte> document, ref JsonCursor cursor)
    {
        if (!Enter(ref cursor, out long instead))
        {
            _reasoning = instead;
            return;
        }

        while (cursor.NextMember(out JsonText name))
        {
            if (name.Is(document, "reasoning_tokens"u8))
            {
                _reasoning = Count(document, ref cursor);
            }
            else
            {
                cursor.Skip();
            }
        }
    }

    /// <summary>Enters an object of details, or skips what stands instead of one and says what to make of it.</summary>
    static bool Enter(ref JsonCursor cursor, out long instead)
    {
        JsonKind kind = cursor.Peek();
        instead = kind == JsonKind.Null ? Missing : Wrong;
        if (kind != JsonKind.Object)
        {
            cursor.Skip();
            return false;
        }

        cursor.Enter();
        return true;
    }

    static long Count(ReadOnlySpan<byte> document, ref JsonCursor cursor)
    {
        JsonKind kind = cursor.Peek();
        int start = cursor.Position;
        if (!cursor.Skip() || kind != JsonKind.Number)
        {
            return kind == JsonKind.Null ? Missing : Wrong;
        }

        ReadOnlySpan<byte> digits = document[start..cursor.Position];
        return Utf8Parser.TryParse(digits, out long count, out int used) && used == digits.Length
            && count is >= 0 and <= UsageFigures.MaxTokens
            ? count
            : Wrong;
    }

    readonly UsageFigures Conclude()
    {
        // Embeddings state no output; a provider that leaves it out elsewhere has a total that tells.
        bool complete = _prompt >= 0 && (_output >= 0 || (_output == Missing && _total == _prompt));
        bool sane = _cached != Wrong && _cacheWritten != Wrong && _cacheWritten1h != Wrong && _reasoning != Wrong
            && _total != Wrong;
        long output = Math.Max(_output, 0);
        long cached = Math.Max(_cached, 0);
        long written = Math.Max(_cacheWritten, 0);
        return new UsageFigures
        {
            Present = true,
            Prompt = Math.Max(_prompt, 0),
            Cached = cached,
            CacheWritten = written,
            CacheWritten1h = Math.Max(_cacheWritten1h, 0),
            Output = output,
            Reasoning = Math.Max(_reasoning, 0),
            Total = Math.Max(_total, 0),
            IsConsistent = complete && sane && cached + written <= _prompt && _cacheWritten1h <= written
                && _reasoning <= output && (_total == Missing || _total == _prompt + output),
        };
    }
}
