namespace Sahab.Wire.Bedrock;

/// <summary>The CRC-32 of zlib and IEEE 802.3, which guards each frame of an event stream.</summary>
static class Crc32
{
    const uint Polynomial = 0xEDB88320;

    static readonly uint[] Table = MakeTable();

    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        uint[] table = Table;
        uint crc = uint.MaxValue;
        foreach (byte value in bytes)
        {
            crc = table[(byte)(crc ^ value)] ^ (crc >> 8);
        }

        return ~crc;
    }

    static uint[] MakeTable()
    {
        var table = new uint[256];
        for (uint value = 0; value < table.Length; value++)
        {
            uint crc = value;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? Polynomial ^ (crc >> 1) : crc >> 1;
            }

            table[value] = crc;
        }

        return table;
    }
}
