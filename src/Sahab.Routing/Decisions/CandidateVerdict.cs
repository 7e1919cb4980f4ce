namespace Sahab.Routing.Decisions;

/// <summary>
/// What a filter said of one candidate. The filters run in the order of the numbers and the first that refuses
/// speaks. The numbers are stable.
/// </summary>
public enum CandidateVerdict : byte
{
    /// <summary>No filter refused it.</summary>
    Eligible = 0,

    /// <summary>It cannot do what the request needs (tools, vision ...).</summary>
    LacksCapability = 10,

    /// <summary>Prompt and output do not fit into its context.</summary>
    ContextTooShort = 11,

    /// <summary>The key's data may not go to its country.</summary>
    CountryNotAllowed = 20,

    /// <summary>A contract with another provider is exclusive, and keeps calls away for as long as that lasts.</summary>
    Barred = 21,

    /// <summary>
    /// Its provider may not have the data of this call's tenant: the tenant objects to it, or has not been given notice
    /// of it for long enough.
    /// </summary>
    ProviderBarred = 22,

    /// <summary>What the call's project is for does not allow it.</summary>
    UseNotAllowed = 23,

    /// <summary>The provider rejected our credential; out until a reload or a later probe.</summary>
    OutOfService = 30,

    /// <summary>Its breaker is open.</summary>
    BreakerOpen = 31,

    /// <summary>Its breaker is half open and another call is the probe.</summary>
    ProbeInFlight = 32,

    /// <summary>The provider asked us to wait.</summary>
    Throttled = 33,

    /// <summary>The request is larger than the whole limit of the deployment, so it will never fit.</summary>
    LargerThanLimit = 40,

    /// <summary>Its requests per minute are used up.</summary>
    RequestsFull = 41,

    /// <summary>Its tokens per minute are used up.</summary>
    TokensFull = 42,

    /// <summary>As many calls run there as may.</summary>
    ConcurrencyFull = 43,

    /// <summary>It is more than half full, and a batch's call may only use what is idle.</summary>
    NotIdle = 44,

    /// <summary>What is free is held back for a group that is guaranteed it.</summary>
    HeldBack = 45,

    /// <summary>The call's group uses as much beyond its guarantee as it may.</summary>
    BorrowingLimit = 46,

    /// <summary>What is free is for waiting calls of groups within their guarantees, and this one would borrow.</summary>
    OwnersFirst = 47,

    /// <summary>
    /// More than the call's group may ever use, as others hold the rest back: it will never fit. Looked at before
    /// whether anything is full.
    /// </summary>
    BeyondShare = 48,

    /// <summary>This call has been there already.</summary>
    AlreadyTried = 50,
}
