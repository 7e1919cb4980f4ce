using Sahab.Wire.OpenAI;
using Sahab.Wire.Translation;

namespace Sahab.Server.Serve.Providers;

/// <summary>
/// How one deployment is spoken to: its address, its provider's dialect and credentials. Made with the snapshot, and
/// used by all calls at once.
/// </summary>
internal interface IUpstream
{
    /// <summary>Where chat requests go, for logs and spans. Holds no secret.</summary>
    Uri Address { get; }

    /// <summary>The header in which the provider names an error; none for most.</summary>
    string? ErrorTypeHeader { get; }

    /// <summary>Puts the provider's answers into OpenAI's form; null where they have it already.</summary>
    IAnswerTranslation? TranslationOf(ApiOperation operation);

    /// <summary>
    /// Reads an error answer that is in OpenAI's form already. Where answers are translated, their translation reads it.
    /// </summary>
    /// <param name="retryAfterMs">The pause that the provider asks for, in milliseconds; null where it names none.</param>
    UpstreamError ReadError(int status, ReadOnlySpan<byte> body, long? retryAfterMs) => ErrorReader.Read(status, body);

    /// <summary>Sends one attempt's request and returns when the answer's headers are there.</summary>
    /// <exception cref="UntranslatableException">The request asks for what the dialect cannot express.</exception>
    /// <exception cref="CredentialException">No credential could be had.</exception>
    /// <exception cref="HttpRequestException">The provider could not be reached.</exception>
    ValueTask<HttpResponseMessage> SendAsync(UpstreamCall call, CancellationToken cancellation);
}

/// <summary>Reads an error answer as one cloud means it; see <see cref="IUpstream.ReadError"/>.</summary>
internal delegate UpstreamError ErrorReading(int status, ReadOnlySpan<byte> body, long? retryAfterMs);

/// <summary>What an upstream needs to know of an attempt.</summary>
/// <param name="Body">The client's request in OpenAI's form. Not to be kept.</param>
/// <param name="TraceParent">The span that the cloud's own work belongs to, in W3C form; none unless traced.</param>
/// <param name="IsTranslated">Whether the client used another API than OpenAI's, so that the body is our own work.</param>
internal readonly record struct UpstreamCall(
    Guid CallId, ApiOperation Operation, ReadOnlyMemory<byte> Body, RequestFacts Facts, string? TraceParent,
    bool IsTranslated = false);

/// <summary>A request that a deployment's dialect cannot express; another deployment may.</summary>
internal sealed class UntranslatableException(RequestFault fault) : Exception(fault.Message)
{
    public RequestFault Fault { get; } = fault;
}

/// <summary>A credential that could not be had: the message says why, without any part of a secret.</summary>
internal sealed class CredentialException(string message, Exception? cause = null) : Exception(message, cause);
