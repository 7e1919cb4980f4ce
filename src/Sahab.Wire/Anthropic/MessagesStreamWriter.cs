using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Sahab.Wire.Json;
using Sahab.Wire.OpenAI;

namespace Sahab.Wire.Anthropic;

/// <summary>
/// Puts the chunks of a streamed chat completion into the events of the Messages API: blocks one after another, each
/// opened, continued and closed under its index.
/// </summary>
sealed class MessagesStreamWriter(string id, MessagesRequest request) : IDisposable
{
    enum Block : byte
    {
        None,
        Text,
        Thinking,
        Tool,
    }

    static readonly JsonWriterOptions Options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    readonly Utf8JsonWriter _json = new(Stream.Null, Options);
    MessagesUsage _usage;
    Block _open;
    int _index;
    int _tool = -1;
    bool _started;
    string? _finish;
    string? _stop;

    /// <summary>Writes the events that a chunk brings.</summary>
    /// <returns>False where it is no chunk, or its tool calls come in an order that events cannot follow.</returns>
    public bool Take(ReadOnlySpan<byte> chunk, in PlainDelta delta, IBufferWriter<byte> output)
    {
        if (TryContinue(chunk, delta, output))
        {
            return true;
        }

        _usage.Take(JsonSlice.Member(chunk, "usage"u8));
        if (!_started)
        {
            Start(output);
        }

        ReadOnlySpan<byte> choice = FirstElement(JsonSlice.Member(chunk, "choices"u8));
        if (choice.IsEmpty)
        {
            return true;
        }

        _finish = JsonSlice.Text(JsonSlice.Member(choice, "finish_reason"u8)) ?? _finish;
        _stop = JsonSlice.Text(JsonSlice.Member(choice, "stop_reason"u8)) ?? _stop;
        return TakeDelta(JsonSlice.Member(choice, "delta"u8), output);
    }

    /// <summary>Writes what ends a stream that ended well.</summary>
    public void Complete(IBufferWriter<byte> output)
    {
        if (!_started)
        {
            Start(output);
        }

        Close(output);
        Begin(output, "message_delta"u8);
        _json.WriteStartObject("delta"u8);
        MessagesAnswerWriter.WriteStop(_json, request, _finish, _stop);
        _json.WriteEndObject();
        _usage.Write(_json);
        End(output);
        Begin(output, "message_stop"u8);
        End(output);
    }

    public void Dispose() => _json.Dispose();

    static ReadOnlySpan<byte> TextDelta => ",\"delta\":{\"type\":\"text_delta\",\"text\":"u8;

    static ReadOnlySpan<byte> ThinkingDelta => ",\"delta\":{\"type\":\"thinking_delta\",\"thinking\":"u8;

    static ReadOnlySpan<byte> SignatureDelta => ",\"delta\":{\"type\":\"signature_delta\",\"signature\":"u8;

    static ReadOnlySpan<byte> InputDelta => ",\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":"u8;

    /// <summary>Goes on with the open block; false where another must be opened.</summary>
    bool TryContinue(ReadOnlySpan<byte> chunk, in PlainDelta delta, IBufferWriter<byte> output)
    {
        bool goesOn = delta.Kind switch
        {
            DeltaKind.Text => _open == Block.Text,
            DeltaKind.Reasoning => _open == Block.Thinking || (_started && !request.ShowsThinking),
            DeltaKind.Arguments => _open == Block.Tool && delta.Call == _tool,
            _ => false,
        };
        if (!goesOn)
        {
            return false;
        }

        _usage.Take(chunk[delta.Usage]);
        if (delta.Kind != DeltaKind.Reasoning || request.ShowsThinking)
        {
            WriteDelta(output, delta.Kind switch
            {
                DeltaKind.Text => TextDelta,
                DeltaKind.Reasoning => ThinkingDelta,
                _ => InputDelta,
            }, chunk[delta.Text]);
        }

        return true;
    }

    void Start(IBufferWriter<byte> output)
    {
        _started = true;
        Begin(output, "message_start"u8);
        _json.WriteStartObject("message"u8);
        _json.WriteString("id"u8, id);
        _json.WriteString("type"u8, "message"u8);
        _json.WriteString("role"u8, "assistant"u8);
        _json.WriteString("model"u8, request.Model);
        _json.WriteStartArray("content"u8);
        _json.WriteEndArray();
        _json.WriteNull("stop_reason"u8);
        _json.WriteNull("stop_sequence"u8);
        _usage.Write(_json);
        _json.WriteEndObject();
        End(output);
        Begin(output, "ping"u8);
        End(output);
    }

