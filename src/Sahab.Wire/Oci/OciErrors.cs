using Sahab.Wire.OpenAI;

namespace Sahab.Wire.Oci;

/// <summary>Reads OCI's errors: a code, which tells what kind of error it is, and a message.</summary>
public static class OciErrors
{
    /// <summary>Reads an error.</summary>
    /// <param name="status">The HTTP status; 0 when the error came inside a stream.</param>
    /// <param name="body">The body, whole or its first part; may be empty or no JSON.</param>
    public static UpstreamError Read(int status, ReadOnlySpan<byte> body)
    {
        UpstreamError error = ErrorReader.Read(status, body);
        ErrorClass kind = ClassOf(status, error);
        return error with { Class = kind, Type = kind == ErrorClass.ContentFiltered ? null : error.Type };
    }

    static ErrorClass ClassOf(int status, in UpstreamError error) => error.Code switch
    {
        "TooManyRequests" => ErrorClass.RateLimited,
        "QuotaExceeded" or "LimitExceeded" => ErrorClass.QuotaExhausted,
        "NotAuthenticated" or "SignUpRequired" => ErrorClass.Unauthorized,
        // It does not tell what is not there from what we may not see; either way our configuration is wrong.
        "NotAuthorizedOrNotFound" or "NotAuthorized" or "NotAllowed" => ErrorClass.Forbidden,
        "PayloadTooLarge" or "RequestEntityTooLarge" => ErrorClass.TooLarge,
        "InternalServerError" => ErrorClass.ServerError,
        "ServiceUnavailable" => ErrorClass.Overloaded,
        "IncorrectState" => ErrorClass.Overloaded,
        _ => ErrorClassifier.Classify(status, error),
    };
}
