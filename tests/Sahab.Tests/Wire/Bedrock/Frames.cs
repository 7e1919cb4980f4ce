using System.Buffers.Binary;
using System.Text;

namespace Sahab.Tests.Wire.Bedrock;

/// <summary>Makes event streams, bit by bit as the protocol says.</summary>
static class Frames
{
    /// <summary>The golden stream: text, a tool, what the cache read and took.</summary>
    public static byte[] Golden { get; } =
    [
        .. Event("messageStart", """{"role":"assistant","p":"ab"}"""),
        .. Event("contentBlockDelta", """{"contentBlockIndex":0,"delta":{"text":"Hel"},"p":"abc"}"""),
        .. Event("contentBlockDelta", """{"contentBlockIndex":0,"delta":{"text":"l\u00f8 雲"},"p":"abc"}"""),
        .. Event("contentBlockStop", """{"contentBlockIndex":0}"""),
        .. Event(
            "contentBlockStart",
            """{"contentBlockIndex":1,"start":{"toolUse":{"toolUseId":"tooluse_1","name":"f"}}}"""),
        .. Event("contentBlockDelta", """{"contentBlockIndex":1,"delta":{"toolUse":{"input":"{\"a\":1}"}}}"""),
        .. Event("contentBlockStop", """{"contentBlockIndex":1}"""),
        .. Event("messageStop", """{"stopReason":"tool_use"}"""),
        .. Event(
            "metadata",
            """{"usage":{"inputTokens":9,"outputTokens":4,"totalTokens":13,"cacheReadInputTokens":2,"cacheWriteInputTokens":1},"metrics":{"latencyMs":321}}"""),
    ];

    public static byte[] Event(string type, string payload) => Encode(
        Encoding.UTF8.GetBytes(payload), (":event-type", type), (":content-type", "application/json"),
        (":message-type", "event"));

    public static byte[] Exception(string type, string payload) => Encode(
        Encoding.UTF8.GetBytes(payload), (":exception-type", type), (":content-type", "application/json"),
        (":message-type", "exception"));

    public static byte[] Encode(byte[] payload, params (string Name, string Value)[] headers)
    {
        var encoded = new List<byte>();
        foreach ((string name, string value) in headers)
        {
            encoded.Add((byte)name.Length);
            encoded.AddRange(Encoding.UTF8.GetBytes(name));
            encoded.Add(7);
            encoded.Add((byte)(value.Length >> 8));
            encoded.Add((byte)value.Length);
            encoded.AddRange(Encoding.UTF8.GetBytes(value));
        }

        return EncodeRaw(payload, [.. encoded]);
    }

    public static byte[] EncodeRaw(byte[] payload, byte[] headers)
    {
        var frame = new byte[16 + headers.Length + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, frame.Length);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(4), headers.Length);
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(8), Sum(frame.AsSpan(0, 8)));
        headers.CopyTo(frame.AsSpan(12));
        payload.CopyTo(frame.AsSpan(12 + headers.Length));
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(frame.Length - 4), Sum(frame.AsSpan(0, frame.Length - 4)));
        return frame;
    }

    public static uint Sum(ReadOnlySpan<byte> bytes)
    {
        uint sum = uint.MaxValue;
        foreach (byte value in bytes)
        {
            for (var bit = 0; bit < 8; bit++)
            {
                uint low = (sum ^ (uint)(value >> bit)) & 1;
                sum = (sum >> 1) ^ (low * 0xEDB88320);
            }
        }

        return ~sum;
    }
}
