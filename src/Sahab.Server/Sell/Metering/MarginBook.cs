using Sahab.Ledger.Money;
using Sahab.Server.Sell.Capacity;

namespace Sahab.Server.Sell.Metering;

/// <summary>
/// What was spent and earned: by calls, and by capacity that was reserved, whose calls earn nothing of their own. Capacity is
/// reserved of a model and not of a provider: by provider, deployment and contract there are the calls only.
/// </summary>
internal sealed class MarginBook(UsageStore usage, CapacityStore capacity)
{
    /// <summary>What was spent and earned in whole hours.</summary>
    /// <param name="lossesFirst">The smallest margin first; else the largest revenue.</param>
    /// <param name="organisation">Only this one's; null: everybody's.</param>
    public async Task<List<MarginTotal>> ReadAsync(
        DateTimeOffset from, DateTimeOffset until, MarginDimension by, bool lossesFirst, CancellationToken cancellation,
        string? organisation = null)
    {
        var totals = (await usage.MarginAsync(from, until, by, cancellation, organisation)).ToDictionary(total => total.Group);
        if (by is MarginDimension.Model or MarginDimension.Organisation)
        {
            foreach (var earned in await capacity.EarnedAsync(from, until, organisation, cancellation))
            {
                var group = by == MarginDimension.Model ? earned.Model : earned.Organisation;
                var total = totals.GetValueOrDefault(group) ?? new MarginTotal(group, 0, 0, 0);
                totals[group] = total with
                {
                    RevenueUsd = total.RevenueUsd + (decimal.Round(earned.Nano, MidpointRounding.ToEven) / NanoUsd.PerUsd),
                };
            }
        }

        return
        [
            .. (lossesFirst
                ? totals.Values.OrderBy(total => total.MarginUsd)
                : totals.Values.OrderByDescending(total => total.RevenueUsd)).ThenBy(total => total.Group, StringComparer.Ordinal),
        ];
    }
}
