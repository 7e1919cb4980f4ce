using System.Text;
using System.Text.Json;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.Bedrock;

/// <summary>Reads the body of Converse, ConverseStream and CountTokens, and refuses what the cloud refuses.</summary>
internal sealed class ConverseRequest : IDisposable
{
    static readonly string[] Members =
    [
        "messages", "system", "inferenceConfig", "toolConfig", "outputConfig", "additionalModelRequestFields",
        "additionalModelResponseFieldPaths", "guardrailConfig", "requestMetadata", "performanceConfig", "serviceTier",
        "promptVariables",
    ];

    public GenerationRequest Generation { get; } = new();

    public void Dispose() => Generation.Dispose();

    public void Read(JsonElement body, bool reasonsByDefault)
    {
        var fields = RequestFields.OfBody(body);
        if (body.EnumerateObject().Select(m => m.Name).FirstOrDefault(name => !Members.Contains(name)) is { } unknown)
        {
            throw AwsErrors.Invalid($"Malformed input request: extraneous key [{unknown}] is not permitted.");
        }
        ReadInference(fields);
        ReadOutput(fields, reasonsByDefault);
        var model = ModelFields.Read(fields, Generation.MaxTokens);
        if (model.Thinks && Generation.ReasoningShare == 0)
        {
            Generation.ReasoningShare = 0.3;
        }
        var tools = ToolConfig.Read(fields);
        var prompt = new PromptText();
        Generation.Prompts.Add(prompt);
        tools?.AddTo(prompt);
        var messages = new ConverseConversation(prompt, hasTools: tools is not null);
        messages.Read(fields);
        Generation.CacheMark = tools is not null && tools.CacheMark > messages.CacheMark
            ? tools.CacheMark
            : messages.CacheMark;
        if (tools is not null)
        {
            Generation.Tools.AddRange(tools.Choose(messages.LastText, model));
        }
    }

    void ReadInference(RequestFields fields)
    {
        if (fields.Object("inferenceConfig") is not { } config)
        {
            return;
        }
        Generation.MaxTokens = config.Integer("maxTokens", 1, int.MaxValue);
        config.Number("temperature", 0, 1);
        config.Number("topP", 0, 1);
        if (config.Find("stopSequences") is not { } stops)
        {
            return;
        }
        foreach (var stop in stops.EnumerateArray())
        {
            if (string.IsNullOrWhiteSpace(stop.GetString()))
            {
                throw AwsErrors.Invalid("stop_sequences: each stop sequence must contain non-whitespace");
            }
            Generation.Stops.Add(Encoding.UTF8.GetBytes(stop.GetString()!));
        }
    }

    void ReadOutput(RequestFields fields, bool reasonsByDefault)
    {
        Generation.ReasoningShare = reasonsByDefault ? 0.3 : 0;
        if (fields.Object("outputConfig") is not { } config)
        {
            return;
        }
        Generation.ReasoningShare = config.Text("effort") switch
        {
            null => Generation.ReasoningShare,
            "low" => 0.15,
            "medium" => 0.3,
            "high" => 0.5,
            "xhigh" or "max" => 0.7,
            var other => throw AwsErrors.Invalid($"outputConfig.effort: '{other}' is not a valid effort."),
        };
        if (config.Object("textFormat") is not { } format)
        {
            return;
        }
        if (format.RequiredText("type") != "json_schema"
            || format.Object("structure")?.Object("jsonSchema") is not { } structure)
        {
            throw AwsErrors.Invalid("outputConfig.textFormat: only json_schema with a structure is supported.");
        }
        Generation.Json = true;
        try
        {
            using var schema = JsonDocument.Parse(structure.RequiredText("schema"));
            Generation.Schema = schema.RootElement.Clone();
        }
        catch (JsonException)
        {
            throw AwsErrors.Invalid("outputConfig.textFormat.structure.jsonSchema.schema must be JSON in a string.");
        }
    }
}

/// <summary>What goes to the model as it is, past Converse's own members.</summary>
/// <param name="Thinks">Whether Claude is to reason.</param>
/// <param name="ToolMode">Claude's own word for how to call tools; null where it is not used.</param>
/// <param name="IsSingle">Whether one tool at most may be called.</param>
internal readonly record struct ModelFields(bool Thinks, string? ToolMode, bool IsSingle)
{
    static readonly string[] Known = ["thinking", "tool_choice", "top_k", "inferenceConfig"];

    public static ModelFields Read(RequestFields request, int? maxTokens)
    {
        if (request.Find("additionalModelRequestFields") is not { } element)
        {
            return default;
        }
        if (element.EnumerateObject().Select(m => m.Name).FirstOrDefault(name => !Known.Contains(name)) is { } unknown)
        {
            throw AwsErrors.Invalid($"{unknown}: Extra inputs are not permitted");
        }
        var fields = new RequestFields(element);
        fields.Integer("top_k", 0, 500);
        var choice = fields.Object("tool_choice");
        return new ModelFields(
            ReadThinking(fields, maxTokens), choice?.RequiredText("type"),
            choice?.Flag("disable_parallel_tool_use") ?? false);
    }

    static bool ReadThinking(RequestFields fields, int? maxTokens)
    {
        if (fields.Object("thinking") is not { } thinking)
        {
            return false;
        }
        switch (thinking.RequiredText("type"))
        {
            case "adaptive":
                return true;
            case "disabled":
                return false;
            case "enabled":
                var budget = thinking.Integer("budget_tokens", 1024, int.MaxValue)
                    ?? throw AwsErrors.Invalid("thinking.enabled.budget_tokens: Field required");
                return budget < (maxTokens ?? int.MaxValue)
                    ? true
                    : throw AwsErrors.Invalid("`max_tokens` must be greater than `thinking.budget_tokens`.");
            case var other:
                throw AwsErrors.Invalid($"thinking: Input tag '{other}' does not match any of the expected tags.");
        }
    }
}
