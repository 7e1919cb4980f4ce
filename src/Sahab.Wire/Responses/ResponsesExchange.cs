using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using Sahab.Wire.Chat;
using Sahab.Wire.Json;
using Sahab.Wire.OpenAI;
using Sahab.Wire.Translation;

namespace Sahab.Wire.Responses;

/// <summary>The way back of one call of the Responses API.</summary>
public sealed class ResponsesExchange : IClientExchange
{
    readonly JsonDocument _request;
    readonly ClientTerms _terms;
    readonly ResponsesEvents _events = new();
    readonly bool _asSummary;
    ResponsesOutput _output;
    string? _finish;
    string? _tier;
    UsageFigures _usage;
    bool _begun;
    bool _closed;

    internal ResponsesExchange(JsonDocument request, in ClientTerms terms, ReadOnlyMemory<byte> input)
    {
        _request = request;
        _terms = terms;
        Input = input;
        var fields = ChatFields.Of(request.RootElement, "");
        IsStored = fields.Flag("store") ?? true;
        Previous = fields.Text("previous_response_id");
        ChatFields? reasoning = fields.Object("reasoning");
        _asSummary = (reasoning?.Text("summary") ?? reasoning?.Text("generate_summary")) is not null;
        _output = new ResponsesOutput(terms.CallId, _asSummary, _events);
    }

    /// <summary>The call's id, of which that of the response is made.</summary>
    public Guid CallId => _terms.CallId;

    /// <summary>The request's own input: a JSON array of items.</summary>
    public ReadOnlyMemory<byte> Input { get; }

    /// <summary>The id of the response that this one continues; null where it continues none.</summary>
    public string? Previous { get; }

    /// <summary>
    /// Whether the response is kept: asked for unless the request says otherwise, and taken back where keeping failed,
    /// so that the client is told the truth.
    /// </summary>
    public bool IsStored { get; set; }

    /// <inheritdoc/>
    public bool TryWriteAnswer(ReadOnlySpan<byte> answer, IBufferWriter<byte> output)
    {
        _output = new ResponsesOutput(_terms.CallId, _asSummary, events: null);
        try
        {
            var reader = new Utf8JsonReader(answer);
            using JsonDocument document = JsonDocument.ParseValue(ref reader);
            if (!Take(document.RootElement, "message"u8))
            {
                return false;
            }
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException)
        {
            return false;
        }

        _output.Close(IsCut);
        WriteResponse(output);
        return true;
    }

