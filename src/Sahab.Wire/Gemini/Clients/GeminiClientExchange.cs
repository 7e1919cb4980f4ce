using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Sahab.Wire.Json;
using Sahab.Wire.OpenAI;
using Sahab.Wire.Translation;

namespace Sahab.Wire.Gemini.Clients;

/// <summary>
/// Puts chat completions into answers of <c>generateContent</c>, and chunks into events of <c>streamGenerateContent</c>.
/// The event with the reasons why it finished is written last, so that a stream that breaks off never has one.
/// </summary>
sealed class GeminiClientExchange(ClientTerms terms, bool showsThoughts) : IClientExchange
{
    /// <summary>The most bytes of arguments that are kept until a call is whole, as they are written in JSON.</summary>
    const int MaxArguments = 4 * 1024 * 1024;

    readonly GeminiAnswerWriter _writer = new(terms);
    readonly SortedDictionary<int, GeminiClientChoice> _choices = [];
    AnswerUsage? _usage;
    int _kept;

    public bool TryWriteAnswer(ReadOnlySpan<byte> answer, IBufferWriter<byte> output)
    {
        try
        {
            using JsonDocument document = GeminiJson.Parse(answer);
            JsonElement root = document.RootElement;
            if (GeminiJson.Find(root, "choices"u8) is not { ValueKind: JsonValueKind.Array } choices)
            {
                return false;
            }

            foreach (JsonElement choice in choices.EnumerateArray())
            {
                Read(choice, "message"u8);
            }

            _writer.WriteWhole(output, _choices, ReadUsage(root), showsThoughts);
            return true;
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    public bool Take(ReadOnlySpan<byte> chunk, in PlainDelta delta, IBufferWriter<byte> output)
    {
        if (TryContinue(chunk, delta, output))
        {
            return _kept <= MaxArguments;
        }

        try
        {
            using JsonDocument document = GeminiJson.Parse(chunk);
            JsonElement root = document.RootElement;
            _usage = ReadUsage(root) ?? _usage;
            if (GeminiJson.Find(root, "choices"u8) is not { ValueKind: JsonValueKind.Array } choices)
            {
                return true;
            }

            foreach (JsonElement choice in choices.EnumerateArray())
            {
                GeminiClientChoice state = Read(choice, "delta"u8);
                bool isAtEnd = state.Finish is not null;
                if (state.HasNews(showsThoughts, isAtEnd))
                {
                    _writer.WriteEvent(output, state, showsThoughts, withCalls: isAtEnd);
                }

                state.Forget(isAtEnd);
            }

            return _kept <= MaxArguments;
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    public void Complete(IBufferWriter<byte> output) => _writer.WriteLast(output, _choices, _usage);

    public void Fail(IBufferWriter<byte> output, in ClientError told)
    {
        output.Write("data: "u8);
        GeminiClientErrors.Write(output, StatusFor(told), told, callId: "");
        output.Write("\r\n\r\n"u8);
    }

    public void Dispose()
    {
    }

    /// <summary>Inside a stream there is no status, and Google's clients want one: a provider that failed is a 503.</summary>
    static int StatusFor(in ClientError told) => told.Type == "server_error" ? 503 : 500;

    static AnswerUsage? ReadUsage(JsonElement root) =>
        GeminiJson.Find(root, "usage"u8) is { ValueKind: JsonValueKind.Object } usage
            ? ReadUsage(JsonMarshal.GetRawUtf8Value(usage))
            : null;

    static AnswerUsage? ReadUsage(ReadOnlySpan<byte> usage)
    {
        var cursor = new JsonCursor(usage);
        UsageFigures told = UsageReading.Read(usage, ref cursor);
        return told.Present
            ? new AnswerUsage(told.Prompt, told.Cached, told.CacheWritten, told.Output, told.Reasoning)
            : null;
    }

    /// <summary>Goes on with a choice that has begun; false where a chunk brings more than that.</summary>
    bool TryContinue(ReadOnlySpan<byte> chunk, in PlainDelta delta, IBufferWriter<byte> output)
    {
        if (delta.Kind == DeltaKind.None || !_choices.TryGetValue(0, out GeminiClientChoice? choice)
            || choice.Finish is not null)
        {
            return false;
        }

        if (delta.Kind == DeltaKind.Arguments)
        {
            if (choice.FindCall(delta.Call) is not { } call)
            {
                return false;
            }

            _kept += call.Add(chunk[delta.Text]);
        }
        else if (delta.Kind == DeltaKind.Text || showsThoughts)
        {
            _writer.WriteText(output, chunk[delta.Text], isThought: delta.Kind == DeltaKind.Reasoning);
        }

        _usage = ReadUsage(chunk[delta.Usage]) ?? _usage;
        return true;
    }

    GeminiClientChoice Read(JsonElement choice, ReadOnlySpan<byte> member)
    {
        int index = (int)GeminiJson.Count(choice, "index"u8);
        if (!_choices.TryGetValue(index, out GeminiClientChoice? state))
        {
            _choices.Add(index, state = new GeminiClientChoice(index));
        }

        state.Finish = GeminiJson.FindText(choice, "finish_reason"u8) ?? state.Finish;
        state.Logprobs = GeminiLogprobsWriter.Read(GeminiJson.Find(choice, "logprobs"u8));
        if (GeminiJson.Find(choice, member) is { } said)
        {
            state.Text.Append(GeminiJson.FindText(said, "content"u8)).Append(GeminiJson.FindText(said, "refusal"u8));
            state.Thoughts.Append(
                GeminiJson.FindText(said, "reasoning_content"u8) ?? GeminiJson.FindText(said, "reasoning"u8));
            if (GeminiJson.Find(said, "tool_calls"u8) is { ValueKind: JsonValueKind.Array } calls)
            {
                int position = 0;
                foreach (JsonElement call in calls.EnumerateArray())
                {
                    int at = GeminiJson.Find(call, "index"u8) is null ? position : (int)GeminiJson.Count(call, "index"u8);
                    _kept += state.CallAt(at).Add(call);
                    position++;
                }
            }
        }

        return state;
    }
}

/// <summary>One choice while it comes in.</summary>
sealed class GeminiClientChoice(int index)
{
    readonly SortedDictionary<int, GeminiClientCall> _calls = [];

    public int Index => index;

    public StringBuilder Text { get; } = new();

    public StringBuilder Thoughts { get; } = new();

    public IEnumerable<GeminiClientCall> Calls => _calls.Values;

    public string? Finish { get; set; }

    /// <summary>Probabilities of the tokens in the text, in Gemini's form; none where none came.</summary>
    public byte[]? Logprobs { get; set; }

    /// <summary>A call that the model wrote badly, as far as that is known.</summary>
    public bool HasBadCall { get; set; }

    public GeminiClientCall CallAt(int position)
    {
        if (!_calls.TryGetValue(position, out GeminiClientCall? call))
        {
            _calls.Add(position, call = new GeminiClientCall());
        }

        return call;
    }

    /// <summary>A call that has begun.</summary>
    public GeminiClientCall? FindCall(int position) => _calls.GetValueOrDefault(position);

    /// <summary>Whether there is something to tell that has not been told.</summary>
    public bool HasNews(bool showsThoughts, bool withCalls) =>
        Text.Length > 0 || (showsThoughts && Thoughts.Length > 0) || (withCalls && _calls.Count > 0);

    /// <summary>What was told is not told again.</summary>
    public void Forget(bool withCalls)
    {
        Text.Clear();
        Thoughts.Clear();
        if (withCalls)
        {
            _calls.Clear();
        }
    }
}

/// <summary>One call of a tool while it comes in.</summary>
sealed class GeminiClientCall
{
    readonly JsonString _arguments = new();

    public string? Id { get; private set; }

    public string Name { get; private set; } = "";

    public string Arguments => JsonSlice.Text(_arguments.Json) is { Length: > 0 } arguments ? arguments : "{}";

    public string? Signature { get; private set; }

    /// <summary>Adds what a chunk, or a whole answer, says of it.</summary>
    /// <returns>Bytes that are kept for it in addition.</returns>
    public int Add(JsonElement call)
    {
        Id ??= GeminiJson.FindText(call, "id"u8);
        if (GeminiJson.Find(call, "extra_content"u8) is { } extra && GeminiJson.Find(extra, "google"u8) is { } google)
        {
            Signature ??= GeminiJson.FindText(google, "thought_signature"u8);
        }

        if (GeminiJson.Find(call, "function"u8) is not { } function)
        {
            return 0;
        }

        Name += GeminiJson.FindText(function, "name"u8);
        return Add(JsonSlice.MemberText(function, "arguments"u8));
    }

    /// <summary>Adds to its arguments, which are a JSON string.</summary>
    /// <returns>Bytes that are kept for it in addition.</returns>
    public int Add(ReadOnlySpan<byte> arguments) => _arguments.Append(arguments);
}
