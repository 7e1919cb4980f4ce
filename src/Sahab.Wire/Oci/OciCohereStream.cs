using System.Buffers;
using System.Text.Json;
using Sahab.Wire.OpenAI;
using Sahab.Wire.Translation;

namespace Sahab.Wire.Oci;

/// <summary>
/// Translates the events of a stream in OCI's form for Cohere's models. The last one repeats the whole text and all calls
/// of tools, of which only what was not told yet is passed on.
/// </summary>
sealed class OciCohereStream(AnswerTerms terms) : IOciEvents
{
    readonly ChunkWriter _chunks = new(terms);
    long _told;
    int _calls;
    AnswerUsage? _usage;

    public bool Take(JsonElement data, IBufferWriter<byte> output)
    {
        JsonElement body = OciJson.Object(data, "chatResponse") ?? data;
        _usage = OciJson.ReadUsage(body) ?? _usage;
        string text = OciJson.Text(body, "text") ?? "";
        if (OciJson.Text(body, "finishReason") is not { Length: > 0 } reason)
        {
            _chunks.Content(output, text);
            _told += text.Length;
            WriteCalls(body, output);
            return true;
        }

        if (OciCohereAnswers.IsFailure(reason))
        {
            ChunkWriter.Error(output, new UpstreamError
            {
                Message = SecretRedaction.Redact(OciJson.Text(body, "errorMessage") ?? $"The model ended with {reason}."),
                Type = "server_error",
            });
            return true;
        }

        if (text.Length > _told)
        {
            _chunks.Content(output, text.AsSpan((int)_told));
            _told = text.Length;
        }

        if (_calls == 0)
        {
            WriteCalls(body, output);
        }

        _chunks.Finish(output, OciCohereAnswers.FinishOf(reason, _calls > 0));
        return true;
    }

    public bool Complete(IBufferWriter<byte> output)
    {
        if (_chunks.Finished == 0)
        {
            return false;
        }

        if (_usage is { } usage)
        {
            _chunks.Usage(output, usage);
        }

        ChunkWriter.Done(output);
        return true;
    }

    public void Dispose() => _chunks.Dispose();

    void WriteCalls(JsonElement body, IBufferWriter<byte> output)
    {
        foreach (JsonElement call in OciJson.Items(body, "toolCalls"))
        {
            _chunks.ToolCall(
                output, _calls, OciJson.MakeCallId(terms, 0, _calls), OciJson.Text(call, "name") ?? "",
                OciCohereAnswers.ArgumentsOf(call));
            _calls++;
        }
    }
}
