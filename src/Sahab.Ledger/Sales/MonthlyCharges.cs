using System.Globalization;
using System.Numerics;
using Sahab.Ledger.Money;
using Sahab.Ledger.Postings;

namespace Sahab.Ledger.Sales;

/// <summary>
/// What a month's usage of an organisation comes to: lines of tokens, and what allowances and volume take off. A function
/// of the sums, so that it does not depend on the order of the calls.
/// </summary>
public static class MonthlyCharges
{
    static readonly BigInteger One = BigInteger.Pow(10, 28);

    /// <summary>Lines of tokens, by project, model, tier, terms and kind of token.</summary>
    public static IEnumerable<InvoiceLine> UsageLines(DateOnly month, IEnumerable<SoldUsage> sold)
    {
        foreach (var usage in Ordered(sold))
        {
            var rest = usage.Nano;
            foreach (var (meter, tokens, price) in Meters(usage))
            {
                if (tokens != 0)
                {
                    var amount = DivideHalfEven((BigInteger)tokens * price, 1_000_000);
                    rest -= (decimal)amount;
                    yield return Line(usage, month, InvoiceLineKind.Usage, amount) with
                    {
                        Text = $"{usage.Model}, {usage.ServiceTier}: {meter.Replace('_', ' ')} tokens",
                        Meter = meter,
                        Quantity = tokens,
                        Unit = "tokens",
                        UnitNano = price,
                    };
                }
            }

            if (rest != 0)
            {
                yield return Line(usage, month, InvoiceLineKind.CallRounding, (BigInteger)rest) with
                {
                    Text = $"{usage.Model}, {usage.ServiceTier}: each call is rounded to a billionth of a dollar",
                    Quantity = usage.Calls,
                    Unit = "calls",
                };
            }
        }
    }

    /// <summary>
    /// What the free allowance and the volume bands of each model take off. The month's tokens of a model fill them from
    /// below, those of an earlier price before those of a later one; within a price all tokens count as much as each other.
    /// </summary>
    public static IEnumerable<InvoiceLine> DiscountLines(DateOnly month, IEnumerable<SoldUsage> sold)
    {
        // What reserved capacity covered was paid for otherwise: it fills no band and uses up no allowance.
        foreach (var model in sold.Where(usage => usage.ServiceTier != PricePlan.Reserved).GroupBy(usage => usage.Model).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            var place = 0L;
            foreach (var segment in model
                .GroupBy(usage => (usage.Terms.From, usage.Terms.Plan, usage.Terms.Bands, usage.Terms.FreeTokens))
                .OrderBy(group => group.Key.From).ThenBy(group => group.Key.Plan, StringComparer.Ordinal)
                .ThenBy(group => group.Key.FreeTokens).ThenBy(group => group.Key.Bands.ToString(), StringComparer.Ordinal))
            {
                var tokens = segment.Sum(usage => usage.Usage.TotalTokens);
                var nano = segment.Sum(usage => usage.Nano);
                foreach (var line in OfSegment(month, model.Key, segment.First().Terms, place, tokens, nano))
                {
                    yield return line;
                }

                place += tokens;
            }
        }
    }

    internal static NanoUsd ToNano(BigInteger nano) => new(checked((long)nano));

    internal static BigInteger DivideHalfEven(BigInteger dividend, BigInteger divisor)
    {
        var quotient = BigInteger.DivRem(dividend, divisor, out var remainder);
        var twice = BigInteger.Abs(remainder) * 2;
        return twice > divisor || (twice == divisor && !quotient.IsEven) ? quotient + dividend.Sign : quotient;
    }

    /// <param name="place">How many tokens of the month lie below.</param>
    static IEnumerable<InvoiceLine> OfSegment(
        DateOnly month, string model, SaleTerms terms, long place, long tokens, decimal nano)
    {
        if (tokens <= 0)
        {
            yield break;
        }

        // Rounded are running totals, so that the lines add up to the whole rounded once, and take off no more than all.
        var (exact, taken) = (BigInteger.Zero, BigInteger.Zero);
        foreach (var (from, until, discount, isFree) in PartsOf(terms))
        {
            var within = Math.Min(place + tokens, until) - Math.Max(place, from);
            if (within <= 0 || discount == 0)
            {
                continue;
            }

            exact += (BigInteger)nano * within * (BigInteger)(discount * 10_000_000_000_000_000m) * 1_000_000_000_000;
            var total = DivideHalfEven(exact, tokens * One);
            var (amount, share) = (total - taken, (discount * 100).ToString("0.####", CultureInfo.InvariantCulture));
            taken = total;
            yield return new InvoiceLine
            {
                Kind = isFree ? InvoiceLineKind.Free : InvoiceLineKind.Volume,
                Month = month,
                Text = isFree ? $"{model}: free allowance" : $"{model}: {share} % off from {Grouped(from)} tokens on",
                Amount = ToNano(-amount),
                Account = Account.SaleDiscount(model),
                Model = model,
                Plan = terms.Plan,
                Quantity = within,
                Unit = "tokens",
            };
        }
    }

    /// <summary>The parts of the month's tokens that cost less.</summary>
    static IEnumerable<(long From, long Until, decimal Discount, bool IsFree)> PartsOf(SaleTerms terms)
    {
        if (terms.FreeTokens > 0)
        {
            yield return (0, terms.FreeTokens, 1, true);
        }

        for (var i = 0; i < terms.Bands.Count; i++)
        {
            var until = i + 1 < terms.Bands.Count ? terms.Bands[i + 1].FromTokens : long.MaxValue;
            yield return (Math.Max(terms.Bands[i].FromTokens, terms.FreeTokens), until, terms.Bands[i].Discount, false);
        }
    }

    static IEnumerable<(string Meter, long Tokens, long Price)> Meters(SoldUsage sold) =>
    [
        ("prompt", sold.Usage.PlainPromptTokens, sold.Terms.Prices.PromptNanoPerMillion),
        ("cached", sold.Usage.CachedTokens, sold.Terms.Prices.CachedNanoPerMillion),
        ("cache_write", sold.Usage.CacheWriteTokens - sold.Usage.CacheWrite1hTokens,
            sold.Terms.Prices.CacheWriteNanoPerMillion),
        ("cache_write_1h", sold.Usage.CacheWrite1hTokens, sold.Terms.Prices.CacheWrite1hNanoPerMillion),
        ("output", sold.Usage.OutputTokens, sold.Terms.Prices.OutputNanoPerMillion),
    ];

    static IEnumerable<SoldUsage> Ordered(IEnumerable<SoldUsage> sold) => sold
        .OrderBy(usage => usage.Project, StringComparer.Ordinal).ThenBy(usage => usage.Model, StringComparer.Ordinal)
        .ThenBy(usage => usage.ServiceTier, StringComparer.Ordinal).ThenBy(usage => usage.Terms.From)
        .ThenBy(usage => usage.Terms.Plan, StringComparer.Ordinal).ThenBy(usage => usage.TermsId);

    static InvoiceLine Line(SoldUsage usage, DateOnly month, InvoiceLineKind kind, BigInteger nano) => new()
    {
        Kind = kind,
        Month = month,
        Text = "",
        Amount = ToNano(nano),
        Project = usage.Project,
        Model = usage.Model,
        ServiceTier = usage.ServiceTier,
        Plan = usage.Terms.Plan,
        TermsId = usage.TermsId,
    };

    static string Grouped(long tokens) => tokens.ToString("#,0", CultureInfo.InvariantCulture);
}
