using System.Buffers;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.Oci;

/// <summary>Events of a stream in Cohere's form. The last one repeats the whole answer.</summary>
internal sealed class OciCohereFrames(OciShape shape) : IStreamFrames
{
    public void Open(IBufferWriter<byte> to, Usage? running)
    {
    }

    public void Token(IBufferWriter<byte> to, int choice, int index, in Piece piece, Usage? running)
    {
        if (piece.Kind == PieceKind.Content)
        {
            to.Raw("data: {\"apiFormat\":\"COHERE\",\"text\":"u8);
            to.Text(piece.Text);
            to.Raw(",\"pad\":\"aaa\"}\n\n"u8);
        }
    }

    public void Close(IBufferWriter<byte> to, Usage? total)
    {
        var sequence = shape.Generation.Choices[0];
        if (sequence.Tools.Count > 0)
        {
            OciGenericFrames.WriteEvent(to, writer =>
            {
                writer.WriteString("apiFormat", "COHERE");
                writer.WriteString("text", "");
                OciAnswers.WriteCohereCalls(writer, sequence);
            });
        }
        OciGenericFrames.WriteEvent(to, writer =>
        {
            writer.WriteString("apiFormat", "COHERE");
            writer.WriteString("text", sequence.Content?.ReadAll() ?? "");
            OciAnswers.WriteHistory(writer, shape);
            OciAnswers.WriteCohereCalls(writer, sequence);
            writer.WriteString("finishReason", OciAnswers.FinishOfCohere(sequence.Finish));
            if (shape.TellsUsage && total is { } usage)
            {
                OciAnswers.WriteUsage(writer, usage);
            }
        });
    }

    public void Fail(IBufferWriter<byte> to, string message) => OciGenericFrames.WriteFailure(to, message);
}
