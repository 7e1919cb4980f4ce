using System.Text;
using System.Text.Json;
using Sahab.Wire.Chat;

namespace Sahab.Wire.Responses;

/// <summary>
/// Writes items as the messages of a chat completion. What the model said in one turn, reasoning, text and calls of
/// tools, are several items but one message.
/// </summary>
sealed class ResponsesMessages(Utf8JsonWriter json)
{
    readonly StringBuilder _text = new();
    readonly StringBuilder _refusal = new();
    readonly List<JsonElement> _calls = [];
    readonly List<JsonDocument> _thinking = [];
    readonly HashSet<string> _called = new(StringComparer.Ordinal);

    /// <summary>Whether any message was written.</summary>
    public bool Any { get; private set; }

    public void System(string text)
    {
        Begin("system"u8);
        json.WriteString("content"u8, text);
        End();
    }

    /// <summary>Writes items, each checked before.</summary>
    /// <param name="path">Where they stand, for errors.</param>
    public void Write(JsonElement items, string path)
    {
        int index = 0;
        foreach (JsonElement item in items.EnumerateArray())
        {
            Write(ChatFields.Of(item, $"{path}[{index++}]"));
        }
    }

    /// <summary>Writes what was gathered of the model's last turn.</summary>
    public void Flush()
    {
        if (_text.Length + _refusal.Length + _calls.Count > 0)
        {
            WriteAssistant();
        }

        _text.Clear();
        _refusal.Clear();
        _calls.Clear();
        _thinking.ForEach(blocks => blocks.Dispose());
        _thinking.Clear();
    }

    void Write(ChatFields item)
    {
        switch (item.RequiredText("type"))
        {
            case "message":
                WriteMessage(item);
                break;
            case "reasoning":
                if (_text.Length + _refusal.Length + _calls.Count > 0)
                {
                    Flush();
                }

                if (ResponsesReasoning.Unwrap(item.Element) is { } blocks)
                {
                    _thinking.Add(blocks);
                }

                break;
            case "function_call":
                _calls.Add(item.Element);
                _called.Add(item.RequiredText("call_id"));
                break;
            default:
                WriteResult(item);
                break;
        }
    }

    void WriteMessage(ChatFields item)
    {
        string role = item.RequiredText("role");
        if (role != "assistant")
        {
            Flush();
            // Not every cloud knows the newer word for the same.
            Begin(role == "developer" ? "system"u8 : Encoding.UTF8.GetBytes(role));
            WriteContent(item, "content");
            End();
            return;
        }

        if (_text.Length + _refusal.Length > 0 && _calls.Count == 0)
        {
            Flush();
        }

        foreach (ChatFields part in item.Objects("content"))
        {
            _text.Append(part.Text("text"));
            _refusal.Append(part.Text("refusal"));
        }
    }

    void WriteResult(ChatFields item)
    {
        string call = item.RequiredText("call_id");
        if (!_called.Contains(call))
        {
            throw item.Invalid("call_id", $"There is no function_call with the call_id '{call}' before its output. "
                + "Send the call too, or continue the response that made it.");
        }

        Flush();
        Begin("tool"u8);
        json.WriteString("tool_call_id"u8, call);
        if (item.Find("output") is { ValueKind: JsonValueKind.String } text)
        {
            json.WriteString("content"u8, text.GetString());
        }
        else
        {
            WriteContent(item, "output");
        }

        End();
    }

    void WriteAssistant()
    {
        Begin("assistant"u8);
        if (_text.Length > 0)
        {
            json.WriteString("content"u8, _text.ToString());
        }
        else
        {
            json.WriteNull("content"u8);
        }

        if (_refusal.Length > 0)
        {
            json.WriteString("refusal"u8, _refusal.ToString());
        }

        if (_thinking.Count > 0)
        {
            json.WriteStartArray("thinking_blocks"u8);
            foreach (JsonElement block in _thinking.SelectMany(blocks => blocks.RootElement.EnumerateArray()))
            {
                block.WriteTo(json);
            }

            json.WriteEndArray();
        }

        WriteCalls();
        End();
    }

    void WriteCalls()
    {
        if (_calls.Count == 0)
        {
            return;
        }

        json.WriteStartArray("tool_calls"u8);
        foreach (JsonElement call in _calls)
        {
            json.WriteStartObject();
            json.WritePropertyName("id"u8);
            call.GetProperty("call_id"u8).WriteTo(json);
            json.WriteString("type"u8, "function"u8);
            json.WriteStartObject("function"u8);
            json.WritePropertyName("name"u8);
            call.GetProperty("name"u8).WriteTo(json);
            json.WritePropertyName("arguments"u8);
            call.GetProperty("arguments"u8).WriteTo(json);
            json.WriteEndObject();
            if (call.TryGetProperty("extra_content"u8, out JsonElement extra))
            {
                json.WritePropertyName("extra_content"u8);
                extra.WriteTo(json);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>Parts of text alone become a plain string where there is one: every cloud takes that.</summary>
    void WriteContent(ChatFields item, string member)
    {
        var parts = item.Objects(member).ToList();
        if (parts is [var only] && only.Text("text") is { } text && only.Find("cache_control") is null)
        {
            json.WriteString("content"u8, text);
            return;
        }

        json.WriteStartArray("content"u8);
        foreach (ChatFields part in parts)
        {
            json.WriteStartObject();
            WritePart(part);
            if (part.Find("cache_control") is { } cache)
            {
                json.WritePropertyName("cache_control"u8);
                cache.WriteTo(json);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    void WritePart(ChatFields part)
    {
        switch (part.RequiredText("type"))
        {
            case "input_image":
                json.WriteString("type"u8, "image_url"u8);
                json.WriteStartObject("image_url"u8);
                json.WriteString("url"u8, part.RequiredText("image_url"));
                if (part.Text("detail") is { } detail)
                {
                    json.WriteString("detail"u8, detail);
                }

                json.WriteEndObject();
                break;
            case "input_file":
                json.WriteString("type"u8, "file"u8);
                json.WriteStartObject("file"u8);
                json.WriteString("file_data"u8, part.RequiredText("file_data"));
                if (part.Text("filename") is { } name)
                {
                    json.WriteString("filename"u8, name);
                }

                json.WriteEndObject();
                break;
            case "input_audio":
                json.WriteString("type"u8, "input_audio"u8);
                json.WritePropertyName("input_audio"u8);
                part.RequiredObject("input_audio").WriteTo(json);
                break;
            default:
                json.WriteString("type"u8, "text"u8);
                json.WriteString("text"u8, part.RequiredText("text"));
                break;
        }
    }

    void Begin(ReadOnlySpan<byte> role)
    {
        Any = true;
        json.WriteStartObject();
        json.WriteString("role"u8, role);
    }

    void End() => json.WriteEndObject();
}
