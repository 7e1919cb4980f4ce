using System.Buffers.Binary;
using System.Security.Cryptography;
using Sahab.Routing.Decisions;

namespace Sahab.Server.Hosting;

/// <summary>
/// Makes UUIDv7 ids (RFC 9562): 48 bits of Unix milliseconds, then a counter that keeps ids of one millisecond in
/// order, then randomness from a seeded generator. Tests pass a seed and a clock and get the same ids again.
/// </summary>
internal sealed class IdSource
{
    readonly TimeProvider _time;
    readonly Lock _gate = new();
    RandomSource _random;
    long _lastMs;
    int _counter;

    public IdSource(TimeProvider time, ulong? seed = null)
    {
        _time = time;
        _random = new RandomSource(seed ?? BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(8)));
    }

    /// <summary>The next id. Ids from one source never repeat and sort by creation.</summary>
    public Guid Next()
    {
        var nowMs = _time.GetUtcNow().ToUnixTimeMilliseconds();
        ulong random;
        long ms;
        int counter;
        lock (_gate)
        {
            if (nowMs > _lastMs)
            {
                _lastMs = nowMs;
                _counter = 0;
            }
            else if (++_counter > 0xFFF)
            {
                // More than 4,096 ids in a millisecond, or a clock that went back: borrow from the next millisecond.
                _lastMs++;
                _counter = 0;
            }

            ms = _lastMs;
            counter = _counter;
            random = _random.NextUInt64();
        }

        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, ((ulong)ms << 16) | 0x7000 | (uint)counter);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], 0x8000_0000_0000_0000 | (random >> 2));
        return new Guid(bytes, bigEndian: true);
    }

    /// <summary>A seed for another generator, from the same source of randomness.</summary>
    public ulong NextSeed()
    {
        lock (_gate)
        {
            return _random.NextUInt64();
        }
    }
}
