using System.Text.Json;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.Anthropic;

/// <summary>Writes messages that are not streamed, and what they share with those that are.</summary>
internal static class MessageAnswers
{
    public static void Write(Utf8JsonWriter json, MessageShape shape, Usage? usage)
    {
        json.WriteStartObject();
        WriteHead(json, shape);
        json.WriteStartArray("content");
        if (!shape.Refuses)
        {
            WriteContent(json, shape);
        }
        json.WriteEndArray();
        json.WriteString("stop_reason", shape.StopReason);
        json.WriteString("stop_sequence", shape.StopSequence);
        WriteUsage(json, shape, usage);
        json.WriteEndObject();
    }

    public static void WriteHead(Utf8JsonWriter json, MessageShape shape)
    {
        json.WriteString("id", shape.Id);
        json.WriteString("type", "message");
        json.WriteString("role", "assistant");
        json.WriteString("model", shape.Model);
    }

    /// <summary>The members of a block of thinking; without a text: as it begins in a stream.</summary>
    public static void WriteThinking(Utf8JsonWriter json, MessageShape shape, string? text)
    {
        if (shape.Display == ThinkingDisplay.Redacted)
        {
            json.WriteString("type", "redacted_thinking");
            json.WriteString("data", Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"redacted {shape.Id}")));
            return;
        }
        json.WriteString("type", "thinking");
        json.WriteString("thinking", shape.Display == ThinkingDisplay.Omitted ? "" : text ?? "");
        json.WriteString("signature", text is null ? "" : ThinkingSignature.Of(text, shape.Display));
    }

    public static void WriteToolUse(Utf8JsonWriter json, ToolCall call, string input)
    {
        json.WriteString("type", "tool_use");
        json.WriteString("id", MessageShape.ToolId(call));
        json.WriteString("name", call.Name);
        json.WritePropertyName("input");
        json.WriteRawValue(input);
    }

    /// <summary>What was read from a cache and what was written to it stand beside the rest of the prompt.</summary>
    public static void WriteUsage(Utf8JsonWriter json, MessageShape shape, Usage? usage)
    {
        if (usage is not { } told)
        {
            return;
        }
        json.WriteStartObject("usage");
        json.WriteNumber("input_tokens", told.Prompt - told.Cached - told.CacheWritten);
        json.WriteNumber("cache_creation_input_tokens", told.CacheWritten);
        json.WriteNumber("cache_read_input_tokens", told.Cached);
        json.WriteStartObject("cache_creation");
        json.WriteNumber("ephemeral_5m_input_tokens", told.CacheWritten - told.CacheWritten1h);
        json.WriteNumber("ephemeral_1h_input_tokens", told.CacheWritten1h);
        json.WriteEndObject();
        json.WriteNumber("output_tokens", told.Output);
        json.WriteStartObject("output_tokens_details");
        json.WriteNumber("thinking_tokens", told.Reasoning);
        json.WriteEndObject();
        json.WriteString("service_tier", "standard");
        json.WriteEndObject();
    }

    static void WriteContent(Utf8JsonWriter json, MessageShape shape)
    {
        var answer = shape.Answer;
        if (answer.ReasoningTokens > 0)
        {
            json.WriteStartObject();
            WriteThinking(json, shape, answer.Reasoning.ReadAll());
            json.WriteEndObject();
        }
        if (answer.Content?.ReadAll() is { Length: > 0 } text)
        {
            json.WriteStartObject();
            json.WriteString("type", "text");
            json.WriteString("text", text);
            json.WriteEndObject();
        }
        foreach (var call in answer.Tools)
        {
            json.WriteStartObject();
            WriteToolUse(json, call, WholeInput(call));
            json.WriteEndObject();
        }
    }

    /// <summary>Arguments that the limit cut are no JSON any more; what is left of them is not shown.</summary>
    static string WholeInput(ToolCall call)
    {
        var input = call.Arguments.ReadAll();
        try
        {
            using var whole = JsonDocument.Parse(input);
            return input;
        }
        catch (JsonException)
        {
            return "{}";
        }
    }
}
