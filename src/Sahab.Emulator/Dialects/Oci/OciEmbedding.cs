using System.Text.Json;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.Oci;

/// <summary>An <c>embedText</c> request and its answer.</summary>
internal sealed class OciEmbedding : IDisposable
{
    const int MaxInputs = 96;

    readonly List<PromptText> _inputs = [];
    int _dimensions;

    public int Tokens => (int)Math.Min(int.MaxValue, _inputs.Sum(input => (long)input.Tokens));

    public void Read(RequestFields fields, int dimensions)
    {
        if (fields.Find("inputs") is not { ValueKind: JsonValueKind.Array } inputs
            || inputs.GetArrayLength() is 0 or > MaxInputs)
        {
            throw fields.Invalid("inputs", $"inputs must be an array of 1 to {MaxInputs} texts");
        }
        if (fields.Text("truncate") is not (null or "NONE" or "START" or "END"))
        {
            throw fields.Invalid("truncate", "truncate must be NONE, START or END");
        }
        if (fields.Text("inputType") is not (null or "SEARCH_DOCUMENT" or "SEARCH_QUERY" or "CLASSIFICATION" or "CLUSTERING"))
        {
            throw fields.Invalid("inputType", "Unknown inputType");
        }
        _dimensions = fields.Integer("outputDimensions", 1, dimensions) ?? dimensions;
        foreach (var input in inputs.EnumerateArray())
        {
            var text = new PromptText();
            _inputs.Add(text);
            text.AddText(input.ValueKind == JsonValueKind.String
                ? input.GetString()!
                : throw fields.Invalid("inputs", "inputs must be texts"));
        }
    }

    public void Write(Utf8JsonWriter writer, string model, ulong seed, string id, Usage? usage)
    {
        writer.WriteStartObject();
        writer.WriteString("id", id);
        writer.WriteString("modelId", model);
        writer.WriteString("modelVersion", "1.0");
        writer.WriteStartArray("embeddings");
        foreach (var input in _inputs)
        {
            writer.WriteStartArray();
            foreach (var number in OpenAI.Embeddings.MakeVector(input.Fingerprint(seed), _dimensions))
            {
                writer.WriteNumberValue(number);
            }
            writer.WriteEndArray();
        }
        writer.WriteEndArray();
        if (usage is { } told)
        {
            OciAnswers.WriteUsage(writer, told with { Output = 0, Reasoning = 0 });
        }
        writer.WriteEndObject();
    }

    public void Dispose() => _inputs.ForEach(input => input.Dispose());
}
