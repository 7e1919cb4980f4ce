using System.Text.Json;
using Sahab.Wire.Chat;

namespace Sahab.Wire.Bedrock;

/// <summary>What a request says of tools, in Converse's form.</summary>
sealed class ConverseTools
{
    readonly IReadOnlyList<ChatTool> _offered;
    readonly IReadOnlyList<string> _former;
    readonly ChatToolChoice _choice;
    readonly string? _modelChoice;
    readonly bool _isSingle;

    public ConverseTools(ChatRequest request, BedrockModel model)
    {
        _choice = request.ToolChoice;
        _offered = _choice.Allowed is { } allowed
            ? [.. request.Tools.Where(tool => allowed.Contains(tool.Name))]
            : request.Tools;
        bool isClaude = model.Family == BedrockFamily.Claude;
        bool hasUsedTools = request.Messages.Any(m => m.ToolCalls.Count > 0 || m.Role == ChatRole.Tool);
        if (_choice.Mode == ChatToolMode.None && !hasUsedTools)
        {
            _offered = [];
        }

        // A conversation in which tools were called must say which, even where none is offered any more.
        _former = hasUsedTools && _offered.Count == 0
            ? [.. request.Messages.SelectMany(m => m.ToolCalls).Select(c => c.Name).Distinct(StringComparer.Ordinal)]
            : [];
        bool mayCallNone = hasUsedTools && (_choice.Mode == ChatToolMode.None || _offered.Count == 0);
        if (mayCallNone && _choice.Mode == ChatToolMode.None && !isClaude)
        {
            throw ConverseRequestWriter.Refuse(
                "tool_choice", "'none' cannot be asked of this model once tools have been called.");
        }

        _isSingle = request.ParallelToolCalls == false && _offered.Count > 0 && !mayCallNone;
        if (_isSingle && !isClaude)
        {
            throw ConverseRequestWriter.Refuse(
                "parallel_tool_calls", "Leave it out: this model cannot be told to call one tool at a time.");
        }

        _modelChoice = mayCallNone && isClaude ? "none"
            : !_isSingle ? null
            : _choice.Mode switch
            {
                ChatToolMode.Required => "any",
                ChatToolMode.Named => "tool",
                _ => "auto",
            };
    }

    /// <summary>Whether Converse lacks a member for what is asked, so that it goes to the model as it is.</summary>
    public bool NeedsModelField => _modelChoice is not null;

    public void Write(Utf8JsonWriter json)
    {
        if (_offered.Count == 0 && _former.Count == 0)
        {
            return;
        }

        json.WriteStartObject("toolConfig"u8);
        json.WriteStartArray("tools"u8);
        foreach (ChatTool tool in _offered)
        {
            WriteTool(json, tool.Name, tool.Description, tool.Parameters, tool.Strict);
        }

        foreach (string name in _former)
        {
            WriteTool(json, name, null, null, null);
        }

        json.WriteEndArray();
        WriteChoice(json);
        json.WriteEndObject();
    }

    /// <summary>Claude's own word for how tools may be called.</summary>
    public void WriteModelField(Utf8JsonWriter json)
    {
        if (_modelChoice is null)
        {
            return;
        }

        json.WriteStartObject("tool_choice"u8);
        json.WriteString("type"u8, _modelChoice);
        if (_modelChoice == "tool")
        {
            json.WriteString("name"u8, _choice.Name);
        }

        if (_isSingle)
        {
            json.WriteBoolean("disable_parallel_tool_use"u8, true);
        }

        json.WriteEndObject();
    }

    void WriteChoice(Utf8JsonWriter json)
    {
        if (_offered.Count == 0 || _choice.Mode is not (ChatToolMode.Required or ChatToolMode.Named))
        {
            return;
        }

        json.WriteStartObject("toolChoice"u8);
        json.WriteStartObject(_choice.Mode == ChatToolMode.Required ? "any"u8 : "tool"u8);
        if (_choice.Mode == ChatToolMode.Named)
        {
            json.WriteString("name"u8, _choice.Name);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    static void WriteTool(Utf8JsonWriter json, string name, string? description, JsonElement? parameters, bool? strict)
    {
        json.WriteStartObject();
        json.WriteStartObject("toolSpec"u8);
        json.WriteString("name"u8, name);
        if (!string.IsNullOrEmpty(description))
        {
            json.WriteString("description"u8, description);
        }

        json.WriteStartObject("inputSchema"u8);
        json.WritePropertyName("json"u8);
        if (parameters is { } schema)
        {
            schema.WriteTo(json);
        }
        else
        {
            json.WriteRawValue("""{"type":"object","properties":{}}"""u8, skipInputValidation: true);
        }

        json.WriteEndObject();
        if (strict is { } isStrict)
        {
            json.WriteBoolean("strict"u8, isStrict);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }
}
