using Sahab.Wire.OpenAI;

namespace Sahab.Wire.Gemini;

/// <summary>Reads Google's errors: a canonical word (<c>RESOURCE_EXHAUSTED</c>) beside the status, or in an array.</summary>
public static class GeminiErrors
{
    /// <summary>Reads an error.</summary>
    /// <param name="status">The HTTP status; 0 when the error came inside a stream.</param>
    /// <param name="body">The body, or the data of the event.</param>
    public static UpstreamError Read(int status, ReadOnlySpan<byte> body)
    {
        UpstreamError error = ErrorReader.Read(status, body);
        return error with { Class = Classify(status, error) };
    }

    static ErrorClass Classify(int status, in UpstreamError error) => error.Code switch
    {
        "INVALID_ARGUMENT" or "OUT_OF_RANGE" => OfInvalid(error.Message),
        // The place or the account is wrong, not the request: another deployment may do better.
        "FAILED_PRECONDITION" => ErrorClass.ServerError,
        "UNAUTHENTICATED" => ErrorClass.Unauthorized,
        "PERMISSION_DENIED" => ErrorClass.Forbidden,
        "NOT_FOUND" => ErrorClass.ModelNotFound,
        "RESOURCE_EXHAUSTED" => OfExhausted(error.Message),
        "UNAVAILABLE" => ErrorClass.Overloaded,
        "DEADLINE_EXCEEDED" => ErrorClass.Timeout,
        "UNIMPLEMENTED" => ErrorClass.Unsupported,
        "CANCELLED" or "ABORTED" or "INTERNAL" or "UNKNOWN" or "DATA_LOSS" => ErrorClass.ServerError,
        _ => OfStatus(status, error.Message),
    };

    static ErrorClass OfStatus(int status, string message) => status switch
    {
        400 => OfInvalid(message),
        401 => ErrorClass.Unauthorized,
        403 => ErrorClass.Forbidden,
        404 => ErrorClass.ModelNotFound,
        408 or 504 => ErrorClass.Timeout,
        413 => ErrorClass.TooLarge,
        429 => OfExhausted(message),
        503 => ErrorClass.Overloaded,
        >= 400 and < 500 => ErrorClass.InvalidRequest,
        _ => ErrorClass.ServerError,
    };

    /// <summary>A wrong key is an invalid argument too, which must not be told to a client as its own mistake.</summary>
    static ErrorClass OfInvalid(string message) =>
        Has(message, "API key not valid") || Has(message, "API key expired") ? ErrorClass.Unauthorized
        : Has(message, "token count") && Has(message, "exceeds") ? ErrorClass.ContextLengthExceeded
        : ErrorClass.InvalidRequest;

    /// <summary>
    /// The shared pool and provisioned throughput are full for a while, and so is a quota for a minute; a day's quota or
    /// an account without money is not helped by waiting.
    /// </summary>
    static ErrorClass OfExhausted(string message) =>
        Has(message, "per day") || Has(message, "PerDay") || Has(message, "billing")
            ? ErrorClass.QuotaExhausted
            : ErrorClass.RateLimited;

    static bool Has(string message, string words) => message.Contains(words, StringComparison.OrdinalIgnoreCase);
}
