using System.Text.Json;
using Sahab.Wire.Chat;

namespace Sahab.Wire.Anthropic;

/// <summary>Reads the conversation of a request of the Messages API and writes it as messages of a chat.</summary>
static class MessagesContentReader
{
    public static void WriteMessages(ChatFields body, Utf8JsonWriter json)
    {
        json.WriteStartArray("messages"u8);
        WriteSystem(body, json);
        var count = 0;
        foreach (ChatFields message in body.Objects("messages"))
        {
            count++;
            MessagesRequestReader.AllowOnly(message, "role", "content");
            switch (message.RequiredText("role"))
            {
                case "user":
                    WriteUser(message, json);
                    break;
                case "assistant":
                    WriteAssistant(message, json);
                    break;
                default:
                    throw message.Invalid("role", $"'{message.PathOf("role")}' must be user or assistant.");
            }
        }

        if (count == 0)
        {
            throw body.Missing("messages");
        }

        json.WriteEndArray();
    }

    public static void WriteCacheControl(ChatFields block, Utf8JsonWriter json)
    {
        if (block.Object("cache_control") is { } cache)
        {
            json.WritePropertyName("cache_control"u8);
            cache.Element.WriteTo(json);
        }
    }

    static void WriteSystem(ChatFields body, Utf8JsonWriter json)
    {
        if (body.Find("system") is not { } system)
        {
            return;
        }

        json.WriteStartObject();
        json.WriteString("role"u8, "system"u8);
        if (system.ValueKind == JsonValueKind.String)
        {
            json.WriteString("content"u8, system.GetString());
        }
        else
        {
            json.WriteStartArray("content"u8);
            foreach (ChatFields block in body.Objects("system"))
            {
                if (block.RequiredText("type") != "text")
                {
                    throw block.Invalid("type", $"'{block.PathOf("type")}' must be text.");
                }

                MessagesPartWriter.Write(block, json);
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    /// <summary>
    /// Tools answer in messages of their own in a chat, which must come right after the calls; so they go before
    /// whatever else the user says.
    /// </summary>
    static void WriteUser(ChatFields message, Utf8JsonWriter json)
    {
        if (IsText(message, out string? text))
        {
            WriteText(json, "user"u8, text);
            return;
        }

        var blocks = message.Objects("content").ToList();
        foreach (ChatFields block in blocks.Where(IsToolResult))
        {
            WriteToolResult(block, json);
        }

        var rest = blocks.Where(block => !IsToolResult(block)).ToList();
        if (rest.Count > 0)
        {
            json.WriteStartObject();
            json.WriteString("role"u8, "user"u8);
            WriteParts(rest, json);
            json.WriteEndObject();
        }
    }

    static bool IsToolResult(ChatFields block) => block.RequiredText("type") == "tool_result";

    static void WriteToolResult(ChatFields block, Utf8JsonWriter json)
    {
        MessagesRequestReader.AllowOnly(block, "type", "tool_use_id", "content", "is_error", "cache_control");
        json.WriteStartObject();
        json.WriteString("role"u8, "tool"u8);
        json.WriteString("tool_call_id"u8, block.RequiredText("tool_use_id"));
        if (block.Find("content") is null)
        {
            json.WriteString("content"u8, ""u8);
        }
        else if (IsText(block, out string? text))
        {
            json.WriteString("content"u8, text);
        }
        else
        {
            WriteParts(block.Objects("content"), json);
        }

        if (block.Flag("is_error") == true)
        {
            json.WriteBoolean("is_error"u8, true);
        }

        json.WriteEndObject();
    }

    static void WriteAssistant(ChatFields message, Utf8JsonWriter json)
    {
        if (IsText(message, out string? text))
        {
            WriteText(json, "assistant"u8, text);
            return;
        }

        var blocks = message.Objects("content").ToLookup(block => KindOf(block));
        json.WriteStartObject();
        json.WriteString("role"u8, "assistant"u8);
        var texts = blocks["text"].ToList();
        if (texts.Count == 1)
        {
            json.WriteString("content"u8, MessagesPartWriter.TextOf(texts[0]));
        }
        else if (texts.Count > 1)
        {
            WriteParts(texts, json);
        }
        else
        {
            json.WriteNull("content"u8);
        }

        var signatures = new Dictionary<string, string>(StringComparer.Ordinal);
        var thinking = new List<ChatFields>();
        foreach (ChatFields block in blocks["thinking"])
        {
            if (ToolSignatures.TryRead(block.Text("data"), out string? callId, out string? signature))
            {
                signatures[callId] = signature;
            }
            else
            {
                thinking.Add(block);
            }
        }

        WriteThinking(thinking, json);
        WriteToolCalls(blocks["tool_use"].ToList(), signatures, json);
        json.WriteEndObject();
    }

    static string KindOf(ChatFields block)
    {
        string type = block.RequiredText("type");
        return type switch
        {
            "text" or "thinking" or "tool_use" => type,
            "redacted_thinking" => "thinking",
            _ => throw MessagesRequestReader.Refuse(
                block, "type", $"A block of type '{type}' cannot stand in a message of the assistant here."),
        };
    }

    /// <summary>Only what is signed is of use to the cloud that signed it; the rest is plain reasoning.</summary>
    static void WriteThinking(List<ChatFields> blocks, Utf8JsonWriter json)
    {
        var signed = blocks.Where(block =>
            block.RequiredText("type") == "redacted_thinking" || !string.IsNullOrEmpty(block.Text("signature"))).ToList();
        if (signed.Count > 0)
        {
            json.WriteStartArray("thinking_blocks"u8);
            signed.ForEach(block => block.Element.WriteTo(json));
            json.WriteEndArray();
        }
        else if (blocks.Count > 0)
        {
            json.WriteString("reasoning_content"u8, string.Concat(blocks.Select(block => block.Text("thinking"))));
        }
    }

    static void WriteToolCalls(List<ChatFields> calls, Dictionary<string, string> signatures, Utf8JsonWriter json)
    {
        if (calls.Count == 0)
        {
            return;
        }

        json.WriteStartArray("tool_calls"u8);
        foreach (ChatFields call in calls)
        {
            MessagesRequestReader.AllowOnly(call, "type", "id", "name", "input", "cache_control", "caller");
            json.WriteStartObject();
            json.WriteString("id"u8, call.RequiredText("id"));
            json.WriteString("type"u8, "function"u8);
            json.WriteStartObject("function"u8);
            json.WriteString("name"u8, call.RequiredText("name"));
            json.WriteString("arguments"u8, call.RequiredObject("input").Element.GetRawText());
            json.WriteEndObject();
            Translation.AnswerJson.WriteSignature(json, signatures.GetValueOrDefault(call.RequiredText("id")));
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    static void WriteParts(IEnumerable<ChatFields> blocks, Utf8JsonWriter json)
    {
        json.WriteStartArray("content"u8);
        foreach (ChatFields block in blocks)
        {
            MessagesPartWriter.Write(block, json);
        }

        json.WriteEndArray();
    }

    static void WriteText(Utf8JsonWriter json, ReadOnlySpan<byte> role, string? text)
    {
        json.WriteStartObject();
        json.WriteString("role"u8, role);
        json.WriteString("content"u8, text);
        json.WriteEndObject();
    }

    static bool IsText(ChatFields message, out string? text)
    {
        JsonElement content = message.Find("content") ?? throw message.Missing("content");
        text = content.ValueKind == JsonValueKind.String ? content.GetString() : null;
        return text is not null;
    }
}
