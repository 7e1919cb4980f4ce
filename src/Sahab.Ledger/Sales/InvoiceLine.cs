using Sahab.Ledger.Money;
using Sahab.Ledger.Postings;

namespace Sahab.Ledger.Sales;

/// <summary>What a line of an invoice is for. The names are stored: they never change.</summary>
public enum InvoiceLineKind
{
    /// <summary>Tokens of one kind, at one price. Posted call by call before.</summary>
    Usage,

    /// <summary>What rounding call by call makes of that. Posted with the calls.</summary>
    CallRounding,

    /// <summary>The month's first tokens of a model, which cost nothing.</summary>
    Free,

    /// <summary>What a volume band takes off.</summary>
    Volume,

    /// <summary>Usage of a month that was invoiced before, which came or was corrected after that.</summary>
    LateUsage,

    /// <summary>What that changes of the earlier month's allowances and volume discounts.</summary>
    LateDiscount,

    /// <summary>Something that is paid by the month.</summary>
    Product,

    /// <summary>What is missing of a minimum that was agreed.</summary>
    Minimum,

    /// <summary>What a month bears of reserved capacity.</summary>
    Reservation,

    /// <summary>Tax.</summary>
    Tax,

    /// <summary>What credit pays; of a credit note: what is given back of it.</summary>
    Credit,

    /// <summary>What rounding the whole to cents makes.</summary>
    Rounding,

    /// <summary>Of a credit note: what is taken back.</summary>
    Correction,

    /// <summary>What a month below nothing leaves: it is kept as credit, so that the invoice comes to nothing.</summary>
    CreditKept,
}

/// <summary>A line of an invoice or credit note.</summary>
public sealed record InvoiceLine
{
    /// <summary>What it is for.</summary>
    public required InvoiceLineKind Kind { get; init; }

    /// <summary>The first day of the month that it is about.</summary>
    public required DateOnly Month { get; init; }

    /// <summary>What it is, for people.</summary>
    public required string Text { get; init; }

    /// <summary>What is to be paid for it; below 0: what is taken off.</summary>
    public required NanoUsd Amount { get; init; }

    /// <summary>
    /// The account that it is credited to, with the customer's as the other side; null: it was posted with the calls.
    /// </summary>
    public Account? Account { get; init; }

    /// <summary>The project; empty: it is of none.</summary>
    public string Project { get; init; } = "";

    /// <summary>The model; empty: it is of none.</summary>
    public string Model { get; init; } = "";

    /// <summary>The service tier; empty: of all.</summary>
    public string ServiceTier { get; init; } = "";

    /// <summary>Where the price stands; empty: nowhere.</summary>
    public string Plan { get; init; } = "";

    /// <summary>The number of the terms in the store; 0: of all.</summary>
    public long TermsId { get; init; }

    /// <summary>The kind of token; empty: of all.</summary>
    public string Meter { get; init; } = "";

    /// <summary>How much of <see cref="Unit"/>.</summary>
    public decimal Quantity { get; init; }

    /// <summary>What is counted: <c>tokens</c>, <c>days</c>, <c>calls</c>, <c>units</c>; empty: nothing.</summary>
    public string Unit { get; init; } = "";

    /// <summary>The price, in nano-USD for a million tokens; null: it has none.</summary>
    public long? UnitNano { get; init; }

    /// <summary>The credit that pays; empty: none.</summary>
    public string Credit { get; init; } = "";

    /// <summary>Whether it is usage of a month, as it was posted call by call.</summary>
    public bool IsUsage =>
        Kind is InvoiceLineKind.Usage or InvoiceLineKind.CallRounding or InvoiceLineKind.LateUsage;

    /// <summary>Whether it takes something off usage of a month.</summary>
    public bool IsDiscount =>
        Kind is InvoiceLineKind.Free or InvoiceLineKind.Volume or InvoiceLineKind.LateDiscount;

    /// <summary>Whether it moves credit of the customer.</summary>
    public bool IsCredit => Kind is InvoiceLineKind.Credit or InvoiceLineKind.CreditKept;
}
