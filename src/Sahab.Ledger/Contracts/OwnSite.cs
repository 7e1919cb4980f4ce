namespace Sahab.Ledger.Contracts;

/// <summary>A site of our own: what it costs to have, and to run.</summary>
public sealed record OwnSite : Clause
{
    /// <summary>The region that its deployments name.</summary>
    public required string Region { get; init; }

    /// <summary>Its country, ISO 3166-1 alpha-2.</summary>
    public required string Country { get; init; }

    /// <summary>State or province, for people.</summary>
    public string State { get; init; } = "";

    /// <summary>Power, in MW. At least 0.</summary>
    public required decimal Megawatts { get; init; }

    /// <summary>The part of the power that is drawn on average. 0 to 1.</summary>
    public decimal LoadFactor { get; init; } = 1;

    /// <summary>Price of energy for a MWh, in the contract's currency. At least 0.</summary>
    public required decimal EnergyPerMegawattHour { get; init; }

    /// <summary>Rent, staff, wear and write-offs of a calendar month, in the contract's currency. At least 0.</summary>
    public required decimal FixedPerMonth { get; init; }
}
