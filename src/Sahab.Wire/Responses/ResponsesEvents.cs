using System.Buffers;
using System.Text.Json;

namespace Sahab.Wire.Responses;

/// <summary>
/// Writes the events of a streamed response, numbered from 0. An event's data is one line, since the JSON is written
/// anew, whatever the client's own looked like.
/// </summary>
sealed class ResponsesEvents : IDisposable
{
    readonly Utf8JsonWriter _json = new(Stream.Null, ResponsesJson.Options);
    IBufferWriter<byte> _output = null!;

    /// <summary>The number of the next event.</summary>
    public int Next { get; private set; }

    /// <summary>Where events go until the next call.</summary>
    public void To(IBufferWriter<byte> output) => _output = output;

    /// <summary>Begins an event; <see cref="End"/> follows once its members are written.</summary>
    public Utf8JsonWriter Begin(ReadOnlySpan<byte> type)
    {
        _output.Write("event: "u8);
        _output.Write(type);
        _output.Write("\ndata: "u8);
        _json.Reset(_output);
        _json.WriteStartObject();
        _json.WriteString("type"u8, type);
        _json.WriteNumber("sequence_number"u8, Next++);
        return _json;
    }

    /// <summary>Ends an event.</summary>
    public void End()
    {
        _json.WriteEndObject();
        _json.Flush();
        _output.Write("\n\n"u8);
    }

    public void ItemAdded(OutputItem item)
    {
        Utf8JsonWriter json = Begin("response.output_item.added"u8);
        json.WriteNumber("output_index"u8, item.Index);
        json.WritePropertyName("item"u8);
        item.WriteTo(json, begun: true);
        End();
    }

    public void ItemDone(OutputItem item)
    {
        Utf8JsonWriter json = Begin("response.output_item.done"u8);
        json.WriteNumber("output_index"u8, item.Index);
        json.WritePropertyName("item"u8);
        item.WriteTo(json, begun: false);
        End();
    }

    public void PartAdded(OutputItem item, int part, OutputPart content)
    {
        Utf8JsonWriter json = BeginPart("response.content_part.added"u8, item, part);
        json.WritePropertyName("part"u8);
        content.WriteTo(json, begun: true);
        End();
    }

    public void PartDelta(OutputItem item, int part, bool isRefusal, string delta, IEnumerable<JsonElement> logprobs)
    {
        Utf8JsonWriter json = BeginPart(
            isRefusal ? "response.refusal.delta"u8 : "response.output_text.delta"u8, item, part);
        json.WriteString("delta"u8, delta);
        if (!isRefusal)
        {
            OutputPart.WriteLogprobs(json, logprobs);
        }

        End();
    }

    public void PartDone(OutputItem item, int part, OutputPart content)
    {
        Utf8JsonWriter json = BeginPart(
            content.IsRefusal ? "response.refusal.done"u8 : "response.output_text.done"u8, item, part);
        json.WriteString(content.IsRefusal ? "refusal"u8 : "text"u8, content.Text.ToString());
        if (!content.IsRefusal)
        {
            OutputPart.WriteLogprobs(json, content.Logprobs);
        }

        End();
        json = BeginPart("response.content_part.done"u8, item, part);
        json.WritePropertyName("part"u8);
        content.WriteTo(json, begun: false);
        End();
    }

    public void ReasoningAdded(ReasoningItem item, bool asSummary)
    {
        Utf8JsonWriter json = BeginReasoning(
            asSummary ? "response.reasoning_summary_part.added"u8 : "response.content_part.added"u8, item, asSummary);
        json.WritePropertyName("part"u8);
        item.WritePart(json, "");
        End();
    }

    public void ReasoningDelta(ReasoningItem item, bool asSummary, string delta)
    {
        Utf8JsonWriter json = BeginReasoning(
            asSummary ? "response.reasoning_summary_text.delta"u8 : "response.reasoning_text.delta"u8, item, asSummary);
        json.WriteString("delta"u8, delta);
        End();
    }

    public void ReasoningDone(ReasoningItem item, bool asSummary)
    {
        string text = item.Text.ToString();
        Utf8JsonWriter json = BeginReasoning(
            asSummary ? "response.reasoning_summary_text.done"u8 : "response.reasoning_text.done"u8, item, asSummary);
        json.WriteString("text"u8, text);
        End();
        json = BeginReasoning(
            asSummary ? "response.reasoning_summary_part.done"u8 : "response.content_part.done"u8, item, asSummary);
        json.WritePropertyName("part"u8);
        item.WritePart(json, text);
        End();
    }

    public void ArgumentsDelta(CallItem item, string delta)
    {
        Utf8JsonWriter json = BeginItem("response.function_call_arguments.delta"u8, item);
        json.WriteString("delta"u8, delta);
        End();
    }

    public void ArgumentsDone(CallItem item)
    {
        Utf8JsonWriter json = BeginItem("response.function_call_arguments.done"u8, item);
        json.WriteString("name"u8, item.Name);
        json.WriteString("arguments"u8, item.Arguments.ToString());
        End();
    }

    public void Dispose() => _json.Dispose();

    Utf8JsonWriter BeginItem(ReadOnlySpan<byte> type, OutputItem item)
    {
        Utf8JsonWriter json = Begin(type);
        json.WriteString("item_id"u8, item.Id);
        json.WriteNumber("output_index"u8, item.Index);
        return json;
    }

    Utf8JsonWriter BeginPart(ReadOnlySpan<byte> type, OutputItem item, int part)
    {
        Utf8JsonWriter json = BeginItem(type, item);
        json.WriteNumber("content_index"u8, part);
        return json;
    }

    Utf8JsonWriter BeginReasoning(ReadOnlySpan<byte> type, OutputItem item, bool asSummary)
    {
        Utf8JsonWriter json = BeginItem(type, item);
        json.WriteNumber(asSummary ? "summary_index"u8 : "content_index"u8, 0);
        return json;
    }
}
