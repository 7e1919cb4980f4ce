using System.Buffers;
using Sahab.Wire.OpenAI;

namespace Sahab.Wire.Translation;

/// <summary>
/// Puts a provider's answers to one operation into OpenAI's form. It has no state and serves all calls at once.
/// </summary>
public interface IAnswerTranslation
{
    /// <summary>Writes an answer that came in one piece.</summary>
    /// <param name="answer">The provider's body, of status 200.</param>
    /// <param name="terms">What it does not say itself.</param>
    /// <param name="output">Where OpenAI's form of it goes; of no use when the translation fails.</param>
    /// <returns>False where the body is not what the provider's protocol allows.</returns>
    bool TryWriteAnswer(ReadOnlySpan<byte> answer, in AnswerTerms terms, IBufferWriter<byte> output);

    /// <summary>Begins to translate a stream.</summary>
    /// <param name="terms">What it does not say itself.</param>
    IStreamTranslation OpenStream(in AnswerTerms terms);

    /// <summary>
    /// The provider's own id of a request, where its answer has it in the body and no header; null elsewhere. It is asked
    /// for an answer that was written without fault.
    /// </summary>
    /// <param name="answer">The provider's body, of status 200.</param>
    string? ReadRequestId(ReadOnlySpan<byte> answer) => null;

    /// <summary>Reads an answer of another status than 200.</summary>
    /// <param name="status">The HTTP status.</param>
    /// <param name="body">The body, whole or its first part; may be empty or no JSON.</param>
    /// <param name="errorType">The header in which the provider names the error, where it has one.</param>
    UpstreamError ReadError(int status, ReadOnlySpan<byte> body, string? errorType);
}

/// <summary>
/// Puts one provider's stream into OpenAI's events. An answer that the provider ended in its own way ends with every
/// choice's finish reason, a chunk with the usage and <c>[DONE]</c>; what breaks off gets no such end, so that whoever
/// reads can tell. An error that the provider reports becomes an event with <c>error</c>.
/// </summary>
public interface IStreamTranslation : IDisposable
{
    /// <summary>
    /// The provider's own id of the request, once an event has told it, where no header does; null elsewhere.
    /// </summary>
    string? RequestId => null;

    /// <summary>Takes the next bytes, cut anywhere, and writes the events that are complete with them.</summary>
    /// <param name="bytes">What arrived.</param>
    /// <param name="output">Where whole events of OpenAI's go.</param>
    /// <returns>False where the stream is not what the provider's protocol allows; nothing more must be given then.</returns>
    bool Take(ReadOnlySpan<byte> bytes, IBufferWriter<byte> output);

    /// <summary>Says that the stream has ended, and writes what was still held back.</summary>
    /// <param name="output">Where whole events of OpenAI's go.</param>
    /// <returns>False where it ended in the middle of something.</returns>
    bool Complete(IBufferWriter<byte> output);
}
