namespace Sahab.Wire.Sse;

/// <summary>
/// Finds the events of a stream (<c>text/event-stream</c>) in bytes as they arrive, however they are cut. It keeps only
/// offsets: the caller owns the buffer. Each call passes the bytes from the end of the last event onward; they may only
/// have grown since the last call. Every byte of the stream belongs to exactly one event, so that forwarding
/// <see cref="SseEvent.Length"/> bytes of each forwards the stream as it is.
/// </summary>
/// <remarks>
/// Lines end with LF, CR LF or CR, mixed at will. A CR that is the last byte so far may be half of a CR LF, so its line
/// ends only with the next byte, or with the stream. A mutable struct: keep it in a field, and do not copy it.
/// </remarks>
public struct SseScanner
{
    /// <summary>The longest event by default, in bytes: 4 MiB.</summary>
    public const int DefaultMaxEventBytes = 4 * 1024 * 1024;

    // 0 in a scanner that no constructor made, which then has the default limit too.
    readonly int _limit;
    bool _started;
    int _lineStart;
    int _scanned;
    int _dataStart;
    int _dataLength;
    int _dataLines;
    int _nameStart;
    int _nameLength;
    bool _hasFields;

    /// <summary>A scanner at the start of a stream.</summary>
    /// <param name="maxEventBytes">The longest event, its blank line included, in bytes. At least 1.</param>
    public SseScanner(int maxEventBytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxEventBytes, 1);
        _limit = maxEventBytes;
    }

    /// <summary>Looks for the next event.</summary>
    /// <param name="buffer">The bytes from the end of the last event onward.</param>
    /// <param name="found">The event, when the status says so.</param>
    /// <returns>
    /// <see cref="SseStatus.Event"/>, <see cref="SseStatus.NeedMore"/> or <see cref="SseStatus.TooLong"/>.
    /// </returns>
    /// <exception cref="ArgumentException">The buffer holds less than at the last call.</exception>
    public SseStatus Read(ReadOnlySpan<byte> buffer, out SseEvent found)
    {
        found = default;
        if (buffer.Length < _scanned)
        {
            throw new ArgumentException("The buffer holds less than at the last call.", nameof(buffer));
        }

        if (!_started && !Start(buffer))
        {
            return SseStatus.NeedMore;
        }

        while (true)
        {
            int end = buffer[_scanned..].IndexOfAny((byte)'\n', (byte)'\r');
            if (end < 0)
            {
                _scanned = buffer.Length;
                return More(buffer);
            }

            _scanned += end;
            int next = _scanned + 1;
            if (buffer[_scanned] == (byte)'\r')
            {
                if (next == buffer.Length)
                {
                    return More(buffer);
                }

                next += buffer[next] == (byte)'\n' ? 1 : 0;
            }

            if (_scanned == _lineStart)
            {
                return Conclude(next, out found);
            }

            TakeLine(buffer, _scanned);
            _lineStart = next;
            _scanned = next;
        }
    }

    /// <summary>
    /// Looks at what remains when the stream has ended. Call it when <see cref="Read"/> finds no more.
    /// </summary>
    /// <param name="rest">The bytes from the end of the last event onward.</param>
    /// <param name="found">The last event, whole or truncated, when the status says so.</param>
    /// <returns>
    /// <see cref="SseStatus.Event"/> when only the stream's end told that the event was whole,
    /// <see cref="SseStatus.End"/> when nothing is lost, <see cref="SseStatus.Truncated"/> when an event lacks its
    /// blank line, or <see cref="SseStatus.TooLong"/>.
    /// </returns>
    public SseStatus Finish(ReadOnlySpan<byte> rest, out SseEvent found)
    {
        SseStatus status = Read(rest, out found);
        if (status != SseStatus.NeedMore)
        {
            return status;
        }

        if (rest.Length > 0 && rest[^1] == (byte)'\r' && _scanned == rest.Length - 1)
        {
            if (_scanned == _lineStart)
            {
                return Conclude(rest.Length, out found);
            }

            TakeLine(rest, _scanned);
            _lineStart = rest.Length;
        }
        else if (_lineStart < rest.Length)
        {
            TakeLine(rest, rest.Length);
        }

        bool lost = _hasFields;
        Conclude(rest.Length, out found);
        return lost ? SseStatus.Truncated : SseStatus.End;
    }

    readonly int MaxEventBytes => _limit == 0 ? DefaultMaxEventBytes : _limit;

    bool Start(ReadOnlySpan<byte> buffer)
    {
        if (buffer.Length < SseLine.Bom.Length && SseLine.Bom.StartsWith(buffer))
        {
            return false;
        }

        _started = true;
        _lineStart = SseLine.BomLength(buffer);
        _scanned = _lineStart;
        return true;
    }

    readonly SseStatus More(ReadOnlySpan<byte> buffer) =>
        buffer.Length > MaxEventBytes ? SseStatus.TooLong : SseStatus.NeedMore;

    SseStatus Conclude(int length, out SseEvent found)
    {
        if (length > MaxEventBytes)
        {
            found = default;
            return SseStatus.TooLong;
        }

        found = new SseEvent
        {
            Length = length,
            DataStart = _dataStart,
            DataLength = _dataLength,
            DataLines = _dataLines,
            NameStart = _nameStart,
            NameLength = _nameLength,
        };
        _lineStart = 0;
        _scanned = 0;
        _dataStart = 0;
        _dataLength = 0;
        _dataLines = 0;
        _nameStart = 0;
        _nameLength = 0;
        _hasFields = false;
        return SseStatus.Event;
    }

    void TakeLine(ReadOnlySpan<byte> buffer, int end)
    {
        ReadOnlySpan<byte> line = buffer[_lineStart..end];
        if (line[0] == (byte)':')
        {
            return;
        }

        _hasFields = true;
        if (SseLine.TryReadField(line, "data"u8, out int valueStart))
        {
            int length = line.Length - valueStart;
            if (_dataLines++ == 0)
            {
                _dataStart = _lineStart + valueStart;
                _dataLength = length;
            }
            else
            {
                _dataLength += 1 + length;
            }
        }
        else if (SseLine.TryReadField(line, "event"u8, out valueStart))
        {
            _nameStart = _lineStart + valueStart;
            _nameLength = line.Length - valueStart;
        }
    }
}
