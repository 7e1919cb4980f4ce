namespace Sahab.Server.Hosting.Import;

/// <summary>A kind of cloud, as the other gateway's model prefixes name it.</summary>
/// <param name="Id">Our provider's id.</param>
/// <param name="Dialect">Our dialect for it.</param>
/// <param name="BaseUrl">Where it is unless the file says otherwise; empty where the file must say.</param>
/// <param name="Variable">The environment variable that its key is usually in.</param>
/// <param name="Verdict">How well the dialect fits.</param>
internal sealed record ImportedKind(
    string Id, string Dialect, string BaseUrl, string Variable, ImportVerdict Verdict = ImportVerdict.Exact)
{
    static readonly Dictionary<string, ImportedKind> Prefixes = new(StringComparer.Ordinal)
    {
        ["openai"] = new("openai", "openai", "https://api.openai.com/v1", "OPENAI_API_KEY"),
        ["azure"] = new("azure", "azure", "", "AZURE_API_KEY"),
        ["azure_ai"] = new("azure-ai", "azure", "", "AZURE_AI_API_KEY", ImportVerdict.Approximate),
        ["vertex_ai"] = new("vertex", "vertex", "", "GOOGLE_API_KEY"),
        ["bedrock"] = new("bedrock", "bedrock", "", "AWS_BEARER_TOKEN_BEDROCK"),
        ["anthropic"] = new("anthropic", "anthropic", "https://api.anthropic.com/v1", "ANTHROPIC_API_KEY"),
        ["hosted_vllm"] = new("vllm", "openai", "", "HOSTED_VLLM_API_KEY"),
        ["ollama"] = Ollama,
        ["ollama_chat"] = Ollama,
        ["gemini"] = Compatible("gemini", "https://generativelanguage.googleapis.com/v1beta/openai", "GEMINI_API_KEY"),
        ["groq"] = Compatible("groq", "https://api.groq.com/openai/v1", "GROQ_API_KEY"),
        ["deepseek"] = Compatible("deepseek", "https://api.deepseek.com/v1", "DEEPSEEK_API_KEY"),
        ["mistral"] = Compatible("mistral", "https://api.mistral.ai/v1", "MISTRAL_API_KEY"),
        ["together_ai"] = Compatible("together-ai", "https://api.together.xyz/v1", "TOGETHERAI_API_KEY"),
        ["fireworks_ai"] = Compatible(
            "fireworks-ai", "https://api.fireworks.ai/inference/v1", "FIREWORKS_AI_API_KEY"),
        ["openrouter"] = Compatible("openrouter", "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
        ["xai"] = Compatible("xai", "https://api.x.ai/v1", "XAI_API_KEY"),
        ["nvidia_nim"] = Compatible("nvidia-nim", "https://integrate.api.nvidia.com/v1", "NVIDIA_NIM_API_KEY"),
    };

    static ImportedKind Ollama => new(
        "ollama", "openai", "http://127.0.0.1:11434/v1", "OLLAMA_API_KEY", ImportVerdict.Approximate);

    /// <summary>
    /// Splits a model as that gateway writes it (<c>bedrock/converse/us.anthropic…</c>) into the kind of cloud and the
    /// cloud's own name for the model; none where no dialect of ours speaks to it.
    /// </summary>
    /// <param name="hasBase">Whether the file gives an address, which makes an unknown name OpenAI-compatible.</param>
    public static (ImportedKind Kind, string Model)? Split(string text, bool hasBase)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0)
        {
            var kind = text.StartsWith("claude", StringComparison.Ordinal) ? "anthropic" : "openai";
            return (Prefixes[kind], text);
        }

        var (prefix, model) = (text[..slash], text[(slash + 1)..]);
        if (!Prefixes.TryGetValue(prefix, out var found))
        {
            return hasBase ? (Compatible(prefix.Replace('_', '-').ToLowerInvariant(), "", ""), model) : null;
        }

        foreach (var way in new[] { "converse/", "invoke/", "converse_like/" })
        {
            if (found.Dialect == "bedrock" && model.StartsWith(way, StringComparison.Ordinal))
            {
                model = model[way.Length..];
            }
        }

        return (found, model);
    }

    static ImportedKind Compatible(string id, string baseUrl, string variable) =>
        new(id, "openai", baseUrl, variable, ImportVerdict.Approximate);
}
