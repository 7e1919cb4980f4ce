using System.Text.Json;
using Sahab.Wire.Chat;

namespace Sahab.Wire.Oci;

/// <summary>Writes a conversation in Cohere's form.</summary>
static class OciCohereMessages
{
    /// <summary>Writes it.</summary>
    /// <returns>What cannot be expressed, and what to do about it; null when it is written.</returns>
    public static (string What, string Hint)? Write(Utf8JsonWriter json, IReadOnlyList<ChatMessage> messages)
    {
        var calls = new Dictionary<string, ChatToolCall>(StringComparer.Ordinal);
        foreach (ChatMessage message in messages)
        {
            foreach (ChatToolCall call in message.ToolCalls)
            {
                calls[call.Id] = call;
            }

            if (message.Role == ChatRole.Tool && !calls.ContainsKey(IdOf(message)))
            {
                return ($"{message.Path}.tool_call_id", "It must be the id of a call that was made before.");
            }
        }

        int first = 0;
        while (first < messages.Count && messages[first].Role == ChatRole.System)
        {
            first++;
        }

        if (first > 0)
        {
            json.WriteString("preambleOverride"u8, string.Join("\n\n", messages.Take(first).Select(one => one.Text)));
        }

        if (messages[^1].Role is ChatRole.Assistant or ChatRole.System)
        {
            return (messages[^1].Path, "The last message must be the user's or a tool's.");
        }

        int now = messages.Count - 1;
        while (messages[now].Role == ChatRole.Tool && now > first && messages[now - 1].Role == ChatRole.Tool)
        {
            now--;
        }

        WriteHistory(json, messages, first, now, calls);
        if (messages[now].Role == ChatRole.User)
        {
            json.WriteString("message"u8, messages[now].Text);
        }
        else
        {
            json.WriteString("message"u8, ""u8);
            WriteResults(json, messages, now, messages.Count, calls);
        }

        return null;
    }

    static void WriteHistory(
        Utf8JsonWriter json, IReadOnlyList<ChatMessage> messages, int from, int to, Dictionary<string, ChatToolCall> calls)
    {
        if (from >= to)
        {
            return;
        }

        json.WriteStartArray("chatHistory"u8);
        for (int at = from; at < to; at++)
        {
            ChatMessage message = messages[at];
            json.WriteStartObject();
            if (message.Role == ChatRole.Tool)
            {
                int end = at + 1;
                while (end < to && messages[end].Role == ChatRole.Tool)
                {
                    end++;
                }

                json.WriteString("role"u8, "TOOL"u8);
                WriteResults(json, messages, at, end, calls);
                at = end - 1;
            }
            else
            {
                json.WriteString("role"u8, message.Role switch
                {
                    ChatRole.User => "USER"u8,
                    ChatRole.System => "SYSTEM"u8,
                    _ => "CHATBOT"u8,
                });
                json.WriteString("message"u8, message.Text);
                WriteCalls(json, message.ToolCalls);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    static void WriteCalls(Utf8JsonWriter json, IReadOnlyList<ChatToolCall> calls)
    {
        if (calls.Count == 0)
        {
            return;
        }

        json.WriteStartArray("toolCalls"u8);
        foreach (ChatToolCall call in calls)
        {
            WriteCall(json, call);
        }

        json.WriteEndArray();
    }

    static void WriteResults(
        Utf8JsonWriter json, IReadOnlyList<ChatMessage> messages, int from, int to, Dictionary<string, ChatToolCall> calls)
    {
        json.WriteStartArray("toolResults"u8);
        for (int at = from; at < to; at++)
        {
            json.WriteStartObject();
            json.WritePropertyName("call"u8);
            WriteCall(json, calls[IdOf(messages[at])]);
            json.WriteStartArray("outputs"u8);
            WriteObject(json, messages[at].Text, "result");
            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    static void WriteCall(Utf8JsonWriter json, ChatToolCall call)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, call.Name);
        json.WritePropertyName("parameters"u8);
        WriteObject(json, call.Arguments.Length == 0 ? "{}" : call.Arguments, "arguments");
        json.WriteEndObject();
    }

    /// <summary>Writes text that is a JSON object as one, and any other as the member of one.</summary>
    static void WriteObject(Utf8JsonWriter json, string text, string member)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                document.RootElement.WriteTo(json);
                return;
            }
        }
        catch (JsonException)
        {
            // A model or a tool wrote it; it goes on as the text that it is.
        }

        json.WriteStartObject();
        json.WriteString(member, text);
        json.WriteEndObject();
    }

    static string IdOf(ChatMessage message) => message.ToolCallId ?? message.Name ?? "";
}
