using Sahab.Wire.Sse;

namespace Sahab.Wire.Anthropic;

/// <summary>Joins the bytes of a stream, however they were cut, and hands out the data of its events one by one.</summary>
sealed class EventFeed
{
    const int SmallestBuffer = 1024;

    SseScanner _scanner = new(SseScanner.DefaultMaxEventBytes);
    byte[] _buffer = [];
    byte[] _joined = [];
    int _start;
    int _end;

    /// <summary>Adds what arrived.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        int kept = _end - _start;
        if (_end + bytes.Length > _buffer.Length)
        {
            // The scanner refuses an event longer than its limit, so that this stays bounded.
            byte[] roomy = kept + bytes.Length <= _buffer.Length
                ? _buffer
                : new byte[Math.Max(SmallestBuffer, (kept + bytes.Length) * 2)];
            _buffer.AsSpan(_start, kept).CopyTo(roomy);
            (_buffer, _start, _end) = (roomy, 0, kept);
        }

        bytes.CopyTo(_buffer.AsSpan(_end));
        _end += bytes.Length;
    }

    /// <summary>The next whole event with data.</summary>
    /// <param name="data">Its data, good until the next call.</param>
    /// <returns>Whether there was one; null when the stream cannot be followed any further.</returns>
    public bool? Next(out ReadOnlySpan<byte> data)
    {
        while (true)
        {
            ReadOnlySpan<byte> rest = _buffer.AsSpan(_start, _end - _start);
            SseStatus status = _scanner.Read(rest, out SseEvent found);
            if (status != SseStatus.Event)
            {
                data = default;
                return status == SseStatus.NeedMore ? false : null;
            }

            _start += found.Length;
            if (found.HasData)
            {
                data = Data(rest, found);
                return true;
            }
        }
    }

    /// <summary>The last event, which only the stream's end showed to be whole.</summary>
    /// <returns>Whether there was one; null when the stream ended in the middle of one.</returns>
    public bool? Last(out ReadOnlySpan<byte> data)
    {
        ReadOnlySpan<byte> rest = _buffer.AsSpan(_start, _end - _start);
        SseStatus status = _scanner.Finish(rest, out SseEvent found);
        _start = _end;
        bool isEvent = status == SseStatus.Event && found.HasData;
        data = isEvent ? Data(rest, found) : default;
        return status is SseStatus.Event or SseStatus.End ? isEvent : null;
    }

    ReadOnlySpan<byte> Data(ReadOnlySpan<byte> rest, SseEvent found)
    {
        if (!found.IsSplit)
        {
            return found.Data(rest);
        }

        if (_joined.Length < found.DataLength)
        {
            _joined = new byte[found.DataLength];
        }

        found.CopyData(rest, _joined);
        Span<byte> joined = _joined.AsSpan(0, found.DataLength);
        // In JSON a line can only end between values, where a space says the same and fits an event of ours.
        joined.Replace((byte)'\n', (byte)' ');
        return joined;
    }
}
