using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Sahab.Emulator.Engine;

/// <summary>SplitMix64: the only source of randomness, always from a seed.</summary>
internal struct SeededRandom(ulong seed)
{
    ulong _state = seed;

    public ulong Next() => Scramble(_state += 0x9E3779B97F4A7C15);

    /// <summary>Uniform in [0, 1).</summary>
    public double NextDouble() => (Next() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform in [0, bound).</summary>
    public int NextBelow(int bound) => (int)(NextDouble() * bound);

    /// <summary>Lognormal with the given mean, whatever sigma is.</summary>
    public double NextLognormal(double mean, double sigma)
    {
        if (sigma <= 0)
        {
            return mean;
        }
        var normal = Math.Sqrt(-2 * Math.Log(1 - NextDouble())) * Math.Cos(2 * Math.PI * NextDouble());
        return mean * Math.Exp(sigma * normal - sigma * sigma / 2);
    }

    public static ulong Mix(ulong left, ulong right) => Scramble(left ^ Scramble(right + 0x9E3779B97F4A7C15));

    /// <summary>A hash of bytes that is the same on every machine and in every run.</summary>
    public static ulong Hash(ReadOnlySpan<byte> bytes, ulong seed)
    {
        var hash = seed ^ ((ulong)bytes.Length * 0xA24BAED4963EE407);
        while (bytes.Length >= 8)
        {
            hash ^= BinaryPrimitives.ReadUInt64LittleEndian(bytes);
            hash = Math.BigMul(hash, 0x9FB21C651E98DF25, out var low) ^ low;
            hash = ulong.RotateLeft(hash, 29) + 0xD6E8FEB86659FD93;
            bytes = bytes[8..];
        }
        foreach (var value in bytes)
        {
            hash = (hash ^ value) * 0x100000001B3;
        }
        return Scramble(hash);
    }

    public static ulong Hash(string text, ulong seed) => Hash(MemoryMarshal.AsBytes(text.AsSpan()), seed);

    static ulong Scramble(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
