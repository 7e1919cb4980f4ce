using System.Text.Json;

namespace Sahab.Emulator.Engine.Schemas;

/// <summary>Strings and numbers within the bounds that a schema sets.</summary>
internal static class SchemaScalars
{
    /// <summary>How far above its lowest value a number may lie.</summary>
    const int Spread = 20;

    const int MaxLength = 65_536;

    public static string PickString(JsonElement schema, string word, ref SeededRandom random)
    {
        if (schema.TryGetProperty("pattern", out _))
        {
            throw new SchemaException("'pattern' is not supported");
        }
        if (schema.TryGetProperty("format", out var format) && format.ValueKind == JsonValueKind.String)
        {
            return PickFormatted(format.GetString()!, word, ref random);
        }
        var least = ReadCount(schema, "minLength", 0);
        var most = ReadCount(schema, "maxLength", Math.Max(least, word.Length));
        if (least > MaxLength || least > most)
        {
            throw new SchemaException($"a string must have 0 to {MaxLength} characters");
        }
        while (word.Length < least)
        {
            word += " " + word;
        }
        return word.Length > most ? word[..most] : word;
    }

    public static decimal PickNumber(JsonElement schema, decimal step, ref SeededRandom random)
    {
        step = ReadNumber(schema, "multipleOf") is > 0 and var multiple ? multiple : step;
        var low = ReadNumber(schema, "minimum") ?? decimal.MinValue;
        var high = ReadNumber(schema, "maximum") ?? decimal.MaxValue;
        var lowOpen = ReadNumber(schema, "exclusiveMinimum");
        var highOpen = ReadNumber(schema, "exclusiveMaximum");
        low = Math.Max(low, lowOpen ?? decimal.MinValue);
        high = Math.Min(high, highOpen ?? decimal.MaxValue);
        var from = low > decimal.MinValue ? low : high < Spread * step ? high - Spread * step : 0;
        var value = Math.Ceiling(from / step) * step;
        if (value == lowOpen)
        {
            value += step;
        }
        var steps = high < decimal.MaxValue ? Math.Floor((high - value) / step) : Spread;
        if (value + steps * step == highOpen)
        {
            steps--;
        }
        return steps >= 0
            ? value + random.NextBelow((int)Math.Min(steps, Spread) + 1) * step
            : throw new SchemaException("no number lies within the bounds");
    }

    public static int ReadCount(JsonElement schema, string name, int otherwise) =>
        schema.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number
            && value.TryGetInt32(out var count) && count >= 0 ? count : otherwise;

    static decimal? ReadNumber(JsonElement schema, string name) =>
        schema.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number
            && value.TryGetDecimal(out var number) && Math.Abs(number) < 1e15m ? number : null;

    static string PickUuid(ref SeededRandom random)
    {
        var (high, low) = (random.Next().ToString("x16"), random.Next().ToString("x16"));
        return $"{high[..8]}-{high[8..12]}-{high[12..]}-{low[..4]}-{low[4..]}";
    }

    static string PickFormatted(string format, string word, ref SeededRandom random) => format switch
    {
        "date-time" => $"2026-0{1 + random.NextBelow(9)}-1{random.NextBelow(9)}T1{random.NextBelow(9)}:00:00Z",
        "date" => $"2026-0{1 + random.NextBelow(9)}-1{random.NextBelow(9)}",
        "time" => $"1{random.NextBelow(9)}:00:00Z",
        "duration" => $"PT{1 + random.NextBelow(9)}H",
        "email" or "idn-email" => $"{word}@example.com",
        "hostname" or "idn-hostname" => $"{word}.example.com",
        "ipv4" => $"192.0.2.{1 + random.NextBelow(254)}",
        "ipv6" => $"2001:db8::{1 + random.NextBelow(999)}",
        "uri" or "iri" or "uri-reference" => $"https://example.com/{word}",
        "uuid" => PickUuid(ref random),
        _ => word,
    };
}
