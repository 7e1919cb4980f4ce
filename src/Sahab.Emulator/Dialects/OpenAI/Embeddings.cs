using System.Buffers.Binary;
using System.Text.Json;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.OpenAI;

/// <summary>
/// An embeddings request and its answer: unit vectors drawn from the input, so that equal inputs are equal.
/// </summary>
internal sealed class Embeddings : IDisposable
{
    readonly List<PromptText> _inputs = [];

    public List<PromptText> Inputs => _inputs;

    public bool IsBase64 { get; private set; }

    public int Dimensions { get; private set; }

    public void Read(RequestFields fields, int dimensions)
    {
        IsBase64 = fields.Text("encoding_format") switch
        {
            null or "float" => false,
            "base64" => true,
            var other => throw fields.Invalid("encoding_format", $"Invalid value: '{other}'.", "invalid_value"),
        };
        Dimensions = fields.Integer("dimensions", 1, dimensions) ?? dimensions;
        CompletionRequests.ReadInputs(_inputs, fields, "input", []);
    }

    public void Write(Utf8JsonWriter writer, string model, ulong seed, Usage? usage)
    {
        writer.WriteStartObject();
        writer.WriteString("object", "list");
        writer.WriteStartArray("data");
        for (var i = 0; i < _inputs.Count; i++)
        {
            writer.WriteStartObject();
            writer.WriteString("object", "embedding");
            writer.WriteNumber("index", i);
            WriteVector(writer, MakeVector(_inputs[i].Fingerprint(seed), Dimensions));
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.WriteString("model", model);
        if (usage is { } told)
        {
            writer.WriteStartObject("usage");
            writer.WriteNumber("prompt_tokens", told.Prompt);
            writer.WriteNumber("total_tokens", told.Prompt);
            writer.WriteEndObject();
        }
        writer.WriteEndObject();
    }

    public void Dispose() => _inputs.ForEach(i => i.Dispose());

    /// <summary>A unit vector.</summary>
    public static float[] MakeVector(ulong seed, int dimensions)
    {
        var random = new SeededRandom(seed);
        var vector = new float[dimensions];
        double squares = 0;
        foreach (ref var value in vector.AsSpan())
        {
            value = (float)(random.NextDouble() * 2 - 1);
            squares += value * value;
        }
        var norm = Math.Sqrt(squares);
        foreach (ref var value in vector.AsSpan())
        {
            value = (float)(value / norm);
        }
        return vector;
    }

    void WriteVector(Utf8JsonWriter writer, float[] vector)
    {
        if (IsBase64)
        {
            var bytes = new byte[vector.Length * sizeof(float)];
            for (var i = 0; i < vector.Length; i++)
            {
                BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), vector[i]);
            }
            writer.WriteBase64String("embedding", bytes);
            return;
        }
        writer.WriteStartArray("embedding");
        foreach (var value in vector)
        {
            writer.WriteNumberValue(value);
        }
        writer.WriteEndArray();
    }
}
