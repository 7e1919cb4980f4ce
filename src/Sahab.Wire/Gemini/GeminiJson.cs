using System.Text.Encodings.Web;
using System.Text.Json;

namespace Sahab.Wire.Gemini;

/// <summary>How Gemini's JSON is read and written.</summary>
static class GeminiJson
{
    /// <summary>
    /// What a tool call is sent back with whose own signature the client did not keep: Google's documented word for
    /// "do not check this one", in base64.
    /// </summary>
    public const string NoSignature = "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I=";

    public static readonly JsonWriterOptions Options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    public static readonly JsonReaderOptions ReaderOptions = new() { MaxDepth = OpenAI.RequestScanner.MaxDepth };

    /// <summary>Parses a text that is one JSON value and nothing else.</summary>
    /// <exception cref="JsonException">It is not.</exception>
    public static JsonDocument Parse(ReadOnlySpan<byte> text)
    {
        var reader = new Utf8JsonReader(text, ReaderOptions);
        JsonDocument document = JsonDocument.ParseValue(ref reader);
        try
        {
            // Anything but white space behind the value is an error.
            reader.Read();
            return document;
        }
        catch (JsonException)
        {
            document.Dispose();
            throw;
        }
    }

    /// <summary>A member that has a value; null where it has none.</summary>
    public static JsonElement? Find(JsonElement element, ReadOnlySpan<byte> name) =>
        element.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    /// <summary>A text member; null where there is none or it is no text.</summary>
    public static string? FindText(JsonElement element, ReadOnlySpan<byte> name) =>
        Find(element, name) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;

    /// <summary>A count, which Google also writes as a text; 0 where there is none.</summary>
    public static long Count(JsonElement element, ReadOnlySpan<byte> name) => Find(element, name) switch
    {
        { ValueKind: JsonValueKind.Number } number when number.TryGetInt64(out long count) => count,
        { ValueKind: JsonValueKind.Number } number when number.TryGetDouble(out double count) => (long)count,
        { ValueKind: JsonValueKind.String } text
            when long.TryParse(text.GetString(), System.Globalization.CultureInfo.InvariantCulture, out long count) => count,
        _ => 0,
    };
}
