using System.Buffers;
using System.Text.Json;
using Sahab.Wire.Json;
using Sahab.Wire.Sse;
using Sahab.Wire.Translation;

namespace Sahab.Wire.Gemini;

/// <summary>
/// Puts the events of <c>streamGenerateContent?alt=sse</c> into OpenAI's. They have no end mark: the stream has ended
/// well when it ends where an event does and every candidate has said why it finished.
/// </summary>
sealed class GeminiStream : IStreamTranslation
{
    readonly AnswerTerms _terms;
    readonly ChunkWriter _chunks;
    readonly Candidate[] _candidates;
    SseScanner _scanner = new(SseScanner.DefaultMaxEventBytes);
    byte[] _buffer = ArrayPool<byte>.Shared.Rent(4 * 1024);
    int _start, _end;
    AnswerUsage? _usage;
    /// <summary>The usage that was told last, as it came: it is told with every event, and only the last one counts.</summary>
    readonly ArrayBufferWriter<byte> _unread = new();
    bool _blocked;
    bool _failed;

    public GeminiStream(in AnswerTerms terms)
    {
        _terms = terms;
        _chunks = new ChunkWriter(terms);
        _candidates = new Candidate[terms.Choices];
    }

    public string? RequestId { get; private set; }

    public bool Take(ReadOnlySpan<byte> bytes, IBufferWriter<byte> output)
    {
        Append(bytes);
        while (true)
        {
            switch (_scanner.Read(_buffer.AsSpan(_start, _end - _start), out SseEvent found))
            {
                case SseStatus.NeedMore:
                    return true;
                case SseStatus.Event:
                    if (!TakeEvent(found, output))
                    {
                        return false;
                    }

                    _start += found.Length;
                    break;
                default:
                    return false;
            }
        }
    }

    public bool Complete(IBufferWriter<byte> output)
    {
        ReadOnlySpan<byte> rest = _buffer.AsSpan(_start, _end - _start);
        switch (_scanner.Finish(rest, out SseEvent last))
        {
            case SseStatus.End:
                break;
            case SseStatus.Event when TakeEvent(last, output):
                break;
            case SseStatus.Truncated when TryTakeBareError(rest, output):
                return true;
            default:
                return false;
        }

        return _failed || TryEnd(output);
    }

