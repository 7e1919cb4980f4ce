using System.Buffers;
using System.Text;
using System.Text.Json;
using Sahab.Wire.Json;

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

    /// <param name="delta">What is new, a JSON string.</param>
    public void PartDelta(
        OutputItem item, int part, bool isRefusal, ReadOnlySpan<byte> delta, IReadOnlyList<JsonElement> logprobs)
    {
        if (isRefusal)
        {
            Delta("response.refusal.delta"u8, item, ",\"content_index\":"u8, part, delta, "}\n\n"u8);
        }
        else if (logprobs.Count == 0)
        {
            Delta(
                "response.output_text.delta"u8, item, ",\"content_index\":"u8, part, delta, ",\"logprobs\":[]}\n\n"u8);
        }
        else
        {
            Utf8JsonWriter json = BeginPart("response.output_text.delta"u8, item, part);
            json.WritePropertyName("delta"u8);
            json.WriteRawValue(delta, skipInputValidation: true);
            OutputPart.WriteLogprobs(json, logprobs);
            End();
        }
    }

    public void PartDone(OutputItem item, int part, OutputPart content)
    {
        Utf8JsonWriter json = BeginPart(
            content.IsRefusal ? "response.refusal.done"u8 : "response.output_text.done"u8, item, part);
        json.WritePropertyName(content.IsRefusal ? "refusal"u8 : "text"u8);
        json.WriteRawValue(content.Text.Json, skipInputValidation: true);
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
        item.WritePart(json, begun: true);
        End();
    }

    public void ReasoningDelta(ReasoningItem item, bool asSummary, ReadOnlySpan<byte> delta) => Delta(
        asSummary ? "response.reasoning_summary_text.delta"u8 : "response.reasoning_text.delta"u8, item,
        asSummary ? ",\"summary_index\":"u8 : ",\"content_index\":"u8, 0, delta, "}\n\n"u8);

    public void ReasoningDone(ReasoningItem item, bool asSummary)
    {
        Utf8JsonWriter json = BeginReasoning(
            asSummary ? "response.reasoning_summary_text.done"u8 : "response.reasoning_text.done"u8, item, asSummary);
        json.WritePropertyName("text"u8);
        json.WriteRawValue(item.Text.Json, skipInputValidation: true);
        End();
        json = BeginReasoning(
            asSummary ? "response.reasoning_summary_part.done"u8 : "response.content_part.done"u8, item, asSummary);
        json.WritePropertyName("part"u8);
        item.WritePart(json, begun: false);
        End();
    }

    public void ArgumentsDelta(CallItem item, ReadOnlySpan<byte> delta) => Delta(
        "response.function_call_arguments.delta"u8, item, default, 0, delta, "}\n\n"u8);

    public void ArgumentsDone(CallItem item)
    {
        Utf8JsonWriter json = BeginItem("response.function_call_arguments.done"u8, item);
        json.WriteString("name"u8, item.Name);
        json.WritePropertyName("arguments"u8);
        json.WriteRawValue(item.Arguments.Json, skipInputValidation: true);
        End();
    }

    public void Dispose() => _json.Dispose();

    /// <summary>Most events of most streams are one of these: nothing in it needs a writer.</summary>
    /// <param name="place">The member that tells the place within the item; none where it has no parts.</param>
    /// <param name="rest">What follows the text, the event's end included.</param>
    void Delta(
        ReadOnlySpan<byte> type, OutputItem item, ReadOnlySpan<byte> place, int part, ReadOnlySpan<byte> delta,
        ReadOnlySpan<byte> rest)
    {
        _output.Write("event: "u8);
        _output.Write(type);
        _output.Write("\ndata: {\"type\":\""u8);
        _output.Write(type);
        _output.Write("\",\"sequence_number\":"u8);
        JsonNumber.Write(_output, Next++);
        _output.Write(",\"item_id\":\""u8);
        Encoding.ASCII.GetBytes(item.Id, _output);
        _output.Write("\",\"output_index\":"u8);
        JsonNumber.Write(_output, item.Index);
        if (!place.IsEmpty)
        {
            _output.Write(place);
            JsonNumber.Write(_output, part);
        }

        _output.Write(",\"delta\":"u8);
        _output.Write(delta);
        _output.Write(rest);
    }

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
