using Sahab.Wire.Json;

namespace Sahab.Wire.OpenAI;

/// <summary>One pass over one request body.</summary>
ref partial struct RequestReading
{
    const int HashedBytes = 1_024;
    const ulong ToolsSeed = 1;
    const ulong CacheKeySeed = 2;

    readonly ReadOnlySpan<byte> _body;
    readonly ApiOperation _operation;
    readonly ref RequestFacts _facts;
    JsonCursor _cursor;
    RequestMember _seen;
    RequestRefusal _refusal;
    RequestMember _refused;
    int _refusedAt;
    ulong _promptHash;
    ulong _toolsHash;
    ulong _cacheKeyHash;
    long _maxTokens;
    long _maxCompletionTokens;

    public RequestReading(ReadOnlySpan<byte> body, ApiOperation operation, ref RequestFacts facts)
    {
        _body = body;
        _operation = operation;
        _facts = ref facts;
        _cursor = new JsonCursor(body);
    }

    public bool Run()
    {
        if (_cursor.Peek() != JsonKind.Object)
        {
            return !_cursor.Failed && Refuse(RequestRefusal.NotAnObject, RequestMember.None);
        }

        _cursor.Enter();
        var cutFirstTier = false;
        while (_refusal == RequestRefusal.None && _cursor.NextMember(out JsonText name))
        {
            if (cutFirstTier)
            {
                // It came first, so it is the comma after it that goes with it.
                _facts.TierLength = _cursor.Comma + 1 - _facts.TierStart;
                cutFirstTier = false;
            }

            RequestMember member = RequestMembers.Find(_body, name, _operation);
            if (member == RequestMember.None)
            {
                _cursor.Skip();
                continue;
            }

            if ((_seen & member) != 0)
            {
                return Refuse(RequestRefusal.Duplicate, member);
            }

            _seen |= member;
            int comma = _cursor.Comma;
            Read(member);
            if (member == RequestMember.ServiceTier)
            {
                cutFirstTier = comma < 0;
                _facts.TierStart = cutFirstTier ? name.Start - 1 : comma;
                _facts.TierLength = _cursor.Position - _facts.TierStart;
            }
        }

        if (_refusal != RequestRefusal.None)
        {
            return false;
        }

        _facts.ObjectEnd = _cursor.Position - 1;
        return _cursor.End() && Conclude();
    }

    public readonly RequestFault DescribeFault() => _refusal == RequestRefusal.None
        ? RequestFaults.NotJson(_body, _cursor.Fault, _cursor.FaultAt)
        : RequestFaults.Describe(_body, _refusal, _refused, _refusedAt);

    void Read(RequestMember member)
    {
        switch (member)
        {
            case RequestMember.Model:
                ReadModel();
                break;
            case RequestMember.Messages or RequestMember.Prompt or RequestMember.Input:
                ReadPrompt(member);
                break;
            case RequestMember.Stream:
                _facts.Stream = ReadFlag(member);
                break;
            case RequestMember.StreamOptions:
                ReadStreamOptions();
                break;
            case RequestMember.N:
                _facts.N = (int)ReadInteger(member, least: 1, most: RequestFacts.MaxChoices, absent: 1);
                break;
            case RequestMember.BestOf:
                _facts.BestOf = (int)ReadInteger(member, least: 1, most: RequestFacts.MaxChoices, absent: 1);
                break;
            case RequestMember.MaxTokens:
                int least = _operation == ApiOperation.Completions ? 0 : 1;
                _maxTokens = ReadInteger(member, least, most: int.MaxValue, absent: 0);
                break;
            case RequestMember.MaxCompletionTokens:
                _maxCompletionTokens = ReadInteger(member, least: 1, most: int.MaxValue, absent: 0);
                break;
            case RequestMember.Tools or RequestMember.Functions:
                ReadTools(member);
                break;
            case RequestMember.ResponseFormat:
                ReadResponseFormat();
                break;
            case RequestMember.Logprobs or RequestMember.TopLogprobs:
                ReadLogprobs(member);
                break;
            case RequestMember.Modalities or RequestMember.Audio:
                ReadAudio(member);
                break;
            case RequestMember.PromptCacheKey:
                ReadCacheKey();
                break;
            case RequestMember.IgnoreEos:
                _facts.IgnoreEos = ReadFlag(member);
                break;
            default:
                ReadChoice(member);
                break;
        }
    }

    bool Conclude()
    {
        RequestMember prompt = RequestMembers.PromptOf(_operation);
        if ((_seen & RequestMember.Model) == 0)
        {
            return Refuse(RequestRefusal.Missing, RequestMember.Model);
        }

        if ((_seen & prompt) == 0)
        {
            return Refuse(RequestRefusal.Missing, prompt);
        }

        if (_facts is { HasStreamOptions: true, Stream: false })
        {
            return Refuse(RequestRefusal.OnlyWhenStreaming, RequestMember.StreamOptions);
        }

        if ((_seen & RequestMember.BestOf) != 0 && _facts.BestOf < _facts.N)
        {
            return RefuseAt(RequestRefusal.TooSmall, RequestMember.BestOf, _facts.N);
        }

        _facts.BestOf = Math.Max(_facts.BestOf, _facts.N);
        _facts.MaxOutputTokens = _maxCompletionTokens > 0 ? _maxCompletionTokens : _maxTokens;
        if (_operation != ApiOperation.Embeddings)
        {
            ulong hash = StableHash.Mix(_promptHash, _toolsHash, _cacheKeyHash);
            _facts.PrefixHash = hash == 0 ? 1 : hash;
        }

        return true;
    }

    /// <summary>
    /// Refuses the value for its type, unless the value is not JSON at all, which is the better message.
    /// </summary>
    void WrongType(RequestMember member)
    {
        int at = _cursor.Position;
        if (_cursor.Skip())
        {
            RefuseAt(RequestRefusal.WrongType, member, at);
        }
    }

    bool Refuse(RequestRefusal refusal, RequestMember member) => RefuseAt(refusal, member, 0);

    bool RefuseAt(RequestRefusal refusal, RequestMember member, int at)
    {
        if (_refusal == RequestRefusal.None)
        {
            (_refusal, _refused, _refusedAt) = (refusal, member, at);
        }

        return false;
    }
}
