using System.Globalization;
using System.Numerics;
using Sahab.Ledger.Money;
using Sahab.Ledger.Postings;

namespace Sahab.Ledger.Sales;

/// <summary>Makes the lines of an invoice. Equal input makes equal lines, in whatever order it is given.</summary>
public static class InvoiceBuilder
{
    const long NanoPerCent = NanoUsd.PerUsd / 100;

    /// <summary>The lines; they add up to whole cents exactly. None where there is nothing to say.</summary>
    /// <exception cref="OverflowException">A line exceeds about 9.2 billion dollars.</exception>
    public static IReadOnlyList<InvoiceLine> Lines(InvoiceInput input)
    {
        ArgumentNullException.ThrowIfNull(input);
        List<InvoiceLine> lines =
        [
            .. MonthlyCharges.UsageLines(input.Month, input.Sold),
            .. MonthlyCharges.DiscountLines(input.Month, input.Sold),
        ];
        lines.AddRange(MinimumLines(input, SumOf(lines)));
        lines.AddRange(ProductLines(input));
        lines.AddRange(input.Reservations.OrderBy(charge => charge.Month).ThenBy(charge => charge.Id, StringComparer.Ordinal)
            .Where(charge => charge.Amount.Value != 0).Select(charge => charge.ToLine()));
        foreach (var late in input.Late.OrderBy(late => late.Month))
        {
            lines.AddRange(LateLines(late));
            lines.AddRange(MinimumsBack(late));
        }

        if (lines.Count == 0)
        {
            return [];
        }

        AddTax(input, lines);
        AddCredits(input, lines);
        AddRounding(input, lines);
        return lines;
    }

    /// <summary>What lines come to together.</summary>
    public static Int128 SumOf(IEnumerable<InvoiceLine> lines) =>
        lines.Aggregate((Int128)0, (sum, line) => sum + line.Amount.Value);

    static IEnumerable<InvoiceLine> MinimumLines(InvoiceInput input, Int128 spent)
    {
        foreach (var minimum in input.Minimums.OrderBy(each => each.Id, StringComparer.Ordinal))
        {
            var missing = minimum.AmountIn(input.Month).Value - spent;
            if (missing > 0)
            {
                yield return Fee(input, minimum, InvoiceLineKind.Minimum, new NanoUsd(checked((long)missing)));
            }
        }
    }

    static IEnumerable<InvoiceLine> ProductLines(InvoiceInput input) => input.Products
        .OrderBy(each => each.Id, StringComparer.Ordinal)
        .Select(product => Fee(input, product, InvoiceLineKind.Product, product.AmountIn(input.Month)))
        .Where(line => line.Quantity > 0);

    static InvoiceLine Fee(InvoiceInput input, MonthlyFee fee, InvoiceLineKind kind, NanoUsd amount) => new()
    {
        Kind = kind,
        Month = input.Month,
        Text = fee.Text,
        Amount = amount,
        Account = Account.FeeRevenue(fee.Id),
        Quantity = fee.DaysIn(input.Month),
        Unit = "days",
        Plan = fee.Id,
    };

    /// <summary>What an earlier month comes to now, less what was invoiced of it, model by model.</summary>
    static IEnumerable<InvoiceLine> LateLines(LateMonth late)
    {
        var usage = MonthlyCharges.UsageLines(late.Month, late.Sold).ToLookup(line => line.Model);
        var discounts = MonthlyCharges.DiscountLines(late.Month, late.Sold).ToLookup(line => line.Model);
        var invoiced = late.Invoiced.ToDictionary(each => each.Model);
        var name = late.Month.ToString("yyyy-MM", CultureInfo.InvariantCulture);
        foreach (var model in late.Sold.Select(each => each.Model).Concat(invoiced.Keys).Distinct()
            .Order(StringComparer.Ordinal))
        {
            var before = invoiced.GetValueOrDefault(model);
            var line = new InvoiceLine
            {
                Kind = InvoiceLineKind.LateUsage,
                Month = late.Month,
                Text = $"{model}: usage of {name} that came or was corrected after its invoice",
                Amount = new NanoUsd(checked((long)(SumOf(usage[model]) - (before?.Usage.Value ?? 0)))),
                Model = model,
            };
            if (line.Amount.Value != 0)
            {
                yield return line;
            }

            var discount = checked((long)(SumOf(discounts[model]) - (before?.Discount.Value ?? 0)));
            if (discount != 0)
            {
                yield return line with
                {
                    Kind = InvoiceLineKind.LateDiscount,
                    Text = $"{model}: what that changes of the discounts of {name}",
                    Amount = new NanoUsd(discount),
                    Account = Account.SaleDiscount(model),
                };
            }
        }
    }

    /// <summary>
    /// What late usage of a month gives back of the minimums that it was charged: as much as the month comes to now beyond
    /// what it came to then, and no more than was charged. What was given back for usage that is corrected is charged again.
    /// </summary>
    static IEnumerable<InvoiceLine> MinimumsBack(LateMonth late)
    {
        var beyond = SumOf(MonthlyCharges.UsageLines(late.Month, late.Sold))
            + SumOf(MonthlyCharges.DiscountLines(late.Month, late.Sold)) - late.Reached.Value;
        foreach (var minimum in late.Minimums.OrderBy(minimum => minimum.Id, StringComparer.Ordinal))
        {
            var back = Int128.Clamp(beyond, 0, minimum.Charged.Value) - minimum.Back.Value;
            if (back != 0)
            {
                yield return new InvoiceLine
                {
                    Kind = InvoiceLineKind.Minimum,
                    Month = late.Month,
                    Text = string.Create(
                        CultureInfo.InvariantCulture,
                        $"{minimum.Text}: {(back > 0 ? "later" : "corrected")} usage of {late.Month:yyyy-MM} counts towards it"),
                    Amount = new NanoUsd((long)-back),
                    Account = Account.FeeRevenue(minimum.Id),
                    Plan = minimum.Id,
                };
            }
        }
    }

