using System.Diagnostics.Metrics;
using Sahab.Routing.Admission;
using Sahab.Server.Sell.Metering;

namespace Sahab.Server.Sell.Budgets;

/// <summary>The room's metrics.</summary>
internal sealed class BudgetInstruments
{
    readonly Counter<long> _refused;

    public BudgetInstruments(IMeterFactory meters, BudgetShelf shelf)
    {
        var meter = meters.Create(UsageInstruments.MeterName);
        _refused = meter.CreateCounter<long>(
            "sahab.sell.budget.refused", "{call}",
            "Calls that hard budgets refused: exhausted, held by calls in flight or other nodes, or short because the "
            + "database could not be asked.");
        meter.CreateObservableGauge("sahab.sell.budget.count", () => shelf.Count, "{budget}", "Budgets in force.");
    }

    public void Refused(BudgetStanding standing) => _refused.Add(
        1, new KeyValuePair<string, object?>("reason", standing.ToString().ToLowerInvariant()));
}
