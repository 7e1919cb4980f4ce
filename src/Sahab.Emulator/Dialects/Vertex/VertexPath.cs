using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.Vertex;

/// <summary>What a path of Google's asks for.</summary>
/// <param name="Region">The region; null where the path names none that the cloud has.</param>
/// <param name="Model">The model; empty for the OpenAI-compatible API.</param>
/// <param name="Method">What comes behind the colon, or <c>chat/completions</c>.</param>
/// <param name="Style">Under which of Google's APIs it lies.</param>
internal sealed record VertexPath(string? Region, string Model, string Method, VertexPathStyle Style)
{
    static readonly string[] Versions = ["v1", "v1beta1", "v1beta"];

    /// <summary>
    /// Reads <c>[/region]/v1[beta1]/projects/{p}/locations/{l}/publishers/google/models/{m}:{method}</c>, the same without
    /// a project (express mode), <c>…/endpoints/openapi/chat/completions</c>, and the Gemini API's
    /// <c>/v1beta/models/{m}:{method}</c>.
    /// </summary>
    /// <returns>Null where it is none of them.</returns>
    public static VertexPath? Read(string path, Cloud cloud)
    {
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries).AsSpan();
        string? prefix = null;
        if (parts.Length > 1 && !Versions.Contains(parts[0]))
        {
            prefix = parts[0];
            parts = parts[1..];
        }
        if (parts.Length < 3 || !Versions.Contains(parts[0]))
        {
            return null;
        }
        var isBeta = parts[0] == "v1beta";
        parts = parts[1..];
        if (parts is ["projects", _, "locations", var location, .. var below])
        {
            // A regional host serves its own place only.
            var region = prefix is null || prefix == location ? location : null;
            return below is ["endpoints", "openapi", "chat", "completions"]
                ? new VertexPath(region, "", "chat/completions", VertexPathStyle.OpenAI)
                : ReadModel(below, region, VertexPathStyle.Project);
        }
        var own = prefix ?? cloud.FirstRegion;
        return parts is ["models", ..] && isBeta
            ? ReadModel(["publishers", "google", .. parts], own, VertexPathStyle.GeminiApi)
            : ReadModel(parts, own, VertexPathStyle.Express);
    }

    static VertexPath? ReadModel(ReadOnlySpan<string> parts, string? region, VertexPathStyle style)
    {
        if (parts is not ["publishers", _, "models", var last] || last.LastIndexOf(':') is not (> 0 and var colon))
        {
            return null;
        }
        return new VertexPath(region, last[..colon], last[(colon + 1)..], style);
    }
}

/// <summary>Google's APIs for the same models.</summary>
internal enum VertexPathStyle
{
    /// <summary>Vertex AI, with a project and a place in the path.</summary>
    Project,

    /// <summary>Vertex AI in express mode: the key stands for the project.</summary>
    Express,

    /// <summary>The Gemini API, which has no projects.</summary>
    GeminiApi,

    /// <summary>Vertex AI's OpenAI-compatible API.</summary>
    OpenAI,
}
