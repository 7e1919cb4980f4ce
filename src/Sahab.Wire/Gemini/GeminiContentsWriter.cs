using System.Text.Json;
using Sahab.Wire.Chat;

namespace Sahab.Wire.Gemini;

/// <summary>Writes the messages of a conversation as <c>systemInstruction</c> and <c>contents</c>.</summary>
sealed class GeminiContentsWriter
{
    readonly Utf8JsonWriter _json;
    readonly GeminiHabits _habits;
    readonly Dictionary<string, (string Name, int Order)> _calls = new(StringComparer.Ordinal);
    string? _open;

    GeminiContentsWriter(Utf8JsonWriter json, GeminiHabits habits) => (_json, _habits) = (json, habits);

    public static void Write(Utf8JsonWriter json, ChatRequest request, GeminiHabits habits)
    {
        WriteSystem(json, request.Messages);
        var said = request.Messages.Where(message => message.Role != ChatRole.System).ToList();
        if (said.Count == 0)
        {
            throw new ChatRequestException(GeminiRequestWriter.Known.Refuse(
                "messages", "There must be a message besides those of the system. Add one of the user."));
        }

        json.WriteStartArray("contents"u8);
        new GeminiContentsWriter(json, habits).WriteAll(said);
        json.WriteEndArray();
    }

