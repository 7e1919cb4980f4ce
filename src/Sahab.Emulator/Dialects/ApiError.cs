namespace Sahab.Emulator.Dialects;

/// <summary>An error to answer with; the vendor's style decides its shape.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Message">What is wrong.</param>
/// <param name="Type">OpenAI's type.</param>
/// <param name="Param">The parameter at fault.</param>
/// <param name="Code">OpenAI's code.</param>
/// <param name="RetrySeconds">When to try again, in real seconds.</param>
internal sealed record ApiError(
    int Status, string Message, string Type, string? Param = null, string? Code = null, double? RetrySeconds = null)
{
    /// <summary>The id of the request, for vendors that tell it in the body too.</summary>
    public string? RequestId { get; init; }

    public static ApiError Invalid(string message, string? param, string? code = null) =>
        new(400, message, "invalid_request_error", param, code);

    public static ApiError UnknownModel(string model) => new(
        404, $"The model '{model}' does not exist or you do not have access to it.", "invalid_request_error", "model",
        "model_not_found");

    public static ApiError UnknownPath(string path) =>
        new(404, $"Unknown request URL: {path}.", "invalid_request_error", null, "unknown_url");

    public static ApiError TooLarge(long limit) =>
        new(413, $"The request body is larger than {limit} bytes.", "invalid_request_error");

    public static ApiError ContextExceeded(int context, long prompt, long output) => Invalid(
        $"This model's maximum context length is {context} tokens. However, you requested {prompt + output} tokens "
        + $"({prompt} in the messages, {output} in the completion).",
        "messages", "context_length_exceeded");

    public static ApiError Server(int status) =>
        new(status, "The server had an error while processing your request.", "server_error", null, null);
}

/// <summary>Ends the reading of a request with an error for the client.</summary>
internal sealed class ApiException(ApiError error) : Exception(error.Message)
{
    public ApiError Error { get; } = error;
}
