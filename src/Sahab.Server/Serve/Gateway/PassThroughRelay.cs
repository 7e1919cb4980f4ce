using System.Buffers;
using Sahab.Server.Hosting;
using Sahab.Wire.OpenAI;
using Sahab.Wire.Sse;

namespace Sahab.Server.Serve.Gateway;

/// <summary>
/// Carries an answer that is not JSON from a cloud to the client as it comes: sound, text, or events. The end is held back
/// until the usage is durable: the last byte, or the events from the first on that states a usage, which ends its stream.
/// </summary>
internal sealed class PassThroughRelay(
    Attempt attempt, Stream upstream, bool isEvents, MonotonicClock clock, DrainGate drains) : IDisposable
{
    const int BufferBytes = 16 * 1024;

    /// <summary>The longest event, and what may be held back: an image of the largest size, in base64, and more.</summary>
    const int MaxHeldBytes = 64 * 1024 * 1024;

    readonly Call _call = attempt.Call;
    SseScanner _scanner = new(MaxHeldBytes);
    byte[] _buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);

    /// <summary>In the buffer: what has gone out, the end of the last whole event, the end of what was read.</summary>
    int _sent, _found, _end;
    Drain _drain = new(drains);
    bool _holds;
    UsageFigures _usage;

    /// <summary>Whether a part of the answer has reached the client, so that no other deployment can take over.</summary>
    public bool Committed { get; private set; }

    /// <summary>The last usage that an event stated.</summary>
    public UsageFigures Usage => _usage;

    /// <summary>What the cloud said went wrong, when it said so inside the stream.</summary>
    public UpstreamError? Error { get; private set; }

    /// <summary>Called once, just before the first bytes go to the client.</summary>
    public required Action<Attempt> Begin { get; init; }

    /// <summary>Reads and forwards until the answer has ended, one way or another.</summary>
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

            if (read < 0)
            {
                return StreamEnd.BadStream;
            }

            if (read == 0)
            {
                return isEvents ? TakeRest() : _end > 0 || Committed ? StreamEnd.Completed : StreamEnd.Cut;
            }

            if (isEvents && TakeEvents() is var end and not StreamEnd.None)
            {
                return end;
            }

            await SendAsync(isEvents ? _found : _end - 1);
            if (_call.IsClientGone && !_drain.Continues(read))
            {
                return StreamEnd.DrainLimit;
            }
        }
    }

    /// <summary>Sends what was held back; the caller flushes.</summary>
    public void CommitHeld()
    {
        Commit();
        Write(_end);
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _drain.Leave();
    }

    StreamEnd Expiry()
    {
        if (clock.NowMs >= _call.DeadlineMs)
        {
            return StreamEnd.CallDeadline;
        }

        return attempt.Watch.DrainExpired ? StreamEnd.DrainLimit : Committed ? StreamEnd.Stalled : StreamEnd.TimedOut;
    }

    /// <summary>Bytes that were read; negative where there is no room for more.</summary>
    async ValueTask<int> ReadMoreAsync()
    {
        if (_end == _buffer.Length && !TryMakeRoom())
        {
            return -1;
        }

        var waitMs = attempt.FirstToken is null ? attempt.Target.FirstByteMs : attempt.Target.BetweenChunksMs;
        attempt.Watch.ExtendTo(Math.Min(clock.NowMs + waitMs, _call.DeadlineMs));
        var read = await upstream.ReadAsync(_buffer.AsMemory(_end), attempt.Watch.Token);
        _end += read;
        if (read > 0 && attempt.FirstToken is null)
        {
            var elapsedMs = clock.MillisecondsBetween(attempt.StartedTimestamp, clock.Timestamp);
            attempt.FirstToken = TimeSpan.FromMilliseconds(elapsedMs);
            if (_call.Facts.Stream)
            {
                attempt.Lease.FirstToken(elapsedMs, clock.NowMs);
            }
        }

        return read;
    }

    bool TryMakeRoom()
    {
        var old = _buffer;
        var kept = _end - _sent;
        if (kept > old.Length / 2)
        {
            if (old.Length >= MaxHeldBytes)
            {
                return false;
            }

            _buffer = ArrayPool<byte>.Shared.Rent(old.Length * 2);
        }

        old.AsSpan(_sent, kept).CopyTo(_buffer);
        (_found, _sent, _end) = (Math.Max(0, _found - _sent), 0, kept);
        if (old != _buffer)
        {
            ArrayPool<byte>.Shared.Return(old);
        }

        return true;
    }

    StreamEnd TakeEvents()
    {
        while (true)
        {
            switch (_scanner.Read(_buffer.AsSpan(_found, _end - _found), out var found))
            {
                case SseStatus.NeedMore:
                    return StreamEnd.None;
                case SseStatus.Event when Take(found) is var end and not StreamEnd.None:
                    return end;
                case SseStatus.Event:
                    break;
                default:
                    return StreamEnd.BadStream;
            }
        }
    }

    StreamEnd TakeRest()
    {
        var status = _scanner.Finish(_buffer.AsSpan(_found, _end - _found), out var last);
        var end = status == SseStatus.Event ? Take(last) : StreamEnd.None;
        return end != StreamEnd.None ? end
            : status is SseStatus.Truncated or SseStatus.TooLong || attempt.FirstToken is null ? StreamEnd.Cut
            : StreamEnd.Completed;
    }

    StreamEnd Take(in SseEvent found)
    {
        var data = found is { HasData: true, IsSplit: false }
            ? found.Data(_buffer.AsSpan(_found, found.Length))
            : default;
        ReplyFacts facts = default;
        if (UsageReader.Read(data, ref facts, attempt.Target.Secrets))
        {
            if (facts.HasError)
            {
                Error = facts.Error;
                return StreamEnd.ErrorInside;
            }

            _holds |= facts.HasUsage;
            _usage = facts.HasUsage ? facts.Usage : _usage;
        }

        _found += found.Length;
        return StreamEnd.None;
    }

    void Commit()
    {
        if (!Committed)
        {
            Committed = true;
            Begin(attempt);
        }
    }

    /// <summary>Sends up to a place in the buffer and waits until the client takes it.</summary>
    async ValueTask SendAsync(int until)
    {
        if (_holds || until <= _sent)
        {
            return;
        }

        Commit();
        Write(until);
        if (_sent == _end)
        {
            _sent = _found = _end = 0;
        }

        if (_call.IsClientGone)
        {
            return;
        }

        // The client may be slow: its own minimum data rate applies now, not the cloud's silence.
        attempt.Watch.ExtendTo(_call.DeadlineMs);
        try
        {
            await _call.Context.Response.BodyWriter.FlushAsync(CancellationToken.None);
        }
        catch (Exception failure) when (failure is IOException or OperationCanceledException or InvalidOperationException)
        {
            // The client has gone; the loop notices and drains.
        }
    }

    void Write(int until)
    {
        if (!_call.IsClientGone)
        {
            _call.Context.Response.BodyWriter.Write(_buffer.AsSpan(_sent, until - _sent));
        }

        _sent = until;
    }
}
