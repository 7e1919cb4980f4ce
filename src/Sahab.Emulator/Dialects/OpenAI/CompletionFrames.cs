using System.Buffers;
using System.Text;
using System.Text.Json;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.OpenAI;

/// <summary>Chunks of a streamed plain completion.</summary>
internal sealed class CompletionFrames(AnswerShape shape) : IStreamFrames
{
    readonly byte[] _head = Encoding.UTF8.GetBytes(
        $"data: {{\"id\":\"{shape.Id}\",\"object\":\"text_completion\",\"created\":{shape.Created},"
        + $"\"model\":{JsonSerializer.Serialize(shape.Model)},\"choices\":[");

    readonly int[] _offsets = new int[shape.Generation.Choices.Length];

    public void Open(IBufferWriter<byte> to, Usage? running)
    {
        for (var i = 0; shape.Echo is not null && i < shape.Generation.Choices.Length; i++)
        {
            var prompt = shape.Echo[i / shape.ChoicesPerPrompt];
            _offsets[i] = prompt.Length;
            Write(to, i, Encoding.UTF8.GetBytes(prompt), null, -1, running);
        }
    }

    public void Token(IBufferWriter<byte> to, int choice, int index, in Piece piece, Usage? running)
    {
        var isContent = piece.Kind == PieceKind.Content;
        Write(to, choice, isContent ? piece.Text : default, null, isContent ? index : -1, running);
    }

    public void Close(IBufferWriter<byte> to, Usage? total)
    {
        var running = shape.IncludesRunningUsage ? total : null;
        for (var i = 0; i < shape.Generation.Choices.Length; i++)
        {
            Write(to, i, default, AnswerShape.Name(shape.Generation.Choices[i].Finish), -1, running);
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

    void Write(IBufferWriter<byte> to, int choice, ReadOnlySpan<byte> text, string? finish, int token, Usage? running)
    {
        to.Raw(_head);
        to.Raw("{\"index\":"u8);
        to.Number(choice);
        to.Raw(",\"text\":"u8);
        to.Text(text);
        to.Raw(",\"logprobs\":"u8);
        var sequence = shape.Generation.Choices[choice];
        if (token >= 0 && shape.Logprobs is { } top && sequence.Content is { } content)
        {
            var index = token - sequence.ReasoningTokens;
            using (var writer = new Utf8JsonWriter(to))
            {
                TokenLogprobs.WriteLegacy(writer, content, index, index + 1, top, _offsets[choice]);
            }
            _offsets[choice] += Encoding.UTF8.GetCharCount(text);
        }
        else
        {
            to.Raw("null"u8);
        }
        to.Raw(",\"finish_reason\":"u8);
        to.Raw(finish switch { null => "null"u8, "stop" => "\"stop\""u8, _ => "\"length\""u8 });
        to.Raw("}]"u8);
        StreamError.WriteUsageField(to, shape, running);
        to.Raw("}\n\n"u8);
    }
}
