namespace Sahab.Ledger.Rating;

/// <summary>What one attempt used, in tokens, as the provider counts them.</summary>
/// <param name="PromptTokens">Prompt tokens, cached ones included. At least 0.</param>
/// <param name="CachedTokens">
/// The part of the prompt read from the provider's cache. 0 to <paramref name="PromptTokens"/>.
/// </param>
/// <param name="OutputTokens">Generated tokens, reasoning included. At least 0.</param>
/// <param name="ReasoningTokens">
/// The part of the output spent on reasoning. 0 to <paramref name="OutputTokens"/>.
/// </param>
public readonly record struct TokenUsage(long PromptTokens, long CachedTokens, long OutputTokens, long ReasoningTokens)
{
    /// <summary>Prompt and output together.</summary>
    public long TotalTokens => PromptTokens + OutputTokens;

    /// <summary>Whether every part lies in its range.</summary>
    public bool IsConsistent =>
        PromptTokens >= 0 && OutputTokens >= 0
        && CachedTokens >= 0 && CachedTokens <= PromptTokens
        && ReasoningTokens >= 0 && ReasoningTokens <= OutputTokens;
}
