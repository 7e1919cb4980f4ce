using System.Text.Json.Serialization;

namespace Sahab.Emulator.Faults;

/// <summary>What can go wrong on demand.</summary>
public enum FaultKind
{
    /// <summary>Connections are refused and running calls cut.</summary>
    Down,

    /// <summary>Everything takes <see cref="FaultSpec.Factor"/> times as long.</summary>
    Slow,

    /// <summary>The vendor's 429, with <see cref="FaultSpec.RetryAfterSeconds"/>.</summary>
    Throttle,

    /// <summary>A 5xx of <see cref="FaultSpec.Status"/>.</summary>
    Error,

    /// <summary>Nothing more after a few tokens, until the client leaves.</summary>
    Stall,

    /// <summary>The connection ends in the middle of the answer.</summary>
    Cut,

    /// <summary>An error inside a 200.</summary>
    [JsonStringEnumMemberName("error-in-200")]
    ErrorIn200,

    /// <summary>Usage figures that are wrong.</summary>
    WrongUsage,
}

/// <summary>How usage is wrong.</summary>
public enum WrongUsageMode
{
    /// <summary>Response and bill tell the same figure, which is not what was served.</summary>
    Inflated,

    /// <summary>The response tells another figure than the bill, which is right.</summary>
    Misreported,

    /// <summary>The response tells no usage; the bill is right.</summary>
    Missing,
}

/// <summary>A fault as it is asked for.</summary>
public sealed record FaultSpec
{
    /// <summary>Cloud id.</summary>
    public required string Cloud { get; init; }

    /// <summary>Region id; the whole cloud when absent.</summary>
    public string? Region { get; init; }

    /// <summary>Model id; every model when absent.</summary>
    public string? Model { get; init; }

    /// <summary>What goes wrong.</summary>
    public required FaultKind Kind { get; init; }

    /// <summary>Real seconds until it is over by itself; until removed when absent.</summary>
    public double? DurationSeconds { get; init; }

    /// <summary>The share of calls that it strikes, above 0 to 1.</summary>
    public double Rate { get; init; } = 1;

    /// <summary>
    /// For <c>slow</c>: how many times as long. For <c>wrong-usage</c>: how many times the output tokens.
    /// </summary>
    public double? Factor { get; init; }

    /// <summary>For <c>throttle</c> and <c>error</c>: the Retry-After to send, in real seconds.</summary>
    public int? RetryAfterSeconds { get; init; }

    /// <summary>For <c>error</c>: the status, 500 to 599; 500 when absent.</summary>
    public int? Status { get; init; }

    /// <summary>
    /// For <c>stall</c>, <c>cut</c> and <c>error-in-200</c>: after how many tokens; drawn when absent.
    /// </summary>
    public int? AfterTokens { get; init; }

    /// <summary>For <c>wrong-usage</c>: how it is wrong.</summary>
    public WrongUsageMode Mode { get; init; } = WrongUsageMode.Inflated;

    /// <summary>Why the fault cannot be had; null when it can.</summary>
    public string? FindError() => this switch
    {
        { Rate: <= 0 or > 1 } => "rate must be above 0 and at most 1",
        { DurationSeconds: <= 0 or > 86_400 } => "duration_seconds must be above 0 and at most 86400",
        { Factor: <= 0 or > 1000 } => "factor must be above 0 and at most 1000",
        { RetryAfterSeconds: < 0 } => "retry_after_seconds must be 0 or more",
        { Status: < 500 or > 599 } => "status must be 500 to 599",
        { AfterTokens: < 0 } => "after_tokens must be 0 or more",
        _ => null,
    };
}

/// <summary>A fault in force.</summary>
/// <param name="Id">Its id, for removal.</param>
/// <param name="Spec">What was asked for.</param>
/// <param name="Until">When it ends by itself; null when it does not.</param>
public sealed record Fault(string Id, FaultSpec Spec, DateTimeOffset? Until);
