using System.Buffers;
using System.Text.Json;
using Sahab.Wire.Chat;

namespace Sahab.Wire.Responses;

/// <summary>
/// Reads a request's <c>input</c> and writes it in one form: an array of items, each with a type and an id, messages
/// with parts. It is what is stored, what <c>input_items</c> lists, and what messages are made of.
/// </summary>
static class ResponsesInput
{
    /// <summary>The item that an element names instead of being one; null where it does not.</summary>
    public static string? ReferenceOf(JsonElement item)
    {
        if (item.ValueKind != JsonValueKind.Object
            || !item.TryGetProperty("id"u8, out JsonElement id) || id.ValueKind != JsonValueKind.String)
        {
            return null;
        }

        bool isReference = item.TryGetProperty("type"u8, out JsonElement type) && type.ValueKind == JsonValueKind.String
            ? type.ValueEquals("item_reference"u8)
            : !item.TryGetProperty("role"u8, out _);
        return isReference ? id.GetString() : null;
    }

    public static void Write(
        IBufferWriter<byte> output, ChatFields request, ResponsesContext context, in Guid call)
    {
        using var json = new Utf8JsonWriter(output, ResponsesJson.Options);
        json.WriteStartArray();
        if (request.Find("input") is { ValueKind: JsonValueKind.String } text)
        {
            BeginMessage(json, "user", ResponseIds.OfInput("msg", call, 0));
            WriteTextPart(json, "input_text", text.GetString()!);
            EndMessage(json);
        }
        else
        {
            int index = 0;
            foreach (ChatFields item in request.Objects("input"))
            {
                WriteItem(json, item, context, call, index++);
            }
        }

        json.WriteEndArray();
    }

    static void WriteItem(Utf8JsonWriter json, ChatFields item, ResponsesContext context, in Guid call, int index)
    {
        switch (item.Text("type"))
        {
            case "message":
            case null when item.Find("role") is not null:
                WriteMessage(json, item, call, index);
                break;
            case "function_call":
                item.RequiredText("call_id");
                item.RequiredText("name");
                item.RequiredText("arguments");
                WriteWhole(json, item, "fc", call, index);
                break;
            case "function_call_output":
                item.RequiredText("call_id");
                CheckOutput(item);
                WriteWhole(json, item, "fco", call, index);
                break;
            case "reasoning":
                ResponsesReasoning.Check(item);
                WriteWhole(json, item, "rs", call, index);
                break;
            case "item_reference":
            case null when item.Find("id") is not null:
                string id = item.RequiredText("id");
                if (!context.Items.TryGetValue(id, out JsonElement stored))
                {
                    throw item.Invalid("id", $"Item '{id}' is not stored here, or its response was deleted or has "
                        + "expired. Send the item itself.");
                }

                stored.WriteTo(json);
                break;
            case null:
                throw item.Missing("type");
            case var other:
                throw item.Unsupported("type", $"An input item of type '{other}' belongs to a tool that is not "
                    + "offered here; message, function_call, function_call_output, reasoning and item_reference are "
                    + "possible.");
        }
    }

    static void WriteMessage(Utf8JsonWriter json, ChatFields item, in Guid call, int index)
    {
        string role = item.RequiredText("role");
        if (role is not ("user" or "system" or "developer" or "assistant"))
        {
            throw item.Invalid(
                "role", $"'{item.PathOf("role")}' is '{role}'; user, system, developer and assistant are possible.");
        }

        JsonElement content = item.Find("content") ?? throw item.Missing("content");
        BeginMessage(json, role, item.Text("id") ?? ResponseIds.OfInput("msg", call, index));
        if (content.ValueKind == JsonValueKind.String)
        {
            WriteTextPart(json, role == "assistant" ? "output_text" : "input_text", content.GetString()!);
        }
        else
        {
            foreach (ChatFields part in item.Objects("content"))
            {
                CheckPart(part, role == "assistant");
                part.WriteTo(json);
            }
        }

        EndMessage(json);
    }

    static void CheckPart(ChatFields part, bool isAssistant)
    {
        string type = part.RequiredText("type");
        switch (type)
        {
            case "output_text" or "input_text" or "text":
                part.RequiredText("text");
                break;
            case "refusal" when isAssistant:
                part.RequiredText("refusal");
                break;
            case "input_image" when !isAssistant:
                if (part.Text("file_id") is not null)
                {
                    throw part.Unsupported("file_id", "An image by a file's id is not possible here; send image_url.");
                }

                part.RequiredText("image_url");
                break;
            case "input_file" when !isAssistant:
                if (part.Text("file_data") is null)
                {
                    throw part.Unsupported(
                        part.Find("file_url") is not null ? "file_url" : "file_id",
                        "A file is taken by its content only; send file_data.");
                }

                break;
            case "input_audio" when !isAssistant:
                ChatFields audio = part.RequiredObject("input_audio");
                audio.RequiredText("data");
                audio.RequiredText("format");
                break;
            default:
                throw part.Invalid("type", $"A part of type '{type}' is not possible here; "
                    + (isAssistant ? "output_text and refusal are." : "input_text, input_image, input_file and "
                    + "input_audio are."));
        }
    }

    static void CheckOutput(ChatFields item)
    {
        JsonElement output = item.Find("output") ?? throw item.Missing("output");
        if (output.ValueKind == JsonValueKind.String)
        {
            return;
        }

        foreach (ChatFields part in item.Objects("output"))
        {
            CheckPart(part, isAssistant: false);
        }
    }

    /// <summary>An item as it came, with an id where it had none.</summary>
    static void WriteWhole(Utf8JsonWriter json, ChatFields item, string kind, in Guid call, int index)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, item.Text("id") ?? ResponseIds.OfInput(kind, call, index));
        foreach (JsonProperty member in item.Members())
        {
            if (!member.NameEquals("id"u8))
            {
                member.WriteTo(json);
            }
        }

        json.WriteEndObject();
    }

    static void BeginMessage(Utf8JsonWriter json, string role, string id)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, id);
        json.WriteString("type"u8, "message"u8);
        json.WriteString("status"u8, "completed"u8);
        json.WriteString("role"u8, role);
        json.WriteStartArray("content"u8);
    }

    static void EndMessage(Utf8JsonWriter json)
    {
        json.WriteEndArray();
        json.WriteEndObject();
    }

    static void WriteTextPart(Utf8JsonWriter json, string type, string text)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, type);
        json.WriteString("text"u8, text);
        if (type == "output_text")
        {
            json.WriteStartArray("annotations"u8);
            json.WriteEndArray();
        }

        json.WriteEndObject();
    }
}
