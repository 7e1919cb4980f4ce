using Sahab.Ledger.Focus;

namespace Sahab.Ledger.Reconciliation;

/// <summary>One side's books: token usage by key, from a data set of FOCUS.</summary>
public sealed class BillBooks
{
    readonly SortedDictionary<BillKey, BillAmount> _amounts = new(BillKey.Order);

    /// <summary>What is booked, by key.</summary>
    public IReadOnlyDictionary<BillKey, BillAmount> Amounts => _amounts;

    /// <summary>Rows that are not token usage of an hour: purchases, taxes, credits and other services.</summary>
    public int OtherRows { get; private set; }

    /// <summary>What the other rows bill together, in dollars.</summary>
    public decimal OtherUsd { get; private set; }

    /// <summary>
    /// Reads a data set: usage rows whose <c>SkuMeter</c> names a kind of token, by the hour of
    /// <c>ChargePeriodStart</c>, <c>RegionId</c> and <c>SkuId</c>, with <c>ConsumedQuantity</c> and <c>BilledCost</c>.
    /// A row of a longer period than an hour is booked in the hour that it begins in.
    /// </summary>
    /// <exception cref="FormatException">A row of usage lacks one of them; the message names row and column.</exception>
    public static BillBooks Read(FocusTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        var books = new BillBooks();
        for (var row = 0; row < table.Count; row++)
        {
            books.Read(table, row);
        }

        return books;
    }

    void Read(FocusTable table, int row)
    {
        var cost = table.Number(row, "BilledCost") ?? throw Lacking(row, "BilledCost", "a number");
        var meter = TokenMeters.Parse(table.Text(row, "SkuMeter"));
        if (table.Text(row, "ChargeCategory") != "Usage" || meter == TokenMeter.Other)
        {
            OtherRows++;
            OtherUsd += cost;
            return;
        }

        var start = table.Time(row, "ChargePeriodStart") ?? throw Lacking(row, "ChargePeriodStart", "a time in UTC");
        var key = new BillKey(
            start.AddTicks(-(start.Ticks % TimeSpan.TicksPerHour)),
            table.Text(row, "RegionId") ?? throw Lacking(row, "RegionId", "a region"),
            table.Text(row, "SkuId") ?? throw Lacking(row, "SkuId", "a model"),
            meter);
        var tokens = table.Number(row, "ConsumedQuantity") ?? throw Lacking(row, "ConsumedQuantity", "a number of tokens");
        _amounts[key] = _amounts.GetValueOrDefault(key) + new BillAmount(tokens, cost);
    }

    static FormatException Lacking(int row, string column, string what) =>
        new($"Row {row + 1}: {column} is not {what}. Without it the row cannot be compared.");
}
