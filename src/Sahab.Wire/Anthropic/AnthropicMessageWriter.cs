using System.Text.Json;
using Sahab.Wire.Chat;

namespace Sahab.Wire.Anthropic;

/// <summary>
/// Writes a conversation as Anthropic has it: what the operator says stands apart, the user and the model take turns, and
/// tools answer in the user's turn.
/// </summary>
static class AnthropicMessageWriter
{
    /// <summary>What the operator says, wherever in the conversation it stands.</summary>
    public static void WriteSystem(Utf8JsonWriter json, ChatRequest request)
    {
        var isOpen = false;
        foreach (ChatMessage message in request.Messages)
        {
            if (message.Role != ChatRole.System)
            {
                continue;
            }

            CheckName(message);
            foreach (ChatPart part in message.Parts)
            {
                if (part.Kind != ChatPartKind.Text)
                {
                    throw AnthropicRequestWriter.Refuse(part.Path, "A system message can only hold text.");
                }

                if (!SaysSomething(part))
                {
                    continue;
                }

                if (!isOpen)
                {
                    json.WriteStartArray("system"u8);
                    isOpen = true;
                }

                AnthropicPartWriter.Write(json, part);
            }
        }

        if (isOpen)
        {
            json.WriteEndArray();
        }
    }

    /// <summary>The turns; messages of the same side that follow each other are one turn.</summary>
    public static void WriteMessages(Utf8JsonWriter json, ChatRequest request)
    {
        json.WriteStartArray("messages"u8);
        ChatRole? open = null;
        foreach (ChatMessage message in request.Messages)
        {
            if (message.Role == ChatRole.System || !SaysSomething(message))
            {
                continue;
            }

            ChatRole turn = message.Role == ChatRole.Assistant ? ChatRole.Assistant : ChatRole.User;
            if (turn != open)
            {
                EndTurn(json, open);
                json.WriteStartObject();
                json.WriteString("role"u8, turn == ChatRole.Assistant ? "assistant"u8 : "user"u8);
                json.WriteStartArray("content"u8);
                open = turn;
            }

            WriteBlocks(json, message);
        }

        if (open is null)
        {
            throw AnthropicRequestWriter.Refuse("messages", "At least one message other than the system's must say something.");
        }

        EndTurn(json, open);
        json.WriteEndArray();
    }

    static void EndTurn(Utf8JsonWriter json, ChatRole? open)
    {
        if (open is not null)
        {
            json.WriteEndArray();
            json.WriteEndObject();
        }
    }

    /// <summary>Anthropic refuses blocks of text that hold white space only; they say nothing.</summary>
    static bool SaysSomething(ChatPart part) => part.Kind != ChatPartKind.Text || !string.IsNullOrWhiteSpace(part.Text);

    static bool SaysSomething(ChatMessage message) => message.Role == ChatRole.Tool || message.ToolCalls.Count > 0
        || message.ThinkingBlocks.Count > 0 || message.Parts.Any(SaysSomething);

    static void WriteBlocks(Utf8JsonWriter json, ChatMessage message)
    {
        if (message.Role == ChatRole.Tool)
        {
            WriteToolResult(json, message);
            return;
        }

        CheckName(message);
        foreach (JsonElement block in message.ThinkingBlocks)
        {
            block.WriteTo(json);
        }

        foreach (ChatPart part in message.Parts.Where(SaysSomething))
        {
            AnthropicPartWriter.Write(json, part);
        }

        foreach (ChatToolCall call in message.ToolCalls)
        {
            WriteToolUse(json, call);
        }
    }

    static void WriteToolUse(Utf8JsonWriter json, ChatToolCall call)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, "tool_use"u8);
        json.WriteString("id"u8, ToolId(call.Id));
        json.WriteString("name"u8, call.Name);
        json.WritePropertyName("input"u8);
        WriteInput(json, call);
        json.WriteEndObject();
    }

    /// <summary>Arguments are text in a chat completion and an object here.</summary>
    static void WriteInput(Utf8JsonWriter json, ChatToolCall call)
    {
        if (string.IsNullOrWhiteSpace(call.Arguments))
        {
            json.WriteStartObject();
            json.WriteEndObject();
            return;
        }

        try
        {
            using var arguments = JsonDocument.Parse(call.Arguments);
            if (arguments.RootElement.ValueKind == JsonValueKind.Object)
            {
                arguments.RootElement.WriteTo(json);
                return;
            }
        }
        catch (JsonException)
        {
            // Told below.
        }

        throw AnthropicRequestWriter.Refuse(
            $"{call.Path}.function.arguments", "Anthropic takes arguments that are a JSON object, and these are none.");
    }

    static void WriteToolResult(Utf8JsonWriter json, ChatMessage message)
    {
        string id = message.ToolCallId ?? message.Name
            ?? throw AnthropicRequestWriter.Refuse(message.Path, "It does not say which call it answers ('tool_call_id').");
        json.WriteStartObject();
        json.WriteString("type"u8, "tool_result"u8);
        json.WriteString("tool_use_id"u8, ToolId(id));
        if (message.Parts.Any(SaysSomething))
        {
            json.WriteStartArray("content"u8);
            foreach (ChatPart part in message.Parts.Where(SaysSomething))
            {
                AnthropicPartWriter.Write(json, part with { CacheControl = null });
            }

            json.WriteEndArray();
        }

        if (message.IsError)
        {
            json.WriteBoolean("is_error"u8, true);
        }

        if (message.Parts.Select(part => part.CacheControl).FirstOrDefault(mark => mark is not null) is { } cache)
        {
            json.WritePropertyName("cache_control"u8);
            cache.WriteTo(json);
        }

        json.WriteEndObject();
    }

    static void CheckName(ChatMessage message)
    {
        if (!string.IsNullOrEmpty(message.Name))
        {
            throw AnthropicRequestWriter.Refuse($"{message.Path}.name");
        }
    }

    /// <summary>Ids of other clouds may hold characters that Anthropic refuses; both ends of a call change alike.</summary>
    static string ToolId(string id) => id.All(IsIdCharacter)
        ? id
        : string.Create(id.Length, id, static (to, from) =>
        {
            for (var index = 0; index < from.Length; index++)
            {
                to[index] = IsIdCharacter(from[index]) ? from[index] : '_';
            }
        });

    static bool IsIdCharacter(char letter) => char.IsAsciiLetterOrDigit(letter) || letter is '_' or '-';
}
