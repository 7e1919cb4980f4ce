using System.Text.Json;
using Sahab.Emulator.Configuration;
using Sahab.Emulator.Dialects.OpenAI;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.Vertex;

/// <summary>Google's three ways to ask for embeddings, and to answer.</summary>
/// <param name="method"><c>predict</c>, <c>embedContent</c> or <c>batchEmbedContents</c>.</param>
internal sealed class GeminiEmbeddings(string method) : IDisposable
{
    readonly List<PromptText> _inputs = [];
    int _dimensions;

    public List<PromptText> Inputs => _inputs;

    public void Read(GeminiFields body, ModelConfig model)
    {
        _dimensions = model.Dimensions;
        switch (method)
        {
            case "predict":
                ReadInstances(body.Only("instances", "parameters"), model);
                break;
            case "embedContent":
                ReadContent(
                    body.Only("content", "embedContentConfig", "taskType", "title", "outputDimensionality", "autoTruncate", "model"),
                    model);
                break;
            default:
                foreach (var request in body.Only("requests").Objects("requests"))
                {
                    ReadContent(request.Only("model", "content", "taskType", "title", "outputDimensionality"), model);
                }
                break;
        }
        if (_inputs.Count == 0)
        {
            throw GeminiFields.Refused("Unable to submit request because it has no input.");
        }
        if (_inputs.Max(i => i.Tokens) is var longest && longest > model.ContextTokens)
        {
            throw GeminiFields.Refused(
                $"The input token count ({longest}) exceeds the maximum number of tokens allowed ({model.ContextTokens}).");
        }
    }

    public void Write(Utf8JsonWriter writer, ulong seed, Usage? usage)
    {
        writer.WriteStartObject();
        switch (method)
        {
            case "predict":
                WritePredictions(writer, seed, usage);
                break;
            case "embedContent":
                WriteVector(writer, "embedding", _inputs[0], seed);
                if (usage is { } told)
                {
                    writer.WriteStartObject("usageMetadata");
                    writer.WriteNumber("promptTokenCount", told.Prompt);
                    writer.WriteNumber("totalTokenCount", told.Prompt);
                    writer.WriteEndObject();
                }
                writer.WriteBoolean("truncated", false);
                break;
            default:
                writer.WriteStartArray("embeddings");
                foreach (var input in _inputs)
                {
                    writer.WriteStartObject();
                    WriteValues(writer, input, seed);
                    writer.WriteEndObject();
                }
                writer.WriteEndArray();
                break;
        }
        writer.WriteEndObject();
    }

    public void Dispose() => _inputs.ForEach(i => i.Dispose());

    void ReadInstances(GeminiFields body, ModelConfig model)
    {
        foreach (var instance in body.Objects("instances"))
        {
            instance.Only("content", "taskType", "title", "mimeType");
            Add(instance.RequiredText("content"));
        }
        ReadDimensions(body.Object("parameters")?.Only("outputDimensionality", "autoTruncate"), model);
    }

    void ReadContent(GeminiFields body, ModelConfig model)
    {
        var content = body.Object("content") ?? throw GeminiFields.Refused("content is required.");
        Add(string.Concat(content.Only("role", "parts").Objects("parts").Select(part => part.Only("text").RequiredText("text"))));
        ReadDimensions(body, model);
        ReadDimensions(
            body.Object("embedContentConfig")?.Only("taskType", "title", "outputDimensionality", "autoTruncate"), model);
    }

    void ReadDimensions(GeminiFields? config, ModelConfig model) =>
        _dimensions = config?.Integer("outputDimensionality", 1, model.Dimensions) ?? _dimensions;

    void Add(string text)
    {
        var input = new PromptText();
        input.AddText(text);
        _inputs.Add(input);
    }

    /// <summary>Tokens are told for each input. A fault that falsifies the figures falsifies the first one's.</summary>
    void WritePredictions(Utf8JsonWriter writer, ulong seed, Usage? usage)
    {
        var falsified = (usage?.Prompt ?? 0) - _inputs.Sum(i => (long)i.Tokens);
        writer.WriteStartArray("predictions");
        for (var i = 0; i < _inputs.Count; i++)
        {
            writer.WriteStartObject();
            writer.WriteStartObject("embeddings");
            WriteValues(writer, _inputs[i], seed);
            if (usage is not null)
            {
                writer.WriteStartObject("statistics");
                writer.WriteBoolean("truncated", false);
                writer.WriteNumber("token_count", _inputs[i].Tokens + (i == 0 ? falsified : 0));
                writer.WriteEndObject();
            }
            writer.WriteEndObject();
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.WriteStartObject("metadata");
        writer.WriteNumber("billableCharacterCount", _inputs.Sum(i => (long)i.Length));
        writer.WriteEndObject();
    }

    void WriteVector(Utf8JsonWriter writer, string name, PromptText input, ulong seed)
    {
        writer.WriteStartObject(name);
        WriteValues(writer, input, seed);
        writer.WriteEndObject();
    }

    void WriteValues(Utf8JsonWriter writer, PromptText input, ulong seed)
    {
        writer.WriteStartArray("values");
        foreach (var value in Embeddings.MakeVector(input.Fingerprint(seed), _dimensions))
        {
            writer.WriteNumberValue(value);
        }
        writer.WriteEndArray();
    }
}