    public void Dispose()
    {
        _chunks.Dispose();
        byte[] buffer = _buffer;
        _buffer = [];
        if (buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>The ends are written here and not as they come: what follows may still be a call, or the usage.</summary>
    bool TryEnd(IBufferWriter<byte> output)
    {
        bool any = false;
        for (int i = 0; i < _candidates.Length; i++)
        {
            ref Candidate candidate = ref _candidates[i];
            string? reason = candidate.Reason ?? (_blocked ? "SAFETY" : null);
            if (!candidate.Seen && reason is null)
            {
                continue;
            }

            if (reason is null)
            {
                return false;
            }

            any = true;
            _chunks.Finish(output, GeminiCandidates.FinishOf(reason, candidate.Calls > 0), i);
        }

        if (!any || !TryReadUsage())
        {
            return false;
        }

        if (_usage is { } usage)
        {
            _chunks.Usage(output, usage);
        }

        ChunkWriter.Done(output);
        return true;
    }

    void Append(ReadOnlySpan<byte> bytes)
    {
        int kept = _end - _start;
        if (_end + bytes.Length > _buffer.Length)
        {
            byte[] old = _buffer;
            // The scanner refuses an event longer than its limit, so this cannot grow without end.
            byte[] roomy = kept + bytes.Length > old.Length ? ArrayPool<byte>.Shared.Rent((kept + bytes.Length) * 2) : old;
            old.AsSpan(_start, kept).CopyTo(roomy);
            (_start, _end) = (0, kept);
            if (roomy != old)
            {
                _buffer = roomy;
                ArrayPool<byte>.Shared.Return(old);
            }
        }

        bytes.CopyTo(_buffer.AsSpan(_end));
        _end += bytes.Length;
    }

    bool TakeEvent(in SseEvent found, IBufferWriter<byte> output)
    {
        ReadOnlySpan<byte> whole = _buffer.AsSpan(_start, found.Length);
        if (!found.HasData && TryTakeBareError(whole, output))
        {
            return true;
        }

        if (!IsClean(whole))
        {
            return false;
        }

        if (!found.HasData)
        {
            return true;
        }

        if (!found.IsSplit)
        {
            return TakeData(_buffer.AsMemory(_start + found.DataStart, found.DataLength), output);
        }

        byte[] joined = new byte[found.DataLength];
        found.CopyData(whole, joined);
        return TakeData(joined, output);
    }

    bool TakeData(ReadOnlyMemory<byte> data, IBufferWriter<byte> output)
    {
        if (GeminiTextEvent.TryRead(data.Span, out GeminiTextEvent text))
        {
            TakeText(data.Span, text, output);
            return true;
        }

        try
        {
            using var document = JsonDocument.Parse(data, new JsonDocumentOptions { MaxDepth = GeminiJson.ReaderOptions.MaxDepth });
            JsonElement root = document.RootElement;
            if (GeminiCandidates.IsError(root))
            {
                Fail(data.Span, output);
                return true;
            }

            RequestId ??= GeminiJson.FindText(root, "responseId"u8);
            if (GeminiCandidates.ReadUsage(root) is { } usage)
            {
                _usage = usage;
                _unread.ResetWrittenCount();
            }

            _blocked |= GeminiCandidates.IsBlocked(root);
            return GeminiJson.Find(root, "candidates"u8) is { } candidates
                ? TakeAll(candidates, output)
                : _blocked || GeminiJson.Find(root, "usageMetadata"u8) is not null;
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    void TakeText(ReadOnlySpan<byte> data, in GeminiTextEvent text, IBufferWriter<byte> output)
    {
        RequestId ??= JsonSlice.Text(data[text.ResponseId]);
        ReadOnlySpan<byte> usage = data[text.Usage];
        if (usage.IndexOf("\"promptTokenCount\""u8) >= 0)
        {
            _unread.ResetWrittenCount();
            _unread.Write(usage);
        }

        _candidates[0].Seen = true;
        _chunks.ContentJson(output, data[text.Text]);
    }

    /// <summary>False where the usage that was told last is none.</summary>
    bool TryReadUsage()
    {
        if (_unread.WrittenCount == 0)
        {
            return true;
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(_unread.WrittenMemory);
            _usage = GeminiCandidates.UsageOf(document.RootElement) ?? _usage;
            return true;
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    bool TakeAll(JsonElement candidates, IBufferWriter<byte> output)
    {
        int position = 0;
        foreach (JsonElement candidate in candidates.EnumerateArray())
        {
            int index = GeminiJson.Find(candidate, "index"u8) is { } given ? (int)GeminiJson.Count(candidate, "index"u8) : position;
            if ((uint)index >= (uint)_candidates.Length)
            {
                return false;
            }

            Take(candidate, index, output);
            position++;
        }

        return true;
    }

    void Take(JsonElement candidate, int index, IBufferWriter<byte> output)
    {
        ref Candidate state = ref _candidates[index];
        state.Seen = true;
        JsonElement? logprobs = GeminiJson.Find(candidate, "logprobsResult"u8);
        foreach (JsonElement part in GeminiCandidates.PartsOf(candidate))
        {
            switch (GeminiCandidates.KindOf(part, out string text))
            {
                case GeminiPartKind.Text when logprobs is { } told:
                    _chunks.Content(output, text, GeminiLogprobs.Write(told).WrittenSpan, index);
                    // They are told once for all parts of the event.
                    logprobs = null;
                    break;
                case GeminiPartKind.Text:
                    _chunks.Content(output, text, index);
                    break;
                case GeminiPartKind.Thought:
                    _chunks.Reasoning(output, text, index);
                    break;
                case GeminiPartKind.Call:
                    ChatAnswerToolCall call = GeminiCandidates.ReadCall(part, _terms, index, state.Calls);
                    _chunks.ToolCall(output, state.Calls++, call.Id, call.Name, call.Arguments, call.Signature, index);
                    break;
                default:
                    break;
            }
        }

        state.Reason = GeminiCandidates.ReasonOf(candidate) ?? state.Reason;
    }

    void Fail(ReadOnlySpan<byte> error, IBufferWriter<byte> output)
    {
        _failed = true;
        ChunkWriter.Error(output, GeminiErrors.Read(status: 0, error));
    }

    /// <summary>Google may write an error into the stream as it is, not as an event.</summary>
    bool TryTakeBareError(ReadOnlySpan<byte> bytes, IBufferWriter<byte> output)
    {
        ReadOnlySpan<byte> text = bytes.Trim(" \t\r\n"u8);
        if (text.IsEmpty || text[0] is not ((byte)'{' or (byte)'['))
        {
            return false;
        }

        try
        {
            using JsonDocument document = GeminiJson.Parse(text);
            if (!GeminiCandidates.IsError(document.RootElement))
            {
                return false;
            }
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException)
        {
            return false;
        }

        Fail(text, output);
        return true;
    }

    /// <summary>
    /// Whether every line is one that an event may have. A client ignores others; here they would be text that is lost.
    /// </summary>
    static bool IsClean(ReadOnlySpan<byte> whole)
    {
        ReadOnlySpan<byte> rest = whole[SseLine.BomLength(whole)..];
        while (!rest.IsEmpty)
        {
            int end = rest.IndexOfAny((byte)'\n', (byte)'\r');
            ReadOnlySpan<byte> line = end < 0 ? rest : rest[..end];
            if (!line.IsEmpty && line[0] != (byte)':' && !line.StartsWith("data:"u8) && !line.StartsWith("event:"u8)
                && !line.StartsWith("id:"u8) && !line.StartsWith("retry:"u8))
            {
                return false;
            }

            rest = end < 0 ? default : rest[(end + 1)..];
        }

        return true;
    }

    struct Candidate
    {
        public bool Seen;
        public int Calls;
        public string? Reason;
    }
}
