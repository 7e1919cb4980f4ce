using System.Buffers;
using System.Text.Json;
using Sahab.Wire.Translation;

namespace Sahab.Wire.Bedrock;

/// <summary>
/// Puts one stream of ConverseStream into OpenAI's chunks. It is over with its last event, <c>metadata</c>, which tells
/// the usage: one that ends before ends without a finish reason. Events out of their order break it.
/// </summary>
sealed class ConverseStream : IStreamTranslation
{
    /// <summary>Blocks of one answer: text, reasoning and calls of tools.</summary>
    const int MaxBlocks = 4096;

    /// <summary>Text for which the stack has room, in UTF-16 code units.</summary>
    const int ShortText = 256;

    readonly ChunkWriter _chunks;
    readonly EventStreamDecoder _frames = new();
    readonly Dictionary<int, ConverseBlock> _blocks = [];
    ConverseBlock? _current;
    Phase _phase;
    string _finish = "stop";
    int _tools;

    public ConverseStream(in AnswerTerms terms) => _chunks = new ChunkWriter(terms);

    enum Phase : byte
    {
        Waiting,
        Open,
        Stopped,
        Ended,
    }

    public bool Take(ReadOnlySpan<byte> bytes, IBufferWriter<byte> output)
    {
        while (true)
        {
            switch (_frames.Read(ref bytes, out EventStreamFrame frame))
            {
                case EventStreamStatus.NeedMore:
                    return true;
                case EventStreamStatus.Frame when TryTake(frame, output):
                    break;
                default:
                    return false;
            }
        }
    }

    public bool Complete(IBufferWriter<byte> output) => _frames.IsBetweenFrames;

    public void Dispose()
    {
        _chunks.Dispose();
        _frames.Dispose();
    }

    bool TryTake(in EventStreamFrame frame, IBufferWriter<byte> output)
    {
        if (_phase == Phase.Ended)
        {
            // What follows the end changes nothing any more.
            return true;
        }

        switch (frame.Kind)
        {
            case EventStreamKind.Exception or EventStreamKind.Error:
                ChunkWriter.Error(output, BedrockErrors.Read(frame));
                _phase = Phase.Ended;
                return true;
            case EventStreamKind.Event:
                try
                {
                    return TryTakeEvent(frame.Name, frame.Payload, output);
                }
                catch (Exception wrong) when (ConverseWords.IsMalformed(wrong))
                {
                    return false;
                }

            default:
                return true;
        }
    }

    bool TryTakeEvent(ReadOnlySpan<byte> name, ReadOnlySpan<byte> payload, IBufferWriter<byte> output)
    {
        if (name.SequenceEqual("contentBlockDelta"u8))
        {
            return _phase == Phase.Open && TryTakeDelta(payload, output);
        }

        if (name.SequenceEqual("contentBlockStart"u8))
        {
            return _phase == Phase.Open && TryStartBlock(payload, output);
        }

        if (name.SequenceEqual("contentBlockStop"u8))
        {
            return _phase == Phase.Open && TryStopBlock(payload, output);
        }

        if (name.SequenceEqual("messageStart"u8))
        {
            return Advance(Phase.Waiting, Phase.Open);
        }

        if (name.SequenceEqual("messageStop"u8))
        {
            using JsonDocument document = Parse(payload);
            _finish = ConverseWords.FinishOf(document.RootElement.TryGetProperty("stopReason"u8, out JsonElement reason)
                ? reason.GetString()
                : null);
            foreach (ConverseBlock block in _blocks.Values)
            {
                block.Stop(_chunks, output);
            }

            return Advance(Phase.Open, Phase.Stopped);
        }

        return !name.SequenceEqual("metadata"u8) || TryEnd(payload, output);
    }

    bool TryEnd(ReadOnlySpan<byte> payload, IBufferWriter<byte> output)
    {
        using JsonDocument document = Parse(payload);
        if (!Advance(Phase.Stopped, Phase.Ended))
        {
            return false;
        }

        _chunks.Finish(output, _finish);
        if (ConverseWords.UsageOf(document.RootElement) is { } usage)
        {
            _chunks.Usage(output, usage);
        }

        ChunkWriter.Done(output);
        return true;
    }

