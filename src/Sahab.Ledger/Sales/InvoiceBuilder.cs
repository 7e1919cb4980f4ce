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
    internal static NanoUsd TaxOn(Int128 nano, TaxTreatment tax) => MonthlyCharges.ToNano(MonthlyCharges.DivideHalfEven(
        (BigInteger)nano * (BigInteger)(tax.Rate * 1_000_000_000_000m), 1_000_000_000_000));

    /// <summary>Credit that expires first is drawn first; what never expires, last.</summary>
    static void AddCredits(InvoiceInput input, List<InvoiceLine> lines)
    {
        var owed = SumOf(lines);
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
        var exact = (BigInteger)SumOf(lines);
        var rounded = MonthlyCharges.DivideHalfEven(exact, NanoPerCent) * NanoPerCent;
        if (rounded != exact)
        {
            lines.Add(new InvoiceLine
            {
                Kind = InvoiceLineKind.Rounding,
                Month = input.Month,
                Text = "Rounding to a cent",
                Amount = MonthlyCharges.ToNano(rounded - exact),
                Account = Account.SaleRounding,
            });
        }
    }

    /// <summary>The lines of a credit note: an amount before tax, the tax on it, and rounding.</summary>
    /// <param name="organisation">Whose invoice is corrected.</param>
    /// <param name="month">The invoice's month.</param>
    /// <param name="text">Why, for people.</param>
    /// <param name="amount">What is taken back, before tax. Above 0.</param>
    /// <param name="tax">The tax that the invoice bore.</param>
    public static IReadOnlyList<InvoiceLine> CreditNote(
        string organisation, DateOnly month, string text, NanoUsd amount, TaxTreatment tax)
    {
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
        AddRounding(input, lines);
        return lines;
    }
}
