using System.Buffers.Binary;

namespace Sahab.Wire.Bedrock;

/// <summary>What a frame of an event stream is.</summary>
public enum EventStreamKind : byte
{
    /// <summary>Nothing that this version knows.</summary>
    Unknown,

    /// <summary>An event of the operation.</summary>
    Event,

    /// <summary>An error that the operation's model knows.</summary>
    Exception,

    /// <summary>An error that it does not know; it has no payload but a message.</summary>
    Error,
}

/// <summary>
/// One frame of AWS's event streams (<c>application/vnd.amazon.eventstream</c>). It points into the bytes that it was
/// read from.
/// </summary>
public readonly ref struct EventStreamFrame
{
    /// <summary>Lengths of the frame and of its headers, and their checksum.</summary>
    internal const int PreludeBytes = 12;

    /// <summary>The checksum at the end.</summary>
    internal const int TrailerBytes = 4;

    const byte TextHeader = 7;

    EventStreamFrame(
        EventStreamKind kind, ReadOnlySpan<byte> name, ReadOnlySpan<byte> message, ReadOnlySpan<byte> payload)
    {
        Kind = kind;
        Name = name;
        Message = message;
        Payload = payload;
    }

    /// <summary>What it is.</summary>
    public EventStreamKind Kind { get; }

    /// <summary>The event's type, the exception's or the error's code, in UTF-8.</summary>
    public ReadOnlySpan<byte> Name { get; }

    /// <summary>For an error that has no payload: what it says, in UTF-8.</summary>
    public ReadOnlySpan<byte> Message { get; }

    /// <summary>The payload, JSON for all frames that Bedrock sends.</summary>
    public ReadOnlySpan<byte> Payload { get; }

    /// <summary>Opens a frame whose prelude has been checked.</summary>
    /// <returns>False where the checksum is wrong or the headers make no sense.</returns>
    internal static bool TryOpen(ReadOnlySpan<byte> whole, out EventStreamFrame frame)
    {
        frame = default;
        int end = whole.Length - TrailerBytes;
        if (Crc32.Of(whole[..end]) != BinaryPrimitives.ReadUInt32BigEndian(whole[end..]))
        {
            return false;
        }

        int headersEnd = PreludeBytes + (int)BinaryPrimitives.ReadUInt32BigEndian(whole[4..]);
        ReadOnlySpan<byte> headers = whole[PreludeBytes..headersEnd];
        ReadOnlySpan<byte> type = default, eventType = default, exceptionType = default;
        ReadOnlySpan<byte> code = default, message = default;
        while (!headers.IsEmpty)
        {
            if (!TryReadHeader(ref headers, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
            {
                return false;
            }

            if (name.SequenceEqual(":message-type"u8))
            {
                type = value;
            }
            else if (name.SequenceEqual(":event-type"u8))
            {
                eventType = value;
            }
            else if (name.SequenceEqual(":exception-type"u8))
            {
                exceptionType = value;
            }
            else if (name.SequenceEqual(":error-code"u8))
            {
                code = value;
            }
            else if (name.SequenceEqual(":error-message"u8))
            {
                message = value;
            }
        }

        ReadOnlySpan<byte> payload = whole[headersEnd..end];
        frame = type.SequenceEqual("event"u8) ? new EventStreamFrame(EventStreamKind.Event, eventType, default, payload)
            : type.SequenceEqual("exception"u8)
                ? new EventStreamFrame(EventStreamKind.Exception, exceptionType, default, payload)
            : type.SequenceEqual("error"u8) ? new EventStreamFrame(EventStreamKind.Error, code, message, payload)
            : new EventStreamFrame(EventStreamKind.Unknown, default, default, payload);
        return true;
    }

    /// <summary>Reads one header and moves on; a value that is no text is passed over.</summary>
    static bool TryReadHeader(
        scoped ref ReadOnlySpan<byte> headers, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        name = value = default;
        int nameLength = headers[0];
        int at = 1 + nameLength;
        if (nameLength == 0 || headers.Length <= at)
        {
            return false;
        }

        name = headers[1..at];
        byte type = headers[at++];
        if (!TryMeasure(type, headers[at..], out int prefix, out int length) || headers.Length - at - prefix < length)
        {
            return false;
        }

        value = type == TextHeader ? headers.Slice(at + prefix, length) : default;
        headers = headers[(at + prefix + length)..];
        return true;
    }

    static bool TryMeasure(byte type, ReadOnlySpan<byte> rest, out int prefix, out int length)
    {
        prefix = 0;
        length = 0;
        switch (type)
        {
            case 0 or 1: // true, false
                return true;
            case 2: // a byte
                length = 1;
                return true;
            case 3: // 16 bits
                length = 2;
                return true;
            case 4: // 32 bits
                length = 4;
                return true;
            case 5 or 8: // 64 bits, a time
                length = 8;
                return true;
            case 6 or TextHeader: // bytes, text
                prefix = 2;
                length = rest.Length < 2 ? 0 : BinaryPrimitives.ReadUInt16BigEndian(rest);
                return rest.Length >= 2;
            case 9: // a UUID
                length = 16;
                return true;
            default:
                return false;
        }
    }
}
