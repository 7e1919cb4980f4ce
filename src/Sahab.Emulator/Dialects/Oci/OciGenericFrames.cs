using System.Buffers;
using System.Text;
using System.Text.Json;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.Oci;

/// <summary>Events of a stream in the generic form.</summary>
internal sealed class OciGenericFrames(OciShape shape) : IStreamFrames
{
    int _events;

    public void Open(IBufferWriter<byte> to, Usage? running)
    {
        for (var choice = 0; choice < shape.Generation.Choices.Length; choice++)
        {
            Begin(to, choice);
            to.Raw(",\"content\":[{\"type\":\"TEXT\",\"text\":\"\"}]}"u8);
            End(to);
        }
    }

    public void Token(IBufferWriter<byte> to, int choice, int index, in Piece piece, Usage? running)
    {
        Begin(to, choice);
        switch (piece.Kind)
        {
            case PieceKind.Reasoning:
                to.Raw(",\"reasoningContent\":"u8);
                to.Text(piece.Text);
                break;
            case PieceKind.Content:
                to.Raw(",\"content\":[{\"type\":\"TEXT\",\"text\":"u8);
                to.Text(piece.Text);
                to.Raw("}]"u8);
                break;
            case PieceKind.ToolStart:
                var call = shape.Generation.Choices[choice].Tools[piece.Tool];
                to.Raw(",\"toolCalls\":[{\"type\":\"FUNCTION\",\"id\":"u8);
                to.Text(Encoding.UTF8.GetBytes(call.Id));
                to.Raw(",\"name\":"u8);
                to.Text(Encoding.UTF8.GetBytes(call.Name));
                to.Raw(",\"arguments\":\"\"}]"u8);
                break;
            default:
                // Neither the id nor the name is told again.
                to.Raw(",\"toolCalls\":[{\"type\":\"FUNCTION\",\"arguments\":"u8);
                to.Text(piece.Text);
                to.Raw("}]"u8);
                break;
        }
        to.Raw("}"u8);
        if (piece.Kind == PieceKind.Content && shape.Logprobs is { } top
            && shape.Generation.Choices[choice] is { Content: { } content } sequence)
        {
            var at = index - sequence.ReasoningTokens;
            to.Raw(",\"logprobs\":"u8);
            using var writer = new Utf8JsonWriter(to);
            OciAnswers.WriteLogprobs(writer, content, at, at + 1, sequence.ReasoningTokens, top);
        }
        End(to);
    }

    public void Close(IBufferWriter<byte> to, Usage? total)
    {
        for (var choice = 0; choice < shape.Generation.Choices.Length; choice++)
        {
            Begin(to, choice);
            to.Raw("},\"finishReason\":"u8);
            to.Text(Encoding.UTF8.GetBytes(OciAnswers.FinishOfGeneric(shape.Generation.Choices[choice].Finish)));
            End(to);
        }
        if (shape.TellsUsage && total is { } usage)
        {
            WriteEvent(to, writer => OciAnswers.WriteUsage(writer, usage));
        }
    }

    public void Fail(IBufferWriter<byte> to, string message) => WriteFailure(to, message);

    public static void WriteFailure(IBufferWriter<byte> to, string message) => WriteEvent(to, writer =>
    {
        writer.WriteString("code", "InternalServerError");
        writer.WriteString("message", message);
    });

    public static void WriteEvent(IBufferWriter<byte> to, Action<Utf8JsonWriter> write)
    {
        to.Raw("data: "u8);
        using (var writer = new Utf8JsonWriter(to))
        {
            writer.WriteStartObject();
            write(writer);
            writer.WriteEndObject();
        }
        to.Raw("\n\n"u8);
    }

    static void Begin(IBufferWriter<byte> to, int choice)
    {
        to.Raw("data: {\"index\":"u8);
        to.Number(choice);
        to.Raw(",\"message\":{\"role\":\"ASSISTANT\""u8);
    }

    /// <summary>Padding hides how long a token is. Every other event ends with one line break only.</summary>
    void End(IBufferWriter<byte> to)
    {
        to.Raw(",\"pad\":\""u8);
        to.Raw("aaaaaaaa"u8[..(1 + _events % 8)]);
        to.Raw(_events++ % 2 == 0 ? "\"}\n"u8 : "\"}\n\n"u8);
    }
}
