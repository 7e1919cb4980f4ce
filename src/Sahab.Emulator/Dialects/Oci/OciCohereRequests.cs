using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.Oci;

/// <summary>Reads a chat request in Cohere's form. Members that it does not know are refused.</summary>
internal static class OciCohereRequests
{
    static readonly string[] Members =
    [
        "apiFormat", "message", "chatHistory", "documents", "responseFormat", "isSearchQueriesOnly", "preambleOverride",
        "isStream", "streamOptions", "maxTokens", "maxInputTokens", "temperature", "topK", "topP", "promptTruncation",
        "frequencyPenalty", "presencePenalty", "seed", "isEcho", "tools", "toolResults", "isForceSingleStep",
        "stopSequences", "isRawPrompting", "citationQuality", "safetyMode",
    ];

    public static void Read(GenerationRequest request, RequestFields chat)
    {
        chat.AllowOnly(Members);
        chat.Number("temperature", 0, 1);
        chat.Number("topP", 0, 1);
        chat.Number("frequencyPenalty", 0, 1);
        chat.Number("presencePenalty", 0, 1);
        request.MaxTokens = chat.Integer("maxTokens", 1, int.MaxValue) ?? OciGenericRequests.DefaultTokens;
        request.Seed = chat.Long("seed") ?? 0;
        if (chat.Find("stopSequences") is { } stops)
        {
            request.Stops.AddRange(stops.EnumerateArray().Select(text => Encoding.UTF8.GetBytes(text.GetString()!)));
        }
        if (chat.Object("responseFormat") is { } format && format.RequiredText("type") == "JSON_OBJECT")
        {
            request.Json = true;
            request.Schema = format.Find("schema");
        }
        var prompt = new PromptText();
        request.Prompts.Add(prompt);
        prompt.Mark("preamble");
        prompt.AddText(chat.Text("preambleOverride") ?? "");
        var tools = ReadTools(chat);
        OpenAI.ToolChoices.AddTo(prompt, tools);
        chat.Objects("chatHistory").ForEach(entry => ReadEntry(prompt, entry));
        var message = chat.RequiredText("message");
        var results = chat.Objects("toolResults");
        if (message.Length == 0 && results.Count == 0)
        {
            throw chat.Invalid("message", "message must be at least 1 token long or tool results must be specified");
        }
        prompt.Mark("USER");
        prompt.AddText(message);
        results.ForEach(result => ReadResult(prompt, result));
        request.Tools.AddRange(tools.Where(
            tool => results.Count == 0 && message.Contains(tool.Name, StringComparison.OrdinalIgnoreCase)));
    }

    static void ReadEntry(PromptText prompt, RequestFields entry)
    {
        var role = entry.RequiredText("role");
        prompt.Mark(role);
        switch (role)
        {
            case "USER" or "SYSTEM":
                prompt.AddText(entry.RequiredText("message"));
                break;
            case "CHATBOT":
                prompt.AddText(entry.Text("message") ?? "");
                entry.Objects("toolCalls").ForEach(call => ReadCall(prompt, call));
                break;
            case "TOOL":
                entry.Objects("toolResults").ForEach(result => ReadResult(prompt, result));
                break;
            default:
                throw entry.Invalid("role", "Unknown role");
        }
    }

    static void ReadResult(PromptText prompt, RequestFields result)
    {
        ReadCall(prompt, result.Object("call") ?? throw result.Invalid("call", "call must not be null"));
        foreach (var output in result.Find("outputs")?.EnumerateArray() ?? default)
        {
            prompt.AddText(output.ValueKind == JsonValueKind.Object
                ? output.GetRawText()
                : throw result.Invalid("outputs", "outputs must be objects"));
        }
    }

    static void ReadCall(PromptText prompt, RequestFields call)
    {
        prompt.AddText(call.RequiredText("name"));
        prompt.AddText((call.Object("parameters") is null
            ? throw call.Invalid("parameters", "parameters must not be null")
            : call.Find("parameters")!.Value).GetRawText());
    }

    static List<ToolRequest> ReadTools(RequestFields chat)
    {
        var tools = new List<ToolRequest>();
        foreach (var tool in chat.Objects("tools"))
        {
            tool.AllowOnly("name", "description", "parameterDefinitions");
            tool.RequiredText("description");
            tools.Add(new ToolRequest(tool.RequiredText("name"), SchemaOf(tool)));
        }
        return tools;
    }

    /// <summary>The engine makes arguments from a JSON schema: this one says what Python's types say.</summary>
    static JsonElement SchemaOf(RequestFields tool)
    {
        var properties = new JsonObject();
        var required = new JsonArray();
        if (tool.Find("parameterDefinitions") is { ValueKind: JsonValueKind.Object } definitions)
        {
            var fields = tool.Object("parameterDefinitions")!.Value;
            foreach (var name in definitions.EnumerateObject().Select(member => member.Name))
            {
                var definition = fields.Object(name)!.Value;
                definition.AllowOnly("description", "type", "isRequired");
                properties[name] = new JsonObject { ["type"] = TypeOf(definition.RequiredText("type")) };
                if (definition.Flag("isRequired") ?? false)
                {
                    required.Add(name);
                }
            }
        }
        return JsonSerializer.SerializeToElement(new JsonObject
        {
            ["type"] = "object",
            ["properties"] = properties,
            ["required"] = required,
        });
    }

    static string TypeOf(string python) => python switch
    {
        "int" => "integer",
        "float" => "number",
        "bool" => "boolean",
        "Dict" => "object",
        _ when python.StartsWith("List", StringComparison.Ordinal) => "array",
        _ => "string",
    };
}
