using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Sahab.Wire.OpenAI;
using Sahab.Wire.Translation;

namespace Sahab.Wire.Bedrock;

/// <summary>
/// Puts answers of embedding models into OpenAI's form: several of them, one for each request that was sent, joined by
/// <see cref="Join"/>.
/// </summary>
public sealed class EmbeddingAnswers : IAnswerTranslation
{
    EmbeddingAnswers()
    {
    }

    /// <summary>The one that there is: it has no state.</summary>
    public static EmbeddingAnswers Instance { get; } = new();

    /// <summary>Joins answers, in the order of their requests, into what <see cref="TryWriteAnswer"/> reads.</summary>
    /// <param name="answers">
    /// The bodies, each with the count of prompt tokens that its headers tell; -1 where they tell none.
    /// </param>
    /// <param name="output">Where the joined answer goes.</param>
    public static void Join(IEnumerable<(ReadOnlyMemory<byte> Body, long Tokens)> answers, IBufferWriter<byte> output)
    {
        ArgumentNullException.ThrowIfNull(answers);
        var separator = "["u8;
        foreach ((ReadOnlyMemory<byte> body, long tokens) in answers)
        {
            output.Write(separator);
            output.Write("{\"tokens\":"u8);
            Span<byte> digits = output.GetSpan(20);
            tokens.TryFormat(digits, out int written, default, CultureInfo.InvariantCulture);
            output.Advance(written);
            output.Write(",\"answer\":"u8);
            output.Write(body.IsEmpty ? "null"u8 : body.Span);
            output.Write("}"u8);
            separator = ","u8;
        }

        output.Write("]"u8);
    }

    /// <summary>The prompt tokens that one answer tells; 0 where it tells none.</summary>
    /// <param name="body">The body.</param>
    /// <param name="tokens">The count in its headers; -1 where they tell none.</param>
    public static long TokensOf(ReadOnlySpan<byte> body, long tokens)
    {
        try
        {
            var reader = new Utf8JsonReader(body);
            using JsonDocument document = JsonDocument.ParseValue(ref reader);
            return TokensOf(document.RootElement, tokens) ?? 0;
        }
        catch (Exception wrong) when (ConverseWords.IsMalformed(wrong))
        {
            return 0;
        }
    }

    /// <inheritdoc/>
    public bool TryWriteAnswer(ReadOnlySpan<byte> answer, in AnswerTerms terms, IBufferWriter<byte> output)
    {
        try
        {
            var reader = new Utf8JsonReader(answer);
            using JsonDocument document = JsonDocument.ParseValue(ref reader);
            using var json = new Utf8JsonWriter(output);
            json.WriteStartObject();
            json.WriteString("object"u8, "list"u8);
            json.WriteStartArray("data"u8);
            var index = 0;
            long? tokens = 0;
            foreach (JsonElement part in document.RootElement.EnumerateArray())
            {
                JsonElement body = part.GetProperty("answer"u8);
                int before = index;
                WriteVectors(json, body, ref index);
                if (index == before)
                {
                    return false;
                }

                tokens += TokensOf(body, part.GetProperty("tokens"u8).GetInt64());
            }

            json.WriteEndArray();
            json.WriteString("model"u8, terms.Model);
            if (tokens is { } sum)
            {
                json.WriteStartObject("usage"u8);
                json.WriteNumber("prompt_tokens"u8, sum);
                json.WriteNumber("total_tokens"u8, sum);
                json.WriteEndObject();
            }

            json.WriteEndObject();
            return true;
        }
        catch (Exception wrong) when (ConverseWords.IsMalformed(wrong))
        {
            return false;
        }
    }

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">Always: embeddings are not streamed.</exception>
    public IStreamTranslation OpenStream(in AnswerTerms terms) => throw new NotSupportedException();

    /// <inheritdoc/>
    public UpstreamError ReadError(int status, ReadOnlySpan<byte> body, string? errorType) =>
        BedrockErrors.Read(status, body, errorType);

    /// <summary>Titan's one vector, Cohere's many, or Cohere's many by type.</summary>
    static void WriteVectors(Utf8JsonWriter json, JsonElement body, ref int index)
    {
        if (body.TryGetProperty("embedding"u8, out JsonElement one) && one.ValueKind == JsonValueKind.Array)
        {
            Write(json, one, index++);
            return;
        }

        if (!body.TryGetProperty("embeddings"u8, out JsonElement many))
        {
            return;
        }

        if (many.ValueKind == JsonValueKind.Object)
        {
            many = many.GetProperty("float"u8);
        }

        foreach (JsonElement vector in many.EnumerateArray())
        {
            Write(json, vector, index++);
        }
    }

    static void Write(Utf8JsonWriter json, JsonElement vector, int index)
    {
        json.WriteStartObject();
        json.WriteString("object"u8, "embedding"u8);
        json.WriteNumber("index"u8, index);
        json.WritePropertyName("embedding"u8);
        vector.WriteTo(json);
        json.WriteEndObject();
    }

    /// <summary>Prompt tokens; null where nobody tells.</summary>
    static long? TokensOf(JsonElement body, long told) =>
        body.TryGetProperty("inputTextTokenCount"u8, out JsonElement count) && count.TryGetInt64(out long tokens)
            ? tokens
        : told >= 0 ? told
        : null;
}
