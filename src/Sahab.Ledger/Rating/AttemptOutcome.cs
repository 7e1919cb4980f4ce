namespace Sahab.Ledger.Rating;

/// <summary>How one attempt at one deployment ended. The numbers are stored: they never change.</summary>
public enum AttemptOutcome : byte
{
    /// <summary>The deployment answered in full.</summary>
    Succeeded = 1,

    /// <summary>The deployment was full (429, or its dialect's word for it).</summary>
    Throttled = 2,

    /// <summary>The deployment found fault with the request (other 4xx).</summary>
    Refused = 3,

    /// <summary>The deployment failed (5xx, an error inside a 200).</summary>
    ServerError = 4,

    /// <summary>No connection, or it broke before an answer began.</summary>
    Unreachable = 5,

    /// <summary>No first byte within the time allowed.</summary>
    TimedOut = 6,

    /// <summary>A stream began and then stood still for longer than allowed.</summary>
    Stalled = 7,

    /// <summary>A stream began and broke before its end.</summary>
    Cut = 8,

    /// <summary>The deployment did not accept our credentials (401, 403).</summary>
    Unauthorized = 9,

    /// <summary>The client had gone; the upstream was drained to its end or to a bound.</summary>
    Abandoned = 10,
}