    /// <inheritdoc/>
    public bool Take(ReadOnlySpan<byte> chunk, in PlainDelta delta, IBufferWriter<byte> output)
    {
        ArgumentNullException.ThrowIfNull(output);
        _events.To(output);
        if (TryTake(chunk, delta))
        {
            return true;
        }

        try
        {
            var reader = new Utf8JsonReader(chunk);
            using JsonDocument document = JsonDocument.ParseValue(ref reader);
            return Take(document.RootElement, "delta"u8);
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public void Complete(IBufferWriter<byte> output)
    {
        _events.To(output);
        Begin();
        Close();
        Utf8JsonWriter json = _events.Begin(IsCut ? "response.incomplete"u8 : "response.completed"u8);
        json.WritePropertyName("response"u8);
        Write(json, Status);
        _events.End();
    }

    /// <inheritdoc/>
    public void Fail(IBufferWriter<byte> output, in ClientError told)
    {
        _events.To(output);
        Begin();
        _output.Cut();
        Utf8JsonWriter json = _events.Begin("response.failed"u8);
        json.WritePropertyName("response"u8);
        Write(json, "failed"u8, told.Message);
        _events.End();
        // Both of its forms: official clients raise the nested one and read the flat one.
        json = _events.Begin("error"u8);
        json.WriteString("code"u8, told.Code);
        json.WriteString("message"u8, told.Message);
        json.WriteString("param"u8, told.Param);
        json.WriteStartObject("error"u8);
        json.WriteString("message"u8, told.Message);
        json.WriteString("type"u8, told.Type);
        json.WriteString("param"u8, told.Param);
        json.WriteString("code"u8, told.Code);
        json.WriteEndObject();
        _events.End();
    }

    /// <summary>Writes the response as it is at the end, for whoever keeps it.</summary>
    public void WriteResponse(IBufferWriter<byte> output)
    {
        using var json = new Utf8JsonWriter(output, ResponsesJson.Options);
        Write(json, Status);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _events.Dispose();
        _request.Dispose();
    }

    bool IsCut => _finish is "length" or "content_filter";

    ReadOnlySpan<byte> Status => IsCut ? "incomplete"u8 : "completed"u8;

    bool TryTake(ReadOnlySpan<byte> chunk, in PlainDelta delta)
    {
        if (_closed || delta.Kind == DeltaKind.None)
        {
            return false;
        }

        TakeUsage(chunk[delta.Usage]);
        _tier ??= JsonSlice.Text(chunk[delta.Tier]);
        Begin();
        return _output.TryTake(delta, chunk[delta.Text]);
    }

    void TakeUsage(ReadOnlySpan<byte> usage)
    {
        var cursor = new JsonCursor(usage);
        UsageFigures told = UsageReading.Read(usage, ref cursor);
        _usage = told.Present ? told : _usage;
    }

    bool Take(JsonElement answer, ReadOnlySpan<byte> member)
    {
        if (answer.ValueKind != JsonValueKind.Object)
        {
            return false;
        }

        if (answer.TryGetProperty("usage"u8, out JsonElement usage) && usage.ValueKind == JsonValueKind.Object)
        {
            TakeUsage(JsonMarshal.GetRawUtf8Value(usage));
        }

        if (answer.TryGetProperty("service_tier"u8, out JsonElement tier) && tier.ValueKind == JsonValueKind.String)
        {
            _tier ??= tier.GetString();
        }

        if (!answer.TryGetProperty("choices"u8, out JsonElement choices) || choices.ValueKind != JsonValueKind.Array)
        {
            return false;
        }

        foreach (JsonElement choice in choices.EnumerateArray())
        {
            if (choice.ValueKind != JsonValueKind.Object || !TakeChoice(choice, member))
            {
                return false;
            }
        }

        return true;
    }

    bool TakeChoice(JsonElement choice, ReadOnlySpan<byte> member)
    {
        if (_closed)
        {
            // Nothing can follow the reason why it ended.
            return true;
        }

        bool streams = member.SequenceEqual("delta"u8);
        if (choice.TryGetProperty(member, out JsonElement delta) && delta.ValueKind == JsonValueKind.Object)
        {
            if (streams && Shows(delta))
            {
                Begin();
            }

            choice.TryGetProperty("logprobs"u8, out JsonElement logprobs);
            if (!_output.Take(delta, logprobs))
            {
                return false;
            }
        }

        if (choice.TryGetProperty("finish_reason"u8, out JsonElement finish) && finish.ValueKind == JsonValueKind.String)
        {
            _finish = finish.GetString();
            if (streams && _begun)
            {
                Close();
            }
        }

        return true;
    }

    /// <summary>
    /// Whether a delta shows something. Until then nothing is written: the beginning repeats the request, and what is
    /// written before the first content is held back in a bounded room.
    /// </summary>
    static bool Shows(JsonElement delta)
    {
        foreach (JsonProperty member in delta.EnumerateObject())
        {
            if (!member.NameEquals("role"u8) && member.Value.ValueKind switch
            {
                JsonValueKind.String => !member.Value.ValueEquals(""u8),
                JsonValueKind.Array => member.Value.GetArrayLength() > 0,
                JsonValueKind.Object => true,
                _ => false,
            })
            {
                return true;
            }
        }

        return false;
    }

    void Begin()
    {
        if (_begun)
        {
            return;
        }

        _begun = true;
        // Both tell the same, with all that was asked: it is written out once.
        var response = new ArrayBufferWriter<byte>(1024);
        using (var once = new Utf8JsonWriter(response, ResponsesJson.Options))
        {
            Write(once, "in_progress"u8);
        }

        foreach (bool created in (bool[])[true, false])
        {
            Utf8JsonWriter json = _events.Begin(created ? "response.created"u8 : "response.in_progress"u8);
            json.WritePropertyName("response"u8);
            json.WriteRawValue(response.WrittenSpan, skipInputValidation: true);
            _events.End();
        }
    }

    void Close()
    {
        if (!_closed)
        {
            _closed = true;
            _output.Close(IsCut);
        }
    }

    void Write(Utf8JsonWriter json, ReadOnlySpan<byte> status, string? failure = null) => new ResponseBody
    {
        Request = _request.RootElement,
        Terms = _terms,
        IsStored = IsStored,
        Output = status.SequenceEqual("in_progress"u8) ? [] : _output.Items,
        Usage = _usage,
        Tier = _tier,
        CutBy = IsCut ? _finish : null,
        Failure = failure,
    }.WriteTo(json, status);
}
