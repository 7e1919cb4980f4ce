using System.Buffers;
using Sahab.Server.Hosting;
using Sahab.Wire.OpenAI;
using Sahab.Wire.Sse;
using Sahab.Wire.Translation;

namespace Sahab.Server.Serve.Gateway;

/// <summary>How a stream from a cloud ended.</summary>
internal enum StreamEnd : byte
{
    /// <summary>It goes on.</summary>
    None,
    Completed,
    Cut,
    Stalled,
    TimedOut,
    ErrorInside,
    DrainLimit,
    CallDeadline,
    BadStream,
}

/// <summary>
/// Carries one stream from a cloud to the client, event by event and without change but for the usage that only we
/// asked for. What comes before the first content is held back, so that a stream that fails early can be replaced by
/// another deployment's; so is the end mark, until the usage is durable. When the client leaves, reading goes on, up
/// to a bound, to learn what the provider bills.
/// </summary>
internal sealed class StreamRelay(Attempt attempt, Stream upstream, MonotonicClock clock, DrainGate drains) : IDisposable
{
    const int BufferBytes = 8 * 1024;

    /// <summary>What may be held back before the first content.</summary>
    const int MaxHeldBytes = 256 * 1024;

    readonly Call _call = attempt.Call;
    readonly bool _forwardsUsage = attempt.Call.Facts.IncludeUsage;
    readonly bool _forwardsRunningUsage = attempt.Call.Facts.RunningUsage;
    SseScanner _scanner = new(SseScanner.DefaultMaxEventBytes);
    byte[]? _buffer;
    int _start, _end;
    byte[]? _held;
    int _heldLength;
    int _finishedChoices;
    Drain _drain = new(drains);
    bool _wrote;
    UsageFigures _usage;
    ArrayBufferWriter<byte>? _events;

    /// <summary>Whether content has reached the client, so that no other deployment can take over.</summary>
    public bool Committed { get; private set; }

    /// <summary>The last usage that the provider told.</summary>
    public UsageFigures Usage => _usage;

    /// <summary>Pieces of content seen.</summary>
    public int OutputSeen { get; private set; }

    /// <summary>Bytes of that content, as written in JSON.</summary>
    public long BytesSeen { get; private set; }

    /// <summary>What the cloud said went wrong, when it said so inside the stream.</summary>
    public UpstreamError? Error { get; private set; }

    /// <summary>Called once, just before the first bytes go to the client.</summary>
    public required Action<Attempt> Begin { get; init; }

    /// <summary>Reads and forwards until the stream has ended, one way or another.</summary>
    public async ValueTask<StreamEnd> RunAsync()
    {
        while (true)
        {
            int read;
            try
            {
                read = await ReadMoreAsync();
            }
            catch (Exception failure) when (failure is IOException or HttpRequestException or ObjectDisposedException)
            {
                return attempt.Watch.Expired ? Expiry() : StreamEnd.Cut;
            }
            catch (OperationCanceledException)
            {
                return Expiry();
            }
            catch (InvalidDataException)
            {
                return StreamEnd.BadStream;
            }

            var end = read > 0 ? TakeEvents() : TakeRest();
            if (_wrote && end is StreamEnd.None or StreamEnd.Completed)
            {
                await FlushAsync();
            }

            if (end != StreamEnd.None)
            {
                return end;
            }

            if (_call.IsClientGone && !_drain.Continues(read))
            {
                return StreamEnd.DrainLimit;
            }
        }
    }

    /// <summary>Sends what was held back, as the stream ends well without ever having had content.</summary>
    public void CommitHeld()
    {
        if (!Committed)
        {
            Commit();
        }
    }

    public void Dispose()
    {
        Return(ref _buffer);
        Return(ref _held);
        _drain.Leave();
    }

    static void Return(ref byte[]? array)
    {
        if (array is not null)
        {
            ArrayPool<byte>.Shared.Return(array);
            array = null;
        }
    }

    StreamEnd Expiry()
    {
        if (clock.NowMs >= _call.DeadlineMs)
        {
            return StreamEnd.CallDeadline;
        }

        return attempt.Watch.DrainExpired ? StreamEnd.DrainLimit : OutputSeen > 0 ? StreamEnd.Stalled : StreamEnd.TimedOut;
    }

