using System.Buffers;
using System.Text.Json;

namespace Sahab.Wire.OpenAI;

/// <summary>A model as <c>/v1/models</c> lists it.</summary>
/// <param name="Id">The name that clients ask for.</param>
/// <param name="Created">When it was made available, in seconds since 1970.</param>
/// <param name="OwnedBy">Whose it is.</param>
public readonly record struct ModelEntry(string Id, long Created, string OwnedBy);

/// <summary>Writes the replies of <c>/v1/models</c>.</summary>
public static class ModelListWriter
{
    /// <summary>Writes a list of models.</summary>
    /// <param name="output">Where it goes.</param>
    /// <param name="models">The models, in the order in which they are listed.</param>
    public static void Write(IBufferWriter<byte> output, ReadOnlySpan<ModelEntry> models)
    {
        using var writer = new Utf8JsonWriter(output);
        writer.WriteStartObject();
        writer.WriteString("object"u8, "list"u8);
        writer.WriteStartArray("data"u8);
        foreach (ref readonly ModelEntry model in models)
        {
            WriteModel(writer, model);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    /// <summary>Writes one model, the reply of <c>/v1/models/{id}</c>.</summary>
    /// <param name="output">Where it goes.</param>
    /// <param name="model">The model.</param>
    public static void Write(IBufferWriter<byte> output, in ModelEntry model)
    {
        using var writer = new Utf8JsonWriter(output);
        WriteModel(writer, model);
    }

    static void WriteModel(Utf8JsonWriter writer, in ModelEntry model)
    {
        writer.WriteStartObject();
        writer.WriteString("id"u8, model.Id);
        writer.WriteString("object"u8, "model"u8);
        writer.WriteNumber("created"u8, model.Created);
        writer.WriteString("owned_by"u8, model.OwnedBy);
        writer.WriteEndObject();
    }
}
