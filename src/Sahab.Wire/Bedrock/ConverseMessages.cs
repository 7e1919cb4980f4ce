using System.Text.Json;
using Sahab.Wire.Chat;
using Sahab.Wire.OpenAI;

namespace Sahab.Wire.Bedrock;

/// <summary>
/// The messages of a request in Converse's form: instructions apart, neighbours of the same role joined, results of
/// tools as parts of a user's message, and nothing that is empty.
/// </summary>
sealed class ConverseMessages(Utf8JsonWriter json, ChatRequest request, BedrockModel model)
{
    string? _open;

    /// <summary>Writes the instructions.</summary>
    public static void WriteSystem(Utf8JsonWriter json, ChatRequest request)
    {
        var isOpen = false;
        foreach (ChatPart part in request.Messages.Where(m => m.Role == ChatRole.System).SelectMany(m => m.Parts))
        {
            if (part.Kind != ChatPartKind.Text)
            {
                throw ConverseRequestWriter.Refuse(part.Path, "Instructions are text here.");
            }

            if (part.Text.Length == 0)
            {
                continue;
            }

            if (!isOpen)
            {
                json.WriteStartArray("system"u8);
                isOpen = true;
            }

            WriteText(json, part.Text);
            WriteCachePoint(json, part);
        }

        if (isOpen)
        {
            json.WriteEndArray();
        }
    }

    public void Write()
    {
        json.WriteStartArray("messages"u8);
        foreach (ChatMessage message in request.Messages)
        {
            switch (message.Role)
            {
                case ChatRole.User:
                    WriteParts("user", message);
                    break;
                case ChatRole.Assistant:
                    WriteAssistant(message);
                    break;
                case ChatRole.Tool:
                    WriteToolResult(message);
                    break;
            }
        }

        if (_open is null)
        {
            throw new ChatRequestException(new RequestFault(
                "'messages' must hold something that a user says: instructions alone are no conversation for bedrock.",
                "messages", "invalid_value"));
        }

        Close();
        json.WriteEndArray();
    }

    void WriteAssistant(ChatMessage message)
    {
        // Claude wants its reasoning back, first and as it was signed; other models do not read it again.
        if (model.Family == BedrockFamily.Claude)
        {
            foreach (JsonElement block in message.ThinkingBlocks)
            {
                WriteThinking(message, block);
            }
        }

        WriteParts("assistant", message);
        foreach (ChatToolCall call in message.ToolCalls)
        {
            BeginBlock("assistant");
            json.WriteStartObject();
            json.WriteStartObject("toolUse"u8);
            json.WriteString("toolUseId"u8, ToolUseId.Fit(call.Id));
            json.WriteString("name"u8, call.Name);
            json.WritePropertyName("input"u8);
            WriteArguments(call.Arguments);
            json.WriteEndObject();
            json.WriteEndObject();
        }
    }

    void WriteThinking(ChatMessage message, JsonElement block)
    {
        if (block.ValueKind != JsonValueKind.Object)
        {
            string path = $"{message.Path}.thinking_blocks";
            throw new ChatRequestException(new RequestFault($"'{path}' must hold objects.", path, "invalid_type"));
        }

        if (TextOf(block, "data") is { } redacted)
        {
            BeginBlock("assistant");
            json.WriteStartObject();
            json.WriteStartObject("reasoningContent"u8);
            json.WriteString("redactedContent"u8, redacted);
            json.WriteEndObject();
            json.WriteEndObject();
        }
        else if (TextOf(block, "signature") is { Length: > 0 } signature)
        {
            BeginBlock("assistant");
            json.WriteStartObject();
            json.WriteStartObject("reasoningContent"u8);
            json.WriteStartObject("reasoningText"u8);
            json.WriteString("text"u8, TextOf(block, "thinking") ?? "");
            json.WriteString("signature"u8, signature);
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndObject();
        }
    }

