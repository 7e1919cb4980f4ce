using Sahab.Wire.OpenAI;

namespace Sahab.Server.Plan.Replay;

/// <summary>How one call of a replay ended.</summary>
internal readonly record struct ReplayOutcome
{
    /// <summary>The HTTP status; 0 when no answer came.</summary>
    public int Status { get; init; }

    /// <summary>The error's code or what broke; null when the answer is whole and good.</summary>
    public string? Failure { get; init; }

    /// <summary>Who answered, as the server says.</summary>
    public string? Provider { get; init; }

    public UsageFigures Usage { get; init; }

    /// <summary>From when it was due to the first content; null where nothing was streamed.</summary>
    public TimeSpan? FirstToken { get; init; }

    /// <summary>From when it was due to the end of the answer.</summary>
    public TimeSpan Total { get; init; }

    /// <summary>Whether it was given up because the replay was told to stop.</summary>
    public bool Abandoned { get; init; }

    /// <summary>A refusal that tells the client to come again later: not a failure of the service.</summary>
    public bool IsRefusal => Failure is not null && Status is 429 or 503;
}
