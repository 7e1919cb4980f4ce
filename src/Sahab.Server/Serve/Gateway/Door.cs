using Sahab.Wire.Anthropic;
using Sahab.Wire.OpenAI;
using Sahab.Wire.Responses;
using Sahab.Wire.Translation;

namespace Sahab.Server.Serve.Gateway;

/// <summary>What a path of the front door stands for.</summary>
/// <param name="Operation">What is asked of a cloud.</param>
/// <param name="Api">The client's API; null where it is OpenAI's own.</param>
/// <param name="Route">The path as logs and metrics name it, without what a client puts into it.</param>
/// <param name="Model">The model, where the path names it.</param>
/// <param name="Stream">Whether to stream, where the path says so.</param>
internal sealed record Door(
    ApiOperation Operation, IClientApi? Api, string Route, string? Model = null, bool? Stream = null)
{
    /// <summary>
    /// Whether only the tokens of the prompt are asked for: answered here by the estimate that admission goes by
    /// (<see cref="IClientApi.WriteTokenCount"/>); no cloud sees the request.
    /// </summary>
    public bool CountsTokens { get; init; }

    /// <summary>Whether a call may refer to earlier ones and may be kept itself (<see cref="IDoorKeeper"/>).</summary>
    public bool HasKeeper { get; init; }

    /// <summary>Whether requests may be <c>multipart/form-data</c>, as those with files are.</summary>
    public bool TakesForms { get; init; }

    /// <summary>Whether the key may stand in the query (<c>?key=</c>), as Google's clients may send it.</summary>
    public bool KeyInQuery { get; init; }

    static readonly Door ChatCompletions = new(ApiOperation.ChatCompletions, null, "/v1/chat/completions");
    static readonly Door Completions = new(ApiOperation.Completions, null, "/v1/completions");
    static readonly Door Embeddings = new(ApiOperation.Embeddings, null, "/v1/embeddings");

    static readonly Door Messages = new(ApiOperation.ChatCompletions, MessagesApi.Messages, "/v1/messages");
    static readonly Door MessageTokens =
        new(ApiOperation.ChatCompletions, MessagesApi.TokenCount, "/v1/messages/count_tokens") { CountsTokens = true };

    static readonly Door Responses =
        new(ApiOperation.ChatCompletions, ResponsesApi.Plain, "/v1/responses") { HasKeeper = true };

    static readonly Door ResponseTokens =
        Responses with { Route = "/v1/responses/input_tokens", CountsTokens = true };

    static readonly Door Moderations = new(ApiOperation.Moderations, null, "/v1/moderations");
    static readonly Door ImageGenerations = new(ApiOperation.ImageGenerations, null, "/v1/images/generations");
    static readonly Door ImageEdits = new(ApiOperation.ImageEdits, null, "/v1/images/edits") { TakesForms = true };
    static readonly Door ImageVariations =
        new(ApiOperation.ImageVariations, null, "/v1/images/variations") { TakesForms = true };

    static readonly Door Transcriptions =
        new(ApiOperation.Transcriptions, null, "/v1/audio/transcriptions") { TakesForms = true };

    static readonly Door Translations =
        new(ApiOperation.Translations, null, "/v1/audio/translations") { TakesForms = true };

    static readonly Door Speech = new(ApiOperation.Speech, null, "/v1/audio/speech");

    /// <summary>The door that a path leads to, or none.</summary>
    public static Door? At(string? path) => path switch
    {
        "/v1/chat/completions" => ChatCompletions,
        "/v1/completions" => Completions,
        "/v1/embeddings" => Embeddings,
        "/v1/messages" => Messages,
        "/v1/messages/count_tokens" => MessageTokens,
        "/v1/responses" => Responses,
        "/v1/responses/input_tokens" => ResponseTokens,
        "/v1/moderations" => Moderations,
        "/v1/images/generations" => ImageGenerations,
        "/v1/images/edits" => ImageEdits,
        "/v1/images/variations" => ImageVariations,
        "/v1/audio/transcriptions" => Transcriptions,
        "/v1/audio/translations" => Translations,
        "/v1/audio/speech" => Speech,
        _ => GeminiDoors.At(path),
    };
}
