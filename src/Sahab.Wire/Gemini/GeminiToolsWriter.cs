using System.Text.Json;
using Sahab.Wire.Chat;

namespace Sahab.Wire.Gemini;

/// <summary>Writes <c>tools</c> and <c>toolConfig</c>.</summary>
static class GeminiToolsWriter
{
    public static void Write(Utf8JsonWriter json, ChatRequest request)
    {
        ChatToolChoice choice = request.ToolChoice;
        // Names can only be narrowed where a call is required; elsewhere what may not be called is not offered.
        var tools = choice is { Allowed: { } allowed, Mode: not ChatToolMode.Required }
            ? request.Tools.Where(tool => allowed.Contains(tool.Name)).ToList()
            : request.Tools;
        if (tools.Count == 0)
        {
            return;
        }

        if (request.ParallelToolCalls == false && choice.Mode != ChatToolMode.None)
        {
            throw new ChatRequestException(GeminiRequestWriter.Known.Refuse("parallel_tool_calls"));
        }

        json.WriteStartArray("tools"u8);
        json.WriteStartObject();
        json.WriteStartArray("functionDeclarations"u8);
        foreach (ChatTool tool in tools)
        {
            Write(json, tool);
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndArray();
        WriteConfig(json, choice);
    }

    static void Write(Utf8JsonWriter json, ChatTool tool)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, tool.Name);
        if (tool.Description is not null)
        {
            json.WriteString("description"u8, tool.Description);
        }

        if (tool.Parameters is { } parameters)
        {
            json.WritePropertyName("parametersJsonSchema"u8);
            parameters.WriteTo(json);
        }

        json.WriteEndObject();
    }

    static void WriteConfig(Utf8JsonWriter json, ChatToolChoice choice)
    {
        json.WriteStartObject("toolConfig"u8);
        json.WriteStartObject("functionCallingConfig"u8);
        json.WriteString("mode"u8, choice.Mode switch
        {
            ChatToolMode.None => "NONE"u8,
            ChatToolMode.Auto => "AUTO"u8,
            _ => "ANY"u8,
        });
        IReadOnlyList<string>? names = choice.Mode switch
        {
            ChatToolMode.Named => [choice.Name!],
            ChatToolMode.Required => choice.Allowed,
            _ => null,
        };
        if (names is not null)
        {
            json.WriteStartArray("allowedFunctionNames"u8);
            foreach (string name in names)
            {
                json.WriteStringValue(name);
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }
}
