using Sahab.Wire.Gemini.Clients;
using Sahab.Wire.OpenAI;
using Sahab.Wire.Translation;

namespace Sahab.Server.Serve.Gateway;

/// <summary>
/// The doors of Google's clients: <c>/v1beta/models/{model}:{method}</c> of the Gemini API, and Vertex AI's
/// <c>/v1/projects/{p}/locations/{l}/publishers/google/models/{model}:{method}</c>, with any of Google's versions. Project
/// and location say nothing here: where a call is served is for the router to decide.
/// </summary>
internal static class GeminiDoors
{
    /// <summary>The Gemini API, in whose form errors at these doors are told.</summary>
    public static GeminiClientApi Api { get; } = new();

    static readonly GeminiEmbeddingApi EmbedContent = new(GeminiEmbeddingForm.EmbedContent);
    static readonly GeminiEmbeddingApi BatchEmbedContents = new(GeminiEmbeddingForm.BatchEmbedContents);
    static readonly GeminiEmbeddingApi Predict = new(GeminiEmbeddingForm.Predict);

    /// <summary>The door that a path leads to, or none. Others than Google's paths cost no allocation.</summary>
    public static Door? At(string? path)
    {
        // Models' names may have colons too.
        var colon = path?.LastIndexOf(':') ?? -1;
        if (colon < 0 || VersionEnd(path!) is not (> 0 and var start) || ModelIn(path.AsSpan(start, colon - start)) is not { } model)
        {
            return null;
        }

        return path.AsSpan(colon + 1) switch
        {
            "generateContent" => Make(Api, ApiOperation.ChatCompletions, "generateContent", model, stream: false),
            "streamGenerateContent" => Make(Api, ApiOperation.ChatCompletions, "streamGenerateContent", model, stream: true),
            "countTokens" => Make(Api, ApiOperation.ChatCompletions, "countTokens", model, stream: false) with
            {
                CountsTokens = true,
            },
            "embedContent" => Make(EmbedContent, ApiOperation.Embeddings, "embedContent", model),
            "batchEmbedContents" => Make(BatchEmbedContents, ApiOperation.Embeddings, "batchEmbedContents", model),
            "predict" => Make(Predict, ApiOperation.Embeddings, "predict", model),
            _ => null,
        };
    }

    /// <summary>Answers a path of Google's that leads nowhere.</summary>
    public static Task RefuseAsync(HttpContext context) => ErrorResponse.WriteAsync(
        context, GatewayError.NoSuchPath(context.Request.Method, context.Request.Path), Api).AsTask();

    static Door Make(IClientApi api, ApiOperation operation, string method, string model, bool? stream = null) =>
        new(operation, api, $"/v1beta/models/{{model}}:{method}", model, stream) { KeyInQuery = true };

    /// <summary>Where the path goes on behind the version; 0 where it has none of Google's.</summary>
    static int VersionEnd(string path) =>
        path.StartsWith("/v1/", StringComparison.Ordinal) ? "/v1/".Length
        : path.StartsWith("/v1beta/", StringComparison.Ordinal) ? "/v1beta/".Length
        : path.StartsWith("/v1beta1/", StringComparison.Ordinal) ? "/v1beta1/".Length
        : 0;

    static string? ModelIn(ReadOnlySpan<char> path)
    {
        const string Models = "models/";
        const string Publishers = "publishers/";
        if (path.StartsWith("projects/", StringComparison.Ordinal))
        {
            var publishers = path.IndexOf("/publishers/", StringComparison.Ordinal);
            if (publishers < 0)
            {
                return null;
            }

            path = path[(publishers + 1)..];
        }

        if (path.StartsWith(Models, StringComparison.Ordinal))
        {
            return NameOf(path[Models.Length..]);
        }

        var models = path.IndexOf("/models/", StringComparison.Ordinal);
        if (!path.StartsWith(Publishers, StringComparison.Ordinal) || models < 0)
        {
            return null;
        }

        // Google's clients make publishers/lab/models/open-7b of the name lab/open-7b.
        var publisher = path[Publishers.Length..models];
        var name = NameOf(path[(models + "/models/".Length)..]);
        return name is null || publisher is "google" ? name : $"{publisher}/{name}";
    }

    /// <summary>The server leaves a slash within a name as it was escaped.</summary>
    static string? NameOf(ReadOnlySpan<char> name) =>
        name.IsEmpty ? null : name.ToString().Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
}
