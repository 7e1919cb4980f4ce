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

    /// <summary>The credits of a month that is over.</summary>
    /// <param name="month">Its first day.</param>
    /// <param name="now">The contracts are those that are known now.</param>
    /// <exception cref="InvalidOperationException">A day has more rows than are read.</exception>
    public async Task<IReadOnlyList<OwedCredit>> OfAsync(DateOnly month, DateTimeOffset now, CancellationToken cancellation)
    {
        var contracts = shelf.Book.KnownAt(now);
        var from = new DateTimeOffset(month, TimeOnly.MinValue, TimeSpan.Zero);
        var records = new List<ServiceRecord>();
        // Only of providers that owe anything is a month read.
        foreach (var provider in contracts.At(from.AddMonths(1).AddHours(-1))
            .Where(terms => terms.Clauses.OfType<ServiceLevel>().Any()).Select(terms => terms.Contract.Provider).Distinct())
        {
            var charges = await ChargesAsync(from, provider, contracts, cancellation);
            records.AddRange((await store.AvailabilityAsync(from, from.AddMonths(1), provider, cancellation))
                .Select(record => record with { ChargesUsd = charges.GetValueOrDefault(record.Use) }));
        }

        return ServiceLevels.Owed(contracts, month, records);
    }

    async Task<Dictionary<Use, decimal>> ChargesAsync(
        DateTimeOffset month, string provider, ContractTimeline contracts, CancellationToken cancellation)
    {
        var charges = new Dictionary<Use, decimal>();
        for (var day = month; day < month.AddMonths(1); day = day.AddDays(1))
        {
            var hours = await store.HourlyUsageAsync(day, day.AddDays(1), provider, MaxRowsADay, cancellation)
                ?? throw new InvalidOperationException(
                    $"{provider} has more than {MaxRowsADay} rows of usage on {day:yyyy-MM-dd}: its charges cannot be told.");
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
