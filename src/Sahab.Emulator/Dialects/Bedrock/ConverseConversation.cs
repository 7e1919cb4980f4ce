using System.Text.Json;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.Bedrock;

/// <summary>
/// Reads a conversation into the prompt: turns that alternate, results that answer the calls before them, and nothing
/// that is blank.
/// </summary>
internal sealed class ConverseConversation(PromptText prompt, bool hasTools)
{
    static readonly string[] Images = ["png", "jpeg", "gif", "webp"];

    readonly HashSet<string> _calls = [];
    readonly HashSet<string> _results = [];
    string _role = "";
    string _text = "";

    public CacheMark CacheMark { get; private set; }

    /// <summary>The words of the last message, if it is a user's and holds no result; null otherwise.</summary>
    public string? LastText => _role == "user" && _results.Count == 0 ? _text : null;

    /// <summary>Ids and names: letters, digits, <c>_</c> and <c>-</c>, up to 64.</summary>
    public static bool IsId(string text) =>
        text.Length is > 0 and <= 64 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-');

    /// <summary>For how long what comes before a cache point is to be kept.</summary>
    public static CacheMark ReadCachePoint(RequestFields point, string path)
    {
        if (point.RequiredText("type") != "default")
        {
            throw AwsErrors.Invalid($"The cachePoint at {path} must be of type default.");
        }
        return point.Text("ttl") switch
        {
            null or "5m" => CacheMark.Usual,
            "1h" => CacheMark.Hour,
            _ => throw AwsErrors.Invalid($"The ttl of the cachePoint at {path} must be one of 5m, 1h."),
        };
    }

    public void Read(RequestFields fields)
    {
        foreach (var block in fields.Objects("system"))
        {
            prompt.Mark("system");
            ReadShared(block, "system");
        }
        var messages = fields.Objects("messages");
        for (var i = 0; i < messages.Count; i++)
        {
            ReadMessage(messages[i], i);
        }
        if (messages.Count == 0)
        {
            throw AwsErrors.Invalid("A conversation must start with a user message. Try again with a conversation "
                + "that starts with a user message.");
        }
    }

    void ReadMessage(RequestFields message, int index)
    {
        var role = message.RequiredText("role");
        if (role is not ("user" or "assistant"))
        {
            throw AwsErrors.Invalid($"messages.{index}.role: '{role}' must be one of user, assistant.");
        }
        if (index == 0 && role != "user")
        {
            throw AwsErrors.Invalid("A conversation must start with a user message. Try again with a conversation "
                + "that starts with a user message.");
        }
        if (role == _role)
        {
            throw AwsErrors.Invalid("A conversation must alternate between user and assistant roles. Make sure the "
                + "conversation alternates between user and assistant roles and try again.");
        }
        (_role, _text) = (role, "");
        _results.Clear();
        prompt.Mark(role);
        var blocks = message.Objects("content");
        if (blocks.Count == 0)
        {
            throw AwsErrors.Invalid($"The content field in the Message object at messages.{index} is empty. Add a "
                + "ContentBlock object to the content field and try again.");
        }
        for (var i = 0; i < blocks.Count; i++)
        {
            ReadBlock(blocks[i], $"messages.{index}.content.{i}");
        }
        if (role == "user")
        {
            if (!_calls.SetEquals(_results))
            {
                throw AwsErrors.Invalid(
                    $"Expected toolResult blocks at messages.{index}.content for the following Ids: "
                    + $"{string.Join(", ", _calls)}, and got: {string.Join(", ", _results)}.");
            }
            _calls.Clear();
        }
    }

