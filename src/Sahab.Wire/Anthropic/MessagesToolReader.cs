using System.Text.Json;
using Sahab.Wire.Chat;

namespace Sahab.Wire.Anthropic;

/// <summary>Reads the tools of a request of the Messages API and writes them as a chat completion has them.</summary>
static class MessagesToolReader
{
    public static void Write(ChatFields body, Utf8JsonWriter json)
    {
        var tools = body.Objects("tools").ToList();
        if (tools.Count > 0)
        {
            json.WriteStartArray("tools"u8);
            tools.ForEach(tool => WriteTool(tool, json));
            json.WriteEndArray();
        }

        if (body.Object("tool_choice") is { } choice)
        {
            WriteChoice(choice, json);
        }
    }

    static void WriteTool(ChatFields tool, Utf8JsonWriter json)
    {
        if (tool.Text("type") is { } type and not "custom")
        {
            throw MessagesRequestReader.Refuse(
                tool, "type", $"'{type}' is a tool that Anthropic itself knows; only tools with a schema of their own work.");
        }

        MessagesRequestReader.AllowOnly(
            tool, "type", "name", "description", "input_schema", "strict", "cache_control",
            // How the input is streamed changes nothing about it.
            "eager_input_streaming");
        json.WriteStartObject();
        json.WriteString("type"u8, "function"u8);
        json.WriteStartObject("function"u8);
        json.WriteString("name"u8, tool.RequiredText("name"));
        if (tool.Text("description") is { } description)
        {
            json.WriteString("description"u8, description);
        }

        json.WritePropertyName("parameters"u8);
        tool.RequiredObject("input_schema").Element.WriteTo(json);
        if (tool.Flag("strict") is { } strict)
        {
            json.WriteBoolean("strict"u8, strict);
        }

        json.WriteEndObject();
        MessagesContentReader.WriteCacheControl(tool, json);
        json.WriteEndObject();
    }

    static void WriteChoice(ChatFields choice, Utf8JsonWriter json)
    {
        MessagesRequestReader.AllowOnly(choice, "type", "name", "disable_parallel_tool_use");
        switch (choice.RequiredText("type"))
        {
            case "auto":
                json.WriteString("tool_choice"u8, "auto"u8);
                break;
            case "any":
                json.WriteString("tool_choice"u8, "required"u8);
                break;
            case "none":
                json.WriteString("tool_choice"u8, "none"u8);
                break;
            case "tool":
                json.WriteStartObject("tool_choice"u8);
                json.WriteString("type"u8, "function"u8);
                json.WriteStartObject("function"u8);
                json.WriteString("name"u8, choice.RequiredText("name"));
                json.WriteEndObject();
                json.WriteEndObject();
                break;
            default:
                throw choice.Invalid("type", "'tool_choice.type' must be auto, any, tool or none.");
        }

        if (choice.Flag("disable_parallel_tool_use") is { } isOneAtATime)
        {
            json.WriteBoolean("parallel_tool_calls"u8, !isOneAtATime);
        }
    }
}
