using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Unicode;

namespace Sahab.Wire.Json;

/// <summary>
/// Finds single members of objects that are known to be valid JSON, without reading the rest into anything: for events
/// of streams, which are many and small.
/// </summary>
static class JsonSlice
{
    /// <summary>The length of a string that holds nothing: its quotes.</summary>
    public const int EmptyText = 2;

    /// <summary>The value of a member as it is written, strings with their quotes; empty when it is absent.</summary>
    /// <param name="json">An object; of anything else no member is found.</param>
    /// <param name="name">The member's name, without escapes.</param>
    public static ReadOnlySpan<byte> Member(ReadOnlySpan<byte> json, ReadOnlySpan<byte> name)
    {
        var cursor = new JsonCursor(json);
        if (cursor.Peek() != JsonKind.Object)
        {
            return default;
        }

        cursor.Enter();
        while (cursor.NextMember(out JsonText found))
        {
            bool isIt = found.Is(json, name);
            cursor.Peek();
            int start = cursor.Position;
            if (cursor.Skip() && isIt)
            {
                return json[start..cursor.Position];
            }
        }

        return default;
    }

    /// <summary>Whether a text is one valid JSON object and nothing else.</summary>
    public static bool IsObject(ReadOnlySpan<byte> json)
    {
        var cursor = new JsonCursor(json);
        return cursor.Peek() == JsonKind.Object && cursor.Skip() && cursor.End();
    }

    /// <summary>Whether a value is a string.</summary>
    public static bool IsText(ReadOnlySpan<byte> value) => value.Length >= EmptyText && value[0] == (byte)'"';

    /// <summary>Whether a value is a string of valid Unicode, as far as can be told without reading escapes.</summary>
    public static bool IsUnicodeText(ReadOnlySpan<byte> value) => IsText(value) && Utf8.IsValid(value)
        && (!value.Contains((byte)'\\') || (value.IndexOf("\\ud"u8) < 0 && value.IndexOf("\\uD"u8) < 0));

    /// <summary>A member's text as it is written, with its quotes; empty where it has none or is no string.</summary>
    /// <exception cref="InvalidOperationException">It is not valid Unicode.</exception>
    public static ReadOnlySpan<byte> MemberText(JsonElement owner, ReadOnlySpan<byte> name)
    {
        if (!owner.TryGetProperty(name, out JsonElement value) || value.ValueKind != JsonValueKind.String)
        {
            return default;
        }

        ReadOnlySpan<byte> text = JsonMarshal.GetRawUtf8Value(value);
        if (!IsUnicodeText(text))
        {
            // Throws unless its escapes are pairs.
            value.GetString();
        }

        return text.Length > EmptyText ? text : default;
    }

    /// <summary>A string's text as it is written, without its quotes; empty for anything else.</summary>
    public static ReadOnlySpan<byte> Raw(ReadOnlySpan<byte> value) => IsText(value) ? value[1..^1] : default;

    /// <summary>A string's text; null for anything else.</summary>
    public static string? Text(ReadOnlySpan<byte> value) => IsText(value)
        ? new JsonText(1, value.Length - 2, value.Contains((byte)'\\')).Decode(value)
        : null;
}
