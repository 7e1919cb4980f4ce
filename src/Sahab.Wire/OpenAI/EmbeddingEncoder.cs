using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Globalization;
using Sahab.Wire.Json;

namespace Sahab.Wire.OpenAI;

/// <summary>
/// Turns the vectors of an embeddings reply from numbers into base64 and back, for providers that do not give what the
/// client asked for: the official JavaScript client asks for base64 unless told otherwise, and makes empty vectors of
/// numbers. Exact: the same single-precision values in both forms. Everything else stays byte for byte.
/// </summary>
public static class EmbeddingEncoder
{
    // A multiple of 12, so that a full batch of numbers is whole in base64 too.
    const int BatchBytes = 1_536;

    // "-1.1754944E-38" is among the longest; a comma comes before it.
    const int MaxNumberBytes = 20;

    /// <summary>Writes the reply with all its vectors in the wanted form.</summary>
    /// <param name="reply">The provider's reply.</param>
    /// <param name="wanted">The form; <see cref="EmbeddingEncoding.Absent"/> means numbers.</param>
    /// <param name="output">Where it goes. When the conversion fails, what was written there is of no use.</param>
    /// <returns>
    /// Whether the reply could be converted: it is JSON, and each vector consists of finite single-precision numbers.
    /// </returns>
    public static bool TryConvert(ReadOnlySpan<byte> reply, EmbeddingEncoding wanted, IBufferWriter<byte> output)
    {
        ArgumentNullException.ThrowIfNull(output);
        var cursor = new JsonCursor(reply);
        if (cursor.Peek() != JsonKind.Object)
        {
            return false;
        }

        var copied = 0;
        var good = true;
        cursor.Enter();
        while (good && cursor.NextMember(out JsonText name))
        {
            if (cursor.Peek() == JsonKind.Array && name.Is(reply, "data"u8))
            {
                cursor.Enter();
                while (good && cursor.NextElement())
                {
                    good = ConvertElement(reply, ref cursor, wanted == EmbeddingEncoding.Base64, output, ref copied);
                }
            }
            else
            {
                cursor.Skip();
            }
        }

        if (!good || !cursor.End())
        {
            return false;
        }

        output.Write(reply[copied..]);
        return true;
    }

    static bool ConvertElement(
        ReadOnlySpan<byte> reply, ref JsonCursor cursor, bool toBase64, IBufferWriter<byte> output, ref int copied)
    {
        if (cursor.Peek() != JsonKind.Object)
        {
            return cursor.Skip();
        }

        cursor.Enter();
        while (cursor.NextMember(out JsonText name))
        {
            JsonKind kind = cursor.Peek();
            if (!name.Is(reply, "embedding"u8) || kind != (toBase64 ? JsonKind.Array : JsonKind.String))
            {
                cursor.Skip();
                continue;
            }

            output.Write(reply[copied..cursor.Position]);
            bool converted = toBase64
                ? WriteBase64(reply, ref cursor, output)
                : cursor.ReadString(out JsonText text) && WriteNumbers(reply, text, output);
            if (!converted)
            {
                return false;
            }

            copied = cursor.Position;
        }

        return !cursor.Failed;
    }

    static bool WriteBase64(ReadOnlySpan<byte> reply, ref JsonCursor cursor, IBufferWriter<byte> output)
    {
        Span<byte> batch = stackalloc byte[BatchBytes];
        var filled = 0;
        output.Write("\""u8);
        cursor.Enter();
        while (cursor.NextElement())
        {
            JsonKind kind = cursor.Peek();
            int start = cursor.Position;
            if (kind != JsonKind.Number || !cursor.Skip()
                || !float.TryParse(
                    reply[start..cursor.Position], NumberStyles.Float, CultureInfo.InvariantCulture, out float number)
                || !float.IsFinite(number))
            {
                return false;
            }

            BinaryPrimitives.WriteSingleLittleEndian(batch[filled..], number);
            filled += sizeof(float);
            if (filled == BatchBytes)
            {
                Flush(batch, output);
                filled = 0;
            }
        }

        Flush(batch[..filled], output);
        output.Write("\""u8);
        return !cursor.Failed;
    }

    static void Flush(ReadOnlySpan<byte> batch, IBufferWriter<byte> output)
    {
        Span<byte> room = output.GetSpan(Base64.GetMaxEncodedToUtf8Length(batch.Length));
        Base64.EncodeToUtf8(batch, room, out _, out int written);
        output.Advance(written);
    }

    static bool WriteNumbers(ReadOnlySpan<byte> reply, JsonText text, IBufferWriter<byte> output)
    {
        byte[] bytes = ArrayPool<byte>.Shared.Rent(text.Length);
        try
        {
            // The slash of base64 may be escaped, so that the text is unescaped first.
            if (!text.TryUnescape(reply, bytes, out int length)
                || Base64.DecodeFromUtf8InPlace(bytes.AsSpan(0, length), out int decoded) != OperationStatus.Done
                || decoded % sizeof(float) != 0)
            {
                return false;
            }

            output.Write("["u8);
            for (var at = 0; at < decoded; at += sizeof(float))
            {
                float number = BinaryPrimitives.ReadSingleLittleEndian(bytes.AsSpan(at));
                if (!float.IsFinite(number))
                {
                    return false;
                }

                Span<byte> room = output.GetSpan(MaxNumberBytes);
                var comma = 0;
                if (at > 0)
                {
                    room[0] = (byte)',';
                    comma = 1;
                }

                number.TryFormat(room[comma..], out int written, default, CultureInfo.InvariantCulture);
                output.Advance(comma + written);
            }

            output.Write("]"u8);
            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }
}
