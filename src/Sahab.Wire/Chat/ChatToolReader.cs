using System.Text.Json;
using Sahab.Wire.OpenAI;

namespace Sahab.Wire.Chat;

/// <summary>Reads what a request says of tools and of the form of the answer.</summary>
static class ChatToolReader
{
    public static IReadOnlyList<ChatTool> ReadTools(ChatFields request)
    {
        var tools = new List<ChatTool>();
        foreach (ChatFields tool in request.Objects("tools"))
        {
            string type = tool.RequiredText("type");
            if (type != "function")
            {
                throw tool.Invalid(
                    "type", $"A tool of type '{type}' cannot be translated for every cloud; only 'function' can.");
            }

            tools.Add(ReadFunction(tool.RequiredObject("function"), tool.PathOf("")[..^1]) with
            {
                CacheControl = tool.Find("cache_control"),
            });
        }

        // The older form has no wrapping.
        tools.AddRange(request.Objects("functions").Select(function => ReadFunction(function, function.PathOf("")[..^1])));
        return tools;
    }

    public static ChatToolChoice ReadChoice(ChatFields request)
    {
        string name = request.Find("tool_choice") is null && request.Find("function_call") is not null
            ? "function_call"
            : "tool_choice";
        if (request.Find(name) is not { } choice)
        {
            return new ChatToolChoice(ChatToolMode.Auto);
        }

        if (choice.ValueKind == JsonValueKind.String)
        {
            return new ChatToolChoice(ModeOf(request, name, choice.GetString()!));
        }

        ChatFields fields = request.RequiredObject(name);
        if (name == "function_call")
        {
            return new ChatToolChoice(ChatToolMode.Named, fields.RequiredText("name"));
        }

        switch (fields.RequiredText("type"))
        {
            case "function":
                return new ChatToolChoice(
                    ChatToolMode.Named, fields.RequiredObject("function").RequiredText("name"));
            case "allowed_tools":
                ChatFields allowed = fields.RequiredObject("allowed_tools");
                return new ChatToolChoice(
                    ModeOf(allowed, "mode", allowed.Text("mode") ?? "auto"),
                    Allowed: [.. allowed.Objects("tools")
                        .Select(tool => tool.RequiredObject("function").RequiredText("name"))]);
            case var other:
                throw fields.Invalid("type", $"A tool choice of type '{other}' cannot be translated for every cloud; "
                    + "function and allowed_tools can.");
        }
    }

    public static ChatFormat ReadFormat(ChatFields request)
    {
        if (request.Object("response_format") is not { } format)
        {
            return new ChatFormat(AnswerFormat.Text);
        }

        switch (format.RequiredText("type"))
        {
            case "text":
                return new ChatFormat(AnswerFormat.Text);
            case "json_object":
                return new ChatFormat(AnswerFormat.JsonObject);
            case "json_schema":
                ChatFields schema = format.RequiredObject("json_schema");
                return new ChatFormat(
                    AnswerFormat.JsonSchema, schema.Text("name"), schema.Text("description"), schema.Find("schema"),
                    schema.Flag("strict"));
            case var other:
                throw format.Invalid(
                    "type", $"A response_format of '{other}' is not known; text, json_object and json_schema are.");
        }
    }

    static ChatToolMode ModeOf(ChatFields fields, string name, string word) => word switch
    {
        "auto" => ChatToolMode.Auto,
        "none" => ChatToolMode.None,
        "required" => ChatToolMode.Required,
        _ => throw fields.Invalid(name, $"'{fields.PathOf(name)}' is '{word}'; auto, none and required are possible."),
    };

    static ChatTool ReadFunction(ChatFields function, string path) => new(
        path, function.RequiredText("name"), function.Text("description"), function.Find("parameters"),
        function.Flag("strict"));
}
