using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Sahab.Wire.Gemini.Clients;

/// <summary>Writes <c>systemInstruction</c> and <c>contents</c> as messages.</summary>
sealed class GeminiClientContents
{
    readonly Utf8JsonWriter _json;

    /// <summary>Calls that have no result yet, in order: Gemini's results may name the tool alone.</summary>
    readonly List<(string Id, string Name)> _open = [];
    int _calls;

    GeminiClientContents(Utf8JsonWriter json) => _json = json;

    public static void Write(Utf8JsonWriter json, GeminiFields request)
    {
        if (request.Find("systemInstruction") is { } system)
        {
            WriteSystem(json, system.ValueKind == JsonValueKind.String
                ? system.GetString()!
                : ReadSystem(GeminiFields.Of(system, request.PathOf("systemInstruction"))));
        }

        List<GeminiFields> contents = request.Objects("contents");
        if (contents.Count == 0)
        {
            throw request.Missing("contents");
        }

        var writer = new GeminiClientContents(json);
        foreach (GeminiFields content in contents)
        {
            writer.Write(content);
        }
    }

    static string ReadSystem(GeminiFields system)
    {
        system.Ignore("role");
        var text = new StringBuilder();
        foreach (GeminiFields part in system.Objects("parts"))
        {
            text.Append(text.Length > 0 ? "\n" : "").Append(part.RequiredText("text"));
            part.RefuseRest();
        }

        system.RefuseRest();
        return text.ToString();
    }

    static void WriteSystem(Utf8JsonWriter json, string text)
    {
        json.WriteStartObject();
        json.WriteString("role"u8, "system"u8);
        json.WriteString("content"u8, text);
        json.WriteEndObject();
    }

    void Write(GeminiFields content)
    {
        string role = content.Text("role") ?? "user";
        List<GeminiFields> parts = content.Objects("parts");
        if (parts.Count == 0)
        {
            throw content.Missing("parts");
        }

        switch (role)
        {
            case "model":
                WriteModel(parts);
                break;
            case "user" or "function":
                WriteUser(parts);
                break;
            default:
                throw content.Invalid("role", $"is '{role}'; user and model are possible.");
        }

        content.RefuseRest();
    }

    void WriteModel(List<GeminiFields> parts)
    {
        var (text, thoughts) = (new StringBuilder(), new StringBuilder());
        var calls = new List<(GeminiFields Call, string? Signature)>();
        foreach (GeminiFields part in parts)
        {
            string? signature = part.Text("thoughtSignature");
            bool isThought = part.Flag("thought");
            if (part.Object("functionCall") is { } call)
            {
                calls.Add((call, signature));
            }
            else if (part.Text("text") is { } said)
            {
                // A signature on a text may be left out when it comes back; only those of calls are asked for.
                (isThought ? thoughts : text).Append(said);
            }
            else if (signature is null)
            {
                throw part.Refused("", "The model's own parts can be text and function calls.");
            }

            part.RefuseRest();
        }

        _json.WriteStartObject();
        _json.WriteString("role"u8, "assistant"u8);
        if (text.Length > 0 || calls.Count == 0)
        {
            _json.WriteString("content"u8, text.ToString());
        }

        if (thoughts.Length > 0)
        {
            _json.WriteString("reasoning_content"u8, thoughts.ToString());
        }

        WriteCalls(calls);
        _json.WriteEndObject();
    }

    void WriteCalls(List<(GeminiFields Call, string? Signature)> calls)
    {
        if (calls.Count == 0)
        {
            return;
        }

        _json.WriteStartArray("tool_calls"u8);
        foreach (var (call, signature) in calls)
        {
            string name = call.RequiredText("name");
            string id = call.Text("id") is { Length: > 0 } given
                ? given
                : string.Create(CultureInfo.InvariantCulture, $"call_{_calls}");
            _calls++;
            _open.Add((id, name));
            _json.WriteStartObject();
            _json.WriteString("id"u8, id);
            _json.WriteString("type"u8, "function"u8);
            _json.WriteStartObject("function"u8);
            _json.WriteString("name"u8, name);
            _json.WriteString("arguments"u8, call.Find("args")?.GetRawText() ?? "{}");
            _json.WriteEndObject();
            Translation.AnswerJson.WriteSignature(_json, signature);
            _json.WriteEndObject();
            call.RefuseRest();
        }

        _json.WriteEndArray();
    }

