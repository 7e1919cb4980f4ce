namespace Sahab.Wire.Translation;

/// <summary>Usage in OpenAI's sense: whatever the provider's habit, the parts lie within their wholes.</summary>
/// <param name="Prompt">Prompt tokens, those read from or written to a cache included.</param>
/// <param name="Cached">The part of the prompt that was read from the provider's cache.</param>
/// <param name="CacheWritten">The part of the prompt that was written to the provider's cache.</param>
/// <param name="Output">Output tokens, reasoning included.</param>
/// <param name="Reasoning">The part of the output that was spent on reasoning, as far as the provider tells.</param>
public readonly record struct AnswerUsage(long Prompt, long Cached, long CacheWritten, long Output, long Reasoning)
{
    /// <summary>The part of <see cref="CacheWritten"/> that is kept for an hour.</summary>
    public long CacheWritten1h { get; init; }
}
