using System.Globalization;
using System.Text.Json;
using Sahab.Wire.Translation;

namespace Sahab.Wire.Gemini;

/// <summary>What a part of an answer is.</summary>
enum GeminiPartKind : byte
{
    /// <summary>A bare signature, for which a chat completion has no place.</summary>
    Other,
    Text,
    Thought,
    Call,
}

/// <summary>
/// Reads what whole answers and events have in common. Bad bytes are told by <see cref="JsonException"/> or
/// <see cref="InvalidOperationException"/>, which whoever calls takes for a broken answer.
/// </summary>
static class GeminiCandidates
{
    /// <summary>Whether it is an error, which may come in an array.</summary>
    public static bool IsError(JsonElement root)
    {
        if (root.ValueKind == JsonValueKind.Array && root.GetArrayLength() > 0)
        {
            root = root[0];
        }

        return root.ValueKind == JsonValueKind.Object && GeminiJson.Find(root, "error"u8) is not null;
    }

    /// <summary>
    /// The usage; null where none is told. What is told along a stream is what was used so far, so that the last counts,
    /// and most events only name the pool that serves.
    /// </summary>
    public static AnswerUsage? ReadUsage(JsonElement root) =>
        GeminiJson.Find(root, "usageMetadata"u8) is { } usage ? UsageOf(usage) : null;

    /// <summary>The same of the value of <c>usageMetadata</c>.</summary>
    public static AnswerUsage? UsageOf(JsonElement usage)
    {
        if (GeminiJson.Find(usage, "promptTokenCount"u8) is null)
        {
            return null;
        }

        long thoughts = GeminiJson.Count(usage, "thoughtsTokenCount"u8);
        return new AnswerUsage(
            GeminiJson.Count(usage, "promptTokenCount"u8) + GeminiJson.Count(usage, "toolUsePromptTokenCount"u8),
            GeminiJson.Count(usage, "cachedContentTokenCount"u8),
            CacheWritten: 0,
            GeminiJson.Count(usage, "candidatesTokenCount"u8) + thoughts,
            thoughts);
    }

    /// <summary>Whether the prompt was blocked by the filter.</summary>
    public static bool IsBlocked(JsonElement root) =>
        GeminiJson.Find(root, "promptFeedback"u8) is { } feedback
        && GeminiJson.FindText(feedback, "blockReason"u8) is not (null or "" or "BLOCKED_REASON_UNSPECIFIED");

    public static IEnumerable<JsonElement> PartsOf(JsonElement candidate) =>
        GeminiJson.Find(candidate, "content"u8) is { } content
        && GeminiJson.Find(content, "parts"u8) is { ValueKind: JsonValueKind.Array } parts
            ? parts.EnumerateArray()
            : [];

    /// <summary>What a part is; its text, where it is one.</summary>
    public static GeminiPartKind KindOf(JsonElement part, out string text)
    {
        text = "";
        if (GeminiJson.Find(part, "functionCall"u8) is not null)
        {
            return GeminiPartKind.Call;
        }

        if (GeminiJson.FindText(part, "text"u8) is not { } said)
        {
            // A signature may come alone. Whatever else it is, it would be lost.
            return GeminiJson.Find(part, "thoughtSignature"u8) is not null
                ? GeminiPartKind.Other
                : throw new JsonException("A part is neither text nor a call.");
        }

        text = said;
        return GeminiJson.Find(part, "thought"u8) is { ValueKind: JsonValueKind.True }
            ? GeminiPartKind.Thought
            : GeminiPartKind.Text;
    }

    /// <summary>The call of a tool. Its id is made here where Google gives none, and is the same for the same answer.</summary>
    public static ChatAnswerToolCall ReadCall(JsonElement part, in AnswerTerms terms, int choice, int index)
    {
        JsonElement call = part.GetProperty("functionCall"u8);
        string name = GeminiJson.FindText(call, "name"u8) ?? throw new JsonException("A call has no name.");
        string arguments = GeminiJson.Find(call, "args"u8) switch
        {
            null => "{}",
            { ValueKind: JsonValueKind.Object } given => given.GetRawText(),
            _ => throw new JsonException("Arguments are no object."),
        };
        string? id = GeminiJson.FindText(call, "id"u8);
        return new ChatAnswerToolCall(
            string.IsNullOrEmpty(id) ? MakeId(terms.Id, choice, index) : id, name, arguments,
            GeminiJson.FindText(part, "thoughtSignature"u8));
    }

    public static string? ReasonOf(JsonElement candidate) =>
        GeminiJson.FindText(candidate, "finishReason"u8) is { Length: > 0 } reason and not "FINISH_REASON_UNSPECIFIED"
            ? reason
            : null;

    /// <summary>OpenAI's word for why an answer ended.</summary>
    public static string FinishOf(string reason, bool hasCalls) => reason switch
    {
        "MAX_TOKENS" => "length",
        "SAFETY" or "RECITATION" or "BLOCKLIST" or "PROHIBITED_CONTENT" or "SPII" or "LANGUAGE" or "IMAGE_SAFETY"
            or "IMAGE_PROHIBITED_CONTENT" or "IMAGE_RECITATION" or "MODEL_ARMOR" => "content_filter",
        // A call that the model wrote badly is billed like any answer, so it is one: without content or calls.
        _ => hasCalls ? "tool_calls" : "stop",
    };

    /// <summary>Within the 40 characters that other clouds allow, since a conversation may go on there.</summary>
    static string MakeId(string answer, int choice, int index) => string.Create(
        CultureInfo.InvariantCulture, $"call_{answer[^Math.Min(24, answer.Length)..]}{choice:x1}{index:x2}");
}
