using System.Buffers;
using System.Text.Json;
using Sahab.Emulator.Dialects.Azure;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.OpenAI;

/// <summary>Bodies of answers that are not streamed. Usage is left out where a fault wants none.</summary>
internal static class WholeAnswers
{
    public static void WriteChat(Utf8JsonWriter writer, AnswerShape shape, Usage? usage)
    {
        Begin(writer, shape, "chat.completion");
        for (var i = 0; i < shape.Generation.Choices.Length; i++)
        {
            WriteChatChoice(writer, shape, i);
        }
        writer.WriteEndArray();
        if (shape.TellsFilters)
        {
            ContentFilters.WritePromptResults(writer);
        }
        WriteUsage(writer, usage);
        writer.WriteString("system_fingerprint", "fp_emulated");
        if (shape.ServiceTier is { } tier)
        {
            writer.WriteString("service_tier", tier);
        }
        writer.WriteEndObject();
    }

    public static void WriteCompletion(Utf8JsonWriter writer, AnswerShape shape, Usage? usage)
    {
        Begin(writer, shape, "text_completion");
        for (var i = 0; i < shape.Generation.Choices.Length; i++)
        {
            var sequence = shape.Generation.Choices[i];
            var content = sequence.Content!;
            var echo = shape.Echo?[i / shape.ChoicesPerPrompt] ?? "";
            writer.WriteStartObject();
            writer.WriteNumber("index", i);
            writer.WriteString("text", echo + content.ReadAll());
            writer.WritePropertyName("logprobs");
            if (shape.Logprobs is { } top)
            {
                TokenLogprobs.WriteLegacy(writer, content, 0, content.Count, top, echo.Length);
            }
            else
            {
                writer.WriteNullValue();
            }
            writer.WriteString("finish_reason", AnswerShape.Name(sequence.Finish));
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        WriteUsage(writer, usage);
        writer.WriteEndObject();
    }

    static void Begin(Utf8JsonWriter writer, AnswerShape shape, string kind)
    {
        writer.WriteStartObject();
        writer.WriteString("id", shape.Id);
        writer.WriteString("object", kind);
        writer.WriteNumber("created", shape.Created);
        writer.WriteString("model", shape.Model);
        writer.WriteStartArray("choices");
    }

    static void WriteChatChoice(Utf8JsonWriter writer, AnswerShape shape, int index)
    {
        var sequence = shape.Generation.Choices[index];
        writer.WriteStartObject();
        writer.WriteNumber("index", index);
        writer.WriteStartObject("message");
        writer.WriteString("role", "assistant");
        writer.WriteString("content", sequence.Content?.ReadAll());
        writer.WriteNull("refusal");
        if (sequence is { ShowsReasoning: true, ReasoningTokens: > 0 })
        {
            writer.WriteString("reasoning_content", sequence.Reasoning.ReadAll());
        }
        if (sequence.Tools.Count > 0)
        {
            WriteTools(writer, sequence.Tools);
        }
        writer.WriteEndObject();
        WriteLogprobs(writer, shape, sequence);
        writer.WriteString("finish_reason", AnswerShape.Name(sequence.Finish));
        if (shape.TellsFilters)
        {
            ContentFilters.WriteResults(writer);
        }
        writer.WriteEndObject();
    }

    static void WriteTools(Utf8JsonWriter writer, IReadOnlyList<ToolCall> calls)
    {
        writer.WriteStartArray("tool_calls");
        foreach (var call in calls)
        {
            writer.WriteStartObject();
            writer.WriteString("id", call.Id);
            writer.WriteString("type", "function");
            writer.WriteStartObject("function");
            writer.WriteString("name", call.Name);
            writer.WriteString("arguments", call.Arguments.ReadAll());
            writer.WriteEndObject();
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
    }

    static void WriteLogprobs(Utf8JsonWriter writer, AnswerShape shape, Sequence sequence)
    {
        if (shape.Logprobs is not { } top || sequence.Content is not { } content)
        {
            writer.WriteNull("logprobs");
            return;
        }
        writer.WriteStartObject("logprobs");
        writer.WriteStartArray("content");
        for (var i = 0; i < content.Count; i++)
        {
            TokenLogprobs.WriteChat(writer, content.At(i), sequence.ReasoningTokens + i, top);
        }
        writer.WriteEndArray();
        writer.WriteNull("refusal");
        writer.WriteEndObject();
    }

    static void WriteUsage(Utf8JsonWriter writer, Usage? usage)
    {
        if (usage is { } told)
        {
            var json = new ArrayBufferWriter<byte>(192);
            json.Usage(told);
            writer.WritePropertyName("usage");
            writer.WriteRawValue(json.WrittenSpan, skipInputValidation: true);
        }
    }
}
