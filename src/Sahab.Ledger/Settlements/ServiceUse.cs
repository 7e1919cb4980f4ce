namespace Sahab.Ledger.Settlements;

/// <summary>
/// What was used of a service that Sahab does not meter itself, as the provider reports it: GPU-hours on demand,
/// storage, support, purchases on its marketplace. Rated and posted like a usage event, once by its id.
/// </summary>
public sealed record ServiceUse
{
    /// <summary>Its own id.</summary>
    public required Guid EventId { get; init; }

    /// <summary>When it was used; its hour decides which terms hold.</summary>
    public required DateTimeOffset UsedAt { get; init; }

    /// <summary>The provider.</summary>
    public required string Provider { get; init; }

    /// <summary>The provider's region; empty where it has none.</summary>
    public string Region { get; init; } = "";

    /// <summary>The region's country, ISO 3166-1 alpha-2; empty where it has none.</summary>
    public string Country { get; init; } = "";

    /// <summary>The service, by the name in the contract.</summary>
    public required string Service { get; init; }

    /// <summary>What of it was used, by the provider's id; empty where that is not told.</summary>
    public string Resource { get; init; } = "";

    /// <summary>Units used. At least 0.</summary>
    public required decimal Quantity { get; init; }

    /// <summary>
    /// List price of a unit where the contract states none, in the contract's currency, or in US dollars where there is
    /// no contract. At least 0.
    /// </summary>
    public decimal UnitPrice { get; init; }
}
