using Sahab.Ledger.Rating;

namespace Sahab.Ledger.Contracts;

/// <summary>What was used of a provider and where: everything that a clause may select by.</summary>
/// <param name="Provider">The provider that serves and bills it.</param>
/// <param name="Region">The provider's region or site; empty where it has none.</param>
/// <param name="Country">ISO 3166-1 alpha-2; empty where it has none.</param>
/// <param name="Service">
/// The service, by the name in the contract; one of the constants for what Sahab knows itself.
/// </param>
/// <param name="Model">The model; empty for what is not inference.</param>
/// <param name="Deployment">The deployment, tranche or site; empty where it has none.</param>
public sealed record Use(
    string Provider, string Region, string Country, string Service, string Model, string Deployment)
    : IComparable<Use>
{
    /// <summary>The service of usage events: tokens at a deployment.</summary>
    public const string Inference = "inference";

    /// <summary>The service of reserved capacity, paid by its fees.</summary>
    public const string Capacity = "capacity";

    /// <summary>The service of committed-use fees.</summary>
    public const string CommittedUse = "committed-use";

    /// <summary>The service of the fixed cost of a site of our own.</summary>
    public const string Site = "site";

    /// <summary>The service of the energy of a site of our own.</summary>
    public const string Energy = "energy";

    /// <summary>What a usage event used.</summary>
    public static Use Of(UsageEvent usage)
    {
        ArgumentNullException.ThrowIfNull(usage);
        return new Use(usage.Provider, usage.Region, usage.Country, Inference, usage.Model, usage.Deployment);
    }

    /// <summary>An order that is the same on every machine: by each part in turn, by its characters.</summary>
    public int CompareTo(Use? other)
    {
        if (other is null)
        {
            return 1;
        }

        var order = string.CompareOrdinal(Provider, other.Provider);
        order = order != 0 ? order : string.CompareOrdinal(Service, other.Service);
        order = order != 0 ? order : string.CompareOrdinal(Deployment, other.Deployment);
        order = order != 0 ? order : string.CompareOrdinal(Model, other.Model);
        order = order != 0 ? order : string.CompareOrdinal(Region, other.Region);
        return order != 0 ? order : string.CompareOrdinal(Country, other.Country);
    }

    /// <summary>Whether the first comes earlier in the order.</summary>
    public static bool operator <(Use left, Use right) => left.CompareTo(right) < 0;

    /// <summary>Whether the first comes later in the order.</summary>
    public static bool operator >(Use left, Use right) => left.CompareTo(right) > 0;

    /// <summary>Whether the first does not come later in the order.</summary>
    public static bool operator <=(Use left, Use right) => left.CompareTo(right) <= 0;

    /// <summary>Whether the first does not come earlier in the order.</summary>
    public static bool operator >=(Use left, Use right) => left.CompareTo(right) >= 0;
}
