using System.Buffers;
using Sahab.Wire.OpenAI;
using Sahab.Wire.Sse;

namespace Sahab.Server.Plan.Replay;

/// <summary>Reads one answer to its end, whole or streamed: when content came, its usage, what went wrong.</summary>
internal sealed class AnswerReader(TimeProvider time)
{
    /// <summary>The largest whole answer, or event of a stream, in bytes.</summary>
    const int MaxBytes = 16 * 1024 * 1024;

    SseScanner _scanner = new(MaxBytes);
    byte[] _buffer = ArrayPool<byte>.Shared.Rent(16 * 1024);
    int _filled;
    bool _isDone;

    public UsageFigures Usage { get; private set; }

    /// <summary>The time provider's timestamp at the first content of a stream.</summary>
    public long? FirstContent { get; private set; }

    /// <summary>What is wrong with the answer; null while nothing is.</summary>
    public string? Failure { get; private set; }

    public async Task ReadAsync(Stream body, bool isStream, CancellationToken cancellation)
    {
        try
        {
            while (await FillAsync(body, cancellation))
            {
                if (isStream)
                {
                    TakeEvents();
                }
            }

            if (!isStream)
            {
                TakeWhole();
            }
            else if (!_isDone)
            {
                Failure ??= "stream_ended_early";
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = [];
        }
    }

    /// <summary>Reads an error's body and makes its code the failure.</summary>
    public async Task ReadErrorAsync(Stream body, int status, CancellationToken cancellation)
    {
        try
        {
            while (await FillAsync(body, cancellation))
            {
            }

            var error = ErrorReader.Read(status, _buffer.AsSpan(0, _filled));
            Failure ??= error.Code ?? error.Type ?? "unnamed_error";
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = [];
        }
    }

    async ValueTask<bool> FillAsync(Stream body, CancellationToken cancellation)
    {
        if (_filled == _buffer.Length)
        {
            if (_filled >= MaxBytes)
            {
                Failure ??= "answer_too_long";
                return false;
            }

            var larger = ArrayPool<byte>.Shared.Rent(_filled * 2);
            _buffer.AsSpan(0, _filled).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }

        var read = await body.ReadAsync(_buffer.AsMemory(_filled), cancellation);
        _filled += read;
        return read > 0;
    }

    void TakeEvents()
    {
        var start = 0;
        while (_scanner.Read(_buffer.AsSpan(start, _filled - start), out var found) == SseStatus.Event)
        {
            if (found.HasData)
            {
                TakeChunk(found, _buffer.AsSpan(start, found.Length));
            }

            start += found.Length;
        }

        _buffer.AsSpan(start, _filled - start).CopyTo(_buffer);
        _filled -= start;
    }

    void TakeChunk(SseEvent found, ReadOnlySpan<byte> bytes)
    {
        var facts = default(ChunkFacts);
        if (found.IsSplit || !ChunkReader.Read(found.Data(bytes), ref facts))
        {
            Failure ??= "unreadable_chunk";
            return;
        }

        _isDone |= facts.IsDone;
        if (facts.HasContent)
        {
            FirstContent ??= time.GetTimestamp();
        }

        if (facts.HasUsage)
        {
            Usage = facts.Usage;
        }

        if (facts.HasError)
        {
            Failure ??= facts.Error.Code ?? facts.Error.Type ?? "error_in_stream";
        }
    }

    void TakeWhole()
    {
        var facts = default(ReplyFacts);
        if (!UsageReader.Read(_buffer.AsSpan(0, _filled), ref facts))
        {
            Failure ??= "unreadable_answer";
            return;
        }

        Usage = facts.Usage;
        if (facts.HasError)
        {
            Failure ??= facts.Error.Code ?? facts.Error.Type ?? "error_in_answer";
        }
    }
}
