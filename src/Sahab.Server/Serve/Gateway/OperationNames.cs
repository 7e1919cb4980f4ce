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
        ApiOperation.Moderations => "moderations",
        ApiOperation.ImageGenerations => "images.generations",
        ApiOperation.ImageEdits => "images.edits",
        ApiOperation.ImageVariations => "images.variations",
        ApiOperation.Transcriptions => "audio.transcriptions",
        ApiOperation.Translations => "audio.translations",
        ApiOperation.Speech => "audio.speech",
        _ => throw new ArgumentOutOfRangeException(nameof(operation)),
    };

    /// <summary>OpenTelemetry's name (<c>gen_ai.operation.name</c>); ours where it has none.</summary>
    public static string GenAiOf(ApiOperation operation) => operation switch
    {
        ApiOperation.ChatCompletions => "chat",
        ApiOperation.Completions => "text_completion",
        _ => Of(operation),
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
        ApiOperation.Moderations => Operation.Moderations,
        ApiOperation.ImageGenerations => Operation.ImageGenerations,
        ApiOperation.ImageEdits => Operation.ImageEdits,
        ApiOperation.ImageVariations => Operation.ImageVariations,
        ApiOperation.Transcriptions => Operation.Transcriptions,
        ApiOperation.Translations => Operation.Translations,
        ApiOperation.Speech => Operation.Speech,
        _ => throw new ArgumentOutOfRangeException(nameof(operation)),
    };
}