    /// <summary>There is one place for what the system says: what comes later in the conversation moves there too.</summary>
    static void WriteSystem(Utf8JsonWriter json, IReadOnlyList<ChatMessage> messages)
    {
        var parts = messages.Where(message => message.Role == ChatRole.System).SelectMany(TextsOf).ToList();
        if (parts.Count == 0)
        {
            return;
        }

        json.WriteStartObject("systemInstruction"u8);
        json.WriteStartArray("parts"u8);
        foreach (string text in parts)
        {
            WriteText(json, text);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    static IEnumerable<string> TextsOf(ChatMessage message)
    {
        RefuseName(message);
        foreach (ChatPart part in message.Parts)
        {
            yield return part.Kind == ChatPartKind.Text ? part.Text : throw Refused(part.Path, "Give it as a user's.");
        }
    }

    void WriteAll(List<ChatMessage> messages)
    {
        for (int i = 0; i < messages.Count; i++)
        {
            switch (messages[i].Role)
            {
                case ChatRole.Assistant:
                    WriteAssistant(messages[i]);
                    break;
                case ChatRole.Tool:
                    int first = i;
                    while (i + 1 < messages.Count && messages[i + 1].Role == ChatRole.Tool)
                    {
                        i++;
                    }

                    WriteResults(messages.GetRange(first, i - first + 1));
                    break;
                default:
                    WriteUser(messages[i]);
                    break;
            }
        }

        Close();
    }

    void WriteUser(ChatMessage message)
    {
        RefuseName(message);
        Open("user");
        if (message.Parts.Count == 0)
        {
            WriteText(_json, "");
        }

        foreach (ChatPart part in message.Parts)
        {
            WritePart(part);
        }
    }

    void WriteAssistant(ChatMessage message)
    {
        RefuseName(message);
        var parts = message.Parts.Where(part => part.Kind != ChatPartKind.Text || part.Text.Length > 0).ToList();
        if (parts.Count == 0 && message.ToolCalls.Count == 0)
        {
            return;
        }

        Open("model");
        foreach (ChatPart part in parts)
        {
            WritePart(part);
        }

        for (int i = 0; i < message.ToolCalls.Count; i++)
        {
            ChatToolCall call = message.ToolCalls[i];
            _calls[call.Id] = (call.Name, _calls.Count);
            // Of calls made at once the first carries the signature.
            WriteCall(call, call.Signature ?? (i == 0 && _habits.WantsSignatures ? GeminiJson.NoSignature : null));
        }
    }

    void WriteCall(ChatToolCall call, string? signature)
    {
        _json.WriteStartObject();
        _json.WriteStartObject("functionCall"u8);
        _json.WriteString("name"u8, call.Name);
        _json.WritePropertyName("args"u8);
        if (!TryWriteObject(_json, call.Arguments.Length == 0 ? "{}" : call.Arguments))
        {
            throw Refused($"{call.Path}.function.arguments", "Arguments must be a JSON object.");
        }

        _json.WriteEndObject();
        if (signature is not null)
        {
            _json.WriteString("thoughtSignature"u8, signature);
        }

        _json.WriteEndObject();
    }

    /// <summary>Results have no ids here: they follow the order of the calls that they answer.</summary>
    void WriteResults(List<ChatMessage> results)
    {
        Open("user");
        foreach (var (result, call) in results.Select(result => (result, CallOf(result))).OrderBy(pair => pair.Item2.Order))
        {
            _json.WriteStartObject();
            _json.WriteStartObject("functionResponse"u8);
            _json.WriteString("name"u8, call.Name);
            _json.WritePropertyName("response"u8);
            string text = string.Concat(result.Parts.Select(part => part.Kind == ChatPartKind.Text
                ? part.Text
                : throw Refused(part.Path, "A tool can only answer with text here.")));
            if (!text.TrimStart().StartsWith('{') || !TryWriteObject(_json, text))
            {
                _json.WriteStartObject();
                _json.WriteString("output"u8, text);
                _json.WriteEndObject();
            }

            _json.WriteEndObject();
            _json.WriteEndObject();
        }
    }

    (string Name, int Order) CallOf(ChatMessage result)
    {
        // The older form names the function in place of the call.
        string? id = result.ToolCallId ?? result.Name;
        return id is not null && _calls.TryGetValue(id, out var call)
            ? call
            : throw Refused(
                $"{result.Path}.tool_call_id", "It must name a call of a message before it: Google wants the tool's name.");
    }

    void WritePart(ChatPart part)
    {
        switch (part)
        {
            case { Kind: ChatPartKind.Text }:
                WriteText(_json, part.Text);
                break;
            case { Data: { } data }:
                _json.WriteStartObject();
                _json.WriteStartObject("inlineData"u8);
                _json.WriteString("mimeType"u8, part.MediaType);
                _json.WriteString("data"u8, data);
                _json.WriteEndObject();
                _json.WriteEndObject();
                break;
            default:
                _json.WriteStartObject();
                _json.WriteStartObject("fileData"u8);
                _json.WriteString("mimeType"u8, GeminiMediaTypes.OfAddress(part.Url!) ?? throw Refused(
                    part.Path, "Its address must be a URL that ends with a known extension, or give it inline (data:)."));
                _json.WriteString("fileUri"u8, part.Url);
                _json.WriteEndObject();
                _json.WriteEndObject();
                break;
        }
    }

    /// <summary>Neighbours of one role make one content: Gemini wants the roles to take turns.</summary>
    void Open(string role)
    {
        if (_open == role)
        {
            return;
        }

        Close();
        _open = role;
        _json.WriteStartObject();
        _json.WriteString("role"u8, role);
        _json.WriteStartArray("parts"u8);
    }

    void Close()
    {
        if (_open is not null)
        {
            _json.WriteEndArray();
            _json.WriteEndObject();
            _open = null;
        }
    }

    static void RefuseName(ChatMessage message)
    {
        if (message.Name is not null)
        {
            throw Refused($"{message.Path}.name", "Say in the text who speaks.");
        }
    }

    static void WriteText(Utf8JsonWriter json, string text)
    {
        json.WriteStartObject();
        json.WriteString("text"u8, text);
        json.WriteEndObject();
    }

    static bool TryWriteObject(Utf8JsonWriter json, string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = GeminiJson.ReaderOptions.MaxDepth });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                return false;
            }

            document.RootElement.WriteTo(json);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    static ChatRequestException Refused(string what, string hint) =>
        new(GeminiRequestWriter.Known.Refuse(what, hint));
}
