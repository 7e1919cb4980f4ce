using Sahab.Ledger.Rating;

namespace Sahab.Server.Sell.Metering;

/// <summary>What many events have in common: who, what, where, and at which prices.</summary>
internal sealed record UsageSeries(
    string Tenant,
    string Key,
    string Model,
    string Deployment,
    string Provider,
    string Region,
    string Country,
    string Operation,
    string ServiceTier,
    PriceTerms Prices)
{
    public static UsageSeries Of(UsageEvent usage) => new(
        usage.Tenant,
        usage.Key,
        usage.Model,
        usage.Deployment,
        usage.Provider,
        usage.Region,
        usage.Country,
        usage.Operation,
        usage.ServiceTier,
        usage.Prices);
}