    bool TakeDelta(ReadOnlySpan<byte> delta, IBufferWriter<byte> output)
    {
        ReadOnlySpan<byte> reasoning = JsonSlice.Member(delta, "reasoning_content"u8);
        reasoning = JsonSlice.IsText(reasoning) ? reasoning : JsonSlice.Member(delta, "reasoning"u8);
        if (HasText(reasoning) && request.ShowsThinking)
        {
            WriteText(output, Block.Thinking, reasoning);
        }

        TakeThinking(JsonSlice.Member(delta, "thinking_blocks"u8), output);
        ReadOnlySpan<byte> content = JsonSlice.Member(delta, "content"u8);
        if (HasText(content))
        {
            WriteText(output, Block.Text, content);
        }

        ReadOnlySpan<byte> refusal = JsonSlice.Member(delta, "refusal"u8);
        if (HasText(refusal))
        {
            WriteText(output, Block.Text, refusal);
        }

        return TakeTools(JsonSlice.Member(delta, "tool_calls"u8), output);
    }

    static bool HasText(ReadOnlySpan<byte> value) => JsonSlice.Raw(value).Length > 0;

    void WriteText(IBufferWriter<byte> output, Block kind, ReadOnlySpan<byte> text)
    {
        if (_open != kind)
        {
            Close(output);
            Open(output, kind, kind == Block.Text
                ? "{\"type\":\"text\",\"text\":\"\"}"u8
                : "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}"u8);
        }

        WriteDelta(output, kind == Block.Text ? TextDelta : ThinkingDelta, text);
    }

    /// <summary>A signed block comes whole after its text has come in pieces: then it only closes what is open.</summary>
    void TakeThinking(ReadOnlySpan<byte> blocks, IBufferWriter<byte> output)
    {
        if (blocks.IsEmpty)
        {
            return;
        }

        var cursor = new JsonCursor(blocks);
        if (cursor.Peek() != JsonKind.Array)
        {
            return;
        }

        cursor.Enter();
        while (cursor.NextElement())
        {
            cursor.Peek();
            int start = cursor.Position;
            cursor.Skip();
            TakeThinkingBlock(blocks[start..cursor.Position], output);
        }
    }

    void TakeThinkingBlock(ReadOnlySpan<byte> block, IBufferWriter<byte> output)
    {
        if (!JsonSlice.Raw(JsonSlice.Member(block, "type"u8)).SequenceEqual("thinking"u8))
        {
            Close(output);
            Open(output, Block.Thinking, block);
            Close(output);
            return;
        }

        if (_open != Block.Thinking)
        {
            Close(output);
            Open(output, Block.Thinking, "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}"u8);
            ReadOnlySpan<byte> text = JsonSlice.Member(block, "thinking"u8);
            if (HasText(text))
            {
                WriteDelta(output, ThinkingDelta, text);
            }
        }

        ReadOnlySpan<byte> signature = JsonSlice.Member(block, "signature"u8);
        if (HasText(signature))
        {
            WriteDelta(output, SignatureDelta, signature);
        }

        Close(output);
    }

    bool TakeTools(ReadOnlySpan<byte> calls, IBufferWriter<byte> output)
    {
        if (calls.IsEmpty)
        {
            return true;
        }

        var cursor = new JsonCursor(calls);
        if (cursor.Peek() != JsonKind.Array)
        {
            return true;
        }

        cursor.Enter();
        while (cursor.NextElement())
        {
            cursor.Peek();
            int start = cursor.Position;
            cursor.Skip();
            if (!TakeTool(calls[start..cursor.Position], output))
            {
                return false;
            }
        }

        return true;
    }

