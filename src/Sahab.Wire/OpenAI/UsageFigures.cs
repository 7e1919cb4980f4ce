namespace Sahab.Wire.OpenAI;

/// <summary>
/// Token counts as a provider stated them. They are taken as they stand; whether they can be true is
/// <see cref="IsConsistent"/>.
/// </summary>
public readonly record struct UsageFigures
{
    /// <summary>The largest count that is believed: a million million tokens.</summary>
    public const long MaxTokens = 1_000_000_000_000;

    /// <summary>Prompt tokens, those read from or written to a cache included.</summary>
    public long Prompt { get; init; }

    /// <summary>The part of <see cref="Prompt"/> that was read from the provider's cache. 0 when not stated.</summary>
    public long Cached { get; init; }

    /// <summary>The part of <see cref="Prompt"/> that was written to the provider's cache. 0 when not stated.</summary>
    public long CacheWritten { get; init; }

    /// <summary>The part of <see cref="CacheWritten"/> that is kept for an hour. 0 when not stated.</summary>
    public long CacheWritten1h { get; init; }

    /// <summary>Generated tokens, reasoning included. 0 for embeddings.</summary>
    public long Output { get; init; }

    /// <summary>The part of <see cref="Output"/> that was spent on reasoning. 0 when not stated.</summary>
    public long Reasoning { get; init; }

    /// <summary>Prompt and output together, as stated. 0 when not stated.</summary>
    public long Total { get; init; }

    /// <summary>Whether the provider stated any usage: an object, be it empty or absurd.</summary>
    public bool Present { get; init; }

    /// <summary>
    /// Whether every figure needed is there, is a whole number in 0 to <see cref="MaxTokens"/>, and they agree: the
    /// parts lie within their wholes and the total, where stated, is their sum. The figures are 0 where they are not
    /// such numbers.
    /// </summary>
    public bool IsConsistent { get; init; }
}
