namespace Sahab.Emulator.Dialects.Bedrock;

/// <summary>Errors as AWS names them.</summary>
internal static class AwsErrors
{
    const string Suffix = "Exception";

    public static ApiError UnknownKey => Forbidden(
        "UnrecognizedClientException", "The security token included in the request is invalid.");

    public static ApiError Forbidden(string name, string message) => new(403, message, name);

    public static ApiException Invalid(string message) => new(new ApiError(400, message, "ValidationException"));

    public static ApiException UnknownModel() => Invalid("The provided model identifier is invalid.");

    public static ApiException UnknownOperation() =>
        new(new ApiError(404, "The requested operation is not known.", "UnknownOperationException"));

    /// <summary>The name that goes with an error, whoever made it.</summary>
    public static string NameOf(ApiError error) => error.Type.EndsWith(Suffix, StringComparison.Ordinal)
        ? error.Type
        : error.Status switch
        {
            401 or 403 => "AccessDeniedException",
            404 => "ResourceNotFoundException",
            408 => "ModelTimeoutException",
            424 => "ModelErrorException",
            429 => "ThrottlingException",
            503 => "ServiceUnavailableException",
            >= 500 => "InternalServerException",
            _ => "ValidationException",
        };
}
