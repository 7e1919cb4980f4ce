using System.Buffers;
using System.Text;
using System.Text.Json;
using Sahab.Wire.Translation;

namespace Sahab.Wire.Oci;

/// <summary>Translates the events of a stream in OCI's generic form.</summary>
sealed class OciGenericStream(AnswerTerms terms) : IOciEvents
{
    /// <summary>More calls of tools in one choice than any model makes.</summary>
    const int MaxCalls = 1024;

    /// <summary>Characters of arguments that are kept for a call whose name has not come yet.</summary>
    const int MaxPending = 1024 * 1024;

    readonly ChunkWriter _chunks = new(terms);
    readonly List<Call>[] _calls = [.. Enumerable.Range(0, terms.Choices).Select(_ => new List<Call>())];
    AnswerUsage? _usage;

    public bool Take(JsonElement data, IBufferWriter<byte> output)
    {
        JsonElement body = OciJson.Object(data, "chatResponse") ?? data;
        _usage = OciJson.ReadUsage(body) ?? _usage;
        if (OciJson.Find(body, "choices") is not null)
        {
            foreach (JsonElement choice in OciJson.Items(body, "choices"))
            {
                if (!TakeChoice(choice, output))
                {
                    return false;
                }
            }

            return true;
        }

        return TakeChoice(body, output);
    }

    public bool Complete(IBufferWriter<byte> output)
    {
        if (_chunks.Finished < terms.Choices)
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

    bool TakeChoice(JsonElement element, IBufferWriter<byte> output)
    {
        long index = OciJson.Count(element, "index") ?? 0;
        if (index >= terms.Choices)
        {
            return false;
        }

        var choice = (int)index;
        if (OciJson.Object(element, "message") is { } message)
        {
            _chunks.Reasoning(output, OciJson.Text(message, "reasoningContent"), choice);
            ArrayBufferWriter<byte>? logprobs = OciLogprobs.Read(element);
            foreach (JsonElement part in OciJson.Items(message, "content"))
            {
                if (OciJson.Text(part, "text") is { Length: > 0 } text && logprobs is not null)
                {
                    _chunks.Content(output, text, logprobs.WrittenSpan, choice);
                    // They are told once for all parts of the event.
                    logprobs = null;
                    continue;
                }

                _chunks.Content(output, OciJson.Text(part, "text"), choice);
            }

            if (!TakeCalls(message, choice, output))
            {
                return false;
            }
        }

        if (OciJson.Text(element, "finishReason") is not { Length: > 0 } reason)
        {
            return true;
        }

        if (_calls[choice].Exists(call => !call.IsOpen))
        {
            return false;
        }

        _chunks.Finish(output, OciGenericAnswers.FinishOf(reason, _calls[choice].Count > 0), choice);
        return true;
    }

    /// <summary>
    /// Takes pieces of calls. They have no index: a piece belongs to the call of its id, else to the call that is being
    /// told, else begins a new one.
    /// </summary>
    bool TakeCalls(JsonElement message, int choice, IBufferWriter<byte> output)
    {
        List<Call> calls = _calls[choice];
        foreach (JsonElement piece in OciJson.Items(message, "toolCalls"))
        {
            string? id = OciJson.Text(piece, "id") is { Length: > 0 } told ? told : null;
            string? name = OciJson.Text(piece, "name") is { Length: > 0 } named ? named : null;
            Call? call = id is not null ? calls.Find(known => known.Id == id)
                : calls.Count > 0 && (name is null || !calls[^1].IsOpen) ? calls[^1]
                : null;
            if (call is null)
            {
                if (calls.Count == MaxCalls)
                {
                    return false;
                }

                calls.Add(call = new Call(calls.Count, id ?? OciJson.MakeCallId(terms, choice, calls.Count)));
            }

            if (!Write(call, name, OciJson.Text(piece, "arguments") ?? "", choice, output))
            {
                return false;
            }
        }

        return true;
    }

    bool Write(Call call, string? name, string arguments, int choice, IBufferWriter<byte> output)
    {
        if (call.IsOpen)
        {
            _chunks.ToolArguments(output, call.Index, arguments, choice);
            return true;
        }

        call.Pending.Append(arguments);
        if (name is null)
        {
            return call.Pending.Length <= MaxPending;
        }

        _chunks.ToolCall(output, call.Index, call.Id, name, call.Pending.ToString(), choice: choice);
        call.Pending.Clear();
        call.IsOpen = true;
        return true;
    }

    sealed class Call(int index, string id)
    {
        public int Index { get; } = index;

        public string Id { get; } = id;

        public StringBuilder Pending { get; } = new();

        /// <summary>Whether its name has come, so that the client knows of it.</summary>
        public bool IsOpen { get; set; }
    }
}
