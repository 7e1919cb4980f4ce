using Sahab.Routing.Requests;
using Sahab.Server.Govern.Residency;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Serve.Snapshots;
using Sahab.Wire.OpenAI;

namespace Sahab.Server.Serve.Gateway;

/// <summary>Where in the way of a request an error arose.</summary>
internal enum ErrorStage : byte
{
    Read,
    Authenticate,
    Admit,
    Route,
    Attempt,
    Settle,
}

/// <summary>Whose fault an error is.</summary>
internal enum ErrorFault : byte
{
    Client,
    Sahab,
    Provider,
}

/// <summary>An error as the client gets it: OpenAI's four keys, and where it arose and whose fault it is.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Type">OpenAI's <c>type</c>.</param>
/// <param name="Code">OpenAI's <c>code</c>, or none.</param>
/// <param name="Message">What is wrong, where, and what to do about it.</param>
/// <param name="RetryAfterMs">When to try again; given with every 429 and 503.</param>
internal sealed record GatewayError(
    int Status, ErrorStage Stage, ErrorFault Fault, string Type, string? Code, string Message, string? Param = null,
    long? RetryAfterMs = null)
{
    /// <summary>Whether another attempt by the same client can do better; official SDKs obey it.</summary>
    public bool? ShouldRetry { get; init; }

    /// <summary>
    /// What is kept of it, for lists and pages, where the message has words of a cloud in it, which may repeat the prompt;
    /// null: the message.
    /// </summary>
    public string? Kept { get; init; }

    public static GatewayError BodyTooLarge(int limit) => new(
        413, ErrorStage.Read, ErrorFault.Client, "invalid_request_error", "request_too_large",
        $"The request body is larger than {limit} bytes. Send less, or ask the operator to raise server.max_body_bytes.");

    public static GatewayError BodyIncomplete() => new(
        400, ErrorStage.Read, ErrorFault.Client, "invalid_request_error", "incomplete_body",
        "The request body ended before its announced length. Send the request again.");

    public static GatewayError MethodNotAllowed(string method) => new(
        405, ErrorStage.Read, ErrorFault.Client, "invalid_request_error", "method_not_allowed",
        $"{method} is not possible here. Use POST.");

    public static GatewayError NoSuchPath(string method, string? path) => new(
        404, ErrorStage.Read, ErrorFault.Client, "invalid_request_error", "unknown_url",
        $"There is no {method} {path} here. The README lists the paths of the front door.");

    public static GatewayError BadRequest(in RequestFault fault) => new(
        400, ErrorStage.Read, ErrorFault.Client, RequestFault.Type, fault.Code, fault.Message, fault.Param);

    public static GatewayError UnknownKeyId() => new(
        404, ErrorStage.Read, ErrorFault.Client, "invalid_request_error", "unknown_key_id",
        "There is no key with that id. Give the id that stands in the configuration, not the secret.", "key");

    public static GatewayError MissingKey() => new(
        401, ErrorStage.Authenticate, ErrorFault.Client, "invalid_request_error", "invalid_api_key",
        "No API key was given. Send it in the header 'Authorization: Bearer <key>'.");

    public static GatewayError UnknownKey() => new(
        401, ErrorStage.Authenticate, ErrorFault.Client, "invalid_request_error", "invalid_api_key",
        "The API key is not known here. Check that it was copied whole and that it has not been revoked.");

    /// <summary>Of a key that is known, and lets nobody in: who has its secret may know why.</summary>
    public static GatewayError EndedKey(KeyFault fault) => new(
        401, ErrorStage.Authenticate, ErrorFault.Client, "invalid_request_error", "invalid_api_key",
        fault switch
        {
            KeyFault.Expired => "The API key has expired. Give it a later expires_at, or make another key.",
            KeyFault.Revoked => "The API key has been revoked. Make another key.",
            KeyFault.Replaced => "The API key's secret was replaced by another, and the time that both were good is over. "
                + "Use the new one.",
            KeyFault.Suspended => "The organisation of this API key is suspended. Ask whoever runs this server.",
            KeyFault.Archived => "The project of this API key is archived. Use a key of another project.",
            _ => throw new ArgumentOutOfRangeException(nameof(fault)),
        });

    public static GatewayError TooManyUnknownKeys(long retryAfterMs) => new(
        429, ErrorStage.Authenticate, ErrorFault.Client, "requests", "too_many_unknown_keys",
        $"The API key is not known here, nor were many others from this address. Try again in {Seconds(retryAfterMs)} s.",
        RetryAfterMs: retryAfterMs);

    public static GatewayError TierNotAllowed(ServiceTier tier) => new(
        403, ErrorStage.Admit, ErrorFault.Client, "permission_error", "service_tier_not_allowed",
        $"This key may not be used for calls of the tier '{tier}'. Use another key.", "service_tier")
    {
        ShouldRetry = false,
    };

    /// <summary>There is not enough left, whatever else runs: asking again is of no use.</summary>
    public static GatewayError BudgetExceeded(
        string id, string name, string limit, string left, string needed, string resets) => new(
        402, ErrorStage.Admit, ErrorFault.Client, "insufficient_quota", "budget_exceeded",
        $"The budget '{name}' ({id}) of {limit} does not allow this call: {left} are left, and the call may need {needed}. "
        + $"{resets} Raise the budget, or ask for less: max_completion_tokens says how much output may cost.")
        {
            ShouldRetry = false,
        };

    public static GatewayError BudgetHeld(string id, string name, string limit, string left, long retryAfterMs) => new(
        429, ErrorStage.Admit, ErrorFault.Client, "requests", "budget_held",
        $"What is left of the budget '{name}' ({id}) of {limit}, {left}, is held by calls that run, or by other nodes. "
        + $"Try again in {Seconds(retryAfterMs)} s.", RetryAfterMs: retryAfterMs);

    public static GatewayError BudgetUnknown(long retryAfterMs) => new(
        503, ErrorStage.Admit, ErrorFault.Sahab, "server_error", "budget_unknown",
        "The database cannot be asked at the moment what is left of a budget of this call. "
        + $"Try again in {Seconds(retryAfterMs)} s.", RetryAfterMs: retryAfterMs);

    /// <param name="model">What the client calls it; shown on the pages too, and some put their key here.</param>
    public static GatewayError ModelNotFound(string model) => new(
        404, ErrorStage.Route, ErrorFault.Client, "invalid_request_error", "model_not_found",
        $"The model '{SecretRedaction.Redact(model)}' does not exist here, or this key may not use it. GET /v1/models lists what it may use.",
        "model");

    public static GatewayError OperationNotServed(string model, string operation) => new(
        400, ErrorStage.Route, ErrorFault.Client, "invalid_request_error", "operation_not_supported",
        $"The model '{model}' does not serve {operation}. GET /v1/models lists the models.", "model");

    /// <param name="models">How many models serve the operation that this key may use.</param>
    public static GatewayError ModelNeeded(string operation, int models) => new(
        400, ErrorStage.Read, ErrorFault.Client, "invalid_request_error", "missing_required_parameter",
        $"Missing required parameter: 'model'. It may be left out only where one model alone serves {operation}, and here "
        + $"{(models == 0 ? "none does" : $"{models} do")}. GET /v1/models lists the models.", "model");

    public static GatewayError NotCapable(string model, string needs) => new(
        400, ErrorStage.Route, ErrorFault.Client, "invalid_request_error", "unsupported_capability",
        $"No deployment of '{model}' that this key may use offers what the request needs: {needs}.", "model");

    public static GatewayError ContextTooLong(string model) => new(
        400, ErrorStage.Route, ErrorFault.Client, "invalid_request_error", "context_length_exceeded",
        $"The prompt and the output asked for do not fit the context of any deployment of '{model}' that this key may "
        + "use. Shorten the prompt or lower max_completion_tokens.", "messages");

    public static GatewayError CountryNotAllowed(string model, string countries) => new(
        403, ErrorStage.Route, ErrorFault.Client, "permission_error", "country_not_allowed",
        $"This key may only be served from {countries}, and no deployment of '{model}' is there.", "model")
    {
        ShouldRetry = false,
    };

    public static GatewayError Refused(DataRefusal refusal) => new(
        403, ErrorStage.Admit, ErrorFault.Client, "permission_error", refusal.Code, refusal.Message)
    {
        ShouldRetry = false,
    };

    /// <param name="member">What of the request asks the cloud to keep it.</param>
    public static GatewayError KeepingNotAllowed(string member, TimeSpan keepFor) => new(
        403, ErrorStage.Admit, ErrorFault.Client, "permission_error", "content_not_kept",
        (keepFor == TimeSpan.Zero
            ? "The rules on this project's data let nothing of content be kept"
            : $"The rules on this project's data let content be kept for {Scalars.Format(keepFor)} at most")
        + $", and '{member}' asks the cloud to keep it for longer. Leave it out"
        + (member == KeepingWish.Store && keepFor > TimeSpan.Zero ? ", or use /v1/responses, which are kept here." : "."),
        member)
    {
        ShouldRetry = false,
    };

    /// <param name="why">Who bars what.</param>
    public static GatewayError ProviderBarred(string model, string why) => new(
        403, ErrorStage.Route, ErrorFault.Client, "permission_error", "subprocessor_barred",
        $"No deployment of '{model}' may have this call's data. {why}", "model")
    {
        ShouldRetry = false,
    };

    public static GatewayError UseNotAllowed(string model, string use) => new(
        403, ErrorStage.Route, ErrorFault.Client, "permission_error", "use_not_allowed",
        $"No deployment of '{model}' may be used for what this key's project is for ({use}).", "model")
    {
        ShouldRetry = false,
    };

    public static GatewayError BeyondShare(string model) => new(
        403, ErrorStage.Route, ErrorFault.Client, "permission_error", "capacity_not_shared",
        $"What there is of '{model}' for this call is guaranteed to groups of tenants that do not lend so much of it. "
        + "Ask for less, or ask whoever runs this server for a share.", "model")
    {
        ShouldRetry = false,
    };

    public static GatewayError KeyLimited(string limit, long allowed, long retryAfterMs) => new(
        429, ErrorStage.Admit, ErrorFault.Client, limit, "rate_limit_exceeded",
        $"This key's limit of {allowed} {limit} is reached. Try again in {Seconds(retryAfterMs)} s.",
        RetryAfterMs: retryAfterMs);

    public static GatewayError LargerThanKeyLimit(long tokens, long allowed) => new(
        400, ErrorStage.Admit, ErrorFault.Client, "invalid_request_error", "request_larger_than_limit",
        $"The request may use {tokens} tokens, more than this key's whole limit of {allowed} tokens per minute. "
        + "Shorten the prompt, lower max_completion_tokens, or ask for a higher limit.", "max_completion_tokens");

    public static GatewayError AllFull(string model, long retryAfterMs) => new(
        429, ErrorStage.Admit, ErrorFault.Sahab, "tokens", "rate_limit_exceeded",
        $"Every deployment of '{model}' is at its capacity. Try again in {Seconds(retryAfterMs)} s.",
        RetryAfterMs: retryAfterMs);

    public static GatewayError QueueFull(string model, long retryAfterMs) => new(
        429, ErrorStage.Admit, ErrorFault.Sahab, "requests", "rate_limit_exceeded",
        $"Every deployment of '{model}' is at its capacity and the queue is full. Try again in {Seconds(retryAfterMs)} s.",
        RetryAfterMs: retryAfterMs);

    public static GatewayError TooManyCalls(int limit) => new(
        503, ErrorStage.Admit, ErrorFault.Sahab, "server_error", "overloaded",
        $"The server already handles its limit of {limit} calls at once. Try again in 1 s.", RetryAfterMs: 1000);

    public static GatewayError NoneHealthy(string model, long retryAfterMs) => new(
        503, ErrorStage.Route, ErrorFault.Provider, "server_error", "no_healthy_deployment",
        $"No deployment of '{model}' that this key may use is healthy. Try again in {Seconds(retryAfterMs)} s.",
        RetryAfterMs: retryAfterMs);

    public static GatewayError AttemptsFailed(string model, int attempts, string last, string words, long retryAfterMs)
    {
        var kept = $"{attempts} of the deployments of '{model}' were tried and failed; the last one {last}";
        return new GatewayError(
            503, ErrorStage.Attempt, ErrorFault.Provider, "server_error", "upstream_failed",
            $"{kept}{(words.Length > 0 ? ": " : "")}{words}. Try again in {Seconds(retryAfterMs)} s.",
            RetryAfterMs: retryAfterMs)
        {
            Kept = kept + ".",
        };
    }

    public static GatewayError UsageNotRecorded() => new(
        503, ErrorStage.Settle, ErrorFault.Sahab, "server_error", "journal_unavailable",
        "The call's usage cannot be recorded at the moment, so no call is answered. Try again in 2 s.",
        RetryAfterMs: 2000);

    public static GatewayError Unexpected(Guid callId) => new(
        500, ErrorStage.Attempt, ErrorFault.Sahab, "server_error", "internal_error",
        $"Something went wrong here. Tell the operator the call's id: {callId}.");

    public static GatewayError StreamBroken(string reason) => new(
        502, ErrorStage.Attempt, ErrorFault.Provider, "server_error", "stream_interrupted",
        $"The stream ended early: {reason}. What was received before is incomplete; send the request again.");

    public static GatewayError KeyConcurrency(int allowed, long retryAfterMs) => new(
        429, ErrorStage.Admit, ErrorFault.Client, "requests", "rate_limit_exceeded",
        $"This key's limit of {allowed} calls at once is reached. Try again in {Seconds(retryAfterMs)} s.",
        RetryAfterMs: retryAfterMs);

    /// <summary>For the books only: nobody is there to read it.</summary>
    public static GatewayError ClientLeft() => new(
        499, ErrorStage.Admit, ErrorFault.Client, "invalid_request_error", "client_closed_request",
        "The client left before its call was served.");

    /// <summary>Whole seconds, at least 1, never less than the time itself.</summary>
    public static long Seconds(long ms) => Math.Max(1, (ms + 999) / 1000);
}
