using System.Globalization;
using System.Text;
using System.Text.Json;
using Sahab.Emulator.Dialects.OpenAI;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.Oci;

/// <summary>Bodies of answers that are not streamed, and what streams share with them.</summary>
internal static class OciAnswers
{
    public static void Write(Utf8JsonWriter writer, OciShape shape, Usage? usage)
    {
        writer.WriteStartObject();
        writer.WriteString("modelId", shape.Model);
        writer.WriteString("modelVersion", "1.0");
        writer.WriteStartObject("chatResponse");
        writer.WriteString("apiFormat", shape.IsCohere ? "COHERE" : "GENERIC");
        if (shape.IsCohere)
        {
            WriteCohere(writer, shape, usage);
        }
        else
        {
            WriteGeneric(writer, shape, usage);
        }
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    public static void WriteUsage(Utf8JsonWriter writer, Usage usage)
    {
        writer.WriteStartObject("usage");
        writer.WriteNumber("promptTokens", usage.Prompt);
        writer.WriteNumber("completionTokens", usage.Output);
        writer.WriteNumber("totalTokens", usage.Prompt + usage.Output);
        writer.WriteStartObject("promptTokensDetails");
        writer.WriteNumber("cachedTokens", usage.Cached);
        writer.WriteEndObject();
        writer.WriteStartObject("completionTokensDetails");
        writer.WriteNumber("reasoningTokens", usage.Reasoning);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    public static string FinishOfGeneric(FinishReason reason) => reason switch
    {
        FinishReason.Length => "length",
        FinishReason.ToolCalls => "tool_calls",
        _ => "stop",
    };

    public static string FinishOfCohere(FinishReason reason) =>
        reason == FinishReason.Length ? "MAX_TOKENS" : "COMPLETE";

    /// <summary>Cohere's calls: no ids, and parameters that are an object.</summary>
    public static void WriteCohereCalls(Utf8JsonWriter writer, Sequence sequence)
    {
        if (sequence.Tools.Count == 0)
        {
            return;
        }
        writer.WriteStartArray("toolCalls");
        foreach (var call in sequence.Tools)
        {
            writer.WriteStartObject();
            writer.WriteString("name", call.Name);
            writer.WritePropertyName("parameters");
            WriteParameters(writer, call.Arguments.ReadAll());
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
    }

    /// <summary>What Cohere repeats in the end: the conversation with the answer.</summary>
    public static void WriteHistory(Utf8JsonWriter writer, OciShape shape)
    {
        writer.WriteStartArray("chatHistory");
        writer.WriteStartObject();
        writer.WriteString("role", "USER");
        writer.WriteString("message", shape.Message);
        writer.WriteEndObject();
        writer.WriteStartObject();
        writer.WriteString("role", "CHATBOT");
        writer.WriteString("message", shape.Generation.Choices[0].Content?.ReadAll() ?? "");
        writer.WriteEndObject();
        writer.WriteEndArray();
    }

    static void WriteCohere(Utf8JsonWriter writer, OciShape shape, Usage? usage)
    {
        var sequence = shape.Generation.Choices[0];
        writer.WriteString("text", sequence.Content?.ReadAll() ?? "");
        WriteHistory(writer, shape);
        WriteCohereCalls(writer, sequence);
        writer.WriteString("finishReason", FinishOfCohere(sequence.Finish));
        if (usage is { } told)
        {
            WriteUsage(writer, told);
        }
    }

    static void WriteGeneric(Utf8JsonWriter writer, OciShape shape, Usage? usage)
    {
        writer.WriteString("timeCreated", shape.Created.UtcDateTime.ToString("o", CultureInfo.InvariantCulture));
        writer.WriteStartArray("choices");
        for (var index = 0; index < shape.Generation.Choices.Length; index++)
        {
            WriteChoice(writer, shape, index);
        }
        writer.WriteEndArray();
        if (usage is { } told)
        {
            WriteUsage(writer, told);
        }
    }

    static void WriteChoice(Utf8JsonWriter writer, OciShape shape, int index)
    {
        var sequence = shape.Generation.Choices[index];
        writer.WriteStartObject();
        writer.WriteNumber("index", index);
        writer.WriteStartObject("message");
        writer.WriteString("role", "ASSISTANT");
        if (sequence.Content is { } content)
        {
            writer.WriteStartArray("content");
            writer.WriteStartObject();
            writer.WriteString("type", "TEXT");
            writer.WriteString("text", content.ReadAll());
            writer.WriteEndObject();
            writer.WriteEndArray();
        }
        if (sequence.Tools.Count > 0)
        {
            writer.WriteStartArray("toolCalls");
            foreach (var call in sequence.Tools)
            {
                writer.WriteStartObject();
                writer.WriteString("type", "FUNCTION");
                writer.WriteString("id", call.Id);
                writer.WriteString("name", call.Name);
                writer.WriteString("arguments", call.Arguments.ReadAll());
                writer.WriteEndObject();
            }
            writer.WriteEndArray();
        }
        writer.WriteEndObject();
        writer.WriteString("finishReason", FinishOfGeneric(sequence.Finish));
        if (shape.Logprobs is { } top && sequence.Content is { } told)
        {
            writer.WritePropertyName("logprobs");
            WriteLogprobs(writer, told, 0, told.Count, sequence.ReasoningTokens, top);
        }
        writer.WriteEndObject();
    }

    /// <summary>Lists beside each other; the alternatives are texts, and the token itself is the first of them.</summary>
    public static void WriteLogprobs(Utf8JsonWriter writer, TokenSource tokens, int from, int to, int offset, int top)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("tokens");
        for (var i = from; i < to; i++)
        {
            writer.WriteStringValue(tokens.At(i));
        }
        writer.WriteEndArray();
        writer.WriteStartArray("tokenLogprobs");
        for (var i = from; i < to; i++)
        {
            writer.WriteNumberValue(TokenLogprobs.Of(tokens.At(i), offset + i));
        }
        writer.WriteEndArray();
        writer.WriteStartArray("topLogprobs");
        for (var i = from; i < to; i++)
        {
            writer.WriteStartObject();
            for (var rank = 0; rank < top; rank++)
            {
                var value = TokenLogprobs.Of(tokens.At(i), offset + i) - rank;
                writer.WriteString(
                    TokenLogprobs.Alternative(tokens.At(i), rank),
                    Encoding.UTF8.GetBytes(value.ToString(CultureInfo.InvariantCulture)));
            }
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    /// <summary>Arguments that the limit of tokens has cut are no object any more.</summary>
    static void WriteParameters(Utf8JsonWriter writer, string arguments)
    {
        try
        {
            using var parsed = JsonDocument.Parse(arguments);
            parsed.RootElement.WriteTo(writer);
        }
        catch (JsonException)
        {
            writer.WriteStartObject();
            writer.WriteEndObject();
        }
    }
}
