using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Sahab.Wire.Translation;

namespace Sahab.Wire.Oci;

/// <summary>
/// Puts OCI's probabilities, which stand in lists beside each other as in OpenAI's first API, into the form of chat
/// completions.
/// </summary>
static class OciLogprobs
{
    static readonly JsonWriterOptions Options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    /// <summary>The probabilities of a choice; null where it tells none.</summary>
    /// <exception cref="InvalidOperationException">They are not what they should be.</exception>
    public static ArrayBufferWriter<byte>? Read(JsonElement choice)
    {
        if (OciJson.Object(choice, "logprobs") is not { } told || OciJson.Find(told, "tokens") is null)
        {
            return null;
        }

        List<JsonElement> values = [.. OciJson.Items(told, "tokenLogprobs")];
        List<JsonElement> tops = [.. OciJson.Items(told, "topLogprobs")];
        var output = new ArrayBufferWriter<byte>(256);
        using var json = new Utf8JsonWriter(output, Options);
        json.WriteStartObject();
        json.WriteStartArray("content"u8);
        int index = 0;
        foreach (JsonElement token in OciJson.Items(told, "tokens"))
        {
            json.WriteStartObject();
            AnswerJson.WriteProbability(json, token.GetString() ?? "", index < values.Count ? ValueOf(values[index]) : 0);
            json.WriteStartArray("top_logprobs"u8);
            if (index < tops.Count && tops[index].ValueKind == JsonValueKind.Object)
            {
                foreach (JsonProperty top in tops[index].EnumerateObject())
                {
                    json.WriteStartObject();
                    AnswerJson.WriteProbability(json, top.Name, ValueOf(top.Value));
                    json.WriteEndObject();
                }
            }

            json.WriteEndArray();
            json.WriteEndObject();
            index++;
        }

        AnswerJson.EndProbabilities(json);
        return output;
    }

    /// <summary>A number, which Oracle's SDK has as a text in the one list and as a number in the other.</summary>
    static double ValueOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number => value.GetDouble(),
        JsonValueKind.String when double.TryParse(
            value.GetString(), NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
            && double.IsFinite(number) => number,
        _ => 0,
    };
}
