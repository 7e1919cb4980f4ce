using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Sahab.Emulator.Dialects.Bedrock;

/// <summary>Writes frames of <c>application/vnd.amazon.eventstream</c>.</summary>
internal static class EventFrame
{
    public const string ContentType = "application/vnd.amazon.eventstream";

    const byte Text = 7;

    static readonly uint[] Nibbles = [.. Enumerable.Range(0, 16).Select(value => Shift((uint)value, 4))];

    public static void WriteEvent(IBufferWriter<byte> to, string type, ReadOnlySpan<byte> payload) =>
        Write(to, "event", ":event-type", type, payload);

    public static void WriteException(IBufferWriter<byte> to, string type, ReadOnlySpan<byte> payload) =>
        Write(to, "exception", ":exception-type", type, payload);

    static void Write(
        IBufferWriter<byte> to, string messageType, string typeHeader, string type, ReadOnlySpan<byte> payload)
    {
        (string Name, string Value)[] headers =
            [(typeHeader, type), (":content-type", "application/json"), (":message-type", messageType)];
        var headerBytes = headers.Sum(h => 1 + h.Name.Length + 1 + 2 + h.Value.Length);
        var total = 12 + headerBytes + payload.Length + 4;
        var frame = to.GetSpan(total)[..total];
        BinaryPrimitives.WriteInt32BigEndian(frame, total);
        BinaryPrimitives.WriteInt32BigEndian(frame[4..], headerBytes);
        BinaryPrimitives.WriteUInt32BigEndian(frame[8..], Checksum(frame[..8]));
        var at = 12;
        foreach (var (name, value) in headers)
        {
            frame[at++] = (byte)name.Length;
            at += Encoding.ASCII.GetBytes(name, frame[at..]);
            frame[at++] = Text;
            BinaryPrimitives.WriteUInt16BigEndian(frame[at..], (ushort)value.Length);
            at += 2 + Encoding.ASCII.GetBytes(value, frame[(at + 2)..]);
        }
        payload.CopyTo(frame[at..]);
        BinaryPrimitives.WriteUInt32BigEndian(frame[^4..], Checksum(frame[..^4]));
        to.Advance(total);
    }

    /// <summary>CRC-32 as zlib has it, four bits at a time.</summary>
    public static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var sum = ~0u;
        foreach (var value in bytes)
        {
            sum ^= value;
            sum = Nibbles[sum & 15] ^ (sum >> 4);
            sum = Nibbles[sum & 15] ^ (sum >> 4);
        }
        return ~sum;
    }

    static uint Shift(uint value, int bits)
    {
        for (var bit = 0; bit < bits; bit++)
        {
            value = (value >> 1) ^ ((value & 1) == 0 ? 0 : 0xEDB88320);
        }
        return value;
    }
}
