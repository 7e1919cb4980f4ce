using System.Buffers;
using System.Text;
using System.Text.Json;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.Bedrock;

/// <summary>Frames of a ConverseStream: each block of reasoning, text or arguments begins and ends.</summary>
internal sealed class ConverseFrames(BedrockShape shape) : IStreamFrames
{
    readonly ArrayBufferWriter<byte> _payload = new(256);
    int _block = -1;
    (PieceKind Kind, int Tool)? _open;

    public void Open(IBufferWriter<byte> to, Usage? running)
    {
        _payload.Raw("{\"role\":\"assistant\""u8);
        Send(to, "messageStart");
    }

    public void Token(IBufferWriter<byte> to, int choice, int index, in Piece piece, Usage? running)
    {
        var kind = piece.Kind == PieceKind.ToolStart ? PieceKind.ToolArguments : piece.Kind;
        if (_open != (kind, piece.Tool))
        {
            CloseBlock(to);
            OpenBlock(to, kind, piece.Tool);
        }
        if (piece.Kind == PieceKind.ToolStart)
        {
            return;
        }
        BeginDelta();
        switch (kind)
        {
            case PieceKind.Reasoning:
                _payload.Raw("\"reasoningContent\":{\"text\":"u8);
                _payload.Text(piece.Text);
                _payload.Raw("}"u8);
                break;
            case PieceKind.ToolArguments:
                _payload.Raw("\"toolUse\":{\"input\":"u8);
                _payload.Text(piece.Text);
                _payload.Raw("}"u8);
                break;
            default:
                _payload.Raw("\"text\":"u8);
                _payload.Text(piece.Text);
                break;
        }
        _payload.Raw("}"u8);
        Send(to, "contentBlockDelta");
    }

    public void Close(IBufferWriter<byte> to, Usage? total)
    {
        CloseBlock(to);
        _payload.Raw("{\"stopReason\":"u8);
        _payload.Text(Encoding.UTF8.GetBytes(shape.StopReason));
        Send(to, "messageStop");
        _payload.Raw("{\"metrics\":{\"latencyMs\":1}"u8);
        if (total is { } usage)
        {
            _payload.Raw(",\"usage\":"u8);
            using var writer = new Utf8JsonWriter(_payload);
            ConverseAnswer.WriteUsage(writer, usage);
        }
        Send(to, "metadata");
    }

    public void Fail(IBufferWriter<byte> to, string message)
    {
        _payload.ResetWrittenCount();
        using (var writer = new Utf8JsonWriter(_payload))
        {
            writer.WriteStartObject();
            writer.WriteString("message", message);
            writer.WriteEndObject();
        }
        EventFrame.WriteException(to, "internalServerException", _payload.WrittenSpan);
    }

    void OpenBlock(IBufferWriter<byte> to, PieceKind kind, int tool)
    {
        _open = (kind, tool);
        _block++;
        if (kind != PieceKind.ToolArguments)
        {
            return;
        }
        var call = shape.Answer.Tools[tool];
        _payload.Raw("{\"contentBlockIndex\":"u8);
        _payload.Number(_block);
        _payload.Raw(",\"start\":{\"toolUse\":{\"toolUseId\":"u8);
        _payload.Text(Encoding.UTF8.GetBytes(BedrockShape.NameTool(call)));
        _payload.Raw(",\"name\":"u8);
        _payload.Text(Encoding.UTF8.GetBytes(call.Name));
        _payload.Raw("}}"u8);
        Send(to, "contentBlockStart");
    }

    void CloseBlock(IBufferWriter<byte> to)
    {
        if (_open is not { } open)
        {
            return;
        }
        if (open.Kind == PieceKind.Reasoning)
        {
            BeginDelta();
            _payload.Raw("\"reasoningContent\":{\"signature\":"u8);
            _payload.Text(Encoding.UTF8.GetBytes(BedrockShape.Sign(shape.Answer.Reasoning.ReadAll())));
            _payload.Raw("}}"u8);
            Send(to, "contentBlockDelta");
        }
        _payload.Raw("{\"contentBlockIndex\":"u8);
        _payload.Number(_block);
        Send(to, "contentBlockStop");
        _open = null;
    }

    void BeginDelta()
    {
        _payload.Raw("{\"contentBlockIndex\":"u8);
        _payload.Number(_block);
        _payload.Raw(",\"delta\":{"u8);
    }

    /// <summary>Ends the payload with the filler that hides its length, and sends it.</summary>
    void Send(IBufferWriter<byte> to, string type)
    {
        var filler = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"u8;
        _payload.Raw(",\"p\":\""u8);
        _payload.Raw(filler[..(_payload.WrittenCount % filler.Length)]);
        _payload.Raw("\"}"u8);
        EventFrame.WriteEvent(to, type, _payload.WrittenSpan);
        _payload.ResetWrittenCount();
    }
}
