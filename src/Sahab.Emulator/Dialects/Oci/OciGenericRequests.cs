using System.Text;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.Oci;

/// <summary>Reads a chat request in the generic form. Members that it does not know are refused.</summary>
internal static class OciGenericRequests
{
    /// <summary>Tokens of an answer to who asks for no number: a few words.</summary>
    public const int DefaultTokens = 20;

    static readonly string[] Members =
    [
        "apiFormat", "messages", "reasoningEffort", "verbosity", "metadata", "isStream", "streamOptions",
        "numGenerations", "seed", "isEcho", "topK", "topP", "temperature", "frequencyPenalty", "presencePenalty", "stop",
        "logProbs", "maxTokens", "maxCompletionTokens", "logitBias", "prediction", "responseFormat", "toolChoice",
        "isParallelToolCalls", "tools", "webSearchOptions", "serviceTier",
    ];

    public static void Read(GenerationRequest request, RequestFields chat, bool reasonsByDefault)
    {
        chat.AllowOnly(Members);
        ReadTerms(request, chat, reasonsByDefault);
        ReadFormat(request, chat);
        var prompt = new PromptText();
        request.Prompts.Add(prompt);
        var tools = ReadTools(chat);
        OpenAI.ToolChoices.AddTo(prompt, tools);
        var last = ReadMessages(prompt, chat);
        request.Tools.AddRange(Choose(chat, tools, last));
    }

    static void ReadTerms(GenerationRequest request, RequestFields chat, bool reasonsByDefault)
    {
        chat.Number("temperature", 0, 2);
        chat.Number("topP", 0, 1);
        chat.Number("frequencyPenalty", -2, 2);
        chat.Number("presencePenalty", -2, 2);
        request.MaxTokens = chat.Integer("maxCompletionTokens", 1, int.MaxValue)
            ?? chat.Integer("maxTokens", 1, int.MaxValue) ?? DefaultTokens;
        request.Choices = chat.Integer("numGenerations", 1, 128) ?? 1;
        request.Seed = chat.Long("seed") ?? 0;
        request.ReasoningShare = chat.Text("reasoningEffort") switch
        {
            null => reasonsByDefault ? 0.3 : 0,
            "NONE" => 0,
            "MINIMAL" => 0.05,
            "LOW" => 0.15,
            "MEDIUM" => 0.3,
            "HIGH" => 0.5,
            _ => throw chat.Invalid("reasoningEffort", "Unknown reasoningEffort"),
        };
        if (chat.Find("stop") is { } stop)
        {
            request.Stops.AddRange(stop.EnumerateArray().Select(text => Encoding.UTF8.GetBytes(text.GetString()!)));
        }
    }

    static void ReadFormat(GenerationRequest request, RequestFields chat)
    {
        if (chat.Object("responseFormat") is not { } format)
        {
            return;
        }
        switch (format.RequiredText("type"))
        {
            case "TEXT":
                break;
            case "JSON_OBJECT":
                request.Json = true;
                break;
            case "JSON_SCHEMA":
                var schema = format.Object("jsonSchema")
                    ?? throw format.Invalid("jsonSchema", "jsonSchema must not be null");
                schema.AllowOnly("name", "description", "schema", "isStrict");
                schema.RequiredText("name");
                request.Json = true;
                request.Schema = schema.Find("schema");
                break;
            default:
                throw format.Invalid("type", "Unknown type of responseFormat");
        }
    }

    static List<ToolRequest> ReadTools(RequestFields chat)
    {
        var tools = new List<ToolRequest>();
        foreach (var tool in chat.Objects("tools"))
        {
            tool.AllowOnly("type", "name", "description", "parameters");
            if (tool.RequiredText("type") != "FUNCTION")
            {
                throw tool.Invalid("type", "Unknown type of tool");
            }
            tools.Add(new ToolRequest(tool.RequiredText("name"), tool.Find("parameters")));
        }
        return tools;
    }

    static (string Role, string Text) ReadMessages(PromptText prompt, RequestFields chat)
    {
        var messages = chat.Objects("messages");
        var last = ("", "");
        var calls = new HashSet<string>(StringComparer.Ordinal);
        foreach (var message in messages)
        {
            var role = message.RequiredText("role");
            if (role is not ("SYSTEM" or "DEVELOPER" or "USER" or "ASSISTANT" or "TOOL"))
            {
                throw message.Invalid("role", "Unknown role");
            }
            prompt.Mark(role);
            last = (role, string.Concat(message.Objects("content").Select(part => ReadPart(prompt, part))));
            foreach (var call in message.Objects("toolCalls"))
            {
                calls.Add(call.RequiredText("id"));
                prompt.AddText(call.RequiredText("name"));
                prompt.AddText(call.RequiredText("arguments"));
            }
            if (role == "TOOL" && !calls.Contains(message.RequiredText("toolCallId")))
            {
                throw message.Invalid("toolCallId", "toolCallId is of no call that was made");
            }
        }
        return messages.Count > 0 ? last : throw chat.Invalid("messages", "messages must not be empty");
    }

    static string ReadPart(PromptText prompt, RequestFields part)
    {
        switch (part.RequiredText("type"))
        {
            case "TEXT":
                var text = part.RequiredText("text");
                prompt.AddText(text);
                return text;
            case "IMAGE":
                var image = part.Object("imageUrl") ?? throw part.Invalid("imageUrl", "imageUrl must not be null");
                prompt.AddImage(image.RequiredText("url"));
                if (image.Text("detail") is not (null or "AUTO" or "LOW" or "HIGH"))
                {
                    throw image.Invalid("detail", "Unknown detail");
                }
                return "";
            default:
                throw part.Invalid("type", "The model does not take content of this type");
        }
    }

    static IEnumerable<ToolRequest> Choose(
        RequestFields chat, List<ToolRequest> tools, (string Role, string Text) last)
    {
        var choice = chat.Object("toolChoice");
        var mode = choice?.RequiredText("type") ?? "AUTO";
        if (mode is not ("AUTO" or "NONE" or "REQUIRED" or "FUNCTION"))
        {
            throw choice!.Value.Invalid("type", "Unknown type of toolChoice");
        }
        if (mode == "NONE" || tools.Count == 0)
        {
            return [];
        }
        if (mode == "FUNCTION")
        {
            var name = choice!.Value.RequiredText("name");
            return tools.Exists(tool => tool.Name == name)
                ? [tools.Find(tool => tool.Name == name)]
                : throw choice.Value.Invalid("name", "There is no such tool");
        }
        var named = last.Role == "USER"
            ? tools.Where(tool => last.Text.Contains(tool.Name, StringComparison.OrdinalIgnoreCase)).ToList()
            : [];
        if (mode == "REQUIRED" && named.Count == 0)
        {
            named = [tools[0]];
        }
        return chat.Flag("isParallelToolCalls") ?? true ? named : named.Take(1);
    }
}
