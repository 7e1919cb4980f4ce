using System.Buffers;
using System.Text.Json;
using Sahab.Wire.Chat;
using Sahab.Wire.OpenAI;
using Sahab.Wire.Translation;

namespace Sahab.Wire.Gemini;

/// <summary>How an embedding model of Google's is called.</summary>
public enum GeminiEmbeddingCall : byte
{
    /// <summary><c>:predict</c>, several inputs at once: <c>text-embedding-*</c>, <c>gemini-embedding-001</c>.</summary>
    Predict,

    /// <summary><c>:embedContent</c>, one input: the newer Gemini models.</summary>
    EmbedContent,
}

/// <summary>Writes an embeddings request for Google's models.</summary>
public static class GeminiEmbeddingWriter
{
    static readonly Expressible Known = new("vertex");

    /// <summary>By which call a model is reached.</summary>
    public static GeminiEmbeddingCall CallOf(string model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return model.Contains("gemini", StringComparison.Ordinal)
            && !model.EndsWith("gemini-embedding-001", StringComparison.Ordinal)
                ? GeminiEmbeddingCall.EmbedContent
                : GeminiEmbeddingCall.Predict;
    }

    /// <summary>Writes the body.</summary>
    /// <param name="body">The client's embeddings request in OpenAI's form.</param>
    /// <param name="call">How the model is called.</param>
    /// <param name="output">Where the body goes; of no use when there is a fault.</param>
    /// <returns>What cannot be expressed; null where everything can be.</returns>
    public static RequestFault? Write(ReadOnlyMemory<byte> body, GeminiEmbeddingCall call, IBufferWriter<byte> output)
    {
        try
        {
            using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = RequestScanner.MaxDepth });
            var fields = ChatFields.Of(document.RootElement, "");
            Check(document.RootElement);
            IReadOnlyList<string> inputs = ReadInputs(fields);
            if (call == GeminiEmbeddingCall.EmbedContent && inputs.Count > 1)
            {
                return Known.Refuse("input", "This model takes one input in a call there: send one at a time.");
            }

            using var json = new Utf8JsonWriter(output, GeminiJson.Options);
            json.WriteStartObject();
            if (call == GeminiEmbeddingCall.Predict)
            {
                WritePredict(json, inputs, fields.Integer("dimensions"));
            }
            else
            {
                WriteContent(json, inputs[0], fields.Integer("dimensions"));
            }

            json.WriteEndObject();
            return null;
        }
        catch (JsonException wrong)
        {
            return new RequestFault($"The body is not valid JSON: {wrong.Message}", null, "invalid_json");
        }
        catch (ChatRequestException wrong)
        {
            return wrong.Fault;
        }
    }

    static void Check(JsonElement body)
    {
        foreach (JsonProperty member in body.EnumerateObject())
        {
            if (member.Value.ValueKind != JsonValueKind.Null
                && member.Name is not ("model" or "input" or "encoding_format" or "dimensions" or "user"))
            {
                throw new ChatRequestException(Known.Refuse(member.Name));
            }
        }
    }

    static IReadOnlyList<string> ReadInputs(ChatFields fields) => fields.Find("input") switch
    {
        null => throw fields.Missing("input"),
        { ValueKind: JsonValueKind.String } one => [one.GetString()!],
        { ValueKind: JsonValueKind.Array } all when all.GetArrayLength() > 0
            && all.EnumerateArray().All(input => input.ValueKind == JsonValueKind.String) =>
            [.. all.EnumerateArray().Select(input => input.GetString()!)],
        _ => throw new ChatRequestException(Known.Refuse("input", "Give text: token ids mean nothing there.")),
    };

    /// <summary>An input that is too long is refused, as OpenAI does, not cut.</summary>
    static void WritePredict(Utf8JsonWriter json, IReadOnlyList<string> inputs, long? dimensions)
    {
        json.WriteStartArray("instances"u8);
        foreach (string input in inputs)
        {
            json.WriteStartObject();
            json.WriteString("content"u8, input);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartObject("parameters"u8);
        json.WriteBoolean("autoTruncate"u8, false);
        WriteDimensions(json, dimensions);
        json.WriteEndObject();
    }

    static void WriteContent(Utf8JsonWriter json, string input, long? dimensions)
    {
        json.WriteStartObject("content"u8);
        json.WriteStartArray("parts"u8);
        json.WriteStartObject();
        json.WriteString("text"u8, input);
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteStartObject("embedContentConfig"u8);
        json.WriteBoolean("autoTruncate"u8, false);
        WriteDimensions(json, dimensions);
        json.WriteEndObject();
    }

    static void WriteDimensions(Utf8JsonWriter json, long? dimensions)
    {
        if (dimensions is { } wanted)
        {
            json.WriteNumber("outputDimensionality"u8, wanted);
        }
    }
}

