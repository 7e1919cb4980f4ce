using System.Buffers;
using System.Text.Json;
using Sahab.Wire.Chat;
using Sahab.Wire.OpenAI;
using Sahab.Wire.Translation;

namespace Sahab.Wire.Oci;

/// <summary>Translates embeddings: requests into OCI's <c>embedText</c>, and its answers back.</summary>
public sealed class OciEmbeddings : IAnswerTranslation
{
    /// <summary>The most texts in one request.</summary>
    public const int MaxInputs = 96;

    static readonly JsonDocumentOptions Options = new() { MaxDepth = RequestScanner.MaxDepth };

    static readonly string[] Members =
        ["model", "input", "dimensions", "encoding_format", "input_type", "user", "service_tier"];

    static readonly Expressible Known = new("OCI Generative AI");

    /// <summary>Writes the body.</summary>
    /// <param name="request">An embeddings request in OpenAI's form, found to be one before.</param>
    /// <param name="serving">Who serves it.</param>
    /// <param name="output">Where the body goes; of no use when something cannot be expressed.</param>
    /// <returns>What cannot be expressed; null when the body is written.</returns>
    public static RequestFault? Write(ReadOnlyMemory<byte> request, OciServing serving, IBufferWriter<byte> output)
    {
        ArgumentNullException.ThrowIfNull(serving);
        using JsonDocument document = JsonDocument.Parse(request, Options);
        JsonElement root = document.RootElement;
        foreach (JsonProperty member in root.EnumerateObject())
        {
            if (!Members.Contains(member.Name) && member.Value.ValueKind != JsonValueKind.Null)
            {
                return Known.Refuse(member.Name);
            }
        }

        JsonElement input = root.GetProperty("input");
        List<JsonElement> texts = input.ValueKind == JsonValueKind.Array ? [.. input.EnumerateArray()] : [input];
        if (texts.Exists(text => text.ValueKind != JsonValueKind.String))
        {
            return Known.Refuse("input", "Give text in place of token ids.");
        }

        if (texts.Count > MaxInputs)
        {
            return Known.Refuse("input", $"At most {MaxInputs} texts are possible in one request.");
        }

        using var json = new Utf8JsonWriter(output);
        json.WriteStartObject();
        serving.WriteTo(json);
        json.WriteStartArray("inputs"u8);
        texts.ForEach(text => text.WriteTo(json));
        json.WriteEndArray();
        json.WriteString("truncate"u8, "NONE"u8);
        if (OciJson.Count(root, "dimensions") is { } dimensions)
        {
            json.WriteNumber("outputDimensions"u8, dimensions);
        }

        if (OciJson.Text(root, "input_type") is { } type)
        {
            json.WriteString("inputType"u8, type.ToUpperInvariant());
        }

        json.WriteEndObject();
        return null;
    }

    /// <inheritdoc/>
    public bool TryWriteAnswer(ReadOnlySpan<byte> answer, in AnswerTerms terms, IBufferWriter<byte> output)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(answer.ToArray(), Options);
            JsonElement root = document.RootElement;
            if (OciJson.Find(root, "embeddings") is not { ValueKind: JsonValueKind.Array })
            {
                return false;
            }

            using var json = new Utf8JsonWriter(output);
            json.WriteStartObject();
            json.WriteString("object"u8, "list"u8);
            json.WriteStartArray("data"u8);
            var index = 0;
            foreach (JsonElement vector in OciJson.Items(root, "embeddings"))
            {
                json.WriteStartObject();
                json.WriteString("object"u8, "embedding"u8);
                json.WriteNumber("index"u8, index++);
                json.WritePropertyName("embedding"u8);
                vector.WriteTo(json);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteString("model"u8, terms.Model);
            if (ReadTokens(root) is { } tokens)
            {
                json.WriteStartObject("usage"u8);
                json.WriteNumber("prompt_tokens"u8, tokens);
                json.WriteNumber("total_tokens"u8, tokens);
                json.WriteEndObject();
            }

            json.WriteEndObject();
            return true;
        }
        catch (Exception odd) when (odd is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">Embeddings are not streamed.</exception>
    public IStreamTranslation OpenStream(in AnswerTerms terms) => throw new NotSupportedException();

    /// <inheritdoc/>
    public UpstreamError ReadError(int status, ReadOnlySpan<byte> body, string? errorType) =>
        OciErrors.Read(status, body);

    /// <summary>The tokens of all texts: as the usage, in the older form for each text.</summary>
    static long? ReadTokens(JsonElement root)
    {
        if (OciJson.ReadUsage(root) is { } usage)
        {
            return usage.Prompt;
        }

        long sum = 0;
        var any = false;
        foreach (JsonElement count in OciJson.Items(root, "inputTextTokenCounts"))
        {
            if (count.ValueKind != JsonValueKind.Number || !count.TryGetInt64(out long tokens) || tokens < 0)
            {
                return null;
            }

            sum = checked(sum + Math.Min(tokens, UsageFigures.MaxTokens));
            any = true;
        }

        return any ? sum : null;
    }
}
