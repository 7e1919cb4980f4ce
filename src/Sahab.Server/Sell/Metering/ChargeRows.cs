using Sahab.Ledger.Money;
using Sahab.Ledger.Settlements;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Sell.Metering;

/// <summary>
/// Charges summed by hour, series and terms, as rows to be added to <c>usage_charge</c>, and the hours that they change.
/// </summary>
internal sealed class ChargeRows
{
    const string AddToOld = """
        (hour_us, series_id, terms_id) DO UPDATE SET
            events = usage_charge.events + excluded.events,
            quantity = usage_charge.quantity + excluded.quantity,
            list_units = usage_charge.list_units + excluded.list_units,
            list_nano = usage_charge.list_nano + excluded.list_nano,
            net_units = usage_charge.net_units + excluded.net_units,
            net_nano = usage_charge.net_nano + excluded.net_nano,
            cost_usd = usage_charge.cost_usd + excluded.cost_usd,
            cost_nano_usd = usage_charge.cost_nano_usd + excluded.cost_nano_usd
        """;

    const string CountChange = "(hour_us) DO UPDATE SET changes = charge_change.changes + 1";

    /// <summary>In an order that all nodes share, so that they do not wait for each other in a ring.</summary>
    readonly SortedDictionary<(long HourUs, long Series, long Terms), Sums> _sums = [];

    /// <summary>Adds a charge, or takes it away again.</summary>
    /// <param name="terms">0: under no contract, of which only the event is counted.</param>
    public void Add(long hourUs, long series, long terms, Charge? charge, int sign = 1)
    {
        var key = (hourUs, series, terms);
        if (!_sums.TryGetValue(key, out var sums))
        {
            _sums[key] = sums = new Sums();
        }

        sums.Events += sign;
        if (terms != 0)
        {
            sums.Quantity += sign * (long)charge!.Quantity;
            sums.List += sign > 0 ? charge.List : -charge.List;
            sums.Net += sign > 0 ? charge.Net : -charge.Net;
            sums.CostNano += sign * (Int128)charge.Cost.Value;
        }
    }

    public RowBatch ToBatch()
    {
        Int64Column[] columns =
        [
            new("hour_us"), new("series_id"), new("terms_id"), new("events"), new("quantity"), new("list_units"),
            new("list_nano"), new("net_units"), new("net_nano"), new("cost_usd"), new("cost_nano_usd"),
        ];
        foreach (var ((hourUs, series, terms), sums) in _sums)
        {
            columns[0].Values.Add(hourUs);
            columns[1].Values.Add(series);
            columns[2].Values.Add(terms);
            columns[3].Values.Add(sums.Events);
            columns[4].Values.Add(sums.Quantity);
            AddSplit(columns[5], columns[6], sums.List);
            AddSplit(columns[7], columns[8], sums.Net);
            AddSplit(columns[9], columns[10], (decimal)sums.CostNano / NanoUsd.PerUsd);
        }

        return new RowBatch("usage_charge", AddToOld, columns);
    }

    /// <summary>The hours, to be settled anew.</summary>
    public RowBatch ToChanges()
    {
        var (hours, changes) = (new Int64Column("hour_us"), new Int64Column("changes"));
        foreach (var hourUs in _sums.Keys.Select(key => key.HourUs).Distinct())
        {
            hours.Values.Add(hourUs);
            changes.Values.Add(1);
        }

        return new RowBatch("charge_change", CountChange, hours, changes);
    }

    /// <summary>Whole units and a rest of billionths, because 64 bits of billionths end at nine billion.</summary>
    static void AddSplit(Int64Column units, Int64Column nano, decimal amount)
    {
        var whole = decimal.Truncate(amount);
        units.Values.Add((long)whole);
        nano.Values.Add((long)((amount - whole) * NanoUsd.PerUsd));
    }

    sealed class Sums
    {
        public long Events { get; set; }

        public long Quantity { get; set; }

        public decimal List { get; set; }

        public decimal Net { get; set; }

        public Int128 CostNano { get; set; }
    }
}
