using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.Bedrock;

/// <summary>
/// The tools of a request. Left to itself the model calls those that a user's last message names, so that after a
/// tool's result it speaks.
/// </summary>
internal sealed class ToolConfig
{
    readonly List<ToolRequest> _tools = [];
    string _mode = "auto";
    string? _named;

    public CacheMark CacheMark { get; private set; }

    public static ToolConfig? Read(RequestFields request)
    {
        if (request.Object("toolConfig") is not { } fields)
        {
            return null;
        }
        var config = new ToolConfig();
        foreach (var entry in fields.Objects("tools"))
        {
            config.ReadTool(entry);
        }
        if (config._tools.Count == 0)
        {
            throw AwsErrors.Invalid("The toolConfig.tools field must have at least one tool.");
        }
        config.ReadChoice(fields);
        return config;
    }

    public void AddTo(PromptText prompt)
    {
        prompt.Mark("tools");
        foreach (var tool in _tools)
        {
            prompt.AddText(tool.Name);
            prompt.AddText(tool.Parameters?.GetRawText() ?? "");
        }
    }

    /// <summary>The tools that the answer calls.</summary>
    /// <param name="lastText">The last message, when it is a user's own words; null when it is a tool's result.</param>
    public IEnumerable<ToolRequest> Choose(string? lastText, ModelFields model)
    {
        var mode = model.ToolMode ?? _mode;
        if (mode == "none")
        {
            return [];
        }
        if (mode == "tool")
        {
            return _tools.Where(t => t.Name == _named);
        }
        var called = lastText is null
            ? []
            : _tools.Where(t => lastText.Contains(t.Name, StringComparison.OrdinalIgnoreCase)).ToList();
        if (mode == "any" && called.Count == 0)
        {
            called = [_tools[0]];
        }
        return model.IsSingle ? called.Take(1) : called;
    }

    void ReadTool(RequestFields entry)
    {
        if (entry.Object("cachePoint") is { } point)
        {
            var mark = ConverseConversation.ReadCachePoint(point, "toolConfig.tools");
            CacheMark = mark > CacheMark ? mark : CacheMark;
            return;
        }
        var spec = entry.Object("toolSpec") ?? throw AwsErrors.Invalid("toolConfig.tools: toolSpec is required.");
        var name = spec.RequiredText("name");
        if (!ConverseConversation.IsId(name))
        {
            throw AwsErrors.Invalid(
                $"Value '{name}' at 'toolConfig.tools.member.toolSpec.name' failed to satisfy constraint: Member must "
                + "satisfy regular expression pattern: [a-zA-Z0-9_-]+");
        }
        if (spec.Text("description") is "")
        {
            throw AwsErrors.Invalid("toolSpec.description must have length greater than or equal to 1.");
        }
        spec.Flag("strict");
        var schema = spec.Object("inputSchema")?.Object("json")
            ?? throw AwsErrors.Invalid("toolSpec.inputSchema.json is required.");
        if (schema.Text("type") != "object")
        {
            throw AwsErrors.Invalid(
                "The value at toolConfig.tools.0.toolSpec.inputSchema.json.type must be one of: object.");
        }
        _tools.Add(new ToolRequest(name, spec.Object("inputSchema")!.Value.Find("json")));
    }

    void ReadChoice(RequestFields fields)
    {
        if (fields.Object("toolChoice") is not { } choice)
        {
            return;
        }
        if (choice.Object("tool") is { } tool)
        {
            _mode = "tool";
            _named = tool.RequiredText("name");
            if (_tools.TrueForAll(t => t.Name != _named))
            {
                throw AwsErrors.Invalid($"toolChoice.tool.name: '{_named}' is not one of the tools.");
            }
        }
        else
        {
            _mode = choice.Object("any") is not null ? "any"
                : choice.Object("auto") is not null ? "auto"
                : throw AwsErrors.Invalid("toolConfig.toolChoice must be one of auto, any, tool.");
        }
    }
}
