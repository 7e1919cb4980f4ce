using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Sahab.Wire.Translation;

/// <summary>An answer in one piece, as it is read out of a provider's and written in OpenAI's form.</summary>
public sealed class ChatAnswer
{
    static readonly JsonWriterOptions Options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    /// <summary>The choices, in order.</summary>
    public List<ChatAnswerChoice> Choices { get; } = [];

    /// <summary>The usage; none where the provider told none.</summary>
    public AnswerUsage? Usage { get; set; }

    /// <summary>Writes the answer as a <c>chat.completion</c>.</summary>
    public void WriteTo(IBufferWriter<byte> output, in AnswerTerms terms)
    {
        ArgumentNullException.ThrowIfNull(output);
        using var json = new Utf8JsonWriter(output, Options);
        json.WriteStartObject();
        AnswerJson.WriteHead(json, terms, "chat.completion"u8);
        json.WriteStartArray("choices"u8);
        for (var index = 0; index < Choices.Count; index++)
        {
            Write(json, Choices[index], index);
        }

        json.WriteEndArray();
        if (Usage is { } usage)
        {
            AnswerJson.WriteUsage(json, usage);
        }

        json.WriteEndObject();
    }

    static void Write(Utf8JsonWriter json, ChatAnswerChoice choice, int index)
    {
        json.WriteStartObject();
        json.WriteNumber("index"u8, index);
        json.WriteStartObject("message"u8);
        json.WriteString("role"u8, "assistant"u8);
        if (choice.Content.Length > 0 || choice.ToolCalls.Count == 0)
        {
            json.WriteString("content"u8, choice.Content.ToString());
        }
        else
        {
            json.WriteNull("content"u8);
        }

        json.WriteString("refusal"u8, choice.Refusal);
        if (choice.Reasoning.Length > 0)
        {
            json.WriteString("reasoning_content"u8, choice.Reasoning.ToString());
        }

        WriteThinking(json, choice.ThinkingBlocks);
        WriteToolCalls(json, choice.ToolCalls);
        json.WriteEndObject();
        if (choice.Logprobs is { } logprobs)
        {
            json.WritePropertyName("logprobs"u8);
            json.WriteRawValue(logprobs, skipInputValidation: true);
        }
        else
        {
            json.WriteNull("logprobs"u8);
        }

        json.WriteString("finish_reason"u8, choice.Finish);
        AnswerJson.WriteStopSequence(json, choice.StopSequence);
        json.WriteEndObject();
    }

    static void WriteThinking(Utf8JsonWriter json, List<string> blocks)
    {
        if (blocks.Count == 0)
        {
            return;
        }

        json.WriteStartArray("thinking_blocks"u8);
        foreach (var block in blocks)
        {
            json.WriteRawValue(block, skipInputValidation: true);
        }

        json.WriteEndArray();
    }

    static void WriteToolCalls(Utf8JsonWriter json, List<ChatAnswerToolCall> calls)
    {
        if (calls.Count == 0)
        {
            return;
        }

        json.WriteStartArray("tool_calls"u8);
        foreach (var call in calls)
        {
            json.WriteStartObject();
            json.WriteString("id"u8, call.Id);
            json.WriteString("type"u8, "function"u8);
            json.WriteStartObject("function"u8);
            json.WriteString("name"u8, call.Name);
            json.WriteString("arguments"u8, call.Arguments);
            json.WriteEndObject();
            AnswerJson.WriteSignature(json, call.Signature);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}

/// <summary>One choice of an answer.</summary>
public sealed class ChatAnswerChoice
{
    /// <summary>The text.</summary>
    public StringBuilder Content { get; } = new();

    /// <summary>The reasoning, as far as the provider shows it.</summary>
    public StringBuilder Reasoning { get; } = new();

    /// <summary>Reasoning that the provider wants back as it is: JSON objects.</summary>
    public List<string> ThinkingBlocks { get; } = [];

    /// <summary>Why the model will not answer; none where it does.</summary>
    public string? Refusal { get; set; }

    /// <summary>The tools that it calls, in order.</summary>
    public List<ChatAnswerToolCall> ToolCalls { get; } = [];

    /// <summary>Token probabilities in OpenAI's form, a JSON object; none where none were asked for.</summary>
    public string? Logprobs { get; set; }

    /// <summary>OpenAI's word for why it ended: <c>stop</c>, <c>length</c>, <c>tool_calls</c>, <c>content_filter</c>.</summary>
    public string Finish { get; set; } = "stop";

    /// <summary>The stop sequence that ended it; none where another reason did, or the provider does not tell.</summary>
    public string? StopSequence { get; set; }
}

/// <summary>One call of a tool.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Name">The tool's name.</param>
/// <param name="Arguments">Its arguments, as JSON text.</param>
/// <param name="Signature">Gemini's <c>thoughtSignature</c>; none elsewhere.</param>
public sealed record ChatAnswerToolCall(string Id, string Name, string Arguments, string? Signature = null);
