namespace Sahab.Server.Plan.Replay;

/// <summary>What to replay, where, and how fast.</summary>
internal sealed record ReplayOptions
{
    /// <summary>Calls in flight at most, unless told otherwise.</summary>
    public const int DefaultMaxInFlight = 2000;

    public required string Trace { get; init; }

    public required Uri Server { get; init; }

    public required string Key { get; init; }

    public required string Model { get; init; }

    /// <summary>How many times as fast as the trace. Above 0.</summary>
    public double Speed { get; init; } = 1;

    /// <summary>Only so many requests, from the first on.</summary>
    public long? Limit { get; init; }

    /// <summary>No request is sent later than this after the start.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>Whether to begin anew when the trace has ended, until the limit or the duration ends it.</summary>
    public bool Loop { get; init; }

    /// <summary>The share of calls that ask for a stream, from 0 to 1.</summary>
    public double StreamShare { get; init; } = 0.8;

    /// <summary>Whether to ask for exactly the trace's output tokens, rather than for at most so many.</summary>
    public bool ExactOutput { get; init; }

    public ulong Seed { get; init; } = 1;

    /// <summary>Calls in flight at most. What would be beyond is held back, and counted as held back.</summary>
    public int MaxInFlight { get; init; } = DefaultMaxInFlight;

    /// <summary>A call that takes longer is given up and counts as failed.</summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromMinutes(11);
}
