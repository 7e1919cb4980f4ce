using System.Buffers;
using System.Text;
using System.Text.Json;
using Sahab.Emulator.Dialects.Azure;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.OpenAI;

/// <summary>Chunks of a streamed chat completion.</summary>
internal sealed class ChatFrames(AnswerShape shape) : IStreamFrames
{
    readonly byte[] _head = Encoding.UTF8.GetBytes(
        $"data: {{\"id\":\"{shape.Id}\",\"object\":\"chat.completion.chunk\",\"created\":{shape.Created},"
        + $"\"model\":{JsonSerializer.Serialize(shape.Model)},"
        + (shape.ServiceTier is { } tier ? $"\"service_tier\":{JsonSerializer.Serialize(tier)}," : "")
        + "\"system_fingerprint\":\"fp_emulated\",\"choices\":[");

    public void Open(IBufferWriter<byte> to, Usage? running)
    {
        if (shape.TellsFilters)
        {
            ContentFilters.WriteFirstChunk(to);
        }
        for (var i = 0; i < shape.Generation.Choices.Length; i++)
        {
            Begin(to, i);
            to.Raw("\"role\":\"assistant\",\"content\":\"\""u8);
            End(to, null, running);
        }
    }

    public void Token(IBufferWriter<byte> to, int choice, int index, in Piece piece, Usage? running)
    {
        Begin(to, choice);
        switch (piece.Kind)
        {
            case PieceKind.Reasoning:
                to.Raw("\"reasoning_content\":"u8);
                to.Text(piece.Text);
                break;
            case PieceKind.Content:
                to.Raw("\"content\":"u8);
                to.Text(piece.Text);
                if (shape.Logprobs is { } top)
                {
                    WriteLogprobs(to, piece.Text, index, top);
                    EndChoice(to, null, running);
                    return;
                }
                break;
            default:
                WriteToolDelta(to, shape.Generation.Choices[choice], piece);
                break;
        }
        End(to, null, running);
    }

    public void Close(IBufferWriter<byte> to, Usage? total)
    {
        var running = shape.IncludesRunningUsage ? total : null;
        for (var i = 0; i < shape.Generation.Choices.Length; i++)
        {
            Begin(to, i);
            End(to, AnswerShape.Name(shape.Generation.Choices[i].Finish), running);
        }
        if (shape.IncludesUsage && total is { } usage)
        {
            to.Raw(_head);
            to.Raw("],\"usage\":"u8);
            to.Usage(usage);
            to.Raw("}\n\n"u8);
        }
        to.Raw("data: [DONE]\n\n"u8);
    }

    public void Fail(IBufferWriter<byte> to, string message) => StreamError.Write(to, shape.Vendor, message);

    static void WriteToolDelta(IBufferWriter<byte> to, Sequence sequence, in Piece piece)
    {
        to.Raw("\"tool_calls\":[{\"index\":"u8);
        to.Number(piece.Tool);
        if (piece.Kind == PieceKind.ToolStart)
        {
            var call = sequence.Tools[piece.Tool];
            to.Raw(",\"id\":"u8);
            to.Text(Encoding.UTF8.GetBytes(call.Id));
            to.Raw(",\"type\":\"function\",\"function\":{\"name\":"u8);
            to.Text(Encoding.UTF8.GetBytes(call.Name));
            to.Raw(",\"arguments\":\"\"}}]"u8);
            return;
        }
        to.Raw(",\"function\":{\"arguments\":"u8);
        to.Text(piece.Text);
        to.Raw("}}]"u8);
    }

    static void WriteLogprobs(IBufferWriter<byte> to, ReadOnlySpan<byte> token, int index, int top)
    {
        to.Raw("},\"logprobs\":{\"content\":["u8);
        using (var writer = new Utf8JsonWriter(to))
        {
            TokenLogprobs.WriteChat(writer, token, index, top);
        }
        to.Raw("],\"refusal\":null}"u8);
    }

    void Begin(IBufferWriter<byte> to, int choice)
    {
        to.Raw(_head);
        to.Raw("{\"index\":"u8);
        to.Number(choice);
        to.Raw(",\"delta\":{"u8);
    }

    void End(IBufferWriter<byte> to, string? finish, Usage? running)
    {
        to.Raw("},\"logprobs\":null"u8);
        EndChoice(to, finish, running);
    }

    void EndChoice(IBufferWriter<byte> to, string? finish, Usage? running)
    {
        to.Raw(",\"finish_reason\":"u8);
        if (finish is null)
        {
            to.Raw("null"u8);
        }
        else
        {
            to.Text(Encoding.UTF8.GetBytes(finish));
        }
        if (shape.TellsFilters)
        {
            ContentFilters.WriteMember(to);
        }
        to.Raw("}]"u8);
        StreamError.WriteUsageField(to, shape, running);
        to.Raw("}\n\n"u8);
    }
}
