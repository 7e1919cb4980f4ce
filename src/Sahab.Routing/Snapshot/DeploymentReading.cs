using Sahab.Routing.Admission;

namespace Sahab.Routing.Snapshot;

/// <summary>What is known of a deployment at one moment, for pages, metrics and explanations.</summary>
public readonly record struct DeploymentReading
{
    /// <summary>Calls that run there.</summary>
    public int InFlight { get; init; }

    /// <summary>Average milliseconds to the first token, the latest counting most; NaN before the first.</summary>
    public double FirstTokenMs { get; init; }

    /// <summary>Average output tokens per second of one call; NaN before the first.</summary>
    public double TokensPerSecond { get; init; }

    /// <summary>Recent share of failed calls, 0 to 1.</summary>
    public double FailureRate { get; init; }

    /// <summary>Recent share of prompt tokens read from cache for prefixes that live here, 0 to 1.</summary>
    public double CachedAtHome { get; init; }

    /// <summary>The same for all other calls, 0 to 1.</summary>
    public double CachedElsewhere { get; init; }

    /// <summary>Whether calls go there.</summary>
    public BreakerState Breaker { get; init; }

    /// <summary>Why the breaker is not closed.</summary>
    public OutageReason Outage { get; init; }

    /// <summary>How the last failed call failed.</summary>
    public FailureKind LastFailure { get; init; }

    /// <summary>Milliseconds until an open breaker lets a probe go; 0 if it is not open.</summary>
    public long OpenForMs { get; init; }

    /// <summary>Milliseconds for which the provider wants to be left alone; 0 if it does not.</summary>
    public long ThrottledForMs { get; init; }

    /// <summary>Requests in the last 60 seconds.</summary>
    public long RequestsLastMinute { get; init; }

    /// <summary>Tokens in the last 60 seconds: used ones of calls that ended, estimates of the others.</summary>
    public long TokensLastMinute { get; init; }

    /// <summary>
    /// How full the fullest limit is, 0 to 1; without limits, calls in flight / (calls in flight + 32).
    /// </summary>
    public double Load { get; init; }

    /// <summary>Calls that ended well since the state began.</summary>
    public long Succeeded { get; init; }

    /// <summary>Calls that failed since the state began.</summary>
    public long Failed { get; init; }

    /// <summary>Calls that the provider throttled since the state began.</summary>
    public long Throttled { get; init; }

    /// <summary>What its server says of itself; null where it says nothing, or has not for a while.</summary>
    public ReportedLoad? Reported { get; init; }

    /// <summary>The limits in force.</summary>
    public Limits Limits { get; init; }
}
