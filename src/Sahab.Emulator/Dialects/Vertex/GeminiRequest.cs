using System.Text;
using System.Text.Json;
using Sahab.Emulator.Dialects.OpenAI;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.Vertex;

/// <summary>A request of <c>generateContent</c> or <c>countTokens</c> that was read and found valid.</summary>
internal sealed class GeminiRequest : IDisposable
{
    public GenerationRequest Generation { get; } = new();

    /// <summary>Whether reasoning is shown, and not only counted.</summary>
    public bool ShowsThoughts { get; private set; }

    /// <summary>Alternatives for each token; null when no probabilities are wanted.</summary>
    public int? Logprobs { get; private set; }

    public PromptText Prompt => Generation.Prompts[0];

    public static GeminiRequest Read(GeminiFields body, string model, bool reasonsByDefault)
    {
        body.Only(
            "contents", "systemInstruction", "tools", "toolConfig", "safetySettings", "generationConfig", "cachedContent",
            "labels", "model", "generateContentRequest");
        if (body.Object("generateContentRequest") is { } inner)
        {
            body = inner;
        }
        var request = new GeminiRequest();
        try
        {
            request.ReadConfig(body.Object("generationConfig"), reasonsByDefault);
            CheckSafety(body);
            var prompt = new PromptText();
            request.Generation.Prompts.Add(prompt);
            var tools = ReadTools(body);
            ToolChoices.AddTo(prompt, tools);
            if (body.Object("systemInstruction") is { } system)
            {
                prompt.Mark("system");
                GeminiContents.ReadSystem(prompt, system);
            }
            var last = GeminiContents.Read(prompt, body, model);
            request.Generation.Tools.AddRange(Choose(body, tools, last));
            return request;
        }
        catch
        {
            request.Dispose();
            throw;
        }
    }

    public void Dispose() => Generation.Dispose();

    void ReadConfig(GeminiFields? given, bool reasonsByDefault)
    {
        Generation.ReasoningShare = reasonsByDefault ? 0.3 : 0;
        if (given is not { } config)
        {
            return;
        }
        config.Only(
            "temperature", "topP", "topK", "candidateCount", "maxOutputTokens", "stopSequences", "seed", "presencePenalty",
            "frequencyPenalty", "responseLogprobs", "logprobs", "responseMimeType", "responseSchema", "responseJsonSchema",
            "responseModalities", "thinkingConfig", "mediaResolution");
        config.Number("temperature", 0, 2);
        config.Number("topP", 0, 1);
        config.Number("topK", 1, 1000);
        config.Number("presencePenalty", -2, 2);
        config.Number("frequencyPenalty", -2, 2);
        Generation.Choices = config.Integer("candidateCount", 1, 8) ?? 1;
        Generation.MaxTokens = config.Integer("maxOutputTokens", 1, int.MaxValue);
        Generation.Seed = config.Integer("seed", int.MinValue, int.MaxValue) ?? 0;
        var stops = config.Texts("stopSequences");
        if (stops.Count > 5)
        {
            throw GeminiFields.Refused("Unable to submit request because it has more than 5 stop sequences.");
        }
        Generation.Stops.AddRange(stops.Where(stop => stop.Length > 0).Select(Encoding.UTF8.GetBytes));
        var top = config.Integer("logprobs", 0, 20);
        Logprobs = config.Flag("responseLogprobs") ? top ?? 0 : null;
        if (top is not null && Logprobs is null)
        {
            throw GeminiFields.Refused("Logprobs can only be set if response_logprobs is true.");
        }
        ReadFormat(config);
        ReadThinking(config.Object("thinkingConfig"));
    }

    void ReadFormat(GeminiFields config)
    {
        var schema = config.Find("responseJsonSchema");
        var type = config.Text("responseMimeType");
        if (config.Find("responseSchema") is { } openApi)
        {
            schema = GeminiSchema.ToJsonSchema(openApi);
        }
        if (schema is not null && type != "application/json")
        {
            throw GeminiFields.Refused("Controlled generation requires responseMimeType application/json.");
        }
        if (type is not (null or "text/plain" or "application/json"))
        {
            throw GeminiFields.Refused($"Unsupported responseMimeType: {type}.");
        }
        Generation.Json = type == "application/json";
        Generation.Schema = schema?.Clone();
    }

