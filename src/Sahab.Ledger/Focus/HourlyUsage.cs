using Sahab.Ledger.Rating;

namespace Sahab.Ledger.Focus;

/// <summary>What attempts of one hour at one deployment used and cost, at the same prices.</summary>
public sealed record HourlyUsage
{
    /// <summary>The beginning of the hour, in UTC.</summary>
    public required DateTimeOffset Hour { get; init; }

    /// <summary>Who serves it and sends the invoice.</summary>
    public required string Provider { get; init; }

    /// <summary>The provider's region.</summary>
    public required string Region { get; init; }

    /// <summary>The region's country, ISO 3166-1 alpha-2.</summary>
    public required string Country { get; init; }

    /// <summary>The deployment's id.</summary>
    public required string Deployment { get; init; }

    /// <summary>The model as the provider calls it.</summary>
    public required string Model { get; init; }

    /// <summary>Who used it.</summary>
    public required string Tenant { get; init; }

    /// <summary>The tier that it was served at.</summary>
    public required string ServiceTier { get; init; }

    /// <summary>The tokens together.</summary>
    public required TokenUsage Usage { get; init; }

    /// <summary>The price of each kind of token.</summary>
    public required PriceTerms Prices { get; init; }

    /// <summary>What the ledger holds for it, in dollars: each attempt's cost is rounded, so it is not the product.</summary>
    public required decimal CostUsd { get; init; }
}
