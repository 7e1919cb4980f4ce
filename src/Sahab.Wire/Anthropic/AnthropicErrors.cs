using System.Text.Json;
using Sahab.Wire.OpenAI;

namespace Sahab.Wire.Anthropic;

/// <summary>Reads Anthropic's errors, and tells what kind each is by its type.</summary>
static class AnthropicErrors
{
    static readonly JsonReaderOptions Options = new() { MaxDepth = RequestScanner.MaxDepth };

    /// <summary>Reads an error.</summary>
    /// <param name="status">The HTTP status; 0 when it came inside an answer that had begun well.</param>
    /// <param name="body">The body, or the data of the event.</param>
    public static UpstreamError Read(int status, ReadOnlySpan<byte> body)
    {
        UpstreamError error = ErrorReader.Read(status, body);
        string? code = CodeOf(body);
        return error with
        {
            Code = code ?? error.Code,
            Class = ClassOf(status, error, code),
        };
    }

    static ErrorClass ClassOf(int status, in UpstreamError error, string? code)
    {
        switch (error.Type)
        {
            case "rate_limit_error" when code == "enforced_spend_limit_reached":
            case "billing_error":
                return ErrorClass.QuotaExhausted;
            case "rate_limit_error":
                return ErrorClass.RateLimited;
            case "overloaded_error":
                return ErrorClass.Overloaded;
            case "timeout_error":
                return ErrorClass.Timeout;
            case "api_error":
                return ErrorClass.ServerError;
            case "authentication_error":
                return ErrorClass.Unauthorized;
            case "permission_error":
                return ErrorClass.Forbidden;
            case "not_found_error":
                return ErrorClass.ModelNotFound;
            case "request_too_large":
                return ErrorClass.TooLarge;
            case "invalid_request_error" when error.Message.Contains("credit balance", StringComparison.OrdinalIgnoreCase):
                return ErrorClass.QuotaExhausted;
            default:
                // Something in between answered, or the request is at fault; the words tell whether it is too long.
                return ErrorClassifier.Classify(status, error with { Class = null });
        }
    }

    /// <summary>The finer code, <c>error.details.error_code</c>.</summary>
    static string? CodeOf(ReadOnlySpan<byte> body)
    {
        try
        {
            var reader = new Utf8JsonReader(body, Options);
            using JsonDocument document = JsonDocument.ParseValue(ref reader);
            return document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("error", out JsonElement error)
                && error.ValueKind == JsonValueKind.Object
                && error.TryGetProperty("details", out JsonElement details) && details.ValueKind == JsonValueKind.Object
                && details.TryGetProperty("error_code", out JsonElement code) && code.ValueKind == JsonValueKind.String
                ? SecretRedaction.Redact(code.GetString()!)
                : null;
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