    void WriteUser(List<GeminiFields> parts)
    {
        var said = new List<GeminiFields>();
        foreach (GeminiFields part in parts)
        {
            // Nothing hangs on the signature of what a user says; a model's own words may come back under this role.
            part.Ignore("thoughtSignature");
            if (part.Object("functionResponse") is { } result)
            {
                WriteResult(result);
                part.RefuseRest();
            }
            else
            {
                said.Add(part);
            }
        }

        if (said.Count == 0)
        {
            return;
        }

        _json.WriteStartObject();
        _json.WriteString("role"u8, "user"u8);
        if (said is [var one] && one.Text("text") is { } text)
        {
            _json.WriteString("content"u8, text);
            one.RefuseRest();
        }
        else
        {
            _json.WriteStartArray("content"u8);
            said.ForEach(WritePart);
            _json.WriteEndArray();
        }

        _json.WriteEndObject();
    }

    void WriteResult(GeminiFields result)
    {
        string name = result.RequiredText("name");
        string? id = result.Text("id");
        int index = string.IsNullOrEmpty(id)
            ? _open.FindIndex(call => call.Name == name)
            : _open.FindIndex(call => call.Id == id);
        if (index < 0)
        {
            throw result.Invalid("name", "answers no function call that was made before it.");
        }

        _json.WriteStartObject();
        _json.WriteString("role"u8, "tool"u8);
        _json.WriteString("tool_call_id"u8, _open[index].Id);
        _json.WriteString("content"u8, TextOf(result.Find("response")));
        _json.WriteEndObject();
        _open.RemoveAt(index);
        result.Ignore("willContinue", "scheduling");
        result.RefuseRest();
    }

    /// <summary>Google's word for plain text is an object with nothing but <c>output</c>.</summary>
    static string TextOf(JsonElement? response)
    {
        if (response is not { ValueKind: JsonValueKind.Object } given)
        {
            return response?.GetRawText() ?? "{}";
        }

        return given.EnumerateObject().Count() == 1
            && given.TryGetProperty("output"u8, out JsonElement output) && output.ValueKind == JsonValueKind.String
                ? output.GetString()!
                : given.GetRawText();
    }

    void WritePart(GeminiFields part)
    {
        _json.WriteStartObject();
        if (part.Text("text") is { } text)
        {
            _json.WriteString("type"u8, "text"u8);
            _json.WriteString("text"u8, text);
        }
        else if (part.Object("inlineData") is { } inline)
        {
            WriteInline(inline);
        }
        else if (part.Object("fileData") is { } file)
        {
            WriteFile(file);
        }
        else
        {
            throw part.Refused("", "A part can be text, inlineData, fileData, functionCall and functionResponse.");
        }

        _json.WriteEndObject();
        part.RefuseRest();
    }

    void WriteInline(GeminiFields inline)
    {
        string type = inline.RequiredText("mimeType");
        string data = inline.RequiredText("data");
        string? name = inline.Text("displayName");
        inline.RefuseRest();
        if (type.StartsWith("image/", StringComparison.Ordinal))
        {
            WriteImage($"data:{type};base64,{data}");
        }
        else if (AudioFormatOf(type) is { } format)
        {
            _json.WriteString("type"u8, "input_audio"u8);
            _json.WriteStartObject("input_audio"u8);
            _json.WriteString("data"u8, data);
            _json.WriteString("format"u8, format);
            _json.WriteEndObject();
        }
        else
        {
            _json.WriteString("type"u8, "file"u8);
            _json.WriteStartObject("file"u8);
            _json.WriteString("filename"u8, name ?? "file");
            _json.WriteString("file_data"u8, $"data:{type};base64,{data}");
            _json.WriteEndObject();
        }
    }

    void WriteFile(GeminiFields file)
    {
        string address = file.RequiredText("fileUri");
        string? type = file.Text("mimeType") ?? GeminiMediaTypes.OfAddress(address);
        file.Ignore("displayName");
        file.RefuseRest();
        if (type?.StartsWith("image/", StringComparison.Ordinal) != true)
        {
            throw file.Refused("fileUri", "Only images can be given by their address; give the rest inline (inlineData).");
        }

        WriteImage(address);
    }

    void WriteImage(string address)
    {
        _json.WriteString("type"u8, "image_url"u8);
        _json.WriteStartObject("image_url"u8);
        _json.WriteString("url"u8, address);
        _json.WriteEndObject();
    }

    static string? AudioFormatOf(string type) => type switch
    {
        "audio/wav" or "audio/x-wav" => "wav",
        "audio/mp3" or "audio/mpeg" => "mp3",
        _ => null,
    };
}
