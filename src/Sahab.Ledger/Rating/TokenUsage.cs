namespace Sahab.Ledger.Rating;

/// <summary>What one attempt used, in tokens, as the provider counts them.</summary>
/// <param name="PromptTokens">Prompt tokens, those read from or written to a cache included. At least 0.</param>
/// <param name="CachedTokens">
/// The part of the prompt read from the provider's cache. 0 to <paramref name="PromptTokens"/>.
/// </param>
/// <param name="OutputTokens">Generated tokens, reasoning included. At least 0.</param>
/// <param name="ReasoningTokens">
/// The part of the output spent on reasoning. 0 to <paramref name="OutputTokens"/>.
/// </param>
public readonly record struct TokenUsage(long PromptTokens, long CachedTokens, long OutputTokens, long ReasoningTokens)
{
    /// <summary>
    /// The part of the prompt written to the provider's cache, for whatever time. At least 0; with
    /// <see cref="CachedTokens"/> at most <see cref="PromptTokens"/>.
    /// </summary>
    public long CacheWriteTokens { get; init; }

    /// <summary>
    /// The part of <see cref="CacheWriteTokens"/> that was written to be kept for an hour, which Anthropic sells dearer
    /// than five minutes. 0 to <see cref="CacheWriteTokens"/>.
    /// </summary>
    public long CacheWrite1hTokens { get; init; }

    /// <summary>Prompt and output together.</summary>
    public long TotalTokens => PromptTokens + OutputTokens;

    /// <summary>Prompt tokens that no cache held or took. Only of consistent usage.</summary>
    public long PlainPromptTokens => PromptTokens - CachedTokens - CacheWriteTokens;

    /// <summary>Whether every part lies in its range.</summary>
    public bool IsConsistent =>
        PromptTokens >= 0 && OutputTokens >= 0
        && CachedTokens >= 0 && CachedTokens <= PromptTokens
        && CacheWriteTokens >= 0 && CacheWriteTokens <= PromptTokens - CachedTokens
        && CacheWrite1hTokens >= 0 && CacheWrite1hTokens <= CacheWriteTokens
        && ReasoningTokens >= 0 && ReasoningTokens <= OutputTokens;
}
