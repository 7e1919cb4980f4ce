namespace Sahab.Routing.Admission;

/// <summary>What a key or a deployment may carry. A null limit does not bind.</summary>
public sealed record Limits
{
    /// <summary>No limit at all.</summary>
    public static Limits None { get; } = new();

    /// <value>Requests admitted in any 60 seconds. At least 0.</value>
    public int? RequestsPerMinute { get; init; }

    /// <value>Prompt and output tokens admitted in any 60 seconds. At least 0.</value>
    public long? TokensPerMinute { get; init; }

    /// <value>Calls at the same time. At least 0.</value>
    public int? Concurrency { get; init; }

    /// <summary>Whether nothing binds.</summary>
    public bool IsUnlimited => RequestsPerMinute is null && TokensPerMinute is null && Concurrency is null;
}