    static void AddTax(InvoiceInput input, List<InvoiceLine> lines)
    {
        var tax = TaxOn(SumOf(lines), input.Tax);
        if (tax.Value != 0)
        {
            lines.Add(new InvoiceLine
            {
                Kind = InvoiceLineKind.Tax,
                Month = input.Month,
                Text = string.Create(CultureInfo.InvariantCulture, $"{input.Tax.Name} {input.Tax.Rate * 100:0.####} %"),
                Amount = tax,
                Account = Account.TaxOwed(input.Tax.Name),
            });
        }
    }

    /// <summary>The tax on an amount, rounded half to even to a nano-USD.</summary>
    public static NanoUsd TaxOn(Int128 nano, TaxTreatment tax) => MonthlyCharges.ToNano(MonthlyCharges.DivideHalfEven(
        (BigInteger)nano * (BigInteger)(tax.Rate * 1_000_000_000_000m), 1_000_000_000_000));

    /// <summary>
    /// Credit that expires first is drawn first; what never expires, last. Where the month comes to less than nothing, the
    /// rest is kept as credit.
    /// </summary>
    static void AddCredits(InvoiceInput input, List<InvoiceLine> lines)
    {
        var owed = SumOf(lines);
        if (owed < 0)
        {
            lines.Add(new InvoiceLine
            {
                Kind = InvoiceLineKind.CreditKept,
                Month = input.Month,
                Text = "Kept as credit for later invoices",
                Amount = new NanoUsd(checked((long)-owed)),
                Account = Account.CustomerCredit(input.Organisation),
            });
        }

        foreach (var credit in input.Credits.OrderBy(each => each.ExpiresAt ?? DateTimeOffset.MaxValue)
            .ThenBy(each => each.Id, StringComparer.Ordinal))
        {
            var drawn = Int128.Min(owed, credit.Left.Value);
            if (drawn > 0)
            {
                owed -= drawn;
                lines.Add(new InvoiceLine
                {
                    Kind = InvoiceLineKind.Credit,
                    Month = input.Month,
                    Text = credit.Text,
                    Amount = new NanoUsd((long)-drawn),
                    Account = Account.CustomerCredit(input.Organisation),
                    Credit = credit.Id,
                });
            }
        }
    }

    static void AddRounding(InvoiceInput input, List<InvoiceLine> lines)
    {
        var rounding = RoundingOf(SumOf(lines));
        if (rounding.Value != 0)
        {
            lines.Add(new InvoiceLine
            {
                Kind = InvoiceLineKind.Rounding,
                Month = input.Month,
                Text = "Rounding to a cent",
                Amount = rounding,
                Account = Account.SaleRounding,
            });
        }
    }

    /// <summary>What makes whole cents of an amount, half to even.</summary>
    public static NanoUsd RoundingOf(Int128 nano) => MonthlyCharges.ToNano(
        (MonthlyCharges.DivideHalfEven(nano, NanoPerCent) * NanoPerCent) - nano);

    /// <summary>
    /// The lines of a credit note: an amount before tax, the tax on it, and rounding. What goes beyond what is paid in money
    /// gives credit back that the invoice drew.
    /// </summary>
    /// <param name="organisation">Whose invoice is corrected.</param>
    /// <param name="month">The invoice's month.</param>
    /// <param name="text">Why, for people.</param>
    /// <param name="amount">What is taken back, before tax. Above 0.</param>
    /// <param name="tax">The tax that the invoice bore.</param>
    /// <param name="inMoney">What of the invoice is to be paid in money, or was, and was not taken back yet.</param>
    /// <param name="drawn">The credit that the invoice drew and that was not given back yet.</param>
    public static IReadOnlyList<InvoiceLine> CreditNote(
        string organisation, DateOnly month, string text, NanoUsd amount, TaxTreatment tax, NanoUsd inMoney,
        IEnumerable<CreditLeft> drawn)
    {
        ArgumentNullException.ThrowIfNull(drawn);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(amount.Value);
        var input = new InvoiceInput { Organisation = organisation, Month = month, Tax = tax };
        List<InvoiceLine> lines =
        [
            new()
            {
                Kind = InvoiceLineKind.Correction,
                Month = month,
                Text = text,
                Amount = -amount,
                Account = Account.SaleAllowance(organisation),
            },
        ];
        AddTax(input, lines);
        GiveCreditBack(input, lines, inMoney, drawn);
        AddRounding(input, lines);
        return lines;
    }

    /// <summary>What was drawn last is given back first.</summary>
    static void GiveCreditBack(
        InvoiceInput input, List<InvoiceLine> lines, NanoUsd inMoney, IEnumerable<CreditLeft> drawn)
    {
        var beyond = -SumOf(lines) - inMoney.Value;
        foreach (var credit in drawn.OrderByDescending(each => each.ExpiresAt ?? DateTimeOffset.MaxValue)
            .ThenByDescending(each => each.Id, StringComparer.Ordinal))
        {
            var back = Int128.Min(beyond, credit.Left.Value);
            if (back > 0)
            {
                beyond -= back;
                lines.Add(new InvoiceLine
                {
                    Kind = InvoiceLineKind.Credit,
                    Month = input.Month,
                    Text = credit.Text + " (given back)",
                    Amount = new NanoUsd((long)back),
                    Account = Account.CustomerCredit(input.Organisation),
                    Credit = credit.Id,
                });
            }
        }
    }
}
