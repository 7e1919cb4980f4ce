using System.Buffers.Text;
using Sahab.Wire.Json;

namespace Sahab.Wire.OpenAI;

/// <content>How the value of each member is read.</content>
ref partial struct RequestReading
{
    void ReadModel()
    {
        if (_cursor.Peek() != JsonKind.String)
        {
            WrongType(RequestMember.Model);
            return;
        }

        _facts.ModelStart = _cursor.Position;
        if (!_cursor.ReadString(out JsonText text))
        {
            return;
        }

        _facts.ModelLength = text.Length + 2;
        _facts.ModelHasEscapes = text.HasEscapes;
        if (text.Length == 0)
        {
            Refuse(RequestRefusal.Empty, RequestMember.Model);
        }
        else if (text.HasEscapes ? !IsModelName(text) : text.Length > RequestFacts.MaxModelBytes)
        {
            Refuse(RequestRefusal.BadModelName, RequestMember.Model);
        }
    }

    readonly bool IsModelName(JsonText text)
    {
        Span<byte> name = stackalloc byte[RequestFacts.MaxModelBytes];
        return text.TryUnescape(_body, name, out _);
    }

    void ReadPrompt(RequestMember member)
    {
        JsonKind kind = _cursor.Peek();
        int start = _cursor.Position;
        var prompt = new PromptReading(_body);
        bool good = (member, kind) switch
        {
            (RequestMember.Messages, JsonKind.Array) => prompt.ReadMessages(ref _cursor),
            (not RequestMember.Messages, JsonKind.Array) => prompt.ReadPrompts(ref _cursor),
            (not RequestMember.Messages, JsonKind.String) => _cursor.Skip(),
            _ => false,
        };
        if (_cursor.Failed)
        {
            return;
        }

        if (!good)
        {
            if (kind is JsonKind.Array)
            {
                RequestRefusal refusal = prompt.IsEmpty ? RequestRefusal.Empty : RequestRefusal.WrongElement;
                RefuseAt(refusal, member, prompt.FaultIndex);
            }
            else
            {
                WrongType(member);
            }

            return;
        }

        int length = _cursor.Position - start;
        _facts.PromptBytes += length - prompt.ExcludedBytes;
        _facts.PromptTokenIds = prompt.TokenIds;
        _facts.PromptCount = prompt.Prompts;
        _facts.ImageCount = prompt.Images;
        _facts.HasImages = prompt.Images > 0;
        _facts.HasAudio |= prompt.HasAudio;
        _facts.HasFiles = prompt.HasFiles;
        _promptHash = StableHash.Compute(_body.Slice(start, Math.Min(length, HashedBytes)), 0);
    }

    void ReadStreamOptions()
    {
        JsonKind kind = _cursor.Peek();
        _facts.StreamOptionsStart = _cursor.Position;
        if (kind == JsonKind.Object)
        {
            _facts.HasStreamOptions = true;
            _facts.StreamOptionsEmpty = true;
            _cursor.Enter();
            while (_refusal == RequestRefusal.None && _cursor.NextMember(out JsonText name))
            {
                _facts.StreamOptionsEmpty = false;
                ReadStreamOption(name);
            }
        }
        else if (kind == JsonKind.Null)
        {
            _cursor.Skip();
        }
        else
        {
            WrongType(RequestMember.StreamOptions);
        }

        _facts.StreamOptionsLength = _cursor.Position - _facts.StreamOptionsStart;
    }

    void ReadStreamOption(JsonText name)
    {
        RequestMember member = name.Is(_body, "include_usage"u8) ? RequestMember.IncludeUsage
            : name.Is(_body, "continuous_usage_stats"u8) ? RequestMember.RunningUsage
            : RequestMember.None;
        if (member == RequestMember.None)
        {
            _cursor.Skip();
            return;
        }

        if ((_seen & member) != 0)
        {
            Refuse(RequestRefusal.Duplicate, member);
            return;
        }

        _seen |= member;
        _cursor.Peek();
        int start = _cursor.Position;
        bool wanted = ReadFlag(member);
        int length = _cursor.Position - start;
        if (member == RequestMember.IncludeUsage)
        {
            (_facts.IncludeUsage, _facts.IncludeUsageStart, _facts.IncludeUsageLength) = (wanted, start, length);
        }
        else
        {
            (_facts.RunningUsage, _facts.RunningUsageStart, _facts.RunningUsageLength) = (wanted, start, length);
        }
    }

    void ReadTools(RequestMember member)
    {
        JsonKind kind = _cursor.Peek();
        if (kind == JsonKind.Null)
        {
            _cursor.Skip();
            return;
        }

        if (kind != JsonKind.Array)
        {
            WrongType(member);
            return;
        }

        int start = _cursor.Position;
        _cursor.Enter();
        while (_cursor.NextElement())
        {
            _facts.HasTools = true;
            _cursor.Skip();
        }

        int length = _cursor.Position - start;
        _facts.PromptBytes += length;
        _toolsHash ^= StableHash.Compute(_body.Slice(start, Math.Min(length, HashedBytes)), ToolsSeed + (ulong)member);
    }

    void ReadResponseFormat()
    {
        JsonKind kind = _cursor.Peek();
        if (kind == JsonKind.Null)
        {
            _cursor.Skip();
            return;
        }

        if (kind != JsonKind.Object)
        {
            WrongType(RequestMember.ResponseFormat);
            return;
        }

        _cursor.Enter();
        while (_cursor.NextMember(out JsonText name))
        {
            if (name.Is(_body, "type"u8) && _cursor.Peek() == JsonKind.String && _cursor.ReadString(out JsonText type))
            {
                _facts.Format = type.Is(_body, "json_schema"u8) ? AnswerFormat.JsonSchema
                    : type.Is(_body, "json_object"u8) ? AnswerFormat.JsonObject
                    : AnswerFormat.Text;
            }
            else
            {
                _cursor.Skip();
            }
        }
    }

    void ReadLogprobs(RequestMember member)
    {
        JsonKind kind = _cursor.Peek();
        if (member == RequestMember.Logprobs && _operation == ApiOperation.ChatCompletions)
        {
            _facts.Logprobs |= ReadFlag(member);
            return;
        }

        // In /completions `logprobs` is a count, and 0 of them still means the probability of the chosen token.
        long count = ReadInteger(member, least: 0, most: int.MaxValue, absent: 0);
        _facts.Logprobs |= count > 0 || (member == RequestMember.Logprobs && kind == JsonKind.Number);
    }

    void ReadAudio(RequestMember member)
    {
        JsonKind kind = _cursor.Peek();
        if (member == RequestMember.Audio)
        {
            _facts.HasAudio |= kind != JsonKind.Null;
            _cursor.Skip();
            return;
        }

        if (kind == JsonKind.Null)
        {
            _cursor.Skip();
            return;
        }

        if (kind != JsonKind.Array)
        {
            WrongType(member);
            return;
        }

        _cursor.Enter();
        while (_cursor.NextElement())
        {
            if (_cursor.Peek() == JsonKind.String && _cursor.ReadString(out JsonText text))
            {
                _facts.HasAudio |= text.Is(_body, "audio"u8);
            }
            else
            {
                _cursor.Skip();
            }
        }
    }

    void ReadCacheKey()
    {
        JsonKind kind = _cursor.Peek();
        if (kind == JsonKind.Null)
        {
            _cursor.Skip();
        }
        else if (kind != JsonKind.String)
        {
            WrongType(RequestMember.PromptCacheKey);
        }
        else if (_cursor.ReadString(out JsonText key))
        {
            _cacheKeyHash = StableHash.Compute(key.Raw(_body), CacheKeySeed);
        }
    }

    void ReadChoice(RequestMember member)
    {
        JsonKind kind = _cursor.Peek();
        if (kind == JsonKind.Null)
        {
            _cursor.Skip();
            return;
        }

        if (kind != JsonKind.String)
        {
            WrongType(member);
            return;
        }

        if (!_cursor.ReadString(out JsonText text))
        {
            return;
        }

        bool known = member == RequestMember.ServiceTier
            ? (_facts.Tier = RequestMembers.Tier(_body, text)) != RequestTier.Absent
            : (_facts.Encoding = RequestMembers.Encoding(_body, text)) != EmbeddingEncoding.Absent;
        if (!known)
        {
            Refuse(RequestRefusal.UnknownValue, member);
        }
    }

    bool ReadFlag(RequestMember member)
    {
        JsonKind kind = _cursor.Peek();
        if (kind is not (JsonKind.True or JsonKind.False or JsonKind.Null))
        {
            WrongType(member);
            return false;
        }

        _cursor.Skip();
        return kind == JsonKind.True;
    }

    long ReadInteger(RequestMember member, long least, long most, long absent)
    {
        JsonKind kind = _cursor.Peek();
        int start = _cursor.Position;
        if (kind is not (JsonKind.Number or JsonKind.Null))
        {
            WrongType(member);
            return absent;
        }

        _cursor.Skip();
        if (kind == JsonKind.Null || _cursor.Failed)
        {
            return absent;
        }

        ReadOnlySpan<byte> digits = _body[start.._cursor.Position];
        if (digits.ContainsAny((byte)'.', (byte)'e', (byte)'E'))
        {
            Refuse(RequestRefusal.NotAnInteger, member);
            return absent;
        }

        // What does not fit 64 bits is out of every range on the side of its sign.
        bool fits = Utf8Parser.TryParse(digits, out long value, out int used) && used == digits.Length;
        if (!fits)
        {
            value = digits[0] == (byte)'-' ? long.MinValue : long.MaxValue;
        }

        if (value < least || value > most)
        {
            bool isSmall = value < least;
            RequestRefusal refusal = isSmall ? RequestRefusal.TooSmall : RequestRefusal.TooLarge;
            RefuseAt(refusal, member, (int)(isSmall ? least : most));
            return absent;
        }

        return value;
    }
}
