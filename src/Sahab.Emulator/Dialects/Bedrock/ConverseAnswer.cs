using System.Text.Json;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.Bedrock;

/// <summary>The body of Converse's answer.</summary>
internal static class ConverseAnswer
{
    public static void Write(Utf8JsonWriter writer, BedrockShape shape, Usage? usage)
    {
        writer.WriteStartObject();
        writer.WriteStartObject("output");
        writer.WriteStartObject("message");
        writer.WriteString("role", "assistant");
        writer.WriteStartArray("content");
        WriteContent(writer, shape.Answer);
        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.WriteString("stopReason", shape.StopReason);
        writer.WriteStartObject("metrics");
        writer.WriteNumber("latencyMs", 1);
        writer.WriteEndObject();
        if (usage is { } told)
        {
            writer.WritePropertyName("usage");
            WriteUsage(writer, told);
        }
        writer.WriteEndObject();
    }

    /// <summary>What the cache held and what it took stand beside the rest of the prompt.</summary>
    public static void WriteUsage(Utf8JsonWriter writer, Usage usage)
    {
        writer.WriteStartObject();
        writer.WriteNumber("inputTokens", usage.Prompt - usage.Cached - usage.CacheWritten);
        writer.WriteNumber("outputTokens", usage.Output);
        writer.WriteNumber("totalTokens", usage.Prompt + usage.Output);
        writer.WriteNumber("cacheReadInputTokens", usage.Cached);
        writer.WriteNumber("cacheWriteInputTokens", usage.CacheWritten);
        if (usage.CacheWritten > 0)
        {
            writer.WriteStartArray("cacheDetails");
            WriteWritten(writer, "1h", usage.CacheWritten1h);
            WriteWritten(writer, "5m", usage.CacheWritten - usage.CacheWritten1h);
            writer.WriteEndArray();
        }
        writer.WriteEndObject();
    }

    static void WriteWritten(Utf8JsonWriter writer, string ttl, long tokens)
    {
        if (tokens > 0)
        {
            writer.WriteStartObject();
            writer.WriteString("ttl", ttl);
            writer.WriteNumber("inputTokens", tokens);
            writer.WriteEndObject();
        }
    }

    static void WriteContent(Utf8JsonWriter writer, Sequence answer)
    {
        if (answer is { ShowsReasoning: true, ReasoningTokens: > 0 })
        {
            var text = answer.Reasoning.ReadAll();
            writer.WriteStartObject();
            writer.WriteStartObject("reasoningContent");
            writer.WriteStartObject("reasoningText");
            writer.WriteString("text", text);
            writer.WriteString("signature", BedrockShape.Sign(text));
            writer.WriteEndObject();
            writer.WriteEndObject();
            writer.WriteEndObject();
        }
        if (answer.Content is { } content)
        {
            writer.WriteStartObject();
            writer.WriteString("text", content.ReadAll());
            writer.WriteEndObject();
        }
        foreach (var call in answer.Tools)
        {
            writer.WriteStartObject();
            writer.WriteStartObject("toolUse");
            writer.WriteString("toolUseId", BedrockShape.NameTool(call));
            writer.WriteString("name", call.Name);
            WriteInput(writer, call.Arguments.ReadAll());
            writer.WriteEndObject();
            writer.WriteEndObject();
        }
    }

    /// <summary>An object; what a limit of tokens has cut off cannot be one, and is left out.</summary>
    static void WriteInput(Utf8JsonWriter writer, string arguments)
    {
        writer.WritePropertyName("input");
        try
        {
            using var whole = JsonDocument.Parse(arguments);
            whole.RootElement.WriteTo(writer);
        }
        catch (JsonException)
        {
            writer.WriteStartObject();
            writer.WriteEndObject();
        }
    }
}
