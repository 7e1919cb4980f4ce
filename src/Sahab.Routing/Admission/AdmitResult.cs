namespace Sahab.Routing.Admission;

/// <summary>Which limit spoke. The numbers are stable.</summary>
public enum AdmitVerdict : byte
{
    /// <summary>None: the call may go.</summary>
    Admitted = 0,

    /// <summary>The call is larger than a whole limit: it will never be admitted, so waiting is of no use.</summary>
    LargerThanLimit = 1,

    /// <summary>Requests per minute.</summary>
    RequestsPerMinute = 2,

    /// <summary>Tokens per minute.</summary>
    TokensPerMinute = 3,

    /// <summary>Calls at the same time.</summary>
    Concurrency = 4,

    /// <summary>What is free is held back for a group that is guaranteed it.</summary>
    HeldBack = 5,

    /// <summary>The call's group uses as much beyond its guarantee as it may.</summary>
    BorrowingLimit = 6,

    /// <summary>The call was to take only what its group is guaranteed, and that is used.</summary>
    OwnersFirst = 7,

    /// <summary>More than the call's group may ever use: it will never be admitted.</summary>
    BeyondShare = 8,
}

/// <summary>Whether a call was admitted, and if not, what stood against it and for how long.</summary>
/// <param name="Verdict">The limit that spoke; of several the one that takes longest.</param>
/// <param name="RetryAfterMs">
/// Milliseconds until enough has left the window, if nobody else takes it; for
/// <see cref="AdmitVerdict.Concurrency"/> the expected time to the next end of a call. 0 when admitted, never
/// admissible or <see cref="AdmitVerdict.OwnersFirst"/>, otherwise 1 to 60,250.
/// </param>
public readonly record struct AdmitResult(AdmitVerdict Verdict, long RetryAfterMs)
{
    /// <summary>Whether the call may go.</summary>
    public bool Admitted => Verdict == AdmitVerdict.Admitted;
}
