using System.Text;
using System.Text.Json;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.Anthropic;

/// <summary>Reads the body of a message request, as strictly as the vendor does.</summary>
internal static class MessageRequests
{
    /// <summary>From this version on, sampling parameters are refused.</summary>
    public const string VersionWithoutSampling = "2026-10-21";

    const string RefusalTrigger = "ANTHROPIC_MAGIC_STRING_TRIGGER_REFUSAL";
    const string RedactionTrigger = "ANTHROPIC_MAGIC_STRING_TRIGGER_REDACTED_THINKING";

    static readonly HashSet<string> Members =
    [
        "model", "max_tokens", "messages", "system", "stop_sequences", "stream", "temperature", "top_p", "top_k", "tools",
        "tool_choice", "thinking", "output_config", "metadata", "service_tier", "cache_control", "inference_geo",
    ];

    /// <param name="root">The body.</param>
    /// <param name="version">The version that the client speaks.</param>
    /// <param name="isCount">Whether only its tokens are to be counted.</param>
    public static void Read(MessageRequest request, JsonElement root, string version, bool isCount)
    {
        var fields = RequestFields.OfBody(root);
        foreach (var member in root.EnumerateObject().Where(member => !Members.Contains(member.Name)))
        {
            throw fields.Invalid(member.Name, $"{member.Name}: Extra inputs are not permitted");
        }
        ReadLimits(request, fields, isCount);
        ReadSampling(fields, version);
        var thinks = ReadThinking(request, fields);
        ReadFormat(request, fields);
        var prompt = new PromptText();
        request.Generation.Prompts.Add(prompt);
        request.NoteCache(fields);
        var tools = MessageTools.Read(request, fields);
        MessageTools.AddTo(prompt, tools);
        var content = new MessageContent(request, prompt);
        content.ReadSystem(fields);
        var asked = content.ReadMessages(fields);
        request.Generation.CachesPrompt = request.Generation.CacheMark != CacheMark.None;
        request.Generation.Tools.AddRange(MessageTools.Choose(fields, tools, asked, thinks));
        request.Refuses = asked.Contains(RefusalTrigger, StringComparison.Ordinal);
        if (asked.Contains(RedactionTrigger, StringComparison.Ordinal))
        {
            request.Display = ThinkingDisplay.Redacted;
        }
        if (request.Refuses)
        {
            request.Generation.MaxTokens = 1;
        }
    }

    static void ReadLimits(MessageRequest request, RequestFields fields, bool isCount)
    {
        request.Streams = fields.Flag("stream") ?? false;
        request.Generation.MaxTokens = fields.Integer("max_tokens", 1, int.MaxValue);
        if (request.Generation.MaxTokens is null && !isCount)
        {
            throw fields.Invalid("max_tokens", "max_tokens: Field required");
        }
        if (fields.Find("stop_sequences") is not { } stops)
        {
            return;
        }
        if (stops.ValueKind != JsonValueKind.Array)
        {
            throw fields.Invalid("stop_sequences", "stop_sequences: Input should be a valid list");
        }
        foreach (var stop in stops.EnumerateArray())
        {
            var text = stop.ValueKind == JsonValueKind.String ? stop.GetString()! : "";
            if (string.IsNullOrWhiteSpace(text))
            {
                throw fields.Invalid(
                    "stop_sequences", "stop_sequences: each stop sequence must contain non-whitespace");
            }
            request.StopSequences.Add(text);
            request.Generation.Stops.Add(Encoding.UTF8.GetBytes(text));
        }
    }

    static void ReadSampling(RequestFields fields, string version)
    {
        var isRefused = string.CompareOrdinal(version, VersionWithoutSampling) >= 0;
        foreach (var name in (string[])["temperature", "top_p", "top_k"])
        {
            if (isRefused && fields.Find(name) is not null)
            {
                throw fields.Invalid(name, $"{name}: not supported in this version of the API");
            }
        }
        fields.Number("temperature", 0, 1);
        fields.Number("top_p", 0, 1);
        fields.Integer("top_k", 0, int.MaxValue);
    }

    static bool ReadThinking(MessageRequest request, RequestFields fields)
    {
        var effort = fields.Object("output_config")?.Text("effort") ?? "high";
        var share = effort switch
        {
            "low" => 0.15,
            "medium" => 0.3,
            "high" => 0.5,
            "xhigh" or "max" => 0.7,
            _ => throw fields.Invalid("output_config.effort", "Input should be 'low', 'medium', 'high', 'xhigh' or 'max'"),
        };
        if (fields.Object("thinking") is not { } thinking)
        {
            return false;
        }
        var type = thinking.RequiredText("type");
        switch (type)
        {
            case "disabled":
                return false;
            case "enabled":
                var budget = thinking.Integer("budget_tokens", 1024, int.MaxValue)
                    ?? throw thinking.Invalid("budget_tokens", "thinking.enabled.budget_tokens: Field required");
                if (budget >= request.Generation.MaxTokens)
                {
                    throw fields.Invalid("max_tokens", "`max_tokens` must be greater than `thinking.budget_tokens`");
                }
                break;
            case "adaptive":
                break;
            default:
                throw thinking.Invalid("type", $"thinking: Input tag '{type}' found using 'type' is not known");
        }
        if (fields.Number("temperature", 0, 1) is { } temperature and not 1)
        {
            throw fields.Invalid(
                "temperature", $"`temperature` may only be set to 1 when thinking is enabled, not {temperature}");
        }
        request.Generation.ReasoningShare = share;
        request.Display = thinking.Text("display") == "omitted" ? ThinkingDisplay.Omitted : ThinkingDisplay.Summarized;
        return true;
    }

    static void ReadFormat(MessageRequest request, RequestFields fields)
    {
        if (fields.Object("output_config")?.Object("format") is not { } format)
        {
            return;
        }
        if (format.RequiredText("type") != "json_schema")
        {
            throw format.Invalid("type", "output_config.format.type: Input should be 'json_schema'");
        }
        request.Generation.Json = true;
        request.Generation.Schema = format.Find("schema")
            ?? throw format.Invalid("schema", "output_config.format.schema: Field required");
    }
}