    void WriteToolResult(ChatMessage message)
    {
        string path = $"{message.Path}.tool_call_id";
        string id = message.ToolCallId ?? message.Name ?? throw new ChatRequestException(
            new RequestFault($"'{path}' is missing.", path, "missing_required_parameter"));
        BeginBlock("user");
        json.WriteStartObject();
        json.WriteStartObject("toolResult"u8);
        json.WriteString("toolUseId"u8, ToolUseId.Fit(id));
        json.WriteStartArray("content"u8);
        var isEmpty = true;
        foreach (ChatPart part in message.Parts.Where(IsNotEmpty))
        {
            WritePart(part);
            isEmpty = false;
        }

        if (isEmpty)
        {
            // A result must hold something, and an empty text is refused.
            json.WriteStartObject();
            json.WriteStartObject("json"u8);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
        foreach (ChatPart part in message.Parts)
        {
            WriteCachePoint(json, part);
        }
    }

    void WriteParts(string role, ChatMessage message)
    {
        foreach (ChatPart part in message.Parts.Where(IsNotEmpty))
        {
            BeginBlock(role);
            WritePart(part);
            WriteCachePoint(json, part);
        }
    }

    void WritePart(ChatPart part)
    {
        switch (part.Kind)
        {
            case ChatPartKind.Text:
                WriteText(json, part.Text);
                break;
            case ChatPartKind.Image:
                WriteImage(part);
                break;
            default:
                throw ConverseRequestWriter.Refuse(part.Path, "Only text and images can be sent to this cloud.");
        }
    }

    void WriteImage(ChatPart part)
    {
        string format = part.MediaType switch
        {
            "image/png" => "png",
            "image/jpeg" or "image/jpg" => "jpeg",
            "image/gif" => "gif",
            "image/webp" => "webp",
            null => throw ConverseRequestWriter.Refuse(
                part.Path, "It does not fetch images: send a data URL (data:image/png;base64,...)."),
            var other => throw ConverseRequestWriter.Refuse(
                part.Path, $"It takes images as png, jpeg, gif and webp, and not as {other}."),
        };
        json.WriteStartObject();
        json.WriteStartObject("image"u8);
        json.WriteString("format"u8, format);
        json.WriteStartObject("source"u8);
        json.WriteString("bytes"u8, part.Data);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>A model wrote the arguments, so that they may be no JSON; Converse takes only an object.</summary>
    void WriteArguments(string arguments)
    {
        try
        {
            using var document = JsonDocument.Parse(arguments.Length == 0 ? "{}" : arguments);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                document.RootElement.WriteTo(json);
                return;
            }
        }
        catch (JsonException)
        {
            // Told below, as it is.
        }

        json.WriteStartObject();
        json.WriteString("arguments"u8, arguments);
        json.WriteEndObject();
    }

    void BeginBlock(string role)
    {
        if (_open == role)
        {
            return;
        }

        Close();
        json.WriteStartObject();
        json.WriteString("role"u8, role);
        json.WriteStartArray("content"u8);
        _open = role;
    }

    void Close()
    {
        if (_open is not null)
        {
            json.WriteEndArray();
            json.WriteEndObject();
        }
    }

    static bool IsNotEmpty(ChatPart part) => part.Kind != ChatPartKind.Text || part.Text.Length > 0;

    static string? TextOf(JsonElement block, string member) =>
        block.TryGetProperty(member, out JsonElement value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    static void WriteText(Utf8JsonWriter json, string text)
    {
        json.WriteStartObject();
        json.WriteString("text"u8, text);
        json.WriteEndObject();
    }

    static void WriteCachePoint(Utf8JsonWriter json, ChatPart part)
    {
        if (part.CacheControl is not { ValueKind: JsonValueKind.Object } mark)
        {
            return;
        }

        json.WriteStartObject();
        json.WriteStartObject("cachePoint"u8);
        json.WriteString("type"u8, "default"u8);
        if (TextOf(mark, "ttl") is { } ttl)
        {
            json.WriteString("ttl"u8, ttl);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }
}
