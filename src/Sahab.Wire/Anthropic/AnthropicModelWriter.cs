using System.Buffers;
using System.Text.Json;
using Sahab.Wire.Translation;

namespace Sahab.Wire.Anthropic;

/// <summary>Writes the replies of <c>/v1/models</c> as Anthropic's clients read them.</summary>
public static class AnthropicModelWriter
{
    /// <summary>What stands where it is not known when a model was released.</summary>
    const string UnknownTime = "1970-01-01T00:00:00Z";

    /// <summary>Writes a page of the list.</summary>
    /// <param name="output">Where it goes.</param>
    /// <param name="models">The models of the page, in the order in which they are listed.</param>
    /// <param name="hasMore">Whether there are more, in the direction in which the client pages.</param>
    public static void Write(IBufferWriter<byte> output, ReadOnlySpan<ModelFacts> models, bool hasMore)
    {
        using var json = new Utf8JsonWriter(output);
        json.WriteStartObject();
        json.WriteStartArray("data"u8);
        foreach (ref readonly ModelFacts model in models)
        {
            WriteModel(json, model);
        }

        json.WriteEndArray();
        json.WriteBoolean("has_more"u8, hasMore);
        json.WriteString("first_id"u8, models.IsEmpty ? null : models[0].Name);
        json.WriteString("last_id"u8, models.IsEmpty ? null : models[^1].Name);
        json.WriteEndObject();
    }

    /// <summary>Writes one model, the reply of <c>/v1/models/{id}</c>.</summary>
    /// <param name="output">Where it goes.</param>
    /// <param name="model">The model.</param>
    public static void Write(IBufferWriter<byte> output, in ModelFacts model)
    {
        using var json = new Utf8JsonWriter(output);
        WriteModel(json, model);
    }

    static void WriteModel(Utf8JsonWriter json, in ModelFacts model)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, "model"u8);
        json.WriteString("id"u8, model.Name);
        json.WriteString("display_name"u8, model.Name);
        json.WriteString("created_at"u8, UnknownTime);
        json.WriteString("lifecycle"u8, "active"u8);
        json.WriteNull("deprecated_at"u8);
        json.WriteNull("retires_at"u8);
        json.WriteNull("line"u8);
        json.WriteNull("capabilities"u8);
        WriteLimit(json, "max_input_tokens"u8, model.ContextTokens);
        WriteLimit(json, "max_tokens"u8, model.MaxOutputTokens);
        json.WriteEndObject();
    }

    static void WriteLimit(Utf8JsonWriter json, ReadOnlySpan<byte> name, int tokens)
    {
        if (tokens > 0)
        {
            json.WriteNumber(name, tokens);
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
