using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;
using Sahab.Ledger.Rating;

namespace Sahab.Server.Sell.Metering;

/// <summary>
/// How a usage event lies in the journal. A frame is: u32 length of the body, u32 CRC-32C of the body, body; the body
/// begins with its version. Integers are little-endian, varints are LEB128, strings are a varint length and UTF-8.
/// The room's README holds the layout of each version; a version, once released, is read for ever.
/// </summary>
internal static class EventEncoding
{
    /// <summary>The newest version. An event that says nothing new is written as version 1, and is shorter.</summary>
    public const byte Version = 2;
    public const int HeaderBytes = 8;
    public const int MaxStringBytes = 1024;
    const int MaxRequestIdChars = 85;
    const int Strings = 10;

    /// <summary>Version, two ids, time, outcome, flags, fifteen varints at their longest, ten strings.</summary>
    public const int MaxFrameBytes = HeaderBytes + 1 + 16 + 16 + 8 + 2 + (15 * 10) + (Strings * (2 + MaxStringBytes));

    /// <summary>Writes one frame and returns its length.</summary>
    /// <exception cref="ArgumentException">A string of the event is longer than 1024 bytes.</exception>
    public static int Encode(UsageEvent usage, Span<byte> target)
    {
        var writer = new Writer(target[HeaderBytes..]);
        var tellsOfCacheWrites = usage.TellsOfCacheWrites;
        writer.Byte(tellsOfCacheWrites ? Version : (byte)1);
        writer.Guid(usage.EventId);
        writer.Guid(usage.CallId);
        writer.Int64(usage.StartedAt.UtcTicks);
        writer.Byte((byte)usage.Outcome);
        writer.Byte((byte)usage.Flags);
        writer.Varint(usage.Attempt);
        writer.Varint(usage.UpstreamStatus);
        writer.Varint(usage.Duration.Ticks);
        writer.Varint(usage.FirstToken is { } first ? first.Ticks + 1 : 0);
        writer.Varint(usage.Usage.PromptTokens);
        writer.Varint(usage.Usage.CachedTokens);
        writer.Varint(usage.Usage.OutputTokens);
        writer.Varint(usage.Usage.ReasoningTokens);
        writer.Varint(usage.Prices.PromptNanoPerMillion);
        writer.Varint(usage.Prices.CachedNanoPerMillion);
        writer.Varint(usage.Prices.OutputNanoPerMillion);
        if (tellsOfCacheWrites)
        {
            writer.Varint(usage.Usage.CacheWriteTokens);
            writer.Varint(usage.Usage.CacheWrite1hTokens);
            writer.Varint(usage.Prices.CacheWriteNanoPerMillion);
            writer.Varint(usage.Prices.CacheWrite1hNanoPerMillion);
        }

        writer.String(usage.Tenant);
        writer.String(usage.Key);
        writer.String(usage.Model);
        writer.String(usage.Deployment);
        writer.String(usage.Provider);
        writer.String(usage.Region);
        writer.String(usage.Country);
        writer.String(usage.Operation);
        writer.String(usage.ServiceTier);
        // A provider's word is cut rather than refused: it must not be able to keep its own usage out of the ledger.
        writer.String(usage.UpstreamRequestId is { Length: > MaxRequestIdChars } id
            ? id[..MaxRequestIdChars]
            : usage.UpstreamRequestId ?? "");
        var body = target.Slice(HeaderBytes, writer.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(target, (uint)body.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(target[4..], Crc32C(body));
        return HeaderBytes + body.Length;
    }

    /// <summary>
    /// Reads the events of a group into a list. Returns null where all are sound; otherwise what is wrong, with the
    /// events that are sound in the list.
    /// </summary>
    public static string? Decode(ReadOnlySpan<byte> group, List<UsageEvent> events)
    {
        string? damage = null;
        var offset = 0;
        while (offset < group.Length)
        {
            if (group.Length - offset < HeaderBytes)
            {
                return $"{group.Length - offset} bytes at offset {offset} are no frame";
            }

            var length = BinaryPrimitives.ReadUInt32LittleEndian(group[offset..]);
            var crc = BinaryPrimitives.ReadUInt32LittleEndian(group[(offset + 4)..]);
            if (length == 0 || length > group.Length - offset - HeaderBytes)
            {
                return $"the frame at offset {offset} claims {length} bytes, which the group does not hold";
            }

            var body = group.Slice(offset + HeaderBytes, (int)length);
            if (Crc32C(body) != crc)
            {
                damage ??= $"the frame at offset {offset} does not match its checksum";
            }
            else if (body[0] is < 1 or > Version)
            {
                damage ??= $"the frame at offset {offset} has version {body[0]}; this program reads versions 1 to {Version}";
            }
            else
            {
                events.Add(DecodeBody(body));
            }

            offset += HeaderBytes + (int)length;
        }

        return damage;
    }

    static UsageEvent DecodeBody(ReadOnlySpan<byte> body)
    {
        var reader = new Reader(body[1..]);
        var eventId = reader.Guid();
        var callId = reader.Guid();
        var startedAt = new DateTimeOffset(reader.Int64(), TimeSpan.Zero);
        var outcome = (AttemptOutcome)reader.Byte();
        var flags = (UsageFlags)reader.Byte();
        var attempt = (int)reader.Varint();
        var status = (int)reader.Varint();
        var duration = TimeSpan.FromTicks(reader.Varint());
        var firstToken = reader.Varint();
        var usage = new TokenUsage(reader.Varint(), reader.Varint(), reader.Varint(), reader.Varint());
        var prices = new PriceTerms(reader.Varint(), reader.Varint(), reader.Varint());
        if (body[0] > 1)
        {
            usage = usage with { CacheWriteTokens = reader.Varint(), CacheWrite1hTokens = reader.Varint() };
            prices = prices with
            {
                CacheWriteNanoPerMillion = reader.Varint(),
                CacheWrite1hNanoPerMillion = reader.Varint(),
            };
        }

        return new UsageEvent
        {
            EventId = eventId,
            CallId = callId,
            StartedAt = startedAt,
            Outcome = outcome,
            Flags = flags,
            Attempt = attempt,
            UpstreamStatus = status,
            Duration = duration,
            FirstToken = firstToken == 0 ? null : TimeSpan.FromTicks(firstToken - 1),
            Usage = usage,
            Prices = prices,
            Tenant = reader.String(),
            Key = reader.String(),
            Model = reader.String(),
            Deployment = reader.String(),
            Provider = reader.String(),
            Region = reader.String(),
            Country = reader.String(),
            Operation = reader.String(),
            ServiceTier = reader.String(),
            UpstreamRequestId = reader.String() is { Length: > 0 } id ? id : null,
        };
    }

    static uint Crc32C(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (var word in words)
        {
            crc = BitOperations.Crc32C(crc, word);
        }

        foreach (var rest in bytes[(words.Length * sizeof(ulong))..])
        {
            crc = BitOperations.Crc32C(crc, rest);
        }

        return ~crc;
    }

    ref struct Writer(Span<byte> target)
    {
        readonly Span<byte> _target = target;

        public int Length { get; private set; }

        public void Byte(byte value) => _target[Length++] = value;

        public void Int64(long value)
        {
            BinaryPrimitives.WriteInt64LittleEndian(_target[Length..], value);
            Length += sizeof(long);
        }

        public void Guid(Guid value)
        {
            value.TryWriteBytes(_target[Length..], bigEndian: true, out var written);
            Length += written;
        }

        public void Varint(long value)
        {
            var rest = (ulong)value;
            while (rest >= 0x80)
            {
                _target[Length++] = (byte)(rest | 0x80);
                rest >>= 7;
            }

            _target[Length++] = (byte)rest;
        }

        public void String(string value)
        {
            // The length is known only after the text is written; two bytes are kept for it where it may need them.
            var lengthBytes = value.Length * 3 < 0x80 ? 1 : 2;
            if (!Encoding.UTF8.TryGetBytes(value, _target.Slice(Length + lengthBytes, MaxStringBytes), out var bytes))
            {
                throw new ArgumentException($"'{value}' is longer than {MaxStringBytes} bytes of UTF-8.");
            }

            _target[Length] = (byte)bytes;
            if (lengthBytes == 2)
            {
                _target[Length] = (byte)((bytes & 0x7F) | 0x80);
                _target[Length + 1] = (byte)(bytes >> 7);
            }

            Length += lengthBytes + bytes;
        }
    }

    ref struct Reader(ReadOnlySpan<byte> source)
    {
        ReadOnlySpan<byte> _rest = source;

        public byte Byte()
        {
            var value = _rest[0];
            _rest = _rest[1..];
            return value;
        }

        public long Int64()
        {
            var value = BinaryPrimitives.ReadInt64LittleEndian(_rest);
            _rest = _rest[sizeof(long)..];
            return value;
        }

        public Guid Guid()
        {
            var value = new Guid(_rest[..16], bigEndian: true);
            _rest = _rest[16..];
            return value;
        }

        public long Varint()
        {
            var value = 0UL;
            for (var shift = 0; ; shift += 7)
            {
                var part = Byte();
                value |= (ulong)(part & 0x7F) << shift;
                if (part < 0x80)
                {
                    return (long)value;
                }
            }
        }

        public string String()
        {
            var length = (int)Varint();
            var value = Encoding.UTF8.GetString(_rest[..length]);
            _rest = _rest[length..];
            return value;
        }
    }
}