    bool TryStartBlock(ReadOnlySpan<byte> payload, IBufferWriter<byte> output)
    {
        using JsonDocument document = Parse(payload);
        int index = document.RootElement.GetProperty("contentBlockIndex"u8).GetInt32();
        if (_blocks.Count == MaxBlocks || _blocks.ContainsKey(index))
        {
            return false;
        }

        var block = new ConverseBlock(index);
        if (document.RootElement.TryGetProperty("start"u8, out JsonElement start)
            && start.TryGetProperty("toolUse"u8, out JsonElement use))
        {
            block.Tool = _tools++;
            _chunks.ToolCall(
                output, block.Tool, use.GetProperty("toolUseId"u8).GetString() ?? "",
                use.GetProperty("name"u8).GetString() ?? "", default);
        }

        _blocks.Add(index, block);
        return true;
    }

    bool TryStopBlock(ReadOnlySpan<byte> payload, IBufferWriter<byte> output)
    {
        using JsonDocument document = Parse(payload);
        int index = document.RootElement.GetProperty("contentBlockIndex"u8).GetInt32();
        if (_blocks.TryGetValue(index, out ConverseBlock? block))
        {
            return block.Stop(_chunks, output);
        }

        // A block that had nothing.
        return true;
    }

    bool TryTakeDelta(ReadOnlySpan<byte> payload, IBufferWriter<byte> output)
    {
        if (!ConverseDelta.TryRead(payload, out ConverseDelta delta))
        {
            return false;
        }

        if (delta.Kind == ConverseDeltaKind.None)
        {
            return true;
        }

        if (FindBlock(delta.Index) is not { IsStopped: false } block)
        {
            return false;
        }

        int length = delta.MaxLength;
        char[]? rented = length > ShortText ? ArrayPool<char>.Shared.Rent(length) : null;
        Span<char> room = rented ?? stackalloc char[ShortText];
        try
        {
            return TryWrite(block, delta.Kind, room[..delta.CopyTo(room)], output);
        }
        finally
        {
            if (rented is not null)
            {
                ArrayPool<char>.Shared.Return(rented);
            }
        }
    }

    bool TryWrite(ConverseBlock block, ConverseDeltaKind kind, ReadOnlySpan<char> text, IBufferWriter<byte> output)
    {
        switch (kind)
        {
            case ConverseDeltaKind.Text:
                _chunks.Content(output, text);
                return block.Tool < 0;
            case ConverseDeltaKind.ToolInput:
                block.HasInput |= !text.IsEmpty;
                if (block.Tool < 0)
                {
                    return false;
                }

                _chunks.ToolArguments(output, block.Tool, text);
                return true;
            case ConverseDeltaKind.Reasoning:
                _chunks.Reasoning(output, text);
                return block.TryKeep(text, isSignature: false);
            case ConverseDeltaKind.Signature:
                return block.TryKeep(text, isSignature: true);
            default:
                _chunks.ThinkingBlock(output, ConverseWords.RedactedThinking(text.ToString()).Span);
                return true;
        }
    }

    /// <summary>The block of an index; one of text or reasoning begins with its first piece.</summary>
    ConverseBlock? FindBlock(int index)
    {
        if (_current?.Index == index)
        {
            return _current;
        }

        if (!_blocks.TryGetValue(index, out ConverseBlock? block))
        {
            if (_blocks.Count == MaxBlocks)
            {
                return null;
            }

            block = new ConverseBlock(index);
            _blocks.Add(index, block);
        }

        return _current = block;
    }

    bool Advance(Phase from, Phase to)
    {
        bool isInOrder = _phase == from;
        _phase = to;
        return isInOrder;
    }

    static JsonDocument Parse(ReadOnlySpan<byte> payload)
    {
        var reader = new Utf8JsonReader(payload);
        JsonDocument document = JsonDocument.ParseValue(ref reader);
        if (document.RootElement.ValueKind == JsonValueKind.Object)
        {
            return document;
        }

        document.Dispose();
        throw new JsonException("An event's payload must be an object.");
    }
}
