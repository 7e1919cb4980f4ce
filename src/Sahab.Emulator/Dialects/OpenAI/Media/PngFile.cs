using System.Buffers.Binary;
using System.IO.Compression;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.OpenAI.Media;

/// <summary>Writes images as PNG (ISO/IEC 15948): a gradient between colours of the seed.</summary>
internal static class PngFile
{
    const int Side = 64;

    static readonly byte[] Signature = [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];
    static readonly uint[] Crc = [.. Enumerable.Range(0, 256).Select(n => Shift((uint)n))];

    /// <summary>Whether these bytes begin as such a file does.</summary>
    public static bool Is(byte[] bytes) => bytes.AsSpan().StartsWith(Signature);

    public static byte[] Draw(ulong seed)
    {
        var file = new MemoryStream();
        file.Write(Signature);
        Span<byte> header = stackalloc byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, Side);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], Side);
        // Eight bits of each of three colours; the rest is what all files have.
        (header[8], header[9]) = (8, 2);
        WriteChunk(file, "IHDR"u8, header);
        WriteChunk(file, "IDAT"u8, Pixels(seed));
        WriteChunk(file, "IEND"u8, []);
        return file.ToArray();
    }

    static byte[] Pixels(ulong seed)
    {
        var random = new SeededRandom(seed);
        var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Optimal))
        {
            Span<int> colours = stackalloc int[9];
            foreach (ref var colour in colours)
            {
                colour = random.NextBelow(256);
            }
            Span<byte> row = stackalloc byte[1 + Side * 3];
            for (var y = 0; y < Side; y++)
            {
                for (var x = 0; x < Side; x++)
                {
                    for (var c = 0; c < 3; c++)
                    {
                        row[1 + x * 3 + c] = (byte)(
                            (colours[c] * (2 * Side - x - y) + colours[3 + c] * x + colours[6 + c] * y) / (2 * Side));
                    }
                }
                zlib.Write(row);
            }
        }
        return packed.ToArray();
    }

    static void WriteChunk(MemoryStream file, ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        file.Write(number);
        file.Write(type);
        file.Write(data);
        BinaryPrimitives.WriteUInt32BigEndian(number, ~Sum(Sum(uint.MaxValue, type), data));
        file.Write(number);
    }

    static uint Sum(uint crc, ReadOnlySpan<byte> bytes)
    {
        foreach (var value in bytes)
        {
            crc = Crc[(crc ^ value) & 0xFF] ^ (crc >> 8);
        }
        return crc;
    }

    static uint Shift(uint value)
    {
        for (var bit = 0; bit < 8; bit++)
        {
            value = (value & 1) != 0 ? 0xEDB88320 ^ (value >> 1) : value >> 1;
        }
        return value;
    }
}
