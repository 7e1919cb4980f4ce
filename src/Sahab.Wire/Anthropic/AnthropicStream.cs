using System.Buffers;
using Sahab.Wire.Json;
using Sahab.Wire.Sse;
using Sahab.Wire.Translation;

namespace Sahab.Wire.Anthropic;

/// <summary>
/// Puts a stream of Anthropic's Messages API into OpenAI's events. Blocks come one after another, each with its own
/// beginning and end; whatever comes in another order is no such stream. What ends without <c>message_stop</c> has broken
/// off.
/// </summary>
sealed class AnthropicStream : IStreamTranslation
{
    enum Block : byte
    {
        None,
        Text,
        Thinking,
        Tool,
        Other,
    }

    readonly ChunkWriter _chunks;
    readonly EventFeed _feed = new();
    readonly ArrayBufferWriter<byte> _thinking = new(256);
    AnthropicUsage _usage;
    Block _open;
    int _blocks;
    int _tools;
    bool _hasArguments;
    byte[] _input = [];
    byte[] _signature = [];
    string? _stop;
    string? _stopSequence;
    bool _started;
    bool _ended;

    public AnthropicStream(in AnswerTerms terms) => _chunks = new ChunkWriter(terms);

    public bool Take(ReadOnlySpan<byte> bytes, IBufferWriter<byte> output)
    {
        _feed.Append(bytes);
        while (!_ended)
        {
            switch (_feed.Next(out ReadOnlySpan<byte> data))
            {
                case null:
                    return false;
                case false:
                    return true;
                default:
                    if (!TakeEvent(data, output))
                    {
                        return false;
                    }

                    break;
            }
        }

        return true;
    }

    public bool Complete(IBufferWriter<byte> output) => _ended
        || (_feed.Last(out ReadOnlySpan<byte> data) == true && TakeEvent(data, output) && _ended);

    public void Dispose() => _chunks.Dispose();

    bool TakeEvent(ReadOnlySpan<byte> data, IBufferWriter<byte> output)
    {
        if (!JsonSlice.IsObject(data))
        {
            return false;
        }

        ReadOnlySpan<byte> type = JsonSlice.Raw(JsonSlice.Member(data, "type"u8));
        return type.SequenceEqual("content_block_delta"u8) ? TakeDelta(data, output)
            : type.SequenceEqual("content_block_start"u8) ? OpenBlock(data, output)
            : type.SequenceEqual("content_block_stop"u8) ? CloseBlock(data, output)
            : type.SequenceEqual("message_start"u8) ? Start(data)
            : type.SequenceEqual("message_delta"u8) ? TakeEnd(data)
            : type.SequenceEqual("message_stop"u8) ? Stop(output)
            : type.SequenceEqual("ping"u8) ? Ping(output)
            : !type.SequenceEqual("error"u8) || Fail(data, output);
    }

    /// <summary>A sign of life while the model is silent, which must not be taken for a stall: a comment.</summary>
    static bool Ping(IBufferWriter<byte> output)
    {
        output.Write(": ping\n\n"u8);
        return true;
    }

    bool Start(ReadOnlySpan<byte> data)
    {
        ReadOnlySpan<byte> message = JsonSlice.Member(data, "message"u8);
        if (_started || message.IsEmpty || message[0] != (byte)'{')
        {
            return false;
        }

        _started = true;
        _usage.Merge(JsonSlice.Member(message, "usage"u8));
        _usage.AwaitOutput();
        return true;
    }

    bool OpenBlock(ReadOnlySpan<byte> data, IBufferWriter<byte> output)
    {
        if (!_started || _open != Block.None || _stop is not null || !IsBlock(data, _blocks))
        {
            return false;
        }

        ReadOnlySpan<byte> block = JsonSlice.Member(data, "content_block"u8);
        ReadOnlySpan<byte> type = JsonSlice.Raw(JsonSlice.Member(block, "type"u8));
        if (type.SequenceEqual("text"u8))
        {
            _open = Block.Text;
            _chunks.ContentJson(output, TextOf(block, "text"u8));
        }
        else if (type.SequenceEqual("thinking"u8))
        {
            _open = Block.Thinking;
            _thinking.ResetWrittenCount();
            _signature = JsonSlice.Member(block, "signature"u8).ToArray();
            return Think(TextOf(block, "thinking"u8), output);
        }
        else if (type.SequenceEqual("tool_use"u8))
        {
            return OpenTool(block, output);
        }
        else
        {
            _open = Block.Other;
            if (type.SequenceEqual("redacted_thinking"u8))
            {
                _chunks.ThinkingBlock(output, block);
            }
        }

        return true;
    }

    bool OpenTool(ReadOnlySpan<byte> block, IBufferWriter<byte> output)
    {
        if (JsonSlice.Text(JsonSlice.Member(block, "id"u8)) is not { } id
            || JsonSlice.Text(JsonSlice.Member(block, "name"u8)) is not { } name)
        {
            return false;
        }

        _open = Block.Tool;
        _hasArguments = false;
        _input = JsonSlice.Member(block, "input"u8).ToArray();
        _chunks.ToolCall(output, _tools, id, name, "");
        return true;
    }

