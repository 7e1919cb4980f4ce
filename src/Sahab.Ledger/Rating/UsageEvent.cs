using Sahab.Ledger.Money;

namespace Sahab.Ledger.Rating;

/// <summary>The metered outcome of one attempt: immutable, rated and posted exactly once by its id.</summary>
public sealed record UsageEvent
{
    /// <summary>The event's own id. Appending or posting the same id again changes nothing.</summary>
    public required Guid EventId { get; init; }

    /// <summary>The client request that the attempt was made for.</summary>
    public required Guid CallId { get; init; }

    /// <summary>Which attempt of the call this is. From 1.</summary>
    public required int Attempt { get; init; }

    /// <summary>When the attempt was sent upstream. Kept in UTC, to 100 ns.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>From sending the attempt to its end. At least zero.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>From sending the attempt to the first byte of content; absent where none came.</summary>
    public TimeSpan? FirstToken { get; init; }

    /// <summary>Who bought the call.</summary>
    public required string Tenant { get; init; }

    /// <summary>The id (never the secret) of the key that it came with.</summary>
    public required string Key { get; init; }

    /// <summary>The model, by the name that the client asked for after aliases.</summary>
    public required string Model { get; init; }

    /// <summary>The deployment tried.</summary>
    public required string Deployment { get; init; }

    /// <summary>The deployment's provider.</summary>
    public required string Provider { get; init; }

    /// <summary>The deployment's region.</summary>
    public required string Region { get; init; }

    /// <summary>The region's country, ISO 3166-1 alpha-2.</summary>
    public required string Country { get; init; }

    /// <summary><c>chat.completions</c>, <c>completions</c> or <c>embeddings</c>.</summary>
    public required string Operation { get; init; }

    /// <summary><c>priority</c>, <c>default</c>, <c>flex</c> or <c>batch</c>.</summary>
    public required string ServiceTier { get; init; }

    /// <summary>How the attempt ended.</summary>
    public required AttemptOutcome Outcome { get; init; }

    /// <summary>The HTTP status that the deployment gave; 0 where none came.</summary>
    public required int UpstreamStatus { get; init; }

    /// <summary>The tokens used. All zero where the attempt used none.</summary>
    public required TokenUsage Usage { get; init; }

    /// <summary>The deployment's prices when the attempt was made.</summary>
    public required PriceTerms Prices { get; init; }

    /// <summary>What else is known of the usage.</summary>
    public UsageFlags Flags { get; init; }

    /// <summary>
    /// The id that the provider gave the request, to argue with its support; kept to its first 85 characters.
    /// </summary>
    public string? UpstreamRequestId { get; init; }

    /// <summary>Whether it wrote to a cache, or would have paid for that otherwise than for any other prompt.</summary>
    public bool TellsOfCacheWrites => Usage.CacheWriteTokens > 0 || !Prices.ChargesCacheWritesAsPrompt;

    /// <summary>
    /// What the attempt costs: its usage at its prices, or nothing where the provider does not bill it.
    /// </summary>
    /// <exception cref="ArgumentException">The usage is not consistent, or a price is negative.</exception>
    /// <exception cref="OverflowException">The cost exceeds about 9.2 billion dollars.</exception>
    public NanoUsd Cost() => (Flags & UsageFlags.NotBilled) != 0 ? NanoUsd.Zero : Rater.Rate(Usage, Prices);
}
