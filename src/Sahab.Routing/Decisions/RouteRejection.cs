namespace Sahab.Routing.Decisions;

/// <summary>
/// Why no deployment was chosen: of all the candidates' verdicts the one that promises most. The numbers are stable;
/// a larger one is farther from hope. What a tried candidate says counts as <see cref="AllTried"/>.
/// </summary>
public enum RouteRejection : byte
{
    /// <summary>One was chosen.</summary>
    None = 0,

    /// <summary>At least one would do but is full now: worth a place in the queue.</summary>
    Full = 1,

    /// <summary>At least one would do but its provider asked us to wait.</summary>
    Throttled = 2,

    /// <summary>At least one would do but its breaker is open or being probed.</summary>
    Unhealthy = 3,

    /// <summary>At least one would do but its credential was rejected.</summary>
    OutOfService = 4,

    /// <summary>This call has tried all that would do.</summary>
    AllTried = 5,

    /// <summary>The request is larger than the whole limit of every deployment that would do.</summary>
    TooLarge = 6,

    /// <summary>The request does not fit the context of any deployment that may serve it.</summary>
    ContextTooLong = 7,

    /// <summary>No deployment that may serve it has the capabilities.</summary>
    NotCapable = 8,

    /// <summary>No capable deployment lies in a country that the key allows.</summary>
    CountryNotAllowed = 9,

    /// <summary>The model has no deployment.</summary>
    NoDeployment = 10,

    /// <summary>All that would do is held back for groups that this call is not of.</summary>
    BeyondShare = 11,

    /// <summary>The providers of all that would do otherwise may not have the data of this call's tenant.</summary>
    ProviderBarred = 12,

    /// <summary>What the call's project is for allows none of what would do otherwise.</summary>
    UseNotAllowed = 13,
}
