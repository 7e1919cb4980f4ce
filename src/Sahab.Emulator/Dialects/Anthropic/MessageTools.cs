using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.Anthropic;

/// <summary>
/// Which tools an answer calls. Left to itself the model calls those that the user's last words name; so that after a
/// tool's answer it speaks. Where a call is required and none is named it takes the first tool.
/// </summary>
internal static class MessageTools
{
    public static List<ToolRequest> Read(MessageRequest request, RequestFields fields)
    {
        var tools = new List<ToolRequest>();
        foreach (var tool in fields.Objects("tools"))
        {
            if (tool.Text("type") is { } type and not "custom")
            {
                throw tool.Invalid("type", $"tools: Input tag '{type}' found using 'type' is not served here");
            }
            var schema = tool.Object("input_schema")
                ?? throw tool.Invalid("input_schema", "tools.custom.input_schema: Field required");
            if (schema.Text("type") != "object")
            {
                throw schema.Invalid("type", "tools.custom.input_schema.type: Input should be 'object'");
            }
            request.NoteCache(tool);
            tools.Add(new ToolRequest(Name(tool), tool.Find("input_schema")));
        }
        return tools;
    }

    /// <summary>Tools are a part of the prompt and count as such: their names and schemas.</summary>
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

    /// <param name="asked">The user's last words.</param>
    /// <param name="thinks">Whether the model thinks first, which it cannot when it is forced to call.</param>
    public static IEnumerable<ToolRequest> Choose(
        RequestFields fields, List<ToolRequest> tools, string asked, bool thinks)
    {
        var choice = fields.Object("tool_choice");
        var mode = choice?.RequiredText("type") ?? "auto";
        if (choice is not null && tools.Count == 0)
        {
            throw fields.Invalid("tool_choice", "tool_choice may only be specified while providing tools");
        }
        if (mode is not ("auto" or "any" or "tool" or "none"))
        {
            throw fields.Invalid("tool_choice", $"tool_choice: Input tag '{mode}' found using 'type' is not known");
        }
        if (thinks && mode is "any" or "tool")
        {
            throw fields.Invalid("tool_choice", "Thinking may not be enabled when tool_choice forces tool use.");
        }
        if (mode == "none" || tools.Count == 0)
        {
            return [];
        }
        if (mode == "tool")
        {
            var name = choice!.Value.RequiredText("name");
            var index = tools.FindIndex(t => t.Name == name);
            return index >= 0
                ? [tools[index]]
                : throw fields.Invalid("tool_choice", $"tool_choice: Tool '{name}' not found in provided tools");
        }
        var named = tools.Where(t => asked.Contains(t.Name, StringComparison.OrdinalIgnoreCase)).ToList();
        if (mode == "any" && named.Count == 0)
        {
            named = [tools[0]];
        }
        return choice?.Flag("disable_parallel_tool_use") == true ? named.Take(1) : named;
    }

    static string Name(RequestFields tool)
    {
        var name = tool.RequiredText("name");
        return name.Length is > 0 and <= 128 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-')
            ? name
            : throw tool.Invalid("name", "tools.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'");
    }
}
