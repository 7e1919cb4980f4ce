using Sahab.Ledger.Claims;
using Sahab.Ledger.Contracts;
using Sahab.Ledger.Focus;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Source.Contracts;

namespace Sahab.Server.Source.Claims;

/// <summary>What contracts owe us for a month, by what was metered in it.</summary>
internal sealed class OwedCredits(UsageStore store, ContractShelf shelf)
{
    /// <summary>The most rows of usage that a day of one provider may have.</summary>
    public const int MaxRowsADay = 100_000;

    /// <summary>The credits of a month that is over, or why they cannot be told.</summary>
    /// <param name="month">Its first day.</param>
    /// <param name="now">The contracts are those that are known now.</param>
    public async Task<(IReadOnlyList<OwedCredit> Credits, string? Fault)> OfAsync(
        DateOnly month, DateTimeOffset now, CancellationToken cancellation)
    {
        var contracts = shelf.Book.KnownAt(now);
        var from = new DateTimeOffset(month, TimeOnly.MinValue, TimeSpan.Zero);
        var records = new List<ServiceRecord>();
        // Only of providers that owe anything is a month read.
        foreach (var provider in contracts.At(from.AddMonths(1).AddHours(-1))
            .Where(terms => terms.Clauses.OfType<ServiceLevel>().Any()).Select(terms => terms.Contract.Provider).Distinct())
        {
            if (await ChargesAsync(from, provider, contracts, cancellation) is not { } charges)
            {
                return ([], $"{provider} has more than {MaxRowsADay} rows of usage on one day of {month:yyyy-MM}: its charges "
                    + "cannot be told. Claim by hand.");
            }

            records.AddRange((await store.AvailabilityAsync(from, from.AddMonths(1), provider, cancellation))
                .Select(record => record with { ChargesUsd = charges.GetValueOrDefault(record.Use) }));
        }

        return (ServiceLevels.Owed(contracts, month, records), null);
    }

    /// <summary>A month's charges by use; null where a day has more rows than are read.</summary>
    async Task<Dictionary<Use, decimal>?> ChargesAsync(
        DateTimeOffset month, string provider, ContractTimeline contracts, CancellationToken cancellation)
    {
        var charges = new Dictionary<Use, decimal>();
        for (var day = month; day < month.AddMonths(1); day = day.AddDays(1))
        {
            if (await store.HourlyUsageAsync(day, day.AddDays(1), provider, MaxRowsADay, cancellation) is not { } hours)
            {
                return null;
            }

            foreach (var hour in hours)
            {
                Add(charges, hour, ServiceLevels.ChargeOf(hour, contracts));
            }
        }

        return charges;
    }

    static void Add(Dictionary<Use, decimal> charges, HourlyUsage hour, decimal usd)
    {
        var use = new Use(hour.Provider, hour.Region, hour.Country, Use.Inference, hour.Model, hour.Deployment);
        charges[use] = charges.GetValueOrDefault(use) + usd;
    }
}
