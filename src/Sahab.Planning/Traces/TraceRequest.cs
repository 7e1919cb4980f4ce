namespace Sahab.Planning.Traces;

/// <summary>One request of a trace.</summary>
/// <param name="At">When it came, counted from the first one. Never before the one that precedes it.</param>
/// <param name="ContextTokens">Tokens of its prompt. At least 1.</param>
/// <param name="GeneratedTokens">Tokens of its answer. At least 1.</param>
public readonly record struct TraceRequest(TimeSpan At, int ContextTokens, int GeneratedTokens)
{
    /// <summary>
    /// Ids of the blocks of its prompt, <see cref="TraceReader.BlockTokens"/> tokens each: two prompts that begin with
    /// the same ids begin with the same text. Null where the trace does not tell.
    /// </summary>
    public IReadOnlyList<long>? Blocks { get; init; }
}

/// <summary>What a trace, or its beginning, holds.</summary>
/// <param name="Requests">How many requests.</param>
/// <param name="Length">From the first request to the last.</param>
/// <param name="ContextTokens">Tokens of all prompts together.</param>
/// <param name="GeneratedTokens">Tokens of all answers together.</param>
public readonly record struct TraceSummary(long Requests, TimeSpan Length, long ContextTokens, long GeneratedTokens);

/// <summary>A trace that cannot be read; the message says which line and what would be valid.</summary>
/// <param name="message">The file, its line, what is wrong with it and what would be valid.</param>
public sealed class TraceException(string message) : Exception(message);
