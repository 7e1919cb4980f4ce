using Sahab.Ledger.Contracts;

namespace Sahab.Ledger.Focus;

/// <summary>One commitment of a contract, as FOCUS's ContractCommitment tells of it: a row.</summary>
public sealed record CommitmentTerm
{
    /// <summary>What stands for the end of what has none: FOCUS knows no open period.</summary>
    public static DateTimeOffset Open { get; } = new(9999, 12, 31, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Its id: of the contract, the clause, and of a window its beginning. It stays through amendments.</summary>
    public required string Id { get; init; }

    /// <summary>The contract.</summary>
    public required Contract Contract { get; init; }

    /// <summary>What it is called, such as <c>Take-or-Pay Commitment</c>.</summary>
    public required string Type { get; init; }

    /// <summary>What it says, in a sentence.</summary>
    public required string Description { get; init; }

    /// <summary>Whether money or units are committed.</summary>
    public required Measure Measure { get; init; }

    /// <summary>What is committed in money, in the contract's currency; null: that depends.</summary>
    public decimal? Cost { get; init; }

    /// <summary>What is committed in units; null: only money is.</summary>
    public decimal? Quantity { get; init; }

    /// <summary>The unit, where there is a quantity.</summary>
    public string? Unit { get; init; }

    /// <summary>When it begins.</summary>
    public required DateTimeOffset From { get; init; }

    /// <summary>When it ends; <see cref="Open"/> where it does not.</summary>
    public required DateTimeOffset Until { get; init; }

    /// <summary>When the contract that it is of begins and ends.</summary>
    public required (DateTimeOffset From, DateTimeOffset Until) ContractPeriod { get; init; }

    /// <summary>Whether what is not used of it in its interval is lost at once.</summary>
    public required bool IsContinuous { get; init; }

    /// <summary>Over which time it is fulfilled, in FOCUS's words.</summary>
    public required string Interval { get; init; }

    /// <summary>What it is good for, in FOCUS's words.</summary>
    public required string Benefit { get; init; }

    /// <summary>The part of the list price that it takes off, 0 to 1; null: none, or not one.</summary>
    public decimal? Discount { get; init; }

    /// <summary>The part of its cost that is paid ahead. 0 to 1.</summary>
    public decimal Upfront { get; init; }

    /// <summary>To what it applies, as JSON.</summary>
    public required string Applicability { get; init; }

    /// <summary>How it stands, in FOCUS's words.</summary>
    public required string Status { get; init; }

    /// <summary>When the first version that states it became known.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>When it last became known to be otherwise.</summary>
    public required DateTimeOffset LastUpdated { get; init; }

    /// <summary>Its length, such as <c>3 Years</c>; what has no end runs on from month to month.</summary>
    public string Duration => Until == Open ? "1 Month"
        : MonthsOf(From, Until) is { } months
            ? months % 12 == 0 ? Count(months / 12, "Year") : Count(months, "Month")
            : (Until - From).Ticks % TimeSpan.TicksPerDay == 0
                ? Count((int)(Until - From).TotalDays, "Day")
                : Count((int)Math.Ceiling((Until - From).TotalHours), "Hour");

    /// <summary>The whole calendar months of a period; null: it is not of whole months.</summary>
    internal static int? MonthsOf(DateTimeOffset from, DateTimeOffset until)
    {
        var months = ((until.Year - from.Year) * 12) + until.Month - from.Month;
        return months > 0 && from.AddMonths(months) == until ? months : null;
    }

    static string Count(int count, string unit) => count == 1 ? $"1 {unit}" : $"{count} {unit}s";
}
