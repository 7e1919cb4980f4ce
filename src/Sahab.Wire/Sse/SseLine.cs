namespace Sahab.Wire.Sse;

/// <summary>The grammar of one line of an event stream.</summary>
static class SseLine
{
    public static ReadOnlySpan<byte> Bom => [0xEF, 0xBB, 0xBF];

    /// <summary>The length of the byte order mark that the text begins with; 0 when it begins with none.</summary>
    public static int BomLength(ReadOnlySpan<byte> text) => text.StartsWith(Bom) ? Bom.Length : 0;

    /// <summary>
    /// Whether the line gives this field, and where its value begins: one space after the colon is not part of it.
    /// </summary>
    public static bool TryReadField(ReadOnlySpan<byte> line, ReadOnlySpan<byte> field, out int valueStart)
    {
        valueStart = field.Length;
        if (!line.StartsWith(field))
        {
            return false;
        }

        if (line.Length == field.Length)
        {
            return true;
        }

        if (line[field.Length] != (byte)':')
        {
            return false;
        }

        valueStart++;
        if (line.Length > valueStart && line[valueStart] == (byte)' ')
        {
            valueStart++;
        }

        return true;
    }
}
