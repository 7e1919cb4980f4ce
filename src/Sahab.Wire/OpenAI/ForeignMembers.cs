using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Sahab.Wire.OpenAI;

/// <summary>
/// Takes out of a chat completion request what only other vendors know. A request that was translated from another
/// vendor's API carries such members for the clouds that understand them; OpenAI itself refuses members that it does not
/// know. What a client wrote in OpenAI's own form is not touched: it may know what its cloud takes.
/// </summary>
public static class ForeignMembers
{
    static readonly string[] OfMessages = ["thinking_blocks", "reasoning_content", "is_error"];

    static readonly string[] OfPartsAndTools = ["cache_control"];

    static readonly JsonWriterOptions Options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    /// <summary>Writes the request without them, if there are any.</summary>
    /// <param name="body">A chat completion request that is valid JSON.</param>
    /// <param name="output">Where the request goes; nothing is written when it can stay as it is.</param>
    /// <returns>Whether there were any.</returns>
    public static bool TryStrip(ReadOnlyMemory<byte> body, IBufferWriter<byte> output)
    {
        ReadOnlySpan<byte> text = body.Span;
        if (text.IndexOf("\"cache_control\""u8) < 0 && text.IndexOf("\"thinking_blocks\""u8) < 0
            && text.IndexOf("\"reasoning_content\""u8) < 0 && text.IndexOf("\"is_error\""u8) < 0)
        {
            return false;
        }

        using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = RequestScanner.MaxDepth });
        using var json = new Utf8JsonWriter(output, Options);
        json.WriteStartObject();
        foreach (JsonProperty member in document.RootElement.EnumerateObject())
        {
            json.WritePropertyName(member.Name);
            switch (member.Name)
            {
                case "messages" when member.Value.ValueKind == JsonValueKind.Array:
                    WriteAll(json, member.Value, OfMessages);
                    break;
                case "tools" when member.Value.ValueKind == JsonValueKind.Array:
                    WriteAll(json, member.Value, OfPartsAndTools);
                    break;
                default:
                    member.Value.WriteTo(json);
                    break;
            }
        }

        json.WriteEndObject();
        return true;
    }

    /// <summary>Writes objects without some of their members; the parts of messages without theirs.</summary>
    static void WriteAll(Utf8JsonWriter json, JsonElement array, string[] without)
    {
        json.WriteStartArray();
        foreach (JsonElement element in array.EnumerateArray())
        {
            if (element.ValueKind != JsonValueKind.Object)
            {
                element.WriteTo(json);
                continue;
            }

            json.WriteStartObject();
            foreach (JsonProperty member in element.EnumerateObject().Where(member => !without.Contains(member.Name)))
            {
                json.WritePropertyName(member.Name);
                if (member.Name == "content" && member.Value.ValueKind == JsonValueKind.Array)
                {
                    WriteAll(json, member.Value, OfPartsAndTools);
                }
                else
                {
                    member.Value.WriteTo(json);
                }
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
