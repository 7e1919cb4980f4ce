using Sahab.Wire.Json;

namespace Sahab.Wire.OpenAI;

/// <summary>The forms in which a reply says that it is an error, whatever its status.</summary>
static class ErrorMember
{
    /// <summary>
    /// Whether the value at the cursor is one that JavaScript takes for true, by which the official client decides.
    /// </summary>
    public static bool IsTruthy(ReadOnlySpan<byte> document, ref JsonCursor cursor)
    {
        JsonKind kind = cursor.Peek();
        int start = cursor.Position;
        if (!cursor.Skip())
        {
            return false;
        }

        ReadOnlySpan<byte> value = document[start..cursor.Position];
        return kind switch
        {
            JsonKind.Null or JsonKind.False => false,
            JsonKind.String => value.Length > 2,
            JsonKind.Number => IsNotZero(value),
            _ => true,
        };
    }

    /// <summary>Whether the value at the cursor is the <c>"object":"error"</c> of older vLLM servers.</summary>
    public static bool IsErrorObject(ReadOnlySpan<byte> document, ref JsonCursor cursor)
    {
        if (cursor.Peek() == JsonKind.String)
        {
            return cursor.ReadString(out JsonText text) && text.Is(document, "error"u8);
        }

        cursor.Skip();
        return false;
    }

    /// <summary>Whether the document is an array whose first element is an object with an error.</summary>
    public static bool IsErrorArray(ReadOnlySpan<byte> document)
    {
        var cursor = new JsonCursor(document);
        var found = false;
        if (cursor.Peek() != JsonKind.Array || !cursor.Enter() || !cursor.NextElement()
            || cursor.Peek() != JsonKind.Object || !cursor.Enter())
        {
            return false;
        }

        while (cursor.NextMember(out JsonText name))
        {
            if (name.Is(document, "error"u8))
            {
                found |= IsTruthy(document, ref cursor);
            }
            else
            {
                cursor.Skip();
            }
        }

        while (cursor.NextElement())
        {
            cursor.Skip();
        }

        return cursor.End() && found;
    }

    /// <summary>A number is 0 when no digit before its exponent is another.</summary>
    static bool IsNotZero(ReadOnlySpan<byte> number)
    {
        int exponent = number.IndexOfAny((byte)'e', (byte)'E');
        ReadOnlySpan<byte> mantissa = exponent < 0 ? number : number[..exponent];
        return mantissa.ContainsAnyInRange((byte)'1', (byte)'9');
    }
}