    bool TakeTool(ReadOnlySpan<byte> call, IBufferWriter<byte> output)
    {
        ReadOnlySpan<byte> function = JsonSlice.Member(call, "function"u8);
        bool hasIndex = System.Buffers.Text.Utf8Parser.TryParse(
            JsonSlice.Member(call, "index"u8), out int tool, out _);
        if (!hasIndex || tool > _tool)
        {
            ReadOnlySpan<byte> callId = JsonSlice.Member(call, "id"u8);
            ReadOnlySpan<byte> name = JsonSlice.Member(function, "name"u8);
            if (!HasText(callId) || !HasText(name))
            {
                return false;
            }

            Close(output);
            WriteSignature(output, call, callId);
            OpenTool(output, callId, name);
            _tool = hasIndex ? tool : _tool + 1;
        }
        else if (tool < _tool || _open != Block.Tool)
        {
            return false;
        }

        ReadOnlySpan<byte> arguments = JsonSlice.Member(function, "arguments"u8);
        if (HasText(arguments))
        {
            WriteDelta(output, InputDelta, arguments);
        }

        return true;
    }

    void WriteSignature(IBufferWriter<byte> output, ReadOnlySpan<byte> call, ReadOnlySpan<byte> callId)
    {
        ReadOnlySpan<byte> google = JsonSlice.Member(JsonSlice.Member(call, "extra_content"u8), "google"u8);
        if (JsonSlice.Text(JsonSlice.Member(google, "thought_signature"u8)) is not { Length: > 0 } signature)
        {
            return;
        }

        string data = ToolSignatures.Data(JsonSlice.Text(callId)!, signature);
        var block = new ArrayBufferWriter<byte>(data.Length + 64);
        using (var json = new Utf8JsonWriter(block, Options))
        {
            json.WriteStartObject();
            json.WriteString("type"u8, "redacted_thinking"u8);
            json.WriteString("data"u8, data);
            json.WriteEndObject();
        }

        Open(output, Block.Thinking, block.WrittenSpan);
        Close(output);
    }

    void OpenTool(IBufferWriter<byte> output, ReadOnlySpan<byte> callId, ReadOnlySpan<byte> name)
    {
        var block = new ArrayBufferWriter<byte>(128);
        block.Write("{\"type\":\"tool_use\",\"id\":"u8);
        block.Write(callId);
        block.Write(",\"name\":"u8);
        block.Write(name);
        block.Write(",\"input\":{}}"u8);
        Open(output, Block.Tool, block.WrittenSpan);
    }

    void Open(IBufferWriter<byte> output, Block kind, ReadOnlySpan<byte> block)
    {
        _open = kind;
        Begin(output, "content_block_start"u8);
        _json.WriteNumber("index"u8, _index);
        _json.WritePropertyName("content_block"u8);
        _json.WriteRawValue(block, skipInputValidation: true);
        End(output);
    }

    /// <summary>Most events of most streams are this one: nothing in it needs a writer.</summary>
    void WriteDelta(IBufferWriter<byte> output, ReadOnlySpan<byte> delta, ReadOnlySpan<byte> text)
    {
        output.Write("event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":"u8);
        JsonNumber.Write(output, _index);
        output.Write(delta);
        output.Write(text);
        output.Write("}}\n\n"u8);
    }

    void Close(IBufferWriter<byte> output)
    {
        if (_open == Block.None)
        {
            return;
        }

        _open = Block.None;
        Begin(output, "content_block_stop"u8);
        _json.WriteNumber("index"u8, _index++);
        End(output);
    }

    /// <summary>Named, since official clients drop events without a name.</summary>
    void Begin(IBufferWriter<byte> output, ReadOnlySpan<byte> type)
    {
        output.Write("event: "u8);
        output.Write(type);
        output.Write("\ndata: "u8);
        _json.Reset(output);
        _json.WriteStartObject();
        _json.WriteString("type"u8, type);
    }

    void End(IBufferWriter<byte> output)
    {
        _json.WriteEndObject();
        _json.Flush();
        output.Write("\n\n"u8);
    }

    static ReadOnlySpan<byte> FirstElement(ReadOnlySpan<byte> array)
    {
        if (array.IsEmpty)
        {
            return default;
        }

        var cursor = new JsonCursor(array);
        if (cursor.Peek() != JsonKind.Array || !cursor.Enter() || !cursor.NextElement())
        {
            return default;
        }

        cursor.Peek();
        int start = cursor.Position;
        return cursor.Skip() ? array[start..cursor.Position] : default;
    }
}
