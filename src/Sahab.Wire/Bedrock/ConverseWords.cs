using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Sahab.Wire.Translation;

namespace Sahab.Wire.Bedrock;

/// <summary>What Converse's answers have in common, streamed or not, in OpenAI's words.</summary>
static class ConverseWords
{
    static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>OpenAI's word for why an answer ended.</summary>
    public static string FinishOf(string? stopReason) => stopReason switch
    {
        "max_tokens" or "model_context_window_exceeded" => "length",
        "tool_use" => "tool_calls",
        "content_filtered" or "guardrail_intervened" => "content_filter",
        // end_turn and stop_sequence; and what a model garbled has ended too.
        _ => "stop",
    };

    /// <summary>
    /// The usage; null where none is told. Bedrock counts what the cache read or took apart from the prompt.
    /// </summary>
    public static AnswerUsage? UsageOf(JsonElement answer)
    {
        if (!answer.TryGetProperty("usage"u8, out JsonElement usage) || usage.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        long input = CountOf(usage, "inputTokens"u8);
        long read = CountOf(usage, "cacheReadInputTokens"u8);
        long written = CountOf(usage, "cacheWriteInputTokens"u8);
        return new AnswerUsage(input + read + written, read, written, CountOf(usage, "outputTokens"u8), Reasoning: 0)
        {
            CacheWritten1h = Math.Min(written, WrittenForAnHour(usage)),
        };
    }

    static long WrittenForAnHour(JsonElement usage)
    {
        if (!usage.TryGetProperty("cacheDetails"u8, out JsonElement details)
            || details.ValueKind != JsonValueKind.Array)
        {
            return 0;
        }

        long tokens = 0;
        foreach (JsonElement detail in details.EnumerateArray())
        {
            if (detail.ValueKind == JsonValueKind.Object && detail.TryGetProperty("ttl"u8, out JsonElement ttl)
                && ttl.ValueKind == JsonValueKind.String && ttl.ValueEquals("1h"u8))
            {
                tokens += CountOf(detail, "inputTokens"u8);
            }
        }

        return tokens;
    }

    /// <summary>Reasoning with its signature, to be returned as it is.</summary>
    public static ReadOnlyMemory<byte> SignedThinking(string text, string signature)
    {
        var block = new ArrayBufferWriter<byte>(text.Length + signature.Length + 64);
        using var json = new Utf8JsonWriter(block, Options);
        json.WriteStartObject();
        json.WriteString("type"u8, "thinking"u8);
        json.WriteString("thinking"u8, text);
        json.WriteString("signature"u8, signature);
        json.WriteEndObject();
        json.Flush();
        return block.WrittenMemory;
    }

    /// <summary>Reasoning that is not shown, to be returned as it is.</summary>
    public static ReadOnlyMemory<byte> RedactedThinking(string data)
    {
        var block = new ArrayBufferWriter<byte>(data.Length + 64);
        using var json = new Utf8JsonWriter(block, Options);
        json.WriteStartObject();
        json.WriteString("type"u8, "redacted_thinking"u8);
        json.WriteString("data"u8, data);
        json.WriteEndObject();
        json.Flush();
        return block.WrittenMemory;
    }

    /// <summary>Whether bytes were no JSON, or a member was missing or of another kind than it should be.</summary>
    public static bool IsMalformed(Exception wrong) =>
        wrong is JsonException or InvalidOperationException or KeyNotFoundException or FormatException;

    static long CountOf(JsonElement usage, ReadOnlySpan<byte> name) =>
        usage.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number
            && value.TryGetInt64(out long count) && count is >= 0 and <= uint.MaxValue
            ? count
            : 0;
}
