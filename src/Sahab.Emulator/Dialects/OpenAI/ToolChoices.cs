using System.Text.Json;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.OpenAI;

/// <summary>
/// Which tools an answer calls. Left to itself the model calls those that the last message names, if it is a user's; so
/// that after a tool's answer it speaks. Where a call is required and none is named it takes the first tool.
/// </summary>
internal static class ToolChoices
{
    /// <summary>Tools in one request.</summary>
    const int MaxTools = 128;

    public static List<ToolRequest> ReadTools(RequestFields fields)
    {
        var tools = new List<ToolRequest>();
        foreach (var tool in fields.Objects("tools"))
        {
            if (tool.RequiredText("type") != "function")
            {
                throw tool.Invalid(
                    "type", "Only tools of type 'function' are supported by this model.", "invalid_value");
            }
            var function = tool.Object("function") ?? throw tool.Invalid("function", "Missing 'function'.");
            tools.Add(new ToolRequest(function.RequiredText("name"), function.Find("parameters")));
        }
        return tools.Count <= MaxTools
            ? tools
            : throw fields.Invalid("tools", $"'tools' must have at most {MaxTools} items.");
    }

    /// <summary>Tools are a part of the prompt and count as such: their names and parameters.</summary>
    public static void AddTo(PromptText prompt, List<ToolRequest> tools)
    {
        if (tools.Count > 0)
        {
            prompt.Mark("tools");
        }
        foreach (var tool in tools)
        {
            prompt.AddText(tool.Name);
            prompt.AddText(tool.Parameters?.GetRawText() ?? "");
        }
    }

    public static IEnumerable<ToolRequest> Choose(
        RequestFields fields, List<ToolRequest> tools, (string Role, string Text) last)
    {
        var isParallel = fields.Flag("parallel_tool_calls") ?? true;
        var (mode, offered) = ReadChoice(fields, tools);
        if (mode == "none" || offered.Count == 0)
        {
            return [];
        }
        var named = last.Role == "user"
            ? offered.Where(t => last.Text.Contains(t.Name, StringComparison.OrdinalIgnoreCase)).ToList()
            : [];
        if (mode == "required" && named.Count == 0)
        {
            named = [offered[0]];
        }
        return isParallel ? named : named.Take(1);
    }

    static (string Mode, List<ToolRequest> Offered) ReadChoice(RequestFields fields, List<ToolRequest> tools)
    {
        if (fields.Find("tool_choice") is not { } choice)
        {
            return ("auto", tools);
        }
        if (choice.ValueKind == JsonValueKind.String)
        {
            var mode = choice.GetString()!;
            if (mode is not ("none" or "auto" or "required"))
            {
                throw fields.Invalid("tool_choice", $"Invalid value: '{mode}'.", "invalid_value");
            }
            return mode == "required" && tools.Count == 0
                ? throw fields.Invalid("tool_choice", "'tool_choice' is only allowed when 'tools' are specified.")
                : (mode, tools);
        }
        var body = fields.Object("tool_choice")!.Value;
        switch (body.RequiredText("type"))
        {
            case "function":
                return ("required", [FindTool(body, body.Object("function")?.RequiredText("name"), tools)]);
            case "allowed_tools":
                var allowed = body.Object("allowed_tools")
                    ?? throw body.Invalid("allowed_tools", "Missing 'allowed_tools'.");
                var offered = allowed.Objects("tools")
                    .Select(t => FindTool(body, t.Object("function")?.RequiredText("name"), tools)).ToList();
                return (allowed.Text("mode") ?? "auto", offered);
            case var other:
                throw body.Invalid("type", $"Invalid value: '{other}'.", "invalid_value");
        }
    }

    static ToolRequest FindTool(RequestFields body, string? name, List<ToolRequest> tools)
    {
        var index = tools.FindIndex(t => t.Name == name);
        return index >= 0
            ? tools[index]
            : throw body.Invalid("function", $"Tool choice '{name}' not found in 'tools'.");
    }
}
