using Sahab.Ledger.Rating;
using Sahab.Routing.Requests;
using Sahab.Wire.OpenAI;

namespace Sahab.Server.Serve.Gateway;

/// <summary>The operations by the names that the ledger, the metrics and the pages use.</summary>
internal static class OperationNames
{
    public static string Of(ApiOperation operation) => operation switch
    {
        ApiOperation.ChatCompletions => "chat.completions",
        ApiOperation.Completions => "completions",
        ApiOperation.Embeddings => "embeddings",
        _ => throw new ArgumentOutOfRangeException(nameof(operation)),
    };

    /// <summary>OpenTelemetry's name (<c>gen_ai.operation.name</c>).</summary>
    public static string GenAiOf(ApiOperation operation) => operation switch
    {
        ApiOperation.ChatCompletions => "chat",
        ApiOperation.Completions => "text_completion",
        _ => "embeddings",
    };

    /// <summary>OpenTelemetry's <c>error.type</c> of an attempt: one of few words, or none where it did not fail.</summary>
    public static string? ErrorTypeOf(AttemptOutcome outcome) => outcome switch
    {
        AttemptOutcome.Throttled => "throttled",
        AttemptOutcome.Refused => "refused",
        AttemptOutcome.ServerError => "server_error",
        AttemptOutcome.Unreachable => "unreachable",
        AttemptOutcome.TimedOut => "timeout",
        AttemptOutcome.Stalled => "stalled",
        AttemptOutcome.Cut => "cut",
        AttemptOutcome.Unauthorized => "unauthorized",
        _ => null,
    };

    public static Operation ToRouting(ApiOperation operation) => operation switch
    {
        ApiOperation.ChatCompletions => Operation.ChatCompletions,
        ApiOperation.Completions => Operation.Completions,
        ApiOperation.Embeddings => Operation.Embeddings,
        _ => throw new ArgumentOutOfRangeException(nameof(operation)),
    };
}
