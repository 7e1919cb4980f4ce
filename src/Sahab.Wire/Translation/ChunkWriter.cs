using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Sahab.Wire.Json;
using Sahab.Wire.OpenAI;

namespace Sahab.Wire.Translation;

/// <summary>
/// Writes a stream of chat completion chunks, event by event, keeping to the order that OpenAI's clients count on: a
/// role first, a tool call's id and name before its arguments, a finish reason for each choice, the usage, the end mark.
/// </summary>
public sealed class ChunkWriter : IDisposable
{
    /// <summary>The most choices of one stream.</summary>
    public const int MaxChoices = 64;

    static readonly JsonWriterOptions Options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    /// <summary>What every chunk begins with, up to its choices.</summary>
    readonly byte[] _head;
    readonly Utf8JsonWriter _json = new(Stream.Null, Options);
    readonly ArrayBufferWriter<byte> _event = new(256);
    ulong _opened;
    ulong _finished;

    /// <summary>Begins a stream. Nothing is written yet.</summary>
    /// <param name="terms">Id, time and model of every chunk; at most <see cref="MaxChoices"/> choices.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are more choices, or none.</exception>
    public ChunkWriter(in AnswerTerms terms)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(terms.Choices, 1, nameof(terms));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(terms.Choices, MaxChoices, nameof(terms));
        _event.Write("data: "u8);
        _json.Reset(_event);
        _json.WriteStartObject();
        AnswerJson.WriteHead(_json, terms, "chat.completion.chunk"u8);
        _json.WriteStartArray("choices"u8);
        _json.Flush();
        _head = _event.WrittenSpan.ToArray();
    }

    /// <summary>Choices that have been given a finish reason.</summary>
    public int Finished => System.Numerics.BitOperations.PopCount(_finished);

    /// <summary>Writes text of the answer. Empty text writes nothing.</summary>
    public void Content(IBufferWriter<byte> output, ReadOnlySpan<char> text, int choice = 0) =>
        Delta(output, choice, "content"u8, text);

    /// <summary>Writes text of the answer with the probabilities of its tokens.</summary>
    /// <param name="output">Where the event goes.</param>
    /// <param name="text">The text. Empty text writes nothing.</param>
    /// <param name="logprobs">The probabilities in OpenAI's form, a JSON object.</param>
    /// <param name="choice">The choice, from 0.</param>
    public void Content(
        IBufferWriter<byte> output, ReadOnlySpan<char> text, ReadOnlySpan<byte> logprobs, int choice = 0)
    {
        if (text.IsEmpty)
        {
            return;
        }

        BeginDelta(output, choice);
        _json.WriteString("content"u8, text);
        EndDelta(output, finish: null, logprobs: logprobs);
    }

    /// <summary>Writes text of the model's reasoning (<c>reasoning_content</c>). Empty text writes nothing.</summary>
    public void Reasoning(IBufferWriter<byte> output, ReadOnlySpan<char> text, int choice = 0) =>
        Delta(output, choice, "reasoning_content"u8, text);

    /// <summary>The same with text that is a JSON string already, quotes included: nothing is unescaped on the way.</summary>
    public void ContentJson(IBufferWriter<byte> output, ReadOnlySpan<byte> text, int choice = 0) =>
        DeltaJson(output, choice, "content"u8, text);

    /// <summary>The same with reasoning that is a JSON string already, quotes included.</summary>
    public void ReasoningJson(IBufferWriter<byte> output, ReadOnlySpan<byte> text, int choice = 0) =>
        DeltaJson(output, choice, "reasoning_content"u8, text);

    /// <summary>
    /// Writes a piece of reasoning that the provider wants back as it is, such as Anthropic's signed or redacted
    /// thinking, as one element of <c>thinking_blocks</c>.
    /// </summary>
    /// <param name="output">Where the event goes.</param>
    /// <param name="block">The block, a JSON object.</param>
    /// <param name="choice">The choice, from 0.</param>
    public void ThinkingBlock(IBufferWriter<byte> output, ReadOnlySpan<byte> block, int choice = 0)
    {
        BeginDelta(output, choice);
        _json.WriteStartArray("thinking_blocks"u8);
        _json.WriteRawValue(block, skipInputValidation: true);
        _json.WriteEndArray();
        EndDelta(output, finish: null);
    }

    /// <summary>Begins a tool call.</summary>
    /// <param name="output">Where the event goes.</param>
    /// <param name="index">Its place among the calls of its choice, from 0, counting calls only.</param>
    /// <param name="id">Its id.</param>
    /// <param name="name">The tool's name.</param>
    /// <param name="arguments">Its arguments, or their beginning, as JSON text.</param>
    /// <param name="signature">Gemini's <c>thoughtSignature</c>, which it wants back; none elsewhere.</param>
    /// <param name="choice">The choice, from 0.</param>
    public void ToolCall(
        IBufferWriter<byte> output, int index, string id, string name, ReadOnlySpan<char> arguments,
        string? signature = null, int choice = 0)
    {
        BeginDelta(output, choice);
        _json.WriteStartArray("tool_calls"u8);
        _json.WriteStartObject();
        _json.WriteNumber("index"u8, index);
        _json.WriteString("id"u8, id);
        _json.WriteString("type"u8, "function"u8);
        _json.WriteStartObject("function"u8);
        _json.WriteString("name"u8, name);
        _json.WriteString("arguments"u8, arguments);
        _json.WriteEndObject();
        AnswerJson.WriteSignature(_json, signature);
        _json.WriteEndObject();
        _json.WriteEndArray();
        EndDelta(output, finish: null);
    }

    /// <summary>Goes on with a tool call's arguments. Empty text writes nothing.</summary>
    public void ToolArguments(IBufferWriter<byte> output, int index, ReadOnlySpan<char> arguments, int choice = 0)
    {
        if (arguments.IsEmpty)
        {
            return;
        }

        BeginDelta(output, choice);
        _json.WriteStartArray("tool_calls"u8);
        _json.WriteStartObject();
        _json.WriteNumber("index"u8, index);
        _json.WriteStartObject("function"u8);
        _json.WriteString("arguments"u8, arguments);
        _json.WriteEndObject();
        _json.WriteEndObject();
        _json.WriteEndArray();
        EndDelta(output, finish: null);
    }

    /// <summary>The same with arguments that are a JSON string already, quotes included.</summary>
    public void ToolArgumentsJson(IBufferWriter<byte> output, int index, ReadOnlySpan<byte> arguments, int choice = 0)
    {
        if (arguments.Length <= JsonSlice.EmptyText)
        {
            return;
        }

        BeginDelta(output, choice);
        _json.WriteStartArray("tool_calls"u8);
        _json.WriteStartObject();
        _json.WriteNumber("index"u8, index);
        _json.WriteStartObject("function"u8);
        _json.WritePropertyName("arguments"u8);
        _json.WriteRawValue(arguments, skipInputValidation: true);
        _json.WriteEndObject();
        _json.WriteEndObject();
        _json.WriteEndArray();
        EndDelta(output, finish: null);
    }

    /// <summary>Ends a choice; the second reason for the same choice is ignored.</summary>
    /// <param name="output">Where the event goes.</param>
    /// <param name="reason">OpenAI's word, such as <c>stop</c>.</param>
    /// <param name="choice">The choice, from 0.</param>
    /// <param name="stopSequence">The stop sequence that ended it, where the provider tells (<c>stop_reason</c>).</param>
    public void Finish(IBufferWriter<byte> output, string reason, int choice = 0, string? stopSequence = null)
    {
        if ((_finished & (1UL << choice)) != 0)
        {
            return;
        }

        BeginDelta(output, choice);
        EndDelta(output, reason, stopSequence);
        _finished |= 1UL << choice;
    }

    /// <summary>Writes the chunk that carries only the usage, whether or not the client asked for it.</summary>
    public void Usage(IBufferWriter<byte> output, in AnswerUsage usage)
    {
        BeginEvent();
        _json.WriteEndArray();
        AnswerJson.WriteUsage(_json, usage);
        EndEvent(output);
    }

    /// <summary>Writes the end mark.</summary>
    public static void Done(IBufferWriter<byte> output) => output.Write("data: [DONE]\n\n"u8);

    /// <summary>Writes an error that the provider reported in the middle of its stream.</summary>
    public static void Error(IBufferWriter<byte> output, in UpstreamError error) => ErrorWriter.WriteEvent(
        output, new ClientError(error.Message, error.Type ?? "server_error", error.Param, error.Code));

    /// <inheritdoc/>
    public void Dispose() => _json.Dispose();

    void Delta(IBufferWriter<byte> output, int choice, ReadOnlySpan<byte> member, ReadOnlySpan<char> text)
    {
        if (text.IsEmpty)
        {
            return;
        }

        BeginDelta(output, choice);
        _json.WriteString(member, text);
        EndDelta(output, finish: null);
    }

    void DeltaJson(IBufferWriter<byte> output, int choice, ReadOnlySpan<byte> member, ReadOnlySpan<byte> text)
    {
        if (text.Length <= JsonSlice.EmptyText)
        {
            return;
        }

        // Most chunks of most streams are this one: nothing in it needs a writer.
        Open(output, choice);
        output.Write(_head);
        output.Write("{\"index\":"u8);
        JsonNumber.Write(output, choice);
        output.Write(",\"delta\":{\""u8);
        output.Write(member);
        output.Write("\":"u8);
        output.Write(text);
        output.Write("},\"finish_reason\":null}]}\n\n"u8);
    }

    /// <summary>Writes the role of a choice that has not been heard of.</summary>
    void Open(IBufferWriter<byte> output, int choice)
    {
        if ((_opened & (1UL << choice)) == 0)
        {
            _opened |= 1UL << choice;
            BeginDelta(output, choice);
            _json.WriteString("role"u8, "assistant"u8);
            _json.WriteString("content"u8, ""u8);
            EndDelta(output, finish: null);
        }
    }

    void BeginDelta(IBufferWriter<byte> output, int choice)
    {
        Open(output, choice);
        BeginEvent();
        _json.WriteStartObject();
        _json.WriteNumber("index"u8, choice);
        _json.WriteStartObject("delta"u8);
    }

    void EndDelta(
        IBufferWriter<byte> output, string? finish, string? stopSequence = null, ReadOnlySpan<byte> logprobs = default)
    {
        _json.WriteEndObject();
        if (!logprobs.IsEmpty)
        {
            _json.WritePropertyName("logprobs"u8);
            _json.WriteRawValue(logprobs, skipInputValidation: true);
        }

        _json.WriteString("finish_reason"u8, finish);
        AnswerJson.WriteStopSequence(_json, stopSequence);
        _json.WriteEndObject();
        _json.WriteEndArray();
        EndEvent(output);
    }

    void BeginEvent()
    {
        _event.ResetWrittenCount();
        _event.Write(_head);
        _json.Reset(_event);
    }

    void EndEvent(IBufferWriter<byte> output)
    {
        _json.WriteEndObject();
        _json.Flush();
        output.Write(_event.WrittenSpan);
        output.Write("\n\n"u8);
    }
}
