using System.Buffers;
using System.Text;
using System.Text.Json;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.Anthropic;

/// <summary>Events of a streamed message: blocks one after another, each opened and closed.</summary>
internal sealed class MessageFrames(MessageShape shape) : IStreamFrames
{
    readonly StringBuilder _thinking = new();
    PieceKind? _open;
    int _tool = -1;
    int _index = -1;

    public void Open(IBufferWriter<byte> to, Usage? running)
    {
        Event(to, "message_start", json =>
        {
            json.WriteStartObject("message");
            MessageAnswers.WriteHead(json, shape);
            json.WriteStartArray("content");
            json.WriteEndArray();
            json.WriteNull("stop_reason");
            json.WriteNull("stop_sequence");
            // The output is the vendor's guess: one token.
            MessageAnswers.WriteUsage(json, shape, running is { } told ? told with { Output = 1, Reasoning = 0 } : null);
            json.WriteEndObject();
        });
        Event(to, "ping", _ => { });
    }

    public void Token(IBufferWriter<byte> to, int choice, int index, in Piece piece, Usage? running)
    {
        if (shape.Refuses)
        {
            return;
        }
        switch (piece.Kind)
        {
            case PieceKind.Reasoning:
                Think(to, piece.Text);
                break;
            case PieceKind.ToolStart:
                OpenTool(to, piece.Tool);
                break;
            case PieceKind.ToolArguments:
                if (piece.Tool != _tool)
                {
                    OpenTool(to, piece.Tool);
                }
                Delta(to, "input_json_delta"u8, "partial_json"u8, piece.Text);
                break;
            default:
                if (_open != PieceKind.Content)
                {
                    Begin(to, PieceKind.Content, json =>
                    {
                        json.WriteString("type", "text");
                        json.WriteString("text", "");
                    });
                }
                Delta(to, "text_delta"u8, "text"u8, piece.Text);
                break;
        }
    }

    public void Close(IBufferWriter<byte> to, Usage? total)
    {
        End(to);
        Event(to, "message_delta", json =>
        {
            json.WriteStartObject("delta");
            json.WriteString("stop_reason", shape.StopReason);
            json.WriteString("stop_sequence", shape.StopSequence);
            json.WriteEndObject();
            MessageAnswers.WriteUsage(json, shape, total);
        });
        Event(to, "message_stop", _ => { });
    }

    public void Fail(IBufferWriter<byte> to, string message)
    {
        to.Raw("event: error\ndata: "u8);
        using (var json = new Utf8JsonWriter(to))
        {
            shape.Vendor.WriteError(json, ApiError.Server(500) with { Message = message });
        }
        to.Raw("\n\n"u8);
    }

    void Think(IBufferWriter<byte> to, ReadOnlySpan<byte> text)
    {
        if (_open != PieceKind.Reasoning)
        {
            Begin(to, PieceKind.Reasoning, json => MessageAnswers.WriteThinking(json, shape, null));
        }
        _thinking.Append(Encoding.UTF8.GetString(text));
        if (shape.Display == ThinkingDisplay.Summarized)
        {
            Delta(to, "thinking_delta"u8, "thinking"u8, text);
        }
    }

    void OpenTool(IBufferWriter<byte> to, int tool)
    {
        _tool = tool;
        Begin(to, PieceKind.ToolStart, json => MessageAnswers.WriteToolUse(json, shape.Answer.Tools[tool], "{}"));
        Delta(to, "input_json_delta"u8, "partial_json"u8, default);
    }

    void Begin(IBufferWriter<byte> to, PieceKind kind, Action<Utf8JsonWriter> write)
    {
        End(to);
        _open = kind;
        _index++;
        Event(to, "content_block_start", json =>
        {
            json.WriteNumber("index", _index);
            json.WriteStartObject("content_block");
            write(json);
            json.WriteEndObject();
        });
    }

    void End(IBufferWriter<byte> to)
    {
        if (_open is null)
        {
            return;
        }
        if (_open == PieceKind.Reasoning && shape.Display != ThinkingDisplay.Redacted)
        {
            Delta(
                to, "signature_delta"u8, "signature"u8,
                Encoding.UTF8.GetBytes(ThinkingSignature.Of(_thinking.ToString(), shape.Display)));
        }
        _open = null;
        Event(to, "content_block_stop", json => json.WriteNumber("index", _index));
    }

    void Delta(IBufferWriter<byte> to, ReadOnlySpan<byte> type, ReadOnlySpan<byte> member, ReadOnlySpan<byte> text)
    {
        to.Raw("event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":"u8);
        to.Number(_index);
        to.Raw(",\"delta\":{\"type\":\""u8);
        to.Raw(type);
        to.Raw("\",\""u8);
        to.Raw(member);
        to.Raw("\":"u8);
        to.Text(text);
        to.Raw("}}\n\n"u8);
    }

    static void Event(IBufferWriter<byte> to, string type, Action<Utf8JsonWriter> write)
    {
        to.Raw(Encoding.UTF8.GetBytes($"event: {type}\ndata: "));
        using (var json = new Utf8JsonWriter(to))
        {
            json.WriteStartObject();
            json.WriteString("type", type);
            write(json);
            json.WriteEndObject();
        }
        to.Raw("\n\n"u8);
    }
}