    async ValueTask<int> ReadMoreAsync()
    {
        var waitMs = OutputSeen > 0 ? attempt.Target.BetweenChunksMs : attempt.Target.FirstByteMs;
        attempt.Watch.ExtendTo(Math.Min(clock.NowMs + waitMs, _call.DeadlineMs));
        if (_buffer is null)
        {
            // Wait without holding a buffer: most streams are idle most of the time.
            _ = await upstream.ReadAsync(Memory<byte>.Empty, attempt.Watch.Token);
            _buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        }
        else if (_end == _buffer.Length)
        {
            MakeRoom();
        }

        var read = await upstream.ReadAsync(_buffer.AsMemory(_end), attempt.Watch.Token);
        _end += read;
        return read;
    }

    void MakeRoom()
    {
        var old = _buffer!;
        var kept = _end - _start;
        // The scanner refuses an event longer than its limit, so this doubles a bounded number of times.
        var roomy = kept > old.Length / 2 ? ArrayPool<byte>.Shared.Rent(old.Length * 2) : old;
        old.AsSpan(_start, kept).CopyTo(roomy);
        if (roomy != old)
        {
            ArrayPool<byte>.Shared.Return(old);
        }

        (_buffer, _start, _end) = (roomy, 0, kept);
    }

    StreamEnd TakeEvents()
    {
        while (true)
        {
            switch (_scanner.Read(_buffer.AsSpan(_start, _end - _start), out var found))
            {
                case SseStatus.NeedMore:
                    if (_start == _end)
                    {
                        Return(ref _buffer);
                        _start = _end = 0;
                    }

                    return StreamEnd.None;
                case SseStatus.Event:
                    var end = Take(_buffer.AsSpan(_start, _end - _start), found);
                    _start += found.Length;
                    if (end != StreamEnd.None)
                    {
                        return end;
                    }

                    break;
                default:
                    return StreamEnd.BadStream;
            }
        }
    }

    StreamEnd TakeRest()
    {
        var rest = _buffer.AsSpan(_start, _end - _start);
        if (_scanner.Finish(rest, out var last) == SseStatus.Event)
        {
            var end = Take(rest, last);
            if (end != StreamEnd.None)
            {
                return end;
            }
        }

        // Some servers end without the [DONE] mark; every choice must have said why it finished.
        return _finishedChoices >= _call.Facts.N ? StreamEnd.Completed : StreamEnd.Cut;
    }

    StreamEnd Take(ReadOnlySpan<byte> buffer, in SseEvent found)
    {
        if (!found.HasData)
        {
            return StreamEnd.None;
        }

        if (found.IsSplit)
        {
            return TakeSplit(buffer, found);
        }

        return Take(buffer[..found.Length], found.Data(buffer), found.DataStart);
    }

    StreamEnd TakeSplit(ReadOnlySpan<byte> buffer, in SseEvent found)
    {
        var joined = ArrayPool<byte>.Shared.Rent(found.DataLength + 8);
        try
        {
            // Forwarded in one data line, which says the same.
            "data: "u8.CopyTo(joined);
            found.CopyData(buffer, joined.AsSpan(6));
            var data = joined.AsSpan(6, found.DataLength);
            data.Replace((byte)'\n', (byte)' ');
            "\n\n"u8.CopyTo(joined.AsSpan(6 + found.DataLength));
            return Take(joined.AsSpan(0, found.DataLength + 8), data, 6);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(joined);
        }
    }

    /// <param name="whole">The event with its field names and blank line.</param>
    /// <param name="data">Its data.</param>
    /// <param name="dataStart">Where the data begins in the event.</param>
    StreamEnd Take(ReadOnlySpan<byte> whole, ReadOnlySpan<byte> data, int dataStart)
    {
        var exchange = _call.Exchange;
        if (exchange is not null && TryContinue(exchange, data, out var end))
        {
            return end;
        }

        ChunkFacts facts = default;
        if (!ChunkReader.Read(data, ref facts, attempt.Target.Secrets))
        {
            return StreamEnd.BadStream;
        }

        if (facts.IsDone)
        {
            return StreamEnd.Completed;
        }

        if (facts.HasError)
        {
            Error = facts.Error;
            return StreamEnd.ErrorInside;
        }

        Note(facts);
        return exchange is not null ? Translate(exchange, data, default) : Forward(whole, facts, dataStart);
    }

