using System.Text.Json;
using Sahab.Wire.Chat;
using Sahab.Wire.Translation;

namespace Sahab.Wire.Gemini.Clients;

/// <summary>Writes a client's <c>generateContent</c> request as a chat completion request.</summary>
static class GeminiClientRequest
{
    /// <returns>Whether the client wants to see thoughts.</returns>
    /// <exception cref="ChatRequestException">It cannot be expressed.</exception>
    public static bool Write(Utf8JsonWriter json, GeminiFields fields, in ClientTerms terms)
    {
        string model = terms.Model ?? fields.RequiredText("model");
        json.WriteStartObject();
        json.WriteString("model"u8, model);
        json.WriteStartArray("messages"u8);
        GeminiClientContents.Write(json, fields);
        json.WriteEndArray();
        GeminiClientTools.Write(json, fields);
        bool showsThoughts = GeminiClientConfig.Write(json, fields.Object("generationConfig"));
        WriteExtras(json, fields);
        if (terms.Stream == true)
        {
            json.WriteBoolean("stream"u8, true);
            json.WriteStartObject("stream_options"u8);
            json.WriteBoolean("include_usage"u8, true);
            json.WriteEndObject();
        }

        json.WriteEndObject();
        // The model may be repeated in the body, and labels are for Google's bill.
        fields.Ignore("model", "labels");
        fields.RefuseRest();
        return showsThoughts;
    }

    /// <summary>
    /// Only Google has these, and takes them so from clients of OpenAI's API. A cloud that does not know them refuses, so
    /// that the request goes to one that does.
    /// </summary>
    static void WriteExtras(Utf8JsonWriter json, GeminiFields fields)
    {
        JsonElement? safety = fields.Find("safetySettings");
        JsonElement? cached = fields.Find("cachedContent");
        if (safety is null && cached is null)
        {
            return;
        }

        json.WriteStartObject("extra_body"u8);
        json.WriteStartObject("google"u8);
        if (safety is { } settings)
        {
            json.WritePropertyName("safety_settings"u8);
            settings.WriteTo(json);
        }

        if (cached is { } content)
        {
            json.WritePropertyName("cached_content"u8);
            content.WriteTo(json);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }
}
