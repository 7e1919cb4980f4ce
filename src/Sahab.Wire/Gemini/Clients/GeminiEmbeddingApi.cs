using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Sahab.Wire.OpenAI;
using Sahab.Wire.Translation;

namespace Sahab.Wire.Gemini.Clients;

/// <summary>Which of Google's calls for embeddings a client makes.</summary>
public enum GeminiEmbeddingForm : byte
{
    /// <summary><c>:embedContent</c>: one input.</summary>
    EmbedContent,

    /// <summary><c>:batchEmbedContents</c>: several, of the Gemini API.</summary>
    BatchEmbedContents,

    /// <summary><c>:predict</c>: several, of Vertex AI.</summary>
    Predict,
}

/// <summary>Google's calls for embeddings as APIs of the front door, over any cloud.</summary>
/// <param name="form">Which of them.</param>
public sealed class GeminiEmbeddingApi(GeminiEmbeddingForm form) : IClientApi
{
    /// <inheritdoc/>
    public bool TryOpen(
        ReadOnlyMemory<byte> body, in ClientTerms terms, IBufferWriter<byte> output,
        [NotNullWhen(true)] out IClientExchange? exchange, out RequestFault fault)
    {
        var model = terms.Model ?? "";
        return GeminiBody.TryOpen(
            body,
            fields =>
            {
                var (inputs, dimensions) = Read(fields);
                fields.Ignore("model");
                fields.RefuseRest();
                Write(output, model, inputs, dimensions);
                return new GeminiEmbeddingExchange(form);
            },
            out exchange,
            out fault);
    }

    /// <inheritdoc/>
    public void WriteError(IBufferWriter<byte> output, int status, in ClientError told, string callId) =>
        GeminiClientErrors.Write(output, status, told, callId);

    (List<string> Inputs, long? Dimensions) Read(GeminiFields body)
    {
        long? dimensions = null;
        List<string> inputs;
        switch (form)
        {
            case GeminiEmbeddingForm.EmbedContent:
                inputs = [ReadContent(body, ref dimensions)];
                break;
            case GeminiEmbeddingForm.BatchEmbedContents:
                inputs = [];
                foreach (GeminiFields request in body.Objects("requests"))
                {
                    inputs.Add(ReadContent(request, ref dimensions));
                    request.Ignore("model");
                    request.RefuseRest();
                }

                break;
            default:
                inputs = [];
                foreach (GeminiFields instance in body.Objects("instances"))
                {
                    inputs.Add(instance.RequiredText("content"));
                    instance.RefuseRest();
                }

                ReadConfig(body.Object("parameters"), ref dimensions);
                break;
        }

        return inputs.Count > 0
            ? (inputs, dimensions)
            : throw body.Missing(form == GeminiEmbeddingForm.Predict ? "instances" : "requests");
    }

    static string ReadContent(GeminiFields request, ref long? dimensions)
    {
        GeminiFields content = request.RequiredObject("content");
        content.Ignore("role");
        var text = new System.Text.StringBuilder();
        foreach (GeminiFields part in content.Objects("parts"))
        {
            text.Append(part.RequiredText("text"));
            part.RefuseRest();
        }

        content.RefuseRest();
        dimensions = request.Integer("outputDimensionality") ?? dimensions;
        ReadConfig(request.Object("embedContentConfig"), ref dimensions);
        return text.ToString();
    }

    static void ReadConfig(GeminiFields? given, ref long? dimensions)
    {
        if (given is not { } config)
        {
            return;
        }

        dimensions = config.Integer("outputDimensionality") ?? dimensions;
        if (config.Flag("autoTruncate"))
        {
            throw config.Refused("autoTruncate", "Inputs that are too long are refused, not cut.");
        }

        config.RefuseRest();
    }

    static void Write(IBufferWriter<byte> output, string model, List<string> inputs, long? dimensions)
    {
        using var json = new Utf8JsonWriter(output, GeminiJson.Options);
        json.WriteStartObject();
        json.WriteString("model"u8, model);
        json.WriteStartArray("input"u8);
        inputs.ForEach(json.WriteStringValue);
        json.WriteEndArray();
        json.WriteString("encoding_format"u8, "float"u8);
        if (dimensions is { } wanted)
        {
            json.WriteNumber("dimensions"u8, wanted);
        }

        json.WriteEndObject();
    }
}

/// <summary>Puts embeddings into Google's form.</summary>
sealed class GeminiEmbeddingExchange(GeminiEmbeddingForm form) : IClientExchange
{
    public bool TryWriteAnswer(ReadOnlySpan<byte> answer, IBufferWriter<byte> output)
    {
        try
        {
            using JsonDocument document = GeminiJson.Parse(answer);
            JsonElement root = document.RootElement;
            if (GeminiJson.Find(root, "data"u8) is not { ValueKind: JsonValueKind.Array } data || data.GetArrayLength() == 0)
            {
                return false;
            }

            long? tokens = GeminiJson.Find(root, "usage"u8) is { } usage ? GeminiJson.Count(usage, "prompt_tokens"u8) : null;
            Write(output, data, tokens);
            return true;
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return false;
        }
    }

    /// <summary>Embeddings are not streamed.</summary>
    public bool Take(ReadOnlySpan<byte> chunk, in PlainDelta delta, IBufferWriter<byte> output) => false;

    public void Complete(IBufferWriter<byte> output)
    {
    }

    public void Fail(IBufferWriter<byte> output, in ClientError told)
    {
    }

    public void Dispose()
    {
    }

    void Write(IBufferWriter<byte> output, JsonElement data, long? tokens)
    {
        using var json = new Utf8JsonWriter(output, GeminiJson.Options);
        json.WriteStartObject();
        switch (form)
        {
            case GeminiEmbeddingForm.EmbedContent:
                json.WriteStartObject("embedding"u8);
                WriteValues(json, data[0]);
                json.WriteEndObject();
                if (tokens is { } used)
                {
                    json.WriteStartObject("usageMetadata"u8);
                    json.WriteNumber("promptTokenCount"u8, used);
                    json.WriteNumber("totalTokenCount"u8, used);
                    json.WriteEndObject();
                }

                break;
            case GeminiEmbeddingForm.BatchEmbedContents:
                json.WriteStartArray("embeddings"u8);
                foreach (JsonElement item in data.EnumerateArray())
                {
                    json.WriteStartObject();
                    WriteValues(json, item);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
                break;
            default:
                WritePredictions(json, data);
                break;
        }

        json.WriteEndObject();
    }

    /// <summary>Tokens are told for each input there; only their sum is known here, so that none are told.</summary>
    static void WritePredictions(Utf8JsonWriter json, JsonElement data)
    {
        json.WriteStartArray("predictions"u8);
        foreach (JsonElement item in data.EnumerateArray())
        {
            json.WriteStartObject();
            json.WriteStartObject("embeddings"u8);
            WriteValues(json, item);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    static void WriteValues(Utf8JsonWriter json, JsonElement item)
    {
        json.WritePropertyName("values"u8);
        item.GetProperty("embedding"u8).WriteTo(json);
    }
}
