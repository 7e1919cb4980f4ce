namespace Sahab.Wire.Sse;

/// <summary>
/// One event of a stream as it lies in the buffer. Offsets count from the start of the bytes that were passed to the
/// scanner.
/// </summary>
public readonly record struct SseEvent
{
    /// <summary>
    /// The whole event, from the end of the one before to the end of its blank line. At least 1 byte.
    /// </summary>
    public int Length { get; init; }

    /// <summary>Where the first data line's text begins.</summary>
    public int DataStart { get; init; }

    /// <summary>The bytes of data, with one line feed between lines when there are several.</summary>
    public int DataLength { get; init; }

    /// <summary>
    /// Data lines; 0 for a heartbeat, a comment or a stray blank line, which no client sees as an event.
    /// </summary>
    public int DataLines { get; init; }

    /// <summary>Where the event's name begins.</summary>
    public int NameStart { get; init; }

    /// <summary>The bytes of the event's name; 0 when it has none.</summary>
    public int NameLength { get; init; }

    /// <summary>Whether a client sees this as an event.</summary>
    public bool HasData => DataLines > 0;

    /// <summary>Whether the data lies in several lines, so that only <see cref="CopyData"/> yields it whole.</summary>
    public bool IsSplit => DataLines > 1;

    /// <summary>The event's name as it lies in the buffer.</summary>
    public ReadOnlySpan<byte> Name(ReadOnlySpan<byte> buffer) => buffer.Slice(NameStart, NameLength);

    /// <summary>The data as it lies in the buffer.</summary>
    /// <exception cref="InvalidOperationException">The data lies in several lines.</exception>
    public ReadOnlySpan<byte> Data(ReadOnlySpan<byte> buffer) => IsSplit
        ? throw new InvalidOperationException("The data lies in several lines; copy it.")
        : buffer.Slice(DataStart, DataLength);

    /// <summary>Joins the data lines with line feeds, as a client does.</summary>
    /// <param name="buffer">The bytes that the scanner saw.</param>
    /// <param name="destination">Room for <see cref="DataLength"/> bytes.</param>
    /// <exception cref="ArgumentException">The destination is too small.</exception>
    public void CopyData(ReadOnlySpan<byte> buffer, Span<byte> destination)
    {
        if (destination.Length < DataLength)
        {
            throw new ArgumentException("The destination is smaller than the data.", nameof(destination));
        }

        if (!IsSplit)
        {
            Data(buffer).CopyTo(destination);
            return;
        }

        ReadOnlySpan<byte> rest = buffer[DataStart..Length];
        int end = rest.IndexOfAny((byte)'\n', (byte)'\r');
        rest[..end].CopyTo(destination);
        int written = end;
        while ((end = rest.IndexOfAny((byte)'\n', (byte)'\r')) >= 0)
        {
            rest = rest[(end + 1)..];
            end = rest.IndexOfAny((byte)'\n', (byte)'\r');
            ReadOnlySpan<byte> line = end < 0 ? rest : rest[..end];
            if (SseLine.TryReadField(line, "data"u8, out int valueStart))
            {
                destination[written++] = (byte)'\n';
                line[valueStart..].CopyTo(destination[written..]);
                written += line.Length - valueStart;
            }
        }
    }
}

/// <summary>How far a scan came.</summary>
public enum SseStatus : byte
{
    /// <summary>There is no whole event yet: read more bytes, keep those there are, and scan again.</summary>
    NeedMore,

    /// <summary>A whole event.</summary>
    Event,

    /// <summary>The event is longer than allowed; the stream cannot be followed any further.</summary>
    TooLong,

    /// <summary>The stream has ended where an event ends.</summary>
    End,

    /// <summary>The stream has ended within an event. Clients drop what there is of it without a word.</summary>
    Truncated,
}
