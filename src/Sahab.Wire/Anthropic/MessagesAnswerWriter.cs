using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Sahab.Wire.Anthropic;

/// <summary>Writes a whole chat completion as an answer of the Messages API.</summary>
static class MessagesAnswerWriter
{
    static readonly JsonWriterOptions Options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    public static bool Write(JsonElement answer, string id, MessagesRequest request, IBufferWriter<byte> output)
    {
        if (answer.ValueKind != JsonValueKind.Object || Find(answer, "choices") is not { } choices
            || choices.ValueKind != JsonValueKind.Array || choices.GetArrayLength() == 0
            || Find(choices[0], "message") is not { ValueKind: JsonValueKind.Object } message)
        {
            return false;
        }

        using var json = new Utf8JsonWriter(output, Options);
        json.WriteStartObject();
        json.WriteString("id"u8, id);
        json.WriteString("type"u8, "message"u8);
        json.WriteString("role"u8, "assistant"u8);
        json.WriteString("model"u8, request.Model);
        json.WriteStartArray("content"u8);
        WriteThinking(json, message, request);
        WriteText(json, Text(message, "content"));
        WriteText(json, Text(message, "refusal"));
        WriteTools(json, message);
        json.WriteEndArray();
        WriteStop(json, request, Text(choices[0], "finish_reason"), Text(choices[0], "stop_reason"));
        MessagesUsage usage = default;
        if (Find(answer, "usage") is { } figures)
        {
            usage.Take(Encoding.UTF8.GetBytes(figures.GetRawText()));
        }

        usage.Write(json);
        json.WriteEndObject();
        return true;
    }

    /// <summary>Why it ended. Only some clouds tell that it was a stop sequence, and which.</summary>
    public static void WriteStop(Utf8JsonWriter json, MessagesRequest request, string? finish, string? stop)
    {
        bool isStop = finish == "stop" && stop is not null && request.StopSequences.Contains(stop);
        json.WriteString("stop_reason"u8, isStop ? "stop_sequence" : AnthropicStops.FromFinish(finish));
        json.WriteString("stop_sequence"u8, isStop ? stop : null);
    }

    static void WriteThinking(Utf8JsonWriter json, JsonElement message, MessagesRequest request)
    {
        if (Find(message, "thinking_blocks") is { ValueKind: JsonValueKind.Array } blocks && blocks.GetArrayLength() > 0)
        {
            foreach (JsonElement block in blocks.EnumerateArray())
            {
                block.WriteTo(json);
            }

            return;
        }

        string? reasoning = Text(message, "reasoning_content") ?? Text(message, "reasoning");
        if (!request.ShowsThinking || string.IsNullOrEmpty(reasoning))
        {
            return;
        }

        json.WriteStartObject();
        json.WriteString("type"u8, "thinking"u8);
        json.WriteString("thinking"u8, reasoning);
        // Unsigned: it did not come from Anthropic, and is told apart by that when it is returned.
        json.WriteString("signature"u8, ""u8);
        json.WriteEndObject();
    }

    static void WriteText(Utf8JsonWriter json, string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return;
        }

        json.WriteStartObject();
        json.WriteString("type"u8, "text"u8);
        json.WriteString("text"u8, text);
        json.WriteEndObject();
    }

    static void WriteTools(Utf8JsonWriter json, JsonElement message)
    {
        if (Find(message, "tool_calls") is not { ValueKind: JsonValueKind.Array } calls)
        {
            return;
        }

        foreach (JsonElement call in calls.EnumerateArray())
        {
            if (Find(call, "function") is not { ValueKind: JsonValueKind.Object } function)
            {
                continue;
            }

            WriteSignature(json, call);
            json.WriteStartObject();
            json.WriteString("type"u8, "tool_use"u8);
            json.WriteString("id"u8, Text(call, "id"));
            json.WriteString("name"u8, Text(function, "name"));
            json.WritePropertyName("input"u8);
            WriteInput(json, Text(function, "arguments"));
            json.WriteEndObject();
        }
    }

    static void WriteSignature(Utf8JsonWriter json, JsonElement call)
    {
        if (Find(call, "extra_content") is { } extra && Find(extra, "google") is { } google
            && Text(google, "thought_signature") is { } signature)
        {
            json.WriteStartObject();
            json.WriteString("type"u8, "redacted_thinking"u8);
            json.WriteString("data"u8, ToolSignatures.Data(Text(call, "id") ?? "", signature));
            json.WriteEndObject();
        }
    }

    /// <summary>Arguments that are no JSON object, as when the limit cut them, come as they are in a member of their own.</summary>
    static void WriteInput(Utf8JsonWriter json, string? arguments)
    {
        try
        {
            using var parsed = JsonDocument.Parse(string.IsNullOrWhiteSpace(arguments) ? "{}" : arguments);
            if (parsed.RootElement.ValueKind == JsonValueKind.Object)
            {
                parsed.RootElement.WriteTo(json);
                return;
            }
        }
        catch (JsonException)
        {
            // Told below.
        }

        json.WriteStartObject();
        json.WriteString("arguments"u8, arguments);
        json.WriteEndObject();
    }

    static JsonElement? Find(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out JsonElement value)
            && value.ValueKind != JsonValueKind.Null
            ? value
            : null;

    static string? Text(JsonElement parent, string name) =>
        Find(parent, name) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;
}
