using System.Buffers;
using System.Globalization;

namespace Sahab.Wire.Json;

/// <summary>Writes numbers where nothing else needs a writer.</summary>
static class JsonNumber
{
    /// <summary>The longest number: its sign and ten digits.</summary>
    const int MaxLength = 11;

    public static void Write(IBufferWriter<byte> output, int number)
    {
        number.TryFormat(output.GetSpan(MaxLength), out int length, provider: CultureInfo.InvariantCulture);
        output.Advance(length);
    }
}