    /// <summary>Takes a chunk that only goes on with a text: one reading of it serves the exchange too.</summary>
    bool TryContinue(IClientExchange exchange, ReadOnlySpan<byte> data, out StreamEnd end)
    {
        end = StreamEnd.None;
        if (!PlainDelta.TryRead(data, out var delta))
        {
            return false;
        }

        Note(delta.Facts(data));
        end = Translate(exchange, data, delta);
        return true;
    }

    void Note(in ChunkFacts facts)
    {
        if (facts.HasUsage)
        {
            _usage = facts.Usage;
        }

        _finishedChoices += facts.FinishedChoices;
        if (facts.HasContent)
        {
            OutputSeen += facts.ContentDeltas;
            BytesSeen += facts.ContentBytes;
            if (attempt.FirstToken is null)
            {
                // Now, and not when the stream ends: it closes a half-open breaker.
                var elapsedMs = clock.MillisecondsBetween(attempt.StartedTimestamp, clock.Timestamp);
                attempt.FirstToken = TimeSpan.FromMilliseconds(elapsedMs);
                attempt.Lease.FirstToken(elapsedMs, clock.NowMs);
            }

            if (!Committed)
            {
                Commit();
            }
        }
    }

    /// <summary>Forwards a chunk in the form of the client's own API.</summary>
    StreamEnd Translate(IClientExchange exchange, ReadOnlySpan<byte> data, in PlainDelta delta)
    {
        _events ??= new ArrayBufferWriter<byte>(512);
        _events.ResetWrittenCount();
        return exchange.Take(data, delta, _events) && Write(_events.WrittenSpan) ? StreamEnd.None : StreamEnd.BadStream;
    }

    StreamEnd Forward(ReadOnlySpan<byte> whole, in ChunkFacts facts, int dataStart)
    {
        var isUsageOnly = facts.ChoicesEmpty && facts.HasUsage;
        if (isUsageOnly && !_forwardsUsage)
        {
            return StreamEnd.None;
        }

        // A member that only our asking brought is cut out: the running figures, or the nulls of a client that asked
        // for no usage.
        var wasAskedFor = _forwardsRunningUsage
            || (_forwardsUsage && (!facts.HasUsage || isUsageOnly || !attempt.Target.RunningUsage));
        if (facts.UsageMemberLength == 0 || wasAskedFor)
        {
            return Write(whole) ? StreamEnd.None : StreamEnd.BadStream;
        }

        var cut = dataStart + facts.UsageMemberStart;
        return Write(whole[..cut]) && Write(whole[(cut + facts.UsageMemberLength)..])
            ? StreamEnd.None
            : StreamEnd.BadStream;
    }

    void Commit()
    {
        Committed = true;
        Begin(attempt);
        if (_heldLength > 0)
        {
            Write(_held.AsSpan(0, _heldLength));
        }

        Return(ref _held);
    }

    /// <summary>Forwards bytes, or holds them back before the first content; false if too much would be held back.</summary>
    bool Write(ReadOnlySpan<byte> bytes)
    {
        if (!Committed)
        {
            return Hold(bytes);
        }

        if (!_call.IsClientGone)
        {
            _call.Context.Response.BodyWriter.Write(bytes);
            _wrote = true;
        }

        return true;
    }

    bool Hold(ReadOnlySpan<byte> bytes)
    {
        var needed = _heldLength + bytes.Length;
        if (needed > MaxHeldBytes)
        {
            return false;
        }

        if (_held is null || needed > _held.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, 512));
            _held.AsSpan(0, _heldLength).CopyTo(larger);
            Return(ref _held);
            _held = larger;
        }

        bytes.CopyTo(_held.AsSpan(_heldLength));
        _heldLength = needed;
        return true;
    }

    async ValueTask FlushAsync()
    {
        _wrote = false;
        var flush = _call.Context.Response.BodyWriter.FlushAsync(CancellationToken.None);
        if (flush.IsCompletedSuccessfully)
        {
            _ = flush.GetAwaiter().GetResult();
            return;
        }

        // The client is slow: its own minimum data rate applies now, not the cloud's silence.
        attempt.Watch.ExtendTo(_call.DeadlineMs);
        try
        {
            await flush;
        }
        catch (Exception failure) when (failure is IOException or OperationCanceledException or InvalidOperationException)
        {
            // The client has gone; the loop notices and drains.
        }
    }
}
