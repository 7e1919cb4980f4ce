namespace Sahab.Ledger.Focus;

/// <summary>The kinds of tokens that providers charge for apart, as a bill's <c>SkuMeter</c> tells them.</summary>
public enum TokenMeter : byte
{
    /// <summary>Something that is not a token of the following kinds.</summary>
    Other,

    /// <summary>Prompt tokens that no cache held or took.</summary>
    Prompt,

    /// <summary>Prompt tokens read from a cache.</summary>
    Cached,

    /// <summary>Prompt tokens written to a cache.</summary>
    CacheWrite,

    /// <summary>Prompt tokens written to a cache for an hour.</summary>
    CacheWrite1h,

    /// <summary>Output tokens, reasoning included.</summary>
    Output,
}

/// <summary>How bills name the kinds of tokens.</summary>
public static class TokenMeters
{
    /// <summary>The name in bills that are written here.</summary>
    public static string NameOf(TokenMeter meter) => meter switch
    {
        TokenMeter.Prompt => "Input tokens",
        TokenMeter.Cached => "Cached input tokens",
        TokenMeter.CacheWrite => "Cache write tokens",
        TokenMeter.CacheWrite1h => "Cache write 1h tokens",
        TokenMeter.Output => "Output tokens",
        _ => "Other",
    };

    /// <summary>
    /// The kind that a provider's name means: providers agree on no name, but each says which of input, cache and
    /// output it speaks of.
    /// </summary>
    public static TokenMeter Parse(string? name)
    {
        if (name is null)
        {
            return TokenMeter.Other;
        }

        if (Says(name, "output") || Says(name, "completion"))
        {
            return TokenMeter.Output;
        }

        if (Says(name, "cache"))
        {
            return !Says(name, "write") ? TokenMeter.Cached
                : Says(name, "1h") || Says(name, "hour") ? TokenMeter.CacheWrite1h
                : TokenMeter.CacheWrite;
        }

        return Says(name, "input") || Says(name, "prompt") ? TokenMeter.Prompt : TokenMeter.Other;
    }

    static bool Says(string name, string word) => name.Contains(word, StringComparison.OrdinalIgnoreCase);
}