    void ReadBlock(RequestFields block, string path)
    {
        if (block.Object("toolUse") is { } use)
        {
            CheckTools();
            if (_role != "assistant" || !_calls.Add(ReadId(use)))
            {
                throw AwsErrors.Invalid($"The toolUse at {path} is not an assistant's, or its id is there twice.");
            }
            prompt.AddText(use.RequiredText("name"));
            _ = use.Object("input")
                ?? throw AwsErrors.Invalid($"The input of the toolUse at {path} must be an object.");
            prompt.AddText(use.Find("input")!.Value.GetRawText());
        }
        else if (block.Object("toolResult") is { } result)
        {
            ReadResult(result, path);
        }
        else if (block.Object("reasoningContent") is { } reasoning)
        {
            ReadReasoning(reasoning, path);
        }
        else
        {
            ReadShared(block, path);
        }
    }

    void ReadResult(RequestFields result, string path)
    {
        CheckTools();
        if (_role != "user" || !_results.Add(ReadId(result)))
        {
            throw AwsErrors.Invalid($"The toolResult at {path} is not a user's, or its id is there twice.");
        }
        if (result.Find("content") is not { ValueKind: JsonValueKind.Array } content)
        {
            throw AwsErrors.Invalid($"The toolResult at {path} must have content.");
        }
        if (content.EnumerateArray().Any(part => part.TryGetProperty("cachePoint", out _)))
        {
            throw AwsErrors.Invalid($"A cachePoint cannot be part of the toolResult at {path}.");
        }
        foreach (var part in result.Objects("content"))
        {
            if (part.Find("json") is { } json)
            {
                prompt.AddText(json.GetRawText());
            }
            else
            {
                ReadShared(part, path);
            }
        }
    }

    void ReadReasoning(RequestFields reasoning, string path)
    {
        if (_role != "assistant")
        {
            throw AwsErrors.Invalid($"The reasoningContent at {path} is not an assistant's.");
        }
        if (reasoning.Object("reasoningText") is not { } text)
        {
            _ = ReadBytes(reasoning.RequiredText("redactedContent"), path);
            return;
        }
        if (!BedrockShape.IsGood(text.RequiredText("text"), text.Text("signature") ?? ""))
        {
            throw AwsErrors.Invalid($"{path}: Invalid `signature` in `thinking` block");
        }
        prompt.AddText(text.RequiredText("text"));
    }

    /// <summary>What may stand in a message, a result and, but for images, in the instructions.</summary>
    void ReadShared(RequestFields block, string path)
    {
        if (block.Text("text") is { } text)
        {
            if (string.IsNullOrWhiteSpace(text))
            {
                throw AwsErrors.Invalid($"The text field in the ContentBlock object at {path} is blank. Add text to "
                    + "the text field, and try again.");
            }
            prompt.AddText(text);
            _text += text;
        }
        else if (block.Object("cachePoint") is { } point)
        {
            var mark = ReadCachePoint(point, path);
            CacheMark = mark > CacheMark ? mark : CacheMark;
        }
        else if (path != "system" && block.Object("image") is { } image)
        {
            var format = image.RequiredText("format");
            var bytes = image.Object("source")?.Text("bytes")
                ?? throw AwsErrors.Invalid($"The image at {path} must have source.bytes.");
            _ = Images.Contains(format) && ReadBytes(bytes, path).Length > 0
                ? true
                : throw AwsErrors.Invalid($"The image at {path} is empty or of a format that is not supported.");
            prompt.AddImage(bytes);
        }
        else
        {
            throw AwsErrors.Invalid($"The ContentBlock object at {path} is of no supported type.");
        }
    }

    void CheckTools()
    {
        if (!hasTools)
        {
            throw AwsErrors.Invalid(
                "The toolConfig field must be defined when using toolUse and toolResult content blocks.");
        }
    }

    static string ReadId(RequestFields block)
    {
        var id = block.RequiredText("toolUseId");
        return IsId(id)
            ? id
            : throw AwsErrors.Invalid($"Value '{id}' at 'toolUseId' failed to satisfy constraint: Member must satisfy "
                + "regular expression pattern: [a-zA-Z0-9_-]+");
    }

    static byte[] ReadBytes(string base64, string path)
    {
        try
        {
            return Convert.FromBase64String(base64);
        }
        catch (FormatException)
        {
            throw AwsErrors.Invalid($"The bytes at {path} are not base64.");
        }
    }
}
