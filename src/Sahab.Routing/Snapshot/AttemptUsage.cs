namespace Sahab.Routing.Snapshot;

/// <summary>What an attempt that ended well used, and how fast.</summary>
/// <param name="PromptTokens">Prompt tokens, cached ones included. At least 0.</param>
/// <param name="CachedTokens">The part of the prompt that the provider read from its cache. At least 0.</param>
/// <param name="OutputTokens">Generated tokens. At least 0.</param>
/// <param name="GenerationMs">
/// Milliseconds from the first token to the end; 0 when not known (a call that was not streamed).
/// </param>
/// <param name="AtHome">
/// <see cref="Decisions.RouteDecision.AtHome"/> of the decision: cached fractions are learned apart for calls whose
/// prefix lives here and for the others, and the difference is what affinity is worth.
/// </param>
public readonly record struct AttemptUsage(
    long PromptTokens, long CachedTokens, long OutputTokens, double GenerationMs, bool AtHome)
{
    /// <summary>Prompt and output together.</summary>
    public long TotalTokens => PromptTokens + OutputTokens;
}

/// <summary>How a deployment failed a call. The numbers are stable.</summary>
public enum FailureKind : byte
{
    /// <summary>It has not failed.</summary>
    None = 0,

    /// <summary>No connection.</summary>
    Unreachable = 1,

    /// <summary>No answer in time.</summary>
    TimedOut = 2,

    /// <summary>A 5xx answer, or an error inside a 200.</summary>
    ServerError = 3,

    /// <summary>A stream that stopped without ending.</summary>
    Stalled = 4,

    /// <summary>A stream or body that was cut.</summary>
    Cut = 5,

    /// <summary>An answer that its protocol does not allow.</summary>
    BadAnswer = 6,
}
