using System.Text.Json;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.OpenAI.Media;

/// <summary>Judges texts by a few words. Every category has a score, the same for the same text.</summary>
internal static class Moderations
{
    /// <summary>The categories, with the words that they are flagged by.</summary>
    static readonly (string Name, string[] Words)[] Categories =
    [
        ("harassment", ["idiot"]), ("harassment/threatening", ["threaten"]), ("hate", ["vermin"]),
        ("hate/threatening", ["exterminate"]), ("illicit", ["counterfeit"]), ("illicit/violent", ["bomb"]),
        ("self-harm", ["suicide"]), ("self-harm/intent", []), ("self-harm/instructions", []), ("sexual", ["nude"]),
        ("sexual/minors", []), ("violence", ["kill", "bomb"]), ("violence/graphic", ["gore"]),
    ];

    public static MediaAnswer Plan(RequestFields fields, MediaTerms terms)
    {
        var inputs = Read(fields);
        return new MediaAnswer
        {
            WriteJson = (writer, _) =>
            {
                writer.WriteStartObject();
                writer.WriteString("id", "modr-" + terms.RequestId[4..]);
                writer.WriteString("model", terms.Model);
                writer.WriteStartArray("results");
                foreach (var input in inputs)
                {
                    Write(writer, input, terms.Seed);
                }
                writer.WriteEndArray();
                writer.WriteEndObject();
            },
        };
    }

    /// <summary>A text, several, or the parts of one thing, of which images count as what they say of themselves.</summary>
    static List<(string Text, bool HasImage)> Read(RequestFields fields)
    {
        var input = fields.Find("input") ?? throw fields.Invalid("input", "You must provide an input parameter.");
        if (input.ValueKind == JsonValueKind.String)
        {
            return [(input.GetString()!, false)];
        }
        if (input.ValueKind != JsonValueKind.Array || input.GetArrayLength() == 0)
        {
            throw fields.Invalid("input", "'input' must be a string or an array that is not empty.", "invalid_type");
        }
        if (input.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String))
        {
            return [.. input.EnumerateArray().Select(item => (item.GetString()!, false))];
        }
        var parts = fields.Objects("input");
        var texts = parts.Select(part => part.RequiredText("type") switch
        {
            "text" => part.RequiredText("text"),
            "image_url" => (part.Object("image_url") ?? throw part.Invalid("image_url", "It is missing.")).RequiredText("url"),
            _ => throw part.Invalid("type", "It must be 'text' or 'image_url'.", "invalid_value"),
        });
        return [(string.Join('\n', texts), parts.Exists(part => part.Text("type") == "image_url"))];
    }

    static void Write(Utf8JsonWriter writer, (string Text, bool HasImage) input, ulong seed)
    {
        var flags = Categories.Select(
            category => category.Words.Any(word => input.Text.Contains(word, StringComparison.OrdinalIgnoreCase))).ToArray();
        writer.WriteStartObject();
        writer.WriteBoolean("flagged", flags.Contains(true));
        WriteEach(writer, "categories", at => writer.WriteBooleanValue(flags[at]));
        WriteEach(writer, "category_scores", at =>
        {
            var random = new SeededRandom(SeededRandom.Hash(input.Text + Categories[at].Name, seed));
            writer.WriteNumberValue(flags[at] ? 0.8 + random.NextDouble() * 0.2 : random.NextDouble() * 0.01);
        });
        WriteEach(writer, "category_applied_input_types", at =>
        {
            writer.WriteStartArray();
            writer.WriteStringValue("text");
            // Some categories are for texts only.
            if (input.HasImage && Categories[at].Name.Split('/')[0] is "self-harm" or "sexual" or "violence")
            {
                writer.WriteStringValue("image");
            }
            writer.WriteEndArray();
        });
        writer.WriteEndObject();
    }

    static void WriteEach(Utf8JsonWriter writer, string name, Action<int> write)
    {
        writer.WriteStartObject(name);
        for (var at = 0; at < Categories.Length; at++)
        {
            writer.WritePropertyName(Categories[at].Name);
            write(at);
        }
        writer.WriteEndObject();
    }
}