/// <summary>Puts answers of Google's embedding models into OpenAI's form.</summary>
/// <param name="call">How the model was called.</param>
public sealed class GeminiEmbeddingAnswers(GeminiEmbeddingCall call) : IAnswerTranslation
{
    /// <inheritdoc/>
    public bool TryWriteAnswer(ReadOnlySpan<byte> answer, in AnswerTerms terms, IBufferWriter<byte> output)
    {
        try
        {
            using JsonDocument document = GeminiJson.Parse(answer);
            JsonElement root = document.RootElement;
            if (GeminiCandidates.IsError(root))
            {
                UpstreamError error = GeminiErrors.Read(status: 0, answer);
                ErrorWriter.Write(output, new ClientError(error.Message, error.Type ?? "server_error", error.Param, error.Code));
                return true;
            }

            var vectors = new List<JsonElement>();
            long? tokens = call == GeminiEmbeddingCall.Predict ? ReadPredictions(root, vectors) : ReadContent(root, vectors);
            Write(output, terms.Model, vectors, tokens);
            return vectors.Count > 0;
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">Always: embeddings are not streamed.</exception>
    public IStreamTranslation OpenStream(in AnswerTerms terms) => throw new NotSupportedException();

    /// <inheritdoc/>
    public UpstreamError ReadError(int status, ReadOnlySpan<byte> body, string? errorType) =>
        GeminiErrors.Read(status, body);

    /// <summary>Tokens are told for each input.</summary>
    static long? ReadPredictions(JsonElement root, List<JsonElement> vectors)
    {
        long tokens = 0;
        bool all = true;
        foreach (JsonElement prediction in root.GetProperty("predictions"u8).EnumerateArray())
        {
            JsonElement embeddings = prediction.GetProperty("embeddings"u8);
            vectors.Add(embeddings.GetProperty("values"u8));
            JsonElement? statistics = GeminiJson.Find(embeddings, "statistics"u8);
            all &= statistics is { } told && GeminiJson.Find(told, "token_count"u8) is not null;
            tokens += statistics is { } given ? GeminiJson.Count(given, "token_count"u8) : 0;
        }

        return all ? tokens : null;
    }

    static long? ReadContent(JsonElement root, List<JsonElement> vectors)
    {
        vectors.Add(root.GetProperty("embedding"u8).GetProperty("values"u8));
        return GeminiCandidates.ReadUsage(root)?.Prompt;
    }

    static void Write(IBufferWriter<byte> output, string model, List<JsonElement> vectors, long? tokens)
    {
        using var json = new Utf8JsonWriter(output, GeminiJson.Options);
        json.WriteStartObject();
        json.WriteString("object"u8, "list"u8);
        json.WriteStartArray("data"u8);
        for (int index = 0; index < vectors.Count; index++)
        {
            json.WriteStartObject();
            json.WriteString("object"u8, "embedding"u8);
            json.WriteNumber("index"u8, index);
            json.WriteStartArray("embedding"u8);
            foreach (JsonElement value in vectors[index].EnumerateArray())
            {
                json.WriteNumberValue(value.GetDouble());
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteString("model"u8, model);
        if (tokens is { } used)
        {
            json.WriteStartObject("usage"u8);
            json.WriteNumber("prompt_tokens"u8, used);
            json.WriteNumber("total_tokens"u8, used);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }
}
