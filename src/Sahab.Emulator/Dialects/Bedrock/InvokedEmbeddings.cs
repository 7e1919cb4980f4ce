using System.Text.Json;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.Bedrock;

/// <summary>Embeddings by InvokeModel: Titan's, of one text, and Cohere's, of up to 96; the body tells which.</summary>
internal sealed class InvokedEmbeddings : IDisposable
{
    const int MaxTexts = 96;

    readonly List<PromptText> _inputs = [];
    bool _isTitan;
    int _dimensions;

    public IReadOnlyList<PromptText> Inputs => _inputs;

    public void Read(JsonElement body, int dimensions)
    {
        var fields = RequestFields.OfBody(body);
        _isTitan = fields.Find("inputText") is not null;
        string[] known = _isTitan
            ? ["inputText", "dimensions", "normalize", "embeddingTypes"]
            : ["texts", "input_type", "truncate", "embedding_types", "output_dimension"];
        if (body.EnumerateObject().Select(m => m.Name).FirstOrDefault(name => !known.Contains(name)) is { } unknown)
        {
            throw AwsErrors.Invalid($"Malformed input request: extraneous key [{unknown}] is not permitted.");
        }
        _dimensions = fields.Integer(_isTitan ? "dimensions" : "output_dimension", 1, dimensions) ?? dimensions;
        var texts = _isTitan ? [fields.RequiredText("inputText")] : ReadTexts(fields);
        foreach (var text in texts)
        {
            if (text.Length == 0)
            {
                throw AwsErrors.Invalid("Malformed input request: expected minLength: 1, actual: 0.");
            }
            var prompt = new PromptText();
            _inputs.Add(prompt);
            prompt.AddText(text);
        }
    }

    public void Write(Utf8JsonWriter writer, ulong seed, Usage? usage)
    {
        writer.WriteStartObject();
        if (_isTitan)
        {
            writer.WritePropertyName("embedding");
            WriteVector(writer, _inputs[0].Fingerprint(seed));
            if (usage is { } told)
            {
                writer.WriteNumber("inputTextTokenCount", told.Prompt);
            }
        }
        else
        {
            writer.WriteString("id", "emulated");
            writer.WriteString("response_type", "embeddings_floats");
            writer.WriteStartArray("embeddings");
            foreach (var input in _inputs)
            {
                WriteVector(writer, input.Fingerprint(seed));
            }
            writer.WriteEndArray();
        }
        writer.WriteEndObject();
    }

    public void Dispose() => _inputs.ForEach(i => i.Dispose());

    static string[] ReadTexts(RequestFields fields)
    {
        if (fields.RequiredText("input_type")
            is not ("search_document" or "search_query" or "classification" or "clustering"))
        {
            throw AwsErrors.Invalid("Malformed input request: #/input_type is not a valid enum value.");
        }
        if (fields.Find("texts") is not { ValueKind: JsonValueKind.Array } texts
            || texts.GetArrayLength() is 0 or > MaxTexts)
        {
            throw AwsErrors.Invalid($"Malformed input request: texts must have 1 to {MaxTexts} items.");
        }
        return [.. texts.EnumerateArray().Select(t => t.ValueKind == JsonValueKind.String
            ? t.GetString()!
            : throw AwsErrors.Invalid("Malformed input request: texts must be strings."))];
    }

    void WriteVector(Utf8JsonWriter writer, ulong seed)
    {
        var random = new SeededRandom(seed);
        var vector = new double[_dimensions];
        foreach (ref var value in vector.AsSpan())
        {
            value = random.NextDouble() * 2 - 1;
        }
        var norm = Math.Sqrt(vector.Sum(v => v * v));
        writer.WriteStartArray();
        foreach (var value in vector)
        {
            writer.WriteNumberValue((float)(value / norm));
        }
        writer.WriteEndArray();
    }
}
