using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Sahab.Wire.Chat;
using Sahab.Wire.OpenAI;

namespace Sahab.Wire.Bedrock;

/// <summary>Writes a chat completion request as a request of Bedrock's Converse and ConverseStream.</summary>
public static class ConverseRequestWriter
{
    /// <summary>The least budget for reasoning, in tokens, of models that take one.</summary>
    public const int MinReasoningBudget = 1024;

    static readonly JsonWriterOptions Options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
        MaxDepth = RequestScanner.MaxDepth + 16,
    };

    internal static readonly Expressible Can = new(
        "bedrock", "temperature", "top_p", "top_k", "stop", "reasoning_effort", "response_format",
        "parallel_tool_calls");

    /// <summary>Writes the body.</summary>
    /// <param name="request">What the client asks for.</param>
    /// <param name="model">The model that is asked.</param>
    /// <param name="defaultMaxTokens">
    /// The limit of output tokens where the request sets none. Bedrock sets aside the model's maximum otherwise.
    /// </param>
    /// <param name="output">Where the body goes; of no use when the request is refused.</param>
    /// <param name="fault">What cannot be expressed.</param>
    /// <returns>Whether the request can be expressed.</returns>
    public static bool TryWrite(
        ChatRequest request, BedrockModel model, int defaultMaxTokens, IBufferWriter<byte> output,
        out RequestFault fault)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(model);
        if (Can.FindFault(request) is { } inexpressible)
        {
            fault = inexpressible;
            return false;
        }

        try
        {
            using var json = new Utf8JsonWriter(output, Options);
            Write(json, request, model, request.MaxTokens ?? defaultMaxTokens);
            fault = default;
            return true;
        }
        catch (ChatRequestException wrong)
        {
            fault = wrong.Fault;
            return false;
        }
    }

    internal static ChatRequestException Refuse(string what, string? hint = null) => new(Can.Refuse(what, hint));

    static void Write(Utf8JsonWriter json, ChatRequest request, BedrockModel model, long maxTokens)
    {
        var tools = new ConverseTools(request, model);
        json.WriteStartObject();
        ConverseMessages.WriteSystem(json, request);
        new ConverseMessages(json, request, model).Write();
        WriteInference(json, request, maxTokens);
        tools.Write(json);
        bool sendsEffort = WriteOutput(json, request, model);
        WriteModelFields(json, request, model, tools, sendsEffort, maxTokens);
        json.WriteEndObject();
    }

    static void WriteInference(Utf8JsonWriter json, ChatRequest request, long maxTokens)
    {
        json.WriteStartObject("inferenceConfig"u8);
        json.WriteNumber("maxTokens"u8, maxTokens);
        if (request.Temperature is { } temperature)
        {
            json.WriteNumber("temperature"u8, temperature is >= 0 and <= 1
                ? temperature
                : throw Refuse("temperature", "Here it is 0 to 1."));
        }

        if (request.TopP is { } topP)
        {
            json.WriteNumber("topP"u8, topP);
        }

        if (request.Stop.Count > 0)
        {
            json.WriteStartArray("stopSequences"u8);
            foreach (string stop in request.Stop)
            {
                json.WriteStringValue(stop);
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    /// <summary>Writes the form of the answer, and the effort where it goes here; tells whether it did.</summary>
    static bool WriteOutput(Utf8JsonWriter json, ChatRequest request, BedrockModel model)
    {
        string? effort = model.ReasonsByBudget ? null : EffortOf(request, model);
        if (request.Format.Kind == AnswerFormat.JsonObject)
        {
            throw Refuse("response_format", "Only json_schema can be asked for here.");
        }

        if (effort is null && request.Format.Kind == AnswerFormat.Text)
        {
            return false;
        }

        json.WriteStartObject("outputConfig"u8);
        if (request.Format.Kind == AnswerFormat.JsonSchema)
        {
            json.WriteStartObject("textFormat"u8);
            json.WriteString("type"u8, "json_schema"u8);
            json.WriteStartObject("structure"u8);
            json.WriteStartObject("jsonSchema"u8);
            json.WriteString("schema"u8, request.Format.Schema?.GetRawText() ?? "{}");
            WriteText(json, "name", request.Format.Name);
            WriteText(json, "description", request.Format.Description);
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndObject();
        }

        WriteText(json, "effort", effort);
        json.WriteEndObject();
        return effort is not null;
    }

    /// <summary>Writes what Converse has no member for, and passes on to the model as it is.</summary>
    static void WriteModelFields(
        Utf8JsonWriter json, ChatRequest request, BedrockModel model, ConverseTools tools, bool sendsEffort,
        long maxTokens)
    {
        long? budget = model.ReasonsByBudget ? BudgetOf(request, model, maxTokens) : null;
        bool adapts = sendsEffort && model.Family == BedrockFamily.Claude;
        if (budget is null && !adapts && request.TopK is null && !tools.NeedsModelField)
        {
            return;
        }

        json.WriteStartObject("additionalModelRequestFields"u8);
        if (budget is not null || adapts)
        {
            json.WriteStartObject("thinking"u8);
            json.WriteString("type"u8, adapts ? "adaptive"u8 : "enabled"u8);
            if (budget is { } tokens)
            {
                json.WriteNumber("budget_tokens"u8, tokens);
            }

            json.WriteEndObject();
        }

        if (request.TopK is { } topK)
        {
            WriteTopK(json, model, topK);
        }

        tools.WriteModelField(json);
        json.WriteEndObject();
    }

    static void WriteTopK(Utf8JsonWriter json, BedrockModel model, long topK)
    {
        if (model.Family == BedrockFamily.Nova)
        {
            json.WriteStartObject("inferenceConfig"u8);
            json.WriteNumber("topK"u8, topK);
            json.WriteEndObject();
        }
        else
        {
            json.WriteNumber("top_k"u8, topK);
        }
    }

    /// <summary>Bedrock's word for an effort; null where none is to be named.</summary>
    static string? EffortOf(ChatRequest request, BedrockModel model) => request.ReasoningEffort switch
    {
        null => null,
        // Claude reasons only when it is asked to; others have no word for not to.
        "none" => model.Family == BedrockFamily.Claude
            ? null
            : throw Refuse("reasoning_effort", "'none' cannot be asked of this model."),
        "minimal" => "low",
        "low" or "medium" or "high" or "xhigh" or "max" => request.ReasoningEffort,
        var other => throw new ChatRequestException(new RequestFault(
            $"'reasoning_effort' is '{other}'; none, minimal, low, medium, high, xhigh and max are possible.",
            "reasoning_effort", "invalid_value")),
    };

    /// <summary>The tokens that a model may spend on reasoning: a share of all that it may write.</summary>
    static long? BudgetOf(ChatRequest request, BedrockModel model, long maxTokens)
    {
        double share = EffortOf(request, model) switch
        {
            null => 0,
            "low" => 0.2,
            "medium" => 0.5,
            "high" => 0.8,
            _ => 0.9,
        };
        if (share == 0)
        {
            return null;
        }

        return maxTokens > MinReasoningBudget
            ? Math.Max(MinReasoningBudget, (long)(maxTokens * share))
            : throw Refuse(
                "reasoning_effort", $"This model reasons only where max_tokens is above {MinReasoningBudget}.");
    }

    static void WriteText(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }
}
