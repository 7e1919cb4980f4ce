using System.Text.Json;
using Sahab.Wire.Chat;

namespace Sahab.Wire.Anthropic;

/// <summary>Writes which tools there are and which may be called.</summary>
static class AnthropicToolWriter
{
    public static void Write(Utf8JsonWriter json, ChatRequest request)
    {
        var offered = Offered(request);
        if (offered.Count == 0)
        {
            if (request.ToolChoice.Mode is ChatToolMode.Required or ChatToolMode.Named)
            {
                throw AnthropicRequestWriter.Refuse("tool_choice", "It asks for a tool, and none is offered.");
            }

            return;
        }

        json.WriteStartArray("tools"u8);
        foreach (ChatTool tool in offered)
        {
            Write(json, tool);
        }

        json.WriteEndArray();
        WriteChoice(json, request);
    }

    /// <summary>Where only some of the tools may be called, only those are shown.</summary>
    static List<ChatTool> Offered(ChatRequest request) => request.ToolChoice.Allowed is { } allowed
        ? [.. request.Tools.Where(tool => allowed.Contains(tool.Name))]
        : [.. request.Tools];

    static void Write(Utf8JsonWriter json, ChatTool tool)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, tool.Name);
        if (tool.Description is not null)
        {
            json.WriteString("description"u8, tool.Description);
        }

        json.WritePropertyName("input_schema"u8);
        if (tool.Parameters is { } parameters)
        {
            parameters.WriteTo(json);
        }
        else
        {
            json.WriteRawValue("{\"type\":\"object\",\"properties\":{}}"u8, skipInputValidation: true);
        }

        if (tool.Strict is { } strict)
        {
            json.WriteBoolean("strict"u8, strict);
        }

        if (tool.CacheControl is { } cache)
        {
            json.WritePropertyName("cache_control"u8);
            cache.WriteTo(json);
        }

        json.WriteEndObject();
    }

    static void WriteChoice(Utf8JsonWriter json, ChatRequest request)
    {
        ChatToolChoice choice = request.ToolChoice;
        bool isOneAtATime = request.ParallelToolCalls == false && choice.Mode != ChatToolMode.None;
        if (choice.Mode == ChatToolMode.Auto && !isOneAtATime)
        {
            return;
        }

        json.WriteStartObject("tool_choice"u8);
        json.WriteString("type"u8, choice.Mode switch
        {
            ChatToolMode.None => "none"u8,
            ChatToolMode.Required => "any"u8,
            ChatToolMode.Named => "tool"u8,
            _ => "auto"u8,
        });
        if (choice.Mode == ChatToolMode.Named)
        {
            json.WriteString("name"u8, choice.Name);
        }

        if (isOneAtATime)
        {
            json.WriteBoolean("disable_parallel_tool_use"u8, true);
        }

        json.WriteEndObject();
    }
}