    bool TakeDelta(ReadOnlySpan<byte> data, IBufferWriter<byte> output)
    {
        if (_open == Block.None || !IsBlock(data, _blocks))
        {
            return false;
        }

        ReadOnlySpan<byte> delta = JsonSlice.Member(data, "delta"u8);
        ReadOnlySpan<byte> type = JsonSlice.Raw(JsonSlice.Member(delta, "type"u8));
        switch (_open)
        {
            case Block.Text when type.SequenceEqual("text_delta"u8):
                _chunks.ContentJson(output, TextOf(delta, "text"u8));
                return true;
            case Block.Tool when type.SequenceEqual("input_json_delta"u8):
                ReadOnlySpan<byte> part = TextOf(delta, "partial_json"u8);
                _hasArguments |= JsonSlice.Raw(part).Length > 0;
                _chunks.ToolArgumentsJson(output, _tools, part);
                return true;
            case Block.Thinking when type.SequenceEqual("thinking_delta"u8):
                return Think(TextOf(delta, "thinking"u8), output);
            case Block.Thinking when type.SequenceEqual("signature_delta"u8):
                _signature = TextOf(delta, "signature"u8).ToArray();
                return true;
            default:
                // Citations, and whatever else may come to be; but never one block's words in another.
                return !type.SequenceEqual("text_delta"u8) && !type.SequenceEqual("input_json_delta"u8)
                    && !type.SequenceEqual("thinking_delta"u8) || _open == Block.Other;
        }
    }

    bool CloseBlock(ReadOnlySpan<byte> data, IBufferWriter<byte> output)
    {
        if (_open == Block.None || !IsBlock(data, _blocks))
        {
            return false;
        }

        if (_open == Block.Tool)
        {
            if (!_hasArguments)
            {
                // A tool without arguments; or all of them came at once, as some servers have it.
                _chunks.ToolArguments(
                    output, _tools, _input.Length > 0 && _input[0] == (byte)'{' ? System.Text.Encoding.UTF8.GetString(_input) : "{}");
            }

            _tools++;
        }
        else if (_open == Block.Thinking)
        {
            WriteThinking(output);
        }

        _open = Block.None;
        _blocks++;
        return true;
    }

    bool TakeEnd(ReadOnlySpan<byte> data)
    {
        ReadOnlySpan<byte> delta = JsonSlice.Member(data, "delta"u8);
        if (!_started || _open != Block.None)
        {
            return false;
        }

        _stop = JsonSlice.Text(JsonSlice.Member(delta, "stop_reason"u8)) ?? _stop;
        _stopSequence = JsonSlice.Text(JsonSlice.Member(delta, "stop_sequence"u8));
        _usage.Merge(JsonSlice.Member(data, "usage"u8));
        return true;
    }

    bool Stop(IBufferWriter<byte> output)
    {
        if (_stop is null || _open != Block.None)
        {
            return false;
        }

        _chunks.Finish(output, AnthropicStops.ToFinish(_stop), stopSequence: _stopSequence);
        if (_usage.HasOutput)
        {
            _chunks.Usage(output, _usage.ToAnswer());
        }

        ChunkWriter.Done(output);
        _ended = true;
        return true;
    }

    bool Fail(ReadOnlySpan<byte> data, IBufferWriter<byte> output)
    {
        ChunkWriter.Error(output, AnthropicErrors.Read(0, data));
        _ended = true;
        return true;
    }

    bool Think(ReadOnlySpan<byte> text, IBufferWriter<byte> output)
    {
        _thinking.Write(JsonSlice.Raw(text));
        _chunks.ReasoningJson(output, text);
        return _thinking.WrittenCount <= SseScanner.DefaultMaxEventBytes;
    }

    /// <summary>The whole block once more, as it must be returned to Anthropic.</summary>
    void WriteThinking(IBufferWriter<byte> output)
    {
        var block = new ArrayBufferWriter<byte>(_thinking.WrittenCount + _signature.Length + 64);
        block.Write("{\"type\":\"thinking\",\"thinking\":\""u8);
        block.Write(_thinking.WrittenSpan);
        block.Write("\",\"signature\":"u8);
        block.Write(JsonSlice.IsText(_signature) ? _signature : "\"\""u8);
        block.Write("}"u8);
        _chunks.ThinkingBlock(output, block.WrittenSpan);
        _thinking.ResetWrittenCount();
    }

    /// <summary>A member that must be a string, as it is written; an empty string when it is something else.</summary>
    static ReadOnlySpan<byte> TextOf(ReadOnlySpan<byte> json, ReadOnlySpan<byte> name)
    {
        ReadOnlySpan<byte> value = JsonSlice.Member(json, name);
        return JsonSlice.IsText(value) ? value : "\"\""u8;
    }

    static bool IsBlock(ReadOnlySpan<byte> data, int index) =>
        System.Buffers.Text.Utf8Parser.TryParse(JsonSlice.Member(data, "index"u8), out int found, out _) && found == index;
}
