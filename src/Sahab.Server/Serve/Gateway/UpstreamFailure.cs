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
    public static AttemptOutcome OutcomeOf(int status, in UpstreamError error) => status switch
    {
        429 => AttemptOutcome.Throttled,
        401 or 403 => AttemptOutcome.Unauthorized,
        408 => AttemptOutcome.TimedOut,
        // The route names the deployment's model, not the client: a model that is not there is our configuration.
        404 or 405 => AttemptOutcome.ServerError,
        >= 400 and < 500 => AttemptOutcome.Refused,
        _ => AttemptOutcome.ServerError,
    };

    /// <summary>A refusal as the client gets it: the provider's words, and its status.</summary>
    public static GatewayError ToClient(int status, in UpstreamError error) => new(
        status is >= 400 and < 500 ? status : 400, ErrorStage.Attempt, ErrorFault.Client,
        string.IsNullOrEmpty(error.Type) ? "invalid_request_error" : error.Type,
        error.Code,
        string.IsNullOrEmpty(error.Message) ? "The provider refused the request without saying why." : error.Message,
        error.Param);
}
