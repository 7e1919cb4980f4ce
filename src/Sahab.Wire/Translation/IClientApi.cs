using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Sahab.Wire.OpenAI;

namespace Sahab.Wire.Translation;

/// <summary>
/// An API of the front door that is not OpenAI's chat completions, served by translating to and from it. It has no state
/// and serves all calls at once.
/// </summary>
public interface IClientApi
{
    /// <summary>The header in which this API's clients look for the call's id, besides <c>x-request-id</c>; none for most.</summary>
    string? RequestIdHeader => null;

    /// <summary>Begins a call: writes the client's request as a chat completion request.</summary>
    /// <param name="body">The client's body. Must not change while the exchange lasts.</param>
    /// <param name="terms">What the body does not say itself.</param>
    /// <param name="output">
    /// Where the chat completion request goes; when it streams, it asks for the usage
    /// (<c>stream_options.include_usage</c>).
    /// </param>
    /// <param name="exchange">The way back, to be disposed; null where the request is refused.</param>
    /// <param name="fault">What is wrong with it and where, in the client's own words for it.</param>
    bool TryOpen(
        ReadOnlyMemory<byte> body, in ClientTerms terms, IBufferWriter<byte> output,
        [NotNullWhen(true)] out IClientExchange? exchange, out RequestFault fault);

    /// <summary>Writes an error as this API's clients read it.</summary>
    /// <param name="output">Where the body goes.</param>
    /// <param name="status">The HTTP status.</param>
    /// <param name="told">The error, in OpenAI's words.</param>
    /// <param name="callId">The call's id.</param>
    void WriteError(IBufferWriter<byte> output, int status, in ClientError told, string callId);

    /// <summary>Writes how many tokens a prompt has, where this API has a call for it (<c>Door.CountsTokens</c>).</summary>
    /// <param name="output">Where the body goes.</param>
    /// <param name="tokens">The prompt's tokens, at least 0.</param>
    /// <exception cref="NotSupportedException">The API has no such call.</exception>
    void WriteTokenCount(IBufferWriter<byte> output, long tokens) => throw new NotSupportedException();
}

/// <summary>What a client's request does not say in its body.</summary>
/// <param name="CallId">The call's id, of which the answer's own id can be made.</param>
/// <param name="CreatedUnixSeconds">When the call came, in Unix seconds.</param>
/// <param name="Model">The model, where the path names it; null where the body does.</param>
/// <param name="Stream">Whether to stream, where the path says so; null where the body does.</param>
public readonly record struct ClientTerms(Guid CallId, long CreatedUnixSeconds, string? Model, bool? Stream);

/// <summary>One call's way back: puts an answer of OpenAI's chat completions into the client's form.</summary>
public interface IClientExchange : IDisposable
{
    /// <summary>Writes an answer that came in one piece.</summary>
    /// <param name="answer">A <c>chat.completion</c>.</param>
    /// <param name="output">Where the client's form of it goes.</param>
    /// <returns>False where the answer is not one.</returns>
    bool TryWriteAnswer(ReadOnlySpan<byte> answer, IBufferWriter<byte> output);

    /// <summary>Writes the events that the next chunk of a stream brings; none is possible.</summary>
    /// <param name="chunk">The JSON of one <c>chat.completion.chunk</c>; the last one has the usage.</param>
    /// <param name="delta">What was found in it where it only goes on with a text; nothing where it is more.</param>
    /// <param name="output">Where whole events go.</param>
    /// <returns>False where the chunk is not one.</returns>
    bool Take(ReadOnlySpan<byte> chunk, in PlainDelta delta, IBufferWriter<byte> output);

    /// <summary>Writes what ends a stream that ended well.</summary>
    void Complete(IBufferWriter<byte> output);

    /// <summary>Writes what tells the client that its stream ends early. The connection is cut after it.</summary>
    void Fail(IBufferWriter<byte> output, in ClientError told);
}
