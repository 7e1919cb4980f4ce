namespace Sahab.Planning.Upstreams;

/// <summary>A call as a replica sees it. To be reused once it has left.</summary>
public class BatchJob
{
    /// <value>Prompt tokens to work through: those that no cache knows. At least 0.</value>
    public int PrefillTokens { get; set; }

    /// <value>Prompt tokens, known ones included. At least 0.</value>
    public int PromptTokens { get; set; }

    /// <value>Tokens of its answer. At least 1.</value>
    public int OutputTokens { get; set; }

    /// <summary>What it holds of the memory for keys and values.</summary>
    internal long MemoryTokens => (long)PromptTokens + OutputTokens;

    /// <summary>Tokens of its context on average over its answer.</summary>
    internal double MeanContext => PromptTokens + (OutputTokens / 2.0);
}

/// <summary>What happened at a replica.</summary>
public enum BatchEvent
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>A call has its first token.</summary>
    FirstToken,

    /// <summary>A call has its last token, and has left.</summary>
    Done,
}
