using System.Globalization;
using Sahab.Server.Serve.Gateway;

namespace Sahab.Server.Serve.Responses;

/// <summary>What can be wrong with a call about kept responses.</summary>
internal static class ResponseErrors
{
    const string Invalid = "invalid_request_error";

    public static GatewayError NoPrevious(string id) => new(
        400, ErrorStage.Read, ErrorFault.Client, Invalid, "previous_response_not_found",
        $"Previous response with id '{id}' not found. It, or a turn before it, was made with 'store: false' or in another "
        + "project, was deleted, or has expired. Send the conversation as input.", "previous_response_id");

    public static GatewayError ConversationTooLong(int limit) => new(
        400, ErrorStage.Read, ErrorFault.Client, Invalid, "context_length_exceeded",
        string.Create(CultureInfo.InvariantCulture, $"The turns before this one are larger than {limit} bytes. ")
        + "Send what matters of the conversation as input.", "previous_response_id");

    public static GatewayError NotFound(string id) => new(
        404, ErrorStage.Read, ErrorFault.Client, Invalid, "response_not_found",
        $"Response with id '{id}' not found. It was not stored, was made in another project, was deleted, or has expired.",
        "response_id");

    public static GatewayError NotInBackground(string id) => new(
        400, ErrorStage.Read, ErrorFault.Client, Invalid, "not_cancellable",
        $"Response '{id}' was not made in the background, so that there is nothing to cancel. Close the connection to "
        + "end a call that is running.", "response_id");

    public static GatewayError NoReplay() => new(
        400, ErrorStage.Read, ErrorFault.Client, Invalid, "unsupported_parameter",
        "A kept response is not streamed again. Leave 'stream' out.", "stream");

    public static GatewayError BadParameter(string name, string message) => new(
        400, ErrorStage.Read, ErrorFault.Client, Invalid, "invalid_value", message, name);

    public static GatewayError StoreUnavailable() => new(
        503, ErrorStage.Read, ErrorFault.Sahab, "server_error", "store_unavailable",
        "Stored responses cannot be reached at the moment. Try again in 2 s, or send the conversation as input.",
        RetryAfterMs: 2000);
}
