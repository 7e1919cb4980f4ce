using Sahab.Ledger.Money;

namespace Sahab.Ledger.Sales;

/// <summary>What was invoiced of a model and month until now.</summary>
/// <param name="Model">The model.</param>
/// <param name="Usage">Of its usage.</param>
/// <param name="Discount">Of what was taken off it; at most 0, but for corrections.</param>
public sealed record InvoicedModel(string Model, NanoUsd Usage, NanoUsd Discount);

/// <summary>What was charged of a minimum because a month's usage did not reach it.</summary>
/// <param name="Id">The minimum.</param>
/// <param name="Text">What it is, for people.</param>
/// <param name="Charged">What the month's own invoice charged of it. Above 0.</param>
/// <param name="Back">What later invoices gave back of that until now.</param>
public sealed record ChargedMinimum(string Id, string Text, NanoUsd Charged, NanoUsd Back);

/// <summary>A month that was invoiced before, and has changed since.</summary>
/// <param name="Month">Its first day.</param>
/// <param name="Sold">What was sold in it, as it is known now.</param>
/// <param name="Invoiced">What was invoiced of it.</param>
public sealed record LateMonth(DateOnly Month, IReadOnlyList<SoldUsage> Sold, IReadOnlyList<InvoicedModel> Invoiced)
{
    /// <summary>What was charged beyond its usage because of minimums: later usage of it counts towards them.</summary>
    public IReadOnlyList<ChargedMinimum> Minimums { get; init; } = [];

    /// <summary>What its usage, with discounts, came to on the invoice that charged them.</summary>
    public NanoUsd Reached { get; init; }
}

/// <summary>Something that is paid by the month, or a minimum that was agreed.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Text">What it is, for people.</param>
/// <param name="PerMonth">What a whole calendar month costs.</param>
/// <param name="From">Its first day.</param>
/// <param name="Until">The first day that is no longer of it; null: it is open.</param>
public sealed record MonthlyFee(string Id, string Text, NanoUsd PerMonth, DateOnly From, DateOnly? Until)
{
    /// <summary>How many days of a month it is in force.</summary>
    public int DaysIn(DateOnly month)
    {
        var (first, end) = (month, month.AddMonths(1));
        var from = From > first ? From : first;
        var until = Until is { } last && last < end ? last : end;
        return Math.Max(0, until.DayNumber - from.DayNumber);
    }

    /// <summary>What it costs in a month: its days of the month's, rounded half to even to a nano-USD.</summary>
    public NanoUsd AmountIn(DateOnly month) => MonthlyCharges.ToNano(MonthlyCharges.DivideHalfEven(
        (System.Numerics.BigInteger)PerMonth.Value * DaysIn(month), DateTime.DaysInMonth(month.Year, month.Month)));
}

/// <summary>Credit that is left.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Text">What it is, for people.</param>
/// <param name="Left">What is left of it. Above 0.</param>
/// <param name="ExpiresAt">When it expires; null: never.</param>
public sealed record CreditLeft(string Id, string Text, NanoUsd Left, DateTimeOffset? ExpiresAt);

/// <summary>Which tax an invoice bears.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Rate">0 to 1.</param>
/// <param name="Note">What must be said of it; empty: nothing.</param>
public sealed record TaxTreatment(string Name, decimal Rate, string Note)
{
    /// <summary>No rule says that there is any.</summary>
    public static TaxTreatment None { get; } = new("", 0, "");
}

/// <summary>All that an invoice follows from.</summary>
public sealed record InvoiceInput
{
    /// <summary>Whose it is.</summary>
    public required string Organisation { get; init; }

    /// <summary>The first day of the month, in UTC.</summary>
    public required DateOnly Month { get; init; }

    /// <summary>What was sold in the month.</summary>
    public IReadOnlyList<SoldUsage> Sold { get; init; } = [];

    /// <summary>Earlier months that have changed.</summary>
    public IReadOnlyList<LateMonth> Late { get; init; } = [];

    /// <summary>What is paid by the month.</summary>
    public IReadOnlyList<MonthlyFee> Products { get; init; } = [];

    /// <summary>What was reserved, and what of it is not invoiced yet until the month's end.</summary>
    public IReadOnlyList<ReservationCharge> Reservations { get; init; } = [];

    /// <summary>Minimums of the month's usage after discounts.</summary>
    public IReadOnlyList<MonthlyFee> Minimums { get; init; } = [];

    /// <summary>Credit that may be used for the month.</summary>
    public IReadOnlyList<CreditLeft> Credits { get; init; } = [];

    /// <summary>The tax.</summary>
    public TaxTreatment Tax { get; init; } = TaxTreatment.None;
}
