using System.Buffers;
using System.Text.Json;
using Sahab.Wire.OpenAI;
using Sahab.Wire.Translation;

namespace Sahab.Wire.Anthropic;

/// <summary>One call's way back to a client of the Messages API.</summary>
sealed class MessagesExchange(Guid callId, MessagesRequest request) : IClientExchange
{
    readonly MessagesStreamWriter _stream = new($"msg_{callId:N}", request);

    public bool TryWriteAnswer(ReadOnlySpan<byte> answer, IBufferWriter<byte> output)
    {
        try
        {
            var reader = new Utf8JsonReader(answer, new JsonReaderOptions { MaxDepth = RequestScanner.MaxDepth });
            using JsonDocument document = JsonDocument.ParseValue(ref reader);
            return MessagesAnswerWriter.Write(document.RootElement, $"msg_{callId:N}", request, output);
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    public bool Take(ReadOnlySpan<byte> chunk, in PlainDelta delta, IBufferWriter<byte> output) =>
        _stream.Take(chunk, delta, output);

    public void Complete(IBufferWriter<byte> output) => _stream.Complete(output);

    public void Fail(IBufferWriter<byte> output, in ClientError told) =>
        MessagesErrors.WriteEvent(output, told, callId.ToString());

    public void Dispose() => _stream.Dispose();
}
