using System.Buffers;
using System.Text.Json;
using Sahab.Wire.Translation;

namespace Sahab.Wire.Gemini;

/// <summary>Puts Gemini's <c>logprobsResult</c> into OpenAI's form.</summary>
static class GeminiLogprobs
{
    public static ArrayBufferWriter<byte> Write(JsonElement result)
    {
        var output = new ArrayBufferWriter<byte>(256);
        using var json = new Utf8JsonWriter(output, GeminiJson.Options);
        json.WriteStartObject();
        json.WriteStartArray("content"u8);
        JsonElement? tops = GeminiJson.Find(result, "topCandidates"u8);
        int index = 0;
        foreach (JsonElement chosen in GeminiJson.Find(result, "chosenCandidates"u8)?.EnumerateArray() ?? default)
        {
            json.WriteStartObject();
            WriteToken(json, chosen);
            json.WriteStartArray("top_logprobs"u8);
            if (tops is { } all && index < all.GetArrayLength()
                && GeminiJson.Find(all[index], "candidates"u8) is { } alternatives)
            {
                foreach (JsonElement alternative in alternatives.EnumerateArray())
                {
                    json.WriteStartObject();
                    WriteToken(json, alternative);
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

    static void WriteToken(Utf8JsonWriter json, JsonElement candidate) => AnswerJson.WriteProbability(
        json, GeminiJson.FindText(candidate, "token"u8) ?? "",
        GeminiJson.Find(candidate, "logProbability"u8) is { ValueKind: JsonValueKind.Number } value ? value.GetDouble() : 0);
}
