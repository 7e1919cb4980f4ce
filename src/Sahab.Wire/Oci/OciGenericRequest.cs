using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Sahab.Wire.Chat;
using Sahab.Wire.OpenAI;

namespace Sahab.Wire.Oci;

/// <summary>Writes a chat completion request in OCI's generic form.</summary>
public static class OciGenericRequest
{
    const int MaxChoices = 64;

    static readonly JsonWriterOptions Options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    static readonly Expressible Known = new(
        "OCI Generative AI", "temperature", "top_p", "top_k", "frequency_penalty", "presence_penalty", "seed", "n", "stop",
        "logit_bias", "logprobs", "top_logprobs", "response_format", "reasoning_effort", "verbosity", "parallel_tool_calls");

    static readonly string[] Efforts = ["none", "minimal", "low", "medium", "high"];

    static readonly string[] Verbosities = ["low", "medium", "high"];

    /// <summary>Writes the body.</summary>
    /// <param name="request">What the client asks for.</param>
    /// <param name="serving">Who serves it.</param>
    /// <param name="output">Where the body goes; of no use when something cannot be expressed.</param>
    /// <returns>What cannot be expressed; null when the body is written.</returns>
    public static RequestFault? Write(ChatRequest request, OciServing serving, IBufferWriter<byte> output)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(serving);
        if ((Known.FindFault(request) ?? FindFault(request)) is { } fault)
        {
            return fault;
        }

        using var json = new Utf8JsonWriter(output, Options);
        json.WriteStartObject();
        serving.WriteTo(json);
        json.WriteStartObject("chatRequest"u8);
        json.WriteString("apiFormat"u8, "GENERIC"u8);
        json.WriteStartArray("messages"u8);
        foreach (ChatMessage message in request.Messages)
        {
            Write(json, message);
        }

