using System.Text.Json;
using Sahab.Wire.Json;

namespace Sahab.Wire.Responses;

/// <summary>One item of a response's output, while it grows.</summary>
abstract class OutputItem(string id, int index)
{
    public string Id => id;

    /// <summary>Its place in the output, from 0.</summary>
    public int Index => index;

    /// <summary>Whether nothing will be added to it.</summary>
    public bool IsDone { get; set; }

    /// <summary>Whether it was cut short.</summary>
    public bool IsCut { get; set; }

    /// <summary>Writes it as it stands.</summary>
    /// <param name="begun">Whether it has only just begun, so that nothing of its content is told.</param>
    public void WriteTo(Utf8JsonWriter json, bool begun)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, Id);
        Write(json, begun);
        json.WriteEndObject();
    }

    protected abstract void Write(Utf8JsonWriter json, bool begun);

    protected ReadOnlySpan<byte> Status => IsCut ? "incomplete"u8 : "completed"u8;
}

/// <summary>A part of a message: text or a refusal.</summary>
sealed class OutputPart(bool isRefusal)
{
    public bool IsRefusal => isRefusal;

    public JsonString Text { get; } = new();

    /// <summary>Token probabilities, where they were asked for.</summary>
    public List<JsonElement> Logprobs { get; } = [];

    public void WriteTo(Utf8JsonWriter json, bool begun)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, isRefusal ? "refusal"u8 : "output_text"u8);
        json.WritePropertyName(isRefusal ? "refusal"u8 : "text"u8);
        json.WriteRawValue(begun ? "\"\""u8 : Text.Json, skipInputValidation: true);
        if (!isRefusal)
        {
            json.WriteStartArray("annotations"u8);
            json.WriteEndArray();
            WriteLogprobs(json, begun ? [] : Logprobs);
        }

        json.WriteEndObject();
    }

    public static void WriteLogprobs(Utf8JsonWriter json, IEnumerable<JsonElement> logprobs)
    {
        json.WriteStartArray("logprobs"u8);
        foreach (JsonElement token in logprobs)
        {
            token.WriteTo(json);
        }

        json.WriteEndArray();
    }
}

/// <summary>What the model says.</summary>
sealed class MessageItem(string id, int index) : OutputItem(id, index)
{
    public List<OutputPart> Parts { get; } = [];

    protected override void Write(Utf8JsonWriter json, bool begun)
    {
        json.WriteString("type"u8, "message"u8);
        json.WriteString("status"u8, begun ? "in_progress"u8 : Status);
        json.WriteString("role"u8, "assistant"u8);
        json.WriteStartArray("content"u8);
        if (!begun)
        {
            Parts.ForEach(part => part.WriteTo(json, begun: false));
        }

        json.WriteEndArray();
    }
}

/// <summary>What the model thinks, as far as its cloud shows it.</summary>
/// <param name="asSummary">Whether the client asked for it as a summary.</param>
sealed class ReasoningItem(string id, int index, bool asSummary) : OutputItem(id, index)
{
    public JsonString Text { get; } = new();

    /// <summary>Whether the text has begun, so that its part is there.</summary>
    public bool HasText { get; set; }

    /// <summary>What the cloud wants back as it is: JSON objects.</summary>
    public List<string> Blocks { get; } = [];

    protected override void Write(Utf8JsonWriter json, bool begun)
    {
        json.WriteString("type"u8, "reasoning"u8);
        json.WriteStartArray("summary"u8);
        if (asSummary && HasText && !begun)
        {
            WritePart(json, begun: false);
        }

        json.WriteEndArray();
        if (begun)
        {
            return;
        }

        if (!asSummary && HasText)
        {
            json.WriteStartArray("content"u8);
            WritePart(json, begun: false);
            json.WriteEndArray();
        }

        if (Blocks.Count > 0)
        {
            json.WriteString("encrypted_content"u8, ResponsesReasoning.Wrap(Blocks));
        }

        json.WriteString("status"u8, Status);
    }

    /// <summary>Writes the part that its text is in.</summary>
    /// <param name="begun">Whether it has only just begun, so that nothing of the text is told.</param>
    public void WritePart(Utf8JsonWriter json, bool begun)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, asSummary ? "summary_text"u8 : "reasoning_text"u8);
        json.WritePropertyName("text"u8);
        json.WriteRawValue(begun ? "\"\""u8 : Text.Json, skipInputValidation: true);
        json.WriteEndObject();
    }
}

/// <summary>A call of a function.</summary>
sealed class CallItem(string id, int index, string callId, string name) : OutputItem(id, index)
{
    public string Name => name;

    public JsonString Arguments { get; } = new();

    /// <summary>What the cloud wants back with the call, such as Gemini's signature; none elsewhere.</summary>
    public JsonElement? Extra { get; set; }

    protected override void Write(Utf8JsonWriter json, bool begun)
    {
        json.WriteString("type"u8, "function_call"u8);
        json.WriteString("status"u8, begun ? "in_progress"u8 : Status);
        json.WriteString("call_id"u8, callId);
        json.WriteString("name"u8, name);
        json.WritePropertyName("arguments"u8);
        json.WriteRawValue(begun ? "\"\""u8 : Arguments.Json, skipInputValidation: true);
        if (Extra is { } extra)
        {
            json.WritePropertyName("extra_content"u8);
            extra.WriteTo(json);
        }
    }
}
