using System.Globalization;

namespace Sahab.Wire.OpenAI;

/// <summary>
/// Tells what kind of error it is. A code or type that names the kind wins; then the words in which well-known servers
/// report a full context or an unknown model, since they give no code for it; then the status.
/// </summary>
public static class ErrorClassifier
{
    static readonly string[] ContextWords =
    [
        "maximum context length", "context length exceeded", "context window", "available context size",
        "exceeds the context", "maximum input length", "maximum model length", "max_model_len", "prompt is too long",
        "input token count", "exceeds the maximum number of tokens",
    ];

    static readonly string[] FilterWords = ["content management policy", "content filter", "content_filter"];

    static readonly string[] UnknownModelWords =
        ["does not exist", "not found", "no such model", "unknown model", "not supported", "do not have access"];

    /// <summary>Classifies an error.</summary>
    /// <param name="status">
    /// The HTTP status of the reply; 0 or 2xx when the error came inside a reply that had begun well.
    /// </param>
    /// <param name="error">The error, as <see cref="ErrorReader"/> read it.</param>
    public static ErrorClass Classify(int status, in UpstreamError error)
    {
        int real = status >= 400 ? status : StatusIn(error.Code);
        ErrorClass named = ByWord(error.Code);
        if (named == ErrorClass.Unknown)
        {
            named = ByWord(error.Type);
        }

        return named switch
        {
            ErrorClass.Unknown or ErrorClass.InvalidRequest or ErrorClass.NotFound =>
                ByMessage(real, error.Message, named),
            _ => named,
        };
    }

    static ErrorClass ByMessage(int status, string message, ErrorClass named)
    {
        if (status is 0 or 400 or 413 or 422 && Mentions(message, ContextWords))
        {
            return ErrorClass.ContextLengthExceeded;
        }

        if (status is 0 or 400 or 422 && Mentions(message, FilterWords))
        {
            return ErrorClass.ContentFiltered;
        }

        if ((status is 0 or 400 or 404 || named == ErrorClass.NotFound)
            && message.Contains("model", StringComparison.OrdinalIgnoreCase) && Mentions(message, UnknownModelWords))
        {
            return status == 404 || named == ErrorClass.NotFound || IsAboutTheModelItself(message)
                ? ErrorClass.ModelNotFound
                : Named(named, status);
        }

        return Named(named, status);
    }

    static ErrorClass Named(ErrorClass named, int status) => named != ErrorClass.Unknown ? named : ByStatus(status);

    /// <summary>
    /// "'logprobs' is not supported by this model" is about a parameter and not about a model's absence.
    /// </summary>
    static bool IsAboutTheModelItself(string message) =>
        message.StartsWith("model", StringComparison.OrdinalIgnoreCase)
        || message.StartsWith("the model", StringComparison.OrdinalIgnoreCase);

    static bool Mentions(string message, string[] words)
    {
        foreach (string word in words)
        {
            if (message.Contains(word, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>vLLM and llama.cpp write the status where OpenAI has its code.</summary>
    static int StatusIn(string? code) =>
        int.TryParse(code, NumberStyles.None, CultureInfo.InvariantCulture, out int status)
            && status is >= 400 and < 600
            ? status
            : 0;

    static ErrorClass ByWord(string? word) => word?.ToLowerInvariant() switch
    {
        "context_length_exceeded" or "exceed_context_size_error" or "string_above_max_length" =>
            ErrorClass.ContextLengthExceeded,
        "content_filter" or "content_policy_violation" or "responsibleaipolicyviolation" => ErrorClass.ContentFiltered,
        "insufficient_quota" or "billing_hard_limit_reached" or "billing_not_active" => ErrorClass.QuotaExhausted,
        "rate_limit_exceeded" or "rate_limit_error" or "resource_exhausted" or "too_many_requests" or "toomanyrequests"
            or "requests" or "tokens" => ErrorClass.RateLimited,
        "model_not_found" or "deploymentnotfound" => ErrorClass.ModelNotFound,
        "invalid_api_key" or "authentication_error" or "unauthenticated" => ErrorClass.Unauthorized,
        "permission_error" or "permission_denied" => ErrorClass.Forbidden,
        "unavailable_error" or "unavailable" or "overloaded_error" or "server_overloaded" or "engine_overloaded" =>
            ErrorClass.Overloaded,
        "not_supported_error" or "unimplemented" => ErrorClass.Unsupported,
        "not_found_error" or "not_found" or "notfounderror" => ErrorClass.NotFound,
        "deadline_exceeded" or "timeout" or "request_timeout" => ErrorClass.Timeout,
        "server_error" or "api_error" or "internal" or "internal_server_error" or "internalservererror" =>
            ErrorClass.ServerError,
        "invalid_request_error" or "invalid_argument" or "badrequesterror" or "invalid_value" or "invalid_type" =>
            ErrorClass.InvalidRequest,
        _ => ErrorClass.Unknown,
    };

    static ErrorClass ByStatus(int status) => status switch
    {
        401 => ErrorClass.Unauthorized,
        402 => ErrorClass.QuotaExhausted,
        403 => ErrorClass.Forbidden,
        404 => ErrorClass.NotFound,
        408 or 504 => ErrorClass.Timeout,
        413 => ErrorClass.TooLarge,
        429 => ErrorClass.RateLimited,
        501 => ErrorClass.Unsupported,
        503 or 529 => ErrorClass.Overloaded,
        >= 500 and < 600 => ErrorClass.ServerError,
        >= 400 and < 500 => ErrorClass.InvalidRequest,
        _ => ErrorClass.Unknown,
    };
}
