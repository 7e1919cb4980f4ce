using System.Text;
using System.Text.Json;
using Sahab.Wire.OpenAI;

namespace Sahab.Wire.Bedrock;

/// <summary>
/// Reads Bedrock's errors. Their names tell what they are and their statuses do not: a quota that is spent has 400, a
/// model that still loads has 429.
/// </summary>
public static class BedrockErrors
{
    /// <summary>The header that names an error.</summary>
    public const string TypeHeader = "x-amzn-errortype";

    static readonly string[] TooLongWords =
    [
        "too long", "too many input tokens", "maximum context", "context window", "context length",
        "exceeds the maximum number of tokens", "max input tokens",
    ];

    static readonly string[] UnknownModelWords =
    [
        "model identifier is invalid", "on-demand throughput isn",
        "inference profile",
    ];

    /// <summary>Reads the answer of a status other than 200.</summary>
    /// <param name="status">The HTTP status.</param>
    /// <param name="body">The body, whole or its first part.</param>
    /// <param name="errorType">The header <see cref="TypeHeader"/>; null where it is absent.</param>
    public static UpstreamError Read(int status, ReadOnlySpan<byte> body, string? errorType)
    {
        string? name = NameOf(errorType) ?? NameOf(TypeIn(body));
        UpstreamError error = ErrorReader.Read(status, body);
        return Classify(error with { Message = WithoutRequest(error.Message) }, name, status);
    }

    /// <summary>Reads an error that came as a frame of a stream.</summary>
    /// <param name="frame">An exception or an error.</param>
    internal static UpstreamError Read(in EventStreamFrame frame)
    {
        UpstreamError error = ErrorReader.Read(0, frame.Payload.IsEmpty ? frame.Message : frame.Payload);
        // In a stream the names of exceptions begin with a small letter.
        string name = Encoding.UTF8.GetString(frame.Name[..Math.Min(frame.Name.Length, UpstreamError.MaxWordLength)]);
        return Classify(error, name.Length > 0 ? char.ToUpperInvariant(name[0]) + name[1..] : null, status: 0);
    }

    static UpstreamError Classify(in UpstreamError error, string? name, int status) => error with
    {
        Type = name is null ? error.Type : ErrorText.Clean(name, UpstreamError.MaxWordLength, secrets: null),
        Class = name switch
        {
            "ValidationException" => ClassOfInvalid(error.Message),
            "AccessDeniedException" => ErrorClass.Forbidden,
            "UnrecognizedClientException" or "InvalidSignatureException" or "SignatureDoesNotMatch"
                or "IncompleteSignatureException" or "MissingAuthenticationTokenException" or "ExpiredTokenException"
                or "InvalidClientTokenId" or "NotAuthorizedException" => ErrorClass.Unauthorized,
            "ServiceQuotaExceededException" => ErrorClass.QuotaExhausted,
            "ResourceNotFoundException" => ErrorClass.ModelNotFound,
            "ModelTimeoutException" => ErrorClass.Timeout,
            // The model is being loaded: waiting helps, and nothing is wrong with the deployment.
            "ThrottlingException" or "TooManyRequestsException" or "ModelNotReadyException" => ErrorClass.RateLimited,
            "ServiceUnavailableException" or "ConflictException" => ErrorClass.Overloaded,
            "InternalServerException" or "InternalFailure" or "ModelErrorException" or "ModelStreamErrorException" =>
                ErrorClass.ServerError,
            _ => status == 424 ? ErrorClass.ServerError : null,
        },
    };

    static ErrorClass ClassOfInvalid(string message) =>
        Mentions(message, TooLongWords) ? ErrorClass.ContextLengthExceeded
        : Mentions(message, UnknownModelWords) ? ErrorClass.ModelNotFound
        : ErrorClass.InvalidRequest;

    static bool Mentions(string message, string[] words) =>
        Array.Exists(words, word => message.Contains(word, StringComparison.OrdinalIgnoreCase));

    /// <summary>The name without what follows a colon, and without the namespace before a hash.</summary>
    static string? NameOf(string? type)
    {
        if (string.IsNullOrEmpty(type))
        {
            return null;
        }

        string name = type.Split(':')[0].Trim();
        return name[(name.LastIndexOf('#') + 1)..];
    }

    static string? TypeIn(ReadOnlySpan<byte> body)
    {
        if (body.Length > ErrorReader.MaxJsonBytes)
        {
            return null;
        }

        try
        {
            var reader = new Utf8JsonReader(body);
            using JsonDocument document = JsonDocument.ParseValue(ref reader);
            return document.RootElement is { ValueKind: JsonValueKind.Object } root
                && root.TryGetProperty("__type", out JsonElement type) && type.ValueKind == JsonValueKind.String
                ? type.GetString()
                : null;
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>A wrong signature is answered with the whole request as it was read, session token and all.</summary>
    static string WithoutRequest(string message)
    {
        int at = message.IndexOf("The Canonical String", StringComparison.Ordinal);
        return at > 0 ? message[..at].TrimEnd() : message;
    }
}
