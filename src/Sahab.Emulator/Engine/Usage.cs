namespace Sahab.Emulator.Engine;

/// <summary>Tokens of one call. What a cache held or took is a part of prompt, reasoning a part of output.</summary>
/// <param name="Prompt">Prompt tokens.</param>
/// <param name="Cached">The part of the prompt that the cache held.</param>
/// <param name="Output">Generated tokens.</param>
/// <param name="Reasoning">The part of the output that was reasoning.</param>
public readonly record struct Usage(long Prompt, long Cached, long Output, long Reasoning)
{
    /// <summary>The part of the prompt that the cache took, for whatever time.</summary>
    public long CacheWritten { get; init; }

    /// <summary>The part of what the cache took that it keeps for an hour.</summary>
    public long CacheWritten1h { get; init; }

    /// <summary>No tokens.</summary>
    public static Usage None => default;

    /// <summary>Adds part by part.</summary>
    public static Usage operator +(Usage left, Usage right) => new(
        left.Prompt + right.Prompt, left.Cached + right.Cached,
        left.Output + right.Output, left.Reasoning + right.Reasoning)
    {
        CacheWritten = left.CacheWritten + right.CacheWritten,
        CacheWritten1h = left.CacheWritten1h + right.CacheWritten1h,
    };
}
