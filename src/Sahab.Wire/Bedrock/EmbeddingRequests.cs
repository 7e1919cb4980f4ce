using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Sahab.Wire.Chat;
using Sahab.Wire.OpenAI;

namespace Sahab.Wire.Bedrock;

/// <summary>
/// Writes an embeddings request for InvokeModel. Titan takes one text at a time and Cohere 96, so that one request may
/// become many.
/// </summary>
public static class EmbeddingRequests
{
    /// <summary>Texts in one of Cohere's requests.</summary>
    public const int CohereTexts = 96;

    /// <summary>Texts in one of the client's requests, as with OpenAI.</summary>
    public const int MaxTexts = 2048;

    static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    static readonly string[] Known =
        ["model", "input", "encoding_format", "dimensions", "user", "input_type", "truncate", "service_tier"];

    /// <summary>Writes the bodies.</summary>
    /// <param name="body">An embeddings request in OpenAI's form.</param>
    /// <param name="model">The model that is asked.</param>
    /// <param name="bodies">The bodies to send, whose answers belong in this order; empty when it is refused.</param>
    /// <param name="fault">What cannot be expressed.</param>
    public static bool TryWrite(
        ReadOnlyMemory<byte> body, BedrockModel model, out IReadOnlyList<ReadOnlyMemory<byte>> bodies,
        out RequestFault fault)
    {
        ArgumentNullException.ThrowIfNull(model);
        bodies = [];
        try
        {
            using JsonDocument document = JsonDocument.Parse(body);
            var fields = ChatFields.Of(document.RootElement, "");
            CheckMembers(document.RootElement);
            List<string> texts = ReadTexts(fields);
            bodies = model.Family switch
            {
                BedrockFamily.TitanEmbeddings => WriteTitan(fields, texts),
                BedrockFamily.CohereEmbeddings => WriteCohere(fields, texts, model),
                _ => throw ConverseRequestWriter.Refuse(
                    "model", "Only Titan's and Cohere's embeddings are known; the name must tell whose they are."),
            };
            fault = default;
            return true;
        }
        catch (JsonException wrong)
        {
            fault = new RequestFault($"The body is not valid JSON: {wrong.Message}", null, "invalid_json");
        }
        catch (ChatRequestException wrong)
        {
            fault = wrong.Fault;
        }

        return false;
    }

    static void CheckMembers(JsonElement request)
    {
        foreach (JsonProperty member in request.EnumerateObject())
        {
            if (member.Value.ValueKind != JsonValueKind.Null && !Known.Contains(member.Name))
            {
                throw ConverseRequestWriter.Refuse(member.Name);
            }
        }
    }

    static List<string> ReadTexts(ChatFields fields)
    {
        JsonElement input = fields.Find("input") ?? throw fields.Missing("input");
        if (input.ValueKind == JsonValueKind.String)
        {
            return [input.GetString()!];
        }

        if (input.ValueKind != JsonValueKind.Array || input.GetArrayLength() is 0 or > MaxTexts)
        {
            throw fields.Wrong("input", $"a string or an array of 1 to {MaxTexts} strings");
        }

        return [.. input.EnumerateArray().Select(text => text.ValueKind == JsonValueKind.String
            ? text.GetString()!
            : throw ConverseRequestWriter.Refuse("input", "Token ids are another model's: send text."))];
    }

    static IReadOnlyList<ReadOnlyMemory<byte>> WriteTitan(ChatFields fields, List<string> texts)
    {
        long? dimensions = fields.Integer("dimensions");
        foreach (string member in (ReadOnlySpan<string>)["input_type", "truncate"])
        {
            if (fields.Find(member) is not null)
            {
                throw ConverseRequestWriter.Refuse(member);
            }
        }

        return [.. texts.Select(text => Write(json =>
        {
            json.WriteString("inputText"u8, text);
            if (dimensions is { } length)
            {
                json.WriteNumber("dimensions"u8, length);
            }
        }))];
    }

    static IReadOnlyList<ReadOnlyMemory<byte>> WriteCohere(ChatFields fields, List<string> texts, BedrockModel model)
    {
        long? dimensions = fields.Integer("dimensions");
        if (dimensions is not null && !model.TakesDimensions)
        {
            throw ConverseRequestWriter.Refuse("dimensions", "This model has vectors of one length only.");
        }

        // Cohere wants to know what the vectors are for, which OpenAI's API has no word for.
        string inputType = fields.Text("input_type") ?? "search_document";
        string? truncate = fields.Text("truncate");
        return [.. texts.Chunk(CohereTexts).Select(batch => Write(json =>
        {
            json.WriteStartArray("texts"u8);
            foreach (string text in batch)
            {
                json.WriteStringValue(text);
            }

            json.WriteEndArray();
            json.WriteString("input_type"u8, inputType);
            if (truncate is not null)
            {
                json.WriteString("truncate"u8, truncate);
            }

            if (dimensions is { } length)
            {
                json.WriteNumber("output_dimension"u8, length);
            }
        }))];
    }

    static ReadOnlyMemory<byte> Write(Action<Utf8JsonWriter> writeMembers)
    {
        var output = new ArrayBufferWriter<byte>(256);
        using var json = new Utf8JsonWriter(output, Options);
        json.WriteStartObject();
        writeMembers(json);
        json.WriteEndObject();
        json.Flush();
        return output.WrittenMemory;
    }
}
