using System.Text.Json;

namespace Sahab.Wire.Chat;

/// <summary>Reads the messages of a request.</summary>
static class ChatMessageReader
{
    public static IReadOnlyList<ChatMessage> ReadAll(ChatFields request)
    {
        var messages = request.Objects("messages").Select(Read).ToList();
        return messages.Count > 0 ? messages : throw request.Missing("messages");
    }

    static ChatMessage Read(ChatFields fields)
    {
        ChatRole role = fields.RequiredText("role") switch
        {
            "system" or "developer" => ChatRole.System,
            "user" => ChatRole.User,
            "assistant" => ChatRole.Assistant,
            "tool" or "function" => ChatRole.Tool,
            var other => throw fields.Invalid(
                "role", $"'{fields.PathOf("role")}' is '{other}'; system, developer, user, assistant and tool are possible."),
        };
        return new ChatMessage
        {
            Role = role,
            Path = fields.PathOf("")[..^1],
            Parts = ReadParts(fields),
            ToolCalls = ReadToolCalls(fields),
            ToolCallId = fields.Text("tool_call_id"),
            IsError = fields.Flag("is_error") ?? false,
            Name = fields.Text("name"),
            Reasoning = fields.Text("reasoning_content") ?? fields.Text("reasoning"),
            ThinkingBlocks = ReadThinking(fields),
        };
    }

    static List<ChatPart> ReadParts(ChatFields message)
    {
        var parts = message.Find("content") switch
        {
            null => [],
            { ValueKind: JsonValueKind.String } text => [TextPart(text.GetString()!, message.PathOf("content"))],
            { ValueKind: JsonValueKind.Array } => message.Objects("content").Select(ReadPart).ToList(),
            _ => throw message.Wrong("content", "a string or an array of parts"),
        };
        if (message.Text("refusal") is { } refusal)
        {
            parts.Add(TextPart(refusal, message.PathOf("refusal")));
        }

        return parts;
    }

    static ChatPart TextPart(string text, string path) => new() { Kind = ChatPartKind.Text, Path = path, Text = text };

    static ChatPart ReadPart(ChatFields part)
    {
        string path = part.PathOf("")[..^1];
        JsonElement? cache = part.Find("cache_control");
        switch (part.RequiredText("type"))
        {
            case "text":
                return TextPart(part.RequiredText("text"), path) with { CacheControl = cache };
            case "refusal":
                return TextPart(part.RequiredText("refusal"), path);
            case "image_url":
                ChatFields image = part.RequiredObject("image_url");
                return ReadUrl(image.RequiredText("url"), ChatPartKind.Image, path) with
                {
                    Detail = image.Text("detail"),
                    CacheControl = cache,
                };
            case "input_audio":
                ChatFields audio = part.RequiredObject("input_audio");
                return new ChatPart
                {
                    Kind = ChatPartKind.Audio,
                    Path = path,
                    Data = audio.RequiredText("data"),
                    MediaType = $"audio/{audio.RequiredText("format")}",
                };
            case "file":
                return ReadFile(part.RequiredObject("file"), path) with { CacheControl = cache };
            case var other:
                throw part.Invalid("type", $"A part of type '{other}' is not known; text, image_url, input_audio, file "
                    + "and refusal are possible.");
        }
    }

    static ChatPart ReadFile(ChatFields file, string path)
    {
        ChatPart part = file.Text("file_data") is { } data
            ? ReadUrl(data, ChatPartKind.Document, path)
            : new ChatPart { Kind = ChatPartKind.Document, Path = path, Url = file.RequiredText("file_id") };
        return part with { FileName = file.Text("filename") };
    }

    /// <summary>A data URL gives its content inline; any other is an address.</summary>
    static ChatPart ReadUrl(string url, ChatPartKind kind, string path)
    {
        const string Scheme = "data:";
        const string Base64 = ";base64";
        int comma = url.IndexOf(',', StringComparison.Ordinal);
        if (!url.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) || comma < 0)
        {
            return new ChatPart { Kind = kind, Path = path, Url = url };
        }

        string head = url[Scheme.Length..comma];
        if (!head.EndsWith(Base64, StringComparison.OrdinalIgnoreCase))
        {
            throw new ChatRequestException(new OpenAI.RequestFault(
                $"The data URL in '{path}' must be in base64 (data:image/png;base64,...).", path, "invalid_value"));
        }

        return new ChatPart
        {
            Kind = kind,
            Path = path,
            MediaType = head[..^Base64.Length].Split(';')[0].ToLowerInvariant(),
            Data = url[(comma + 1)..],
        };
    }

    static List<ChatToolCall> ReadToolCalls(ChatFields message)
    {
        var calls = new List<ChatToolCall>();
        foreach (ChatFields call in message.Objects("tool_calls"))
        {
            ChatFields function = call.RequiredObject("function");
            calls.Add(new ChatToolCall(
                call.PathOf("")[..^1], call.RequiredText("id"), function.RequiredText("name"),
                function.Text("arguments") ?? "",
                call.Object("extra_content")?.Object("google")?.Text("thought_signature")));
        }

        if (calls.Count == 0 && message.Object("function_call") is { } old)
        {
            string name = old.RequiredText("name");
            calls.Add(new ChatToolCall(message.PathOf("function_call"), name, name, old.Text("arguments") ?? "", null));
        }

        return calls;
    }

    static List<JsonElement> ReadThinking(ChatFields message) => message.Find("thinking_blocks") switch
    {
        null => [],
        { ValueKind: JsonValueKind.Array } blocks => [.. blocks.EnumerateArray()],
        _ => throw message.Wrong("thinking_blocks", "an array"),
    };
}
