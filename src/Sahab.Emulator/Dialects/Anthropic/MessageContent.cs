using System.Text;
using System.Text.Json;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.Anthropic;

/// <summary>Reads the conversation of a request, and checks that it is one that the vendor would go on with.</summary>
internal sealed class MessageContent(MessageRequest request, PromptText prompt)
{
    readonly HashSet<string> _unanswered = new(StringComparer.Ordinal);

    public void ReadSystem(RequestFields fields)
    {
        switch (fields.Find("system"))
        {
            case null:
                break;
            case { ValueKind: JsonValueKind.String } text:
                prompt.Mark("system");
                prompt.AddText(text.GetString()!);
                break;
            default:
                prompt.Mark("system");
                foreach (var block in fields.Objects("system"))
                {
                    ReadText(block);
                    NoteCache(block);
                }
                break;
        }
    }

    /// <summary>Reads every message; returns the last words of the user, none when tools answer there.</summary>
    public string ReadMessages(RequestFields fields)
    {
        var messages = fields.Objects("messages");
        if (messages.Count == 0)
        {
            throw fields.Invalid("messages", "messages: at least one message is required");
        }
        var asked = "";
        string? before = null;
        foreach (var message in messages)
        {
            var role = message.RequiredText("role");
            if (role is not ("user" or "assistant"))
            {
                throw message.Invalid("role", "messages: Input should be 'user' or 'assistant'");
            }
            if (before is null && role != "user")
            {
                throw fields.Invalid("messages", "messages: first message must use the \"user\" role");
            }
            prompt.Mark(role);
            asked = role == "user" ? ReadUser(message) : ReadAssistant(message);
            before = role;
        }
        CheckAnswered(messages[^1]);
        return before == "user" ? asked : "";
    }

    string ReadUser(RequestFields message)
    {
        if (PlainText(message) is { } text)
        {
            CheckAnswered(message);
            return text;
        }
        var said = new StringBuilder();
        var hasResults = false;
        foreach (var block in message.Objects("content"))
        {
            NoteCache(block);
            if (block.RequiredText("type") == "tool_result")
            {
                hasResults = true;
                ReadToolResult(block);
                continue;
            }
            CheckAnswered(message);
            said.Append(ReadPart(block));
        }
        CheckAnswered(message);
        return hasResults ? "" : said.ToString();
    }

    string ReadAssistant(RequestFields message)
    {
        CheckAnswered(message);
        if (PlainText(message) is not null)
        {
            return "";
        }
        foreach (var block in message.Objects("content"))
        {
            NoteCache(block);
            switch (block.RequiredText("type"))
            {
                case "text":
                    ReadText(block);
                    break;
                case "thinking":
                    ReadThinking(block);
                    break;
                case "redacted_thinking":
                    prompt.AddText(block.RequiredText("data"));
                    break;
                case "tool_use":
                    ReadToolUse(block);
                    break;
                case var other:
                    throw block.Invalid("type", $"messages: Input tag '{other}' found using 'type' is not possible here");
            }
        }
        return "";
    }

    void ReadThinking(RequestFields block)
    {
        var thinking = block.Text("thinking") ?? "";
        if (!ThinkingSignature.IsOf(thinking, block.RequiredText("signature")))
        {
            throw block.Invalid("signature", "messages: Invalid `signature` in `thinking` block");
        }
        prompt.AddText(thinking);
    }

    void ReadToolUse(RequestFields block)
    {
        var id = block.RequiredText("id");
        if (!id.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-') || id.Length == 0)
        {
            throw block.Invalid("id", "messages: tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'");
        }
        if (!_unanswered.Add(id))
        {
            throw block.Invalid("id", "messages: `tool_use` ids must be unique");
        }
        prompt.AddText(block.RequiredText("name"));
        var input = block.Find("input");
        if (input is not { ValueKind: JsonValueKind.Object })
        {
            throw block.Invalid("input", "messages: tool_use.input: Input should be a valid dictionary");
        }
        prompt.AddText(input.Value.GetRawText());
    }

    void ReadToolResult(RequestFields block)
    {
        var id = block.RequiredText("tool_use_id");
        if (!_unanswered.Remove(id))
        {
            throw block.Invalid(
                "tool_use_id", $"messages: unexpected `tool_use_id` found in `tool_result` blocks: {id}. Each `tool_result` "
                + "block must have a corresponding `tool_use` block in the previous message.");
        }
        if (block.Find("content") is { ValueKind: JsonValueKind.String } text)
        {
            prompt.AddText(text.GetString()!);
            return;
        }
        foreach (var part in block.Objects("content"))
        {
            ReadPart(part);
        }
    }

    void CheckAnswered(RequestFields message)
    {
        if (_unanswered.Count > 0)
        {
            throw message.Invalid(
                "content", $"messages: `tool_use` ids were found without `tool_result` blocks immediately after: "
                + $"{string.Join(", ", _unanswered)}.");
        }
    }

    string ReadPart(RequestFields block)
    {
        switch (block.RequiredText("type"))
        {
            case "text":
                return ReadText(block);
            case "image":
                prompt.AddImage(ReadSource(block, "image/"));
                return "";
            case "document":
                prompt.AddText(ReadSource(block, "application/pdf"));
                return "";
            case var other:
                throw block.Invalid("type", $"messages: Input tag '{other}' found using 'type' is not possible here");
        }
    }

    static string ReadSource(RequestFields block, string mediaType)
    {
        var source = block.Object("source") ?? throw block.Invalid("source", "messages: source: Field required");
        switch (source.RequiredText("type"))
        {
            case "base64":
                if (!source.RequiredText("media_type").StartsWith(mediaType, StringComparison.Ordinal))
                {
                    throw source.Invalid("media_type", "messages: source.base64.media_type is not supported");
                }
                var data = source.RequiredText("data");
                return Convert.TryFromBase64String(data, new byte[data.Length], out _)
                    ? data
                    : throw source.Invalid("data", "messages: source.base64.data: Invalid base64 data");
            case "text":
                return source.RequiredText("data");
            case "url":
                return source.RequiredText("url");
            case var other:
                throw source.Invalid("type", $"messages: Input tag '{other}' found using 'type' is not possible here");
        }
    }

    string ReadText(RequestFields block)
    {
        var text = block.RequiredText("text");
        if (string.IsNullOrWhiteSpace(text))
        {
            throw block.Invalid("text", "messages: text content blocks must contain non-whitespace text");
        }
        prompt.AddText(text);
        return text;
    }

    string? PlainText(RequestFields message)
    {
        if (message.Find("content") is not { ValueKind: JsonValueKind.String } content)
        {
            return null;
        }
        var text = content.GetString()!;
        if (text.Length == 0)
        {
            throw message.Invalid("content", "messages: all messages must have non-empty content");
        }
        prompt.AddText(text);
        return text;
    }

    void NoteCache(RequestFields block) => request.NoteCache(block);
}
