using System.Buffers.Binary;
using System.Text;

namespace Sahab.Server.Tests.Telemetry;

/// <summary>
/// A message of protocol buffers, read by the numbers of its fields: what OTLP means by them stands with those who ask.
/// </summary>
internal sealed class ProtoMessage
{
    readonly List<(int Field, ulong Number, ReadOnlyMemory<byte> Bytes)> _fields = [];

    public ProtoMessage(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var tag = TakeVarint(ref bytes);
            var field = (int)(tag >> 3);
            switch (tag & 7)
            {
                case 0:
                    _fields.Add((field, TakeVarint(ref bytes), default));
                    break;
                case 1:
                    _fields.Add((field, BinaryPrimitives.ReadUInt64LittleEndian(bytes.Span), default));
                    bytes = bytes[8..];
                    break;
                case 2:
                    var length = (int)TakeVarint(ref bytes);
                    _fields.Add((field, 0, bytes[..length]));
                    bytes = bytes[length..];
                    break;
                case 5:
                    _fields.Add((field, BinaryPrimitives.ReadUInt32LittleEndian(bytes.Span), default));
                    bytes = bytes[4..];
                    break;
                default:
                    throw new InvalidDataException($"Field {field} has a wire type that proto3 does not know.");
            }
        }
    }

    /// <summary>The messages that are reached through these fields, one inside the other.</summary>
    public IEnumerable<ProtoMessage> All(params int[] path) => path.Aggregate(
        Enumerable.Repeat(this, 1),
        (messages, field) => messages.SelectMany(message => message._fields
            .Where(one => one.Field == field).Select(one => new ProtoMessage(one.Bytes))));

    public bool Has(int field) => _fields.Exists(one => one.Field == field);

    /// <summary>0 where there is none, as proto3 has it.</summary>
    public ulong Number(int field) => _fields.LastOrDefault(one => one.Field == field).Number;

    public double Double(int field) => BitConverter.UInt64BitsToDouble(Number(field));

    public string Text(int field) => Encoding.UTF8.GetString(_fields.LastOrDefault(one => one.Field == field).Bytes.Span);

    /// <summary>Bytes as hexadecimal digits.</summary>
    public string Hex(int field) => Convert.ToHexStringLower(_fields.LastOrDefault(one => one.Field == field).Bytes.Span);

    static ulong TakeVarint(ref ReadOnlyMemory<byte> bytes)
    {
        var value = 0ul;
        for (var shift = 0; ; shift += 7)
        {
            var next = bytes.Span[0];
            bytes = bytes[1..];
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }
    }
}