        json.WriteEndArray();
        WriteTerms(json, request, serving);
        WriteTools(json, request);
        WriteFormat(json, request.Format);
        json.WriteEndObject();
        json.WriteEndObject();
        return null;
    }

    static RequestFault? FindFault(ChatRequest request)
    {
        if (request.ReasoningEffort is { } effort && !Efforts.Contains(effort))
        {
            return Known.Refuse("reasoning_effort", $"It knows {string.Join(", ", Efforts)}.");
        }

        if (request.N > MaxChoices)
        {
            return Known.Refuse("n", FormattableString.Invariant($"At most {MaxChoices} choices are possible."));
        }

        if (request.Verbosity is { } verbosity && !Verbosities.Contains(verbosity))
        {
            return Known.Refuse("verbosity", $"It knows {string.Join(", ", Verbosities)}.");
        }

        foreach (ChatTool tool in request.Tools)
        {
            if (tool.Strict == true)
            {
                return Known.Refuse($"{tool.Path}.strict");
            }
        }

        foreach (ChatPart part in request.Messages.SelectMany(message => message.Parts))
        {
            if (part.Kind == ChatPartKind.Document && part.Data is null)
            {
                return Known.Refuse(part.Path, "Give the file's content inline (file_data).");
            }
        }

        return null;
    }

    static void Write(Utf8JsonWriter json, ChatMessage message)
    {
        json.WriteStartObject();
        json.WriteString("role"u8, message.Role switch
        {
            ChatRole.System => "SYSTEM"u8,
            ChatRole.User => "USER"u8,
            ChatRole.Assistant => "ASSISTANT"u8,
            _ => "TOOL"u8,
        });
        if (message.Parts.Count > 0)
        {
            json.WriteStartArray("content"u8);
            foreach (ChatPart part in message.Parts)
            {
                Write(json, part);
            }

            json.WriteEndArray();
        }

        if (message.Role == ChatRole.Tool)
        {
            json.WriteString("toolCallId"u8, message.ToolCallId ?? message.Name);
        }
        else if (message.Name is { } name)
        {
            json.WriteString("name"u8, name);
        }

        if (message.Reasoning is { } reasoning)
        {
            json.WriteString("reasoningContent"u8, reasoning);
        }

        WriteCalls(json, message.ToolCalls);
        json.WriteEndObject();
    }

    static void Write(Utf8JsonWriter json, ChatPart part)
    {
        json.WriteStartObject();
        switch (part.Kind)
        {
            case ChatPartKind.Text:
                json.WriteString("type"u8, "TEXT"u8);
                json.WriteString("text"u8, part.Text);
                break;
            case ChatPartKind.Image:
                WriteUrl(json, "IMAGE"u8, "imageUrl"u8, part);
                break;
            case ChatPartKind.Audio:
                WriteUrl(json, "AUDIO"u8, "audioUrl"u8, part);
                break;
            default:
                WriteUrl(json, "DOCUMENT"u8, "documentUrl"u8, part);
                break;
        }

        json.WriteEndObject();
    }

    static void WriteUrl(Utf8JsonWriter json, ReadOnlySpan<byte> type, ReadOnlySpan<byte> member, ChatPart part)
    {
        json.WriteString("type"u8, type);
        json.WriteStartObject(member);
        json.WriteString("url"u8, part.Url ?? $"data:{part.MediaType};base64,{part.Data}");
        if (part.Detail is { } detail)
        {
            json.WriteString("detail"u8, detail.ToUpperInvariant());
        }

        json.WriteEndObject();
    }

    static void WriteCalls(Utf8JsonWriter json, IReadOnlyList<ChatToolCall> calls)
    {
        if (calls.Count == 0)
        {
            return;
        }

        json.WriteStartArray("toolCalls"u8);
        foreach (ChatToolCall call in calls)
        {
            json.WriteStartObject();
            json.WriteString("id"u8, call.Id);
            json.WriteString("type"u8, "FUNCTION"u8);
            json.WriteString("name"u8, call.Name);
            json.WriteString("arguments"u8, call.Arguments);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    static void WriteTerms(Utf8JsonWriter json, ChatRequest request, OciServing serving)
    {
        json.WriteNumber(
            serving.LimitsCompletion ? "maxCompletionTokens"u8 : "maxTokens"u8,
            request.MaxTokens ?? OciServing.DefaultMaxTokens);
        OciJson.WriteSampling(json, request);
        if (request.N > 1)
        {
            json.WriteNumber("numGenerations"u8, request.N);
        }

        OciJson.WriteStrings(json, "stop"u8, request.Stop);
        if (request.Find("logit_bias") is { } bias)
        {
            json.WritePropertyName("logitBias"u8);
            bias.WriteTo(json);
        }

        if (request.Logprobs)
        {
            json.WriteNumber("logProbs"u8, request.TopLogprobs ?? 0);
        }

        if (request.ReasoningEffort is { } effort)
        {
            json.WriteString("reasoningEffort"u8, effort.ToUpperInvariant());
        }

        if (request.Verbosity is { } verbosity)
        {
            json.WriteString("verbosity"u8, verbosity.ToUpperInvariant());
        }

        OciJson.WriteStream(json, request);
    }

    static void WriteTools(Utf8JsonWriter json, ChatRequest request)
    {
        ChatToolChoice choice = request.ToolChoice;
        var tools = request.Tools.Where(tool => choice.Allowed?.Contains(tool.Name) ?? true).ToList();
        if (tools.Count == 0)
        {
            return;
        }

        json.WriteStartArray("tools"u8);
        foreach (ChatTool tool in tools)
        {
            json.WriteStartObject();
            json.WriteString("type"u8, "FUNCTION"u8);
            json.WriteString("name"u8, tool.Name);
            if (tool.Description is { } description)
            {
                json.WriteString("description"u8, description);
            }

            if (tool.Parameters is { } parameters)
            {
                json.WritePropertyName("parameters"u8);
                parameters.WriteTo(json);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartObject("toolChoice"u8);
        json.WriteString(
            "type"u8, choice.Mode == ChatToolMode.Named ? "FUNCTION" : choice.Mode.ToString().ToUpperInvariant());
        if (choice.Name is { } name)
        {
            json.WriteString("name"u8, name);
        }

        json.WriteEndObject();
        if (request.ParallelToolCalls is { } parallel)
        {
            json.WriteBoolean("isParallelToolCalls"u8, parallel);
        }
    }

    static void WriteFormat(Utf8JsonWriter json, ChatFormat format)
    {
        if (format.Kind == AnswerFormat.Text)
        {
            return;
        }

        json.WriteStartObject("responseFormat"u8);
        if (format.Kind == AnswerFormat.JsonObject)
        {
            json.WriteString("type"u8, "JSON_OBJECT"u8);
            json.WriteEndObject();
            return;
        }

        json.WriteString("type"u8, "JSON_SCHEMA"u8);
        json.WriteStartObject("jsonSchema"u8);
        json.WriteString("name"u8, format.Name ?? "answer");
        if (format.Description is { } description)
        {
            json.WriteString("description"u8, description);
        }

        if (format.Schema is { } schema)
        {
            json.WritePropertyName("schema"u8);
            schema.WriteTo(json);
        }

        if (format.Strict is { } strict)
        {
            json.WriteBoolean("isStrict"u8, strict);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }
}