    void ReadThinking(GeminiFields? given)
    {
        if (given is not { } thinking)
        {
            return;
        }
        thinking.Only("thinkingBudget", "thinkingLevel", "includeThoughts");
        ShowsThoughts = thinking.Flag("includeThoughts");
        var budget = thinking.Integer("thinkingBudget", -1, 32_768);
        var level = thinking.Text("thinkingLevel");
        if (budget is not null && level is not null)
        {
            throw GeminiFields.Refused("You can only set one of thinking_budget and thinking_level.");
        }
        Generation.ReasoningShare = (level, budget) switch
        {
            ("MINIMAL", _) => 0.05,
            ("LOW", _) => 0.15,
            ("MEDIUM", _) => 0.3,
            ("HIGH", _) => 0.5,
            (not null, _) => throw GeminiFields.Refused("Invalid value at 'generation_config.thinking_config.thinking_level'."),
            (_, null or -1) => Generation.ReasoningShare,
            (_, 0) => 0,
            (_, <= 1024) => 0.15,
            (_, <= 8192) => 0.3,
            _ => 0.5,
        };
    }

    static void CheckSafety(GeminiFields body)
    {
        foreach (var setting in body.Objects("safetySettings"))
        {
            setting.Only("category", "threshold", "method");
            setting.RequiredText("category");
            setting.RequiredText("threshold");
        }
    }

    static List<ToolRequest> ReadTools(GeminiFields body)
    {
        var tools = new List<ToolRequest>();
        foreach (var tool in body.Objects("tools"))
        {
            tool.Only("functionDeclarations");
            foreach (var function in tool.Objects("functionDeclarations"))
            {
                function.Only("name", "description", "parameters", "parametersJsonSchema", "response", "responseJsonSchema");
                var schema = function.Find("parametersJsonSchema")
                    ?? (function.Find("parameters") is { } openApi ? GeminiSchema.ToJsonSchema(openApi) : null);
                tools.Add(new ToolRequest(function.RequiredText("name"), schema));
            }
        }
        return tools;
    }

    /// <summary>The same model as everywhere: it calls what the user's last words name, or must call something.</summary>
    static List<ToolRequest> Choose(GeminiFields body, List<ToolRequest> tools, (string Role, string Text) last)
    {
        var config = body.Object("toolConfig")?.Only("functionCallingConfig").Object("functionCallingConfig")
            ?.Only("mode", "allowedFunctionNames");
        var mode = config?.Text("mode") ?? "AUTO";
        var allowed = config?.Texts("allowedFunctionNames") ?? [];
        if (mode is not ("AUTO" or "ANY" or "NONE" or "VALIDATED"))
        {
            throw GeminiFields.Refused("Invalid value at 'tool_config.function_calling_config.mode'.");
        }
        if (allowed.Count > 0 && mode is ("AUTO" or "NONE"))
        {
            throw GeminiFields.Refused("Function calling mode must be ANY or VALIDATED if allowed_function_names is set.");
        }
        if (allowed.Find(name => !tools.Exists(tool => tool.Name == name)) is { } unknown)
        {
            throw GeminiFields.Refused($"allowed_function_names has {unknown}, which is not declared.");
        }
        var offered = allowed.Count > 0 ? tools.FindAll(tool => allowed.Contains(tool.Name)) : tools;
        if (mode == "NONE" || offered.Count == 0)
        {
            return [];
        }
        var named = last.Role == "user"
            ? offered.FindAll(tool => last.Text.Contains(tool.Name, StringComparison.OrdinalIgnoreCase))
            : [];
        return mode == "ANY" && named.Count == 0 ? [offered[0]] : named;
    }
}

/// <summary>Google's own form of schemas, which names types in capitals.</summary>
internal static class GeminiSchema
{
    public static JsonElement ToJsonSchema(JsonElement schema)
    {
        var bytes = new System.Buffers.ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(bytes))
        {
            Write(writer, schema);
        }
        using var document = JsonDocument.Parse(bytes.WrittenMemory);
        return document.RootElement.Clone();
    }

    static void Write(Utf8JsonWriter writer, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var member in value.EnumerateObject())
                {
                    writer.WritePropertyName(member.Name);
                    if (member.NameEquals("type") && member.Value.ValueKind == JsonValueKind.String)
                    {
                        writer.WriteStringValue(member.Value.GetString()!.ToLowerInvariant());
                    }
                    else
                    {
                        Write(writer, member.Value);
                    }
                }
                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in value.EnumerateArray())
                {
                    Write(writer, item);
                }
                writer.WriteEndArray();
                break;
            default:
                value.WriteTo(writer);
                break;
        }
    }
}
