using Sahab.Ledger.Rating;
using Sahab.Wire.OpenAI;

namespace Sahab.Server.Serve.Gateway;

/// <summary>Says whose fault an upstream's error answer is, and so what becomes of the call.</summary>
internal static class UpstreamFailure
{
    /// <summary>
    /// What an answer other than 200 means: the client's own mistakes go back to it; everything else is a reason to
    /// try another deployment.
    /// </summary>
    public static AttemptOutcome OutcomeOf(int status, in UpstreamError error) => error.Class is { } known
        ? OutcomeOf(known)
        : status switch
        {
            429 => AttemptOutcome.Throttled,
            401 or 403 => AttemptOutcome.Unauthorized,
            408 => AttemptOutcome.TimedOut,
            // The route names the deployment's model, not the client: a model that is not there is our configuration.
            404 or 405 => AttemptOutcome.ServerError,
            >= 400 and < 500 => AttemptOutcome.Refused,
            _ => AttemptOutcome.ServerError,
        };

    /// <summary>The same where the dialect has told what kind of error it is, since statuses differ between vendors.</summary>
    static AttemptOutcome OutcomeOf(ErrorClass known) => known switch
    {
        ErrorClass.RateLimited or ErrorClass.QuotaExhausted => AttemptOutcome.Throttled,
        ErrorClass.Unauthorized or ErrorClass.Forbidden => AttemptOutcome.Unauthorized,
        ErrorClass.Timeout => AttemptOutcome.TimedOut,
        ErrorClass.InvalidRequest or ErrorClass.ContextLengthExceeded or ErrorClass.ContentFiltered
            or ErrorClass.TooLarge or ErrorClass.Unsupported or ErrorClass.TooLargeForDeployment =>
            AttemptOutcome.Refused,
        _ => AttemptOutcome.ServerError,
    };

    /// <summary>
    /// A refusal as the client gets it: the provider's words and status, with type and code as OpenAI has them, since
    /// programs tell by those what happened, and not every provider follows.
    /// </summary>
    public static GatewayError ToClient(int status, in UpstreamError error) => new(
        status is >= 400 and < 500 ? status : 400, ErrorStage.Attempt, ErrorFault.Client,
        IsWord(error.Type) ? error.Type! : "invalid_request_error",
        (error.Class ?? ErrorClassifier.Classify(status, error)) == ErrorClass.ContextLengthExceeded
            ? "context_length_exceeded"
            : IsWord(error.Code) ? error.Code : null,
        string.IsNullOrEmpty(error.Message) ? "The provider refused the request without saying why." : error.Message,
        error.Param)
    {
        Kept = "The cloud refused the request; its words are for the client alone.",
    };

    /// <summary>
    /// Whether it is a word in OpenAI's way, such as <c>invalid_value</c>; not the status that vLLM and Google repeat
    /// here, nor the name of a class or a constant.
    /// </summary>
    static bool IsWord(string? text) =>
        !string.IsNullOrEmpty(text) && char.IsAsciiLetterLower(text[0]) && !text.Any(char.IsAsciiLetterUpper);
}
