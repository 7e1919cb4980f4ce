using System.Text.Json;
using Sahab.Wire.Chat;
using Sahab.Wire.Translation;

namespace Sahab.Wire.Oci;

/// <summary>What the forms of OCI's requests and answers have in common.</summary>
static class OciJson
{
    public static void WriteSampling(Utf8JsonWriter json, ChatRequest request)
    {
        WriteNumber(json, "temperature"u8, request.Temperature);
        WriteNumber(json, "topP"u8, request.TopP);
        if (request.TopK is { } topK)
        {
            json.WriteNumber("topK"u8, topK);
        }

        WriteNumber(json, "frequencyPenalty"u8, request.FrequencyPenalty);
        WriteNumber(json, "presencePenalty"u8, request.PresencePenalty);
        if (request.Seed is { } seed)
        {
            json.WriteNumber("seed"u8, seed);
        }
    }

    public static void WriteStrings(Utf8JsonWriter json, ReadOnlySpan<byte> member, IReadOnlyList<string> texts)
    {
        if (texts.Count == 0)
        {
            return;
        }

        json.WriteStartArray(member);
        foreach (string text in texts)
        {
            json.WriteStringValue(text);
        }

        json.WriteEndArray();
    }

    /// <summary>A stream tells its usage only when asked, and we always meter.</summary>
    public static void WriteStream(Utf8JsonWriter json, ChatRequest request)
    {
        json.WriteBoolean("isStream"u8, request.Stream);
        if (request.Stream)
        {
            json.WriteStartObject("streamOptions"u8);
            json.WriteBoolean("isIncludeUsage"u8, true);
            json.WriteEndObject();
        }
    }

    /// <summary>A member of an object; null where it is absent or null, or where this is no object.</summary>
    public static JsonElement? Find(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out JsonElement value)
        && value.ValueKind != JsonValueKind.Null
            ? value
            : null;

    /// <summary>A member that is an object; null where it is anything else.</summary>
    public static JsonElement? Object(JsonElement element, string name) =>
        Find(element, name) is { ValueKind: JsonValueKind.Object } value ? value : null;

    /// <summary>The elements of a member that is an array; none where it is anything else.</summary>
    public static IEnumerable<JsonElement> Items(JsonElement element, string name) =>
        Find(element, name) is { ValueKind: JsonValueKind.Array } value ? value.EnumerateArray() : [];

    /// <summary>A member that is text; null where it is anything else.</summary>
    /// <exception cref="InvalidOperationException">The text is no valid Unicode.</exception>
    public static string? Text(JsonElement element, string name) =>
        Find(element, name) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

    /// <summary>A member that is a count of tokens; null where it is anything else.</summary>
    public static long? Count(JsonElement element, string name) =>
        Find(element, name) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt64(out long count) && count >= 0
            ? count
            : null;

    /// <summary>
    /// The usage of an answer; null where none is told. What reasoning has eaten leaves the output's own count out, which
    /// is then what the total leaves.
    /// </summary>
    public static AnswerUsage? ReadUsage(JsonElement answer)
    {
        if (Object(answer, "usage") is not { } usage || Count(usage, "promptTokens") is not { } prompt)
        {
            return null;
        }

        long output = Count(usage, "completionTokens") ?? Math.Max(0, (Count(usage, "totalTokens") ?? prompt) - prompt);
        long cached = Object(usage, "promptTokensDetails") is { } read ? Count(read, "cachedTokens") ?? 0 : 0;
        long reasoning = Object(usage, "completionTokensDetails") is { } written
            ? Count(written, "reasoningTokens") ?? 0
            : 0;
        return new AnswerUsage(prompt, cached, 0, output, reasoning);
    }

    /// <summary>An id for a tool call that came without one.</summary>
    public static string MakeCallId(in AnswerTerms terms, int choice, int index) =>
        FormattableString.Invariant($"call_{terms.Id[(terms.Id.IndexOf('-', StringComparison.Ordinal) + 1)..]}_{choice}_{index}");

    static void WriteNumber(Utf8JsonWriter json, ReadOnlySpan<byte> member, double? number)
    {
        if (number is { } value)
        {
            json.WriteNumber(member, value);
        }
    }
}
