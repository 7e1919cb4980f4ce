using System.Buffers;
using System.Text.Json;
using Sahab.Wire.Translation;

namespace Sahab.Wire.Gemini.Clients;

/// <summary>Writes the replies of <c>/v1beta/models</c> as the Gemini API's clients read them.</summary>
public static class GeminiModelWriter
{
    /// <summary>Writes a page of the list.</summary>
    /// <param name="output">Where it goes.</param>
    /// <param name="models">The models of the page, in the order in which they are listed.</param>
    /// <param name="nextPageToken">What to ask for the next page with; null where this is the last.</param>
    public static void Write(IBufferWriter<byte> output, ReadOnlySpan<ModelFacts> models, string? nextPageToken)
    {
        using var json = new Utf8JsonWriter(output, GeminiJson.Options);
        json.WriteStartObject();
        json.WriteStartArray("models"u8);
        foreach (ref readonly ModelFacts model in models)
        {
            WriteModel(json, model);
        }

        json.WriteEndArray();
        if (nextPageToken is not null)
        {
            json.WriteString("nextPageToken"u8, nextPageToken);
        }

        json.WriteEndObject();
    }

    /// <summary>Writes one model, the reply of <c>/v1beta/models/{id}</c>.</summary>
    /// <param name="output">Where it goes.</param>
    /// <param name="model">The model.</param>
    public static void Write(IBufferWriter<byte> output, in ModelFacts model)
    {
        using var json = new Utf8JsonWriter(output, GeminiJson.Options);
        WriteModel(json, model);
    }

    static void WriteModel(Utf8JsonWriter json, in ModelFacts model)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, "models/" + model.Name);
        json.WriteString("displayName"u8, model.Name);
        if (model.ContextTokens > 0)
        {
            json.WriteNumber("inputTokenLimit"u8, model.ContextTokens);
        }

        if (model.MaxOutputTokens > 0)
        {
            json.WriteNumber("outputTokenLimit"u8, model.MaxOutputTokens);
        }

        json.WriteStartArray("supportedGenerationMethods"u8);
        if (model.Chats)
        {
            json.WriteStringValue("generateContent"u8);
            json.WriteStringValue("streamGenerateContent"u8);
            json.WriteStringValue("countTokens"u8);
        }

        if (model.Embeds)
        {
            json.WriteStringValue("embedContent"u8);
            json.WriteStringValue("batchEmbedContents"u8);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
