using Sahab.Ledger.Money;
using Sahab.Ledger.Rating;
using Sahab.Ledger.Sales;

namespace Sahab.Tests.Ledger.Sales;

public class InvoiceBuilderTests
{
    static readonly DateOnly Month = new(2026, 11, 1);

    [Fact]
    public void Tokens_fill_the_allowance_and_the_bands_from_below()
    {
        var terms = Terms("list:a", "2026-01-01", 2, 2) with
        {
            FreeTokens = 1_000_000,
            Bands = [new VolumeBand(2_000_000, 0.1m), new VolumeBand(4_000_000, 0.25m)],
        };

        var lines = MonthlyCharges.DiscountLines(Month, [Sold("m", "default", terms, 3_000_000, 2_000_000)]).ToList();

        lines.Select(line => (line.Kind, line.Quantity, line.Amount.ToUsd())).ShouldBe(
        [
            (InvoiceLineKind.Free, 1_000_000, -2m),
            (InvoiceLineKind.Volume, 2_000_000, -0.4m),
            (InvoiceLineKind.Volume, 1_000_000, -0.5m),
        ]);
    }

    [Fact]
    public void An_earlier_price_fills_the_bands_before_a_later_one_and_tiers_share_them()
    {
        var first = Terms("list:a", "2026-01-01", 4, 4) with { Bands = [new VolumeBand(1_500_000, 0.5m)] };
        var second = Terms("list:b", "2026-11-15", 2, 2) with { Bands = first.Bands };

        SoldUsage[] sold =
        [
            Sold("m", "default", second, 1_000_000, 0), Sold("m", "default", first, 500_000, 0),
            Sold("m", "batch", first with { Prices = PriceTerms.FromUsdPerMillion(2, 2, 2) }, 500_000, 0),
        ];

        MonthlyCharges.DiscountLines(Month, sold).ShouldHaveSingleItem()
            .ShouldSatisfyAllConditions(
                line => line.Quantity.ShouldBe(500_000), line => line.Amount.ToUsd().ShouldBe(-0.5m),
                line => line.Plan.ShouldBe("list:b"));
    }

    [Fact]
    public void What_rounding_call_by_call_makes_is_a_line_of_its_own()
    {
        // Three calls of one token at a third of a nano-dollar: each rounds to nothing, all together to one.
        var terms = new SaleTerms("list:a", new PriceTerms(333_333, 0, 0));
        var sold = new SoldUsage("p", "m", "default", terms, 1, 3, new TokenUsage(3, 0, 0, 0), 0);

        MonthlyCharges.UsageLines(Month, [sold]).Select(line => (line.Kind, line.Amount.Value))
            .ShouldBe([(InvoiceLineKind.Usage, 1L), (InvoiceLineKind.CallRounding, -1L)]);
    }

    [Fact]
    public void An_invoice_adds_up_to_cents_with_tax_credit_and_rounding()
    {
        var input = new InvoiceInput
        {
            Organisation = "acme",
            Month = Month,
            Sold = [Sold("m", "default", Terms("list:a", "2026-01-01", 3, 15), 1_000_001, 0)],
            Tax = new TaxTreatment("MVA", 0.25m, ""),
            Credits =
            [
                new CreditLeft("b", "later", NanoUsd.FromUsd(1), Prices.Day("2027-02-01")),
                new CreditLeft("a", "never", NanoUsd.FromUsd(1), null),
                new CreditLeft("c", "first", NanoUsd.FromUsd(0.5m), Prices.Day("2027-01-01")),
            ],
        };

        var lines = InvoiceBuilder.Lines(input);

        lines.Select(line => (line.Kind, line.Text, line.Amount.ToUsd())).ShouldBe(
        [
            (InvoiceLineKind.Usage, "m, default: prompt tokens", 3.000003m),
            (InvoiceLineKind.Tax, "MVA 25 %", 0.75000075m),
            (InvoiceLineKind.Credit, "first", -0.5m),
            (InvoiceLineKind.Credit, "later", -1m),
            (InvoiceLineKind.Credit, "never", -1m),
            (InvoiceLineKind.Rounding, "Rounding to a cent", -0.00000375m),
        ]);
        InvoiceBuilder.SumOf(lines).ShouldBe(NanoUsd.FromUsd(1.25m).Value);
        SaleEntries.OfDocument("INV-1", "acme", lines, SampleUsage.Start).SelectMany(entry => entry.Postings)
            .Sum(posting => posting.Amount.Value).ShouldBe(0);
    }

    [Fact]
    public void Fees_are_prorated_by_the_day_and_a_minimum_charges_what_is_missing()
    {
        var input = new InvoiceInput
        {
            Organisation = "acme",
            Month = Month,
            Sold = [Sold("m", "default", Terms("list:a", "2026-01-01", 4, 4), 1_000_000, 0)],
            Products = [new MonthlyFee("seat", "Reserved units", NanoUsd.FromUsd(30), new(2026, 11, 21), null)],
            Minimums = [new MonthlyFee("min", "Minimum", NanoUsd.FromUsd(10), new(2026, 1, 1), new(2026, 11, 16))],
        };

        InvoiceBuilder.Lines(input).Select(line => (line.Kind, line.Quantity, line.Amount.ToUsd())).ShouldBe(
        [
            (InvoiceLineKind.Usage, 1_000_000, 4m), (InvoiceLineKind.Minimum, 15, 1m), (InvoiceLineKind.Product, 10, 10m),
        ]);
    }

    [Fact]
    public void What_came_late_is_the_difference_to_what_was_invoiced_discounts_included()
    {
        var terms = Terms("list:a", "2026-01-01", 1, 1) with { Bands = [new VolumeBand(1_000_000, 0.5m)] };
        var october = new LateMonth(
            new(2026, 10, 1), [Sold("m", "default", terms, 3_000_000, 0)],
            [new InvoicedModel("m", NanoUsd.FromUsd(2), NanoUsd.FromUsd(-0.5m)), new InvoicedModel("gone", NanoUsd.FromUsd(1), default)]);

        InvoiceBuilder.Lines(new InvoiceInput { Organisation = "acme", Month = Month, Late = [october] })
            .Select(line => (line.Kind, line.Model, line.Amount.ToUsd())).ShouldBe(
            [
                (InvoiceLineKind.LateUsage, "gone", -1m), (InvoiceLineKind.LateUsage, "m", 1m),
                (InvoiceLineKind.LateDiscount, "m", -0.5m), (InvoiceLineKind.CreditKept, "", 0.5m),
            ]);
    }

    [Fact]
    public void What_a_month_is_below_nothing_is_kept_as_credit_with_its_tax()
    {
        var october = new LateMonth(
            new(2026, 10, 1), [], [new InvoicedModel("m", NanoUsd.FromUsd(4.000000001m), NanoUsd.FromUsd(-1))]);

        var lines = InvoiceBuilder.Lines(new InvoiceInput
        {
            Organisation = "acme",
            Month = Month,
            Sold = [Sold("m", "default", Terms("list:a", "2026-01-01", 1, 1), 1_000_000, 0)],
            Late = [october],
            Tax = new TaxTreatment("MVA", 0.25m, ""),
            Credits = [new CreditLeft("a", "never", NanoUsd.FromUsd(1), null)],
        });

        lines.Select(line => (line.Kind, line.Amount.ToUsd(), line.Account?.Name)).ShouldBe(
        [
            (InvoiceLineKind.Usage, 1m, null), (InvoiceLineKind.LateUsage, -4.000000001m, null),
            (InvoiceLineKind.LateDiscount, 1m, "sale-discount:m"), (InvoiceLineKind.Tax, -0.5m, "tax:MVA"),
            (InvoiceLineKind.CreditKept, 2.500000001m, "customer-credit:acme"),
        ]);
        InvoiceBuilder.SumOf(lines).ShouldBe(0);
    }

    [Fact]
    public void A_credit_note_takes_money_first_and_then_gives_back_the_credit_that_was_drawn_last()
    {
        CreditLeft[] drawn =
        [
            new("a", "never", NanoUsd.FromUsd(2), null), new("b", "soon", NanoUsd.FromUsd(3), Prices.Day("2027-01-01")),
        ];
        IReadOnlyList<InvoiceLine> Note(decimal usd) => InvoiceBuilder.CreditNote(
            "acme", Month, "sorry", NanoUsd.FromUsd(usd), new TaxTreatment("MVA", 0.25m, ""), NanoUsd.FromUsd(1), drawn);
        static IEnumerable<(InvoiceLineKind, string, decimal)> Of(IReadOnlyList<InvoiceLine> lines) =>
            lines.Select(line => (line.Kind, line.Credit, line.Amount.ToUsd()));

        Of(Note(0.8m)).ShouldBe([(InvoiceLineKind.Correction, "", -0.8m), (InvoiceLineKind.Tax, "", -0.2m)]);
        Of(Note(2.800000004m)).ShouldBe(
        [
            (InvoiceLineKind.Correction, "", -2.800000004m), (InvoiceLineKind.Tax, "", -0.700000001m),
            (InvoiceLineKind.Credit, "a", 2m), (InvoiceLineKind.Credit, "b", 0.500000005m),
        ]);
        InvoiceBuilder.SumOf(Note(4.8m)).ShouldBe(-NanoUsd.FromUsd(1).Value);
        InvoiceBuilder.SumOf(Note(5)).ShouldBe(-NanoUsd.FromUsd(1.25m).Value);
    }

    [Fact]
    public void Late_usage_counts_towards_the_minimum_that_its_month_was_charged()
    {
        var october = new LateMonth(
            new(2026, 10, 1), [Sold("m", "default", Terms("list:a", "2026-01-01", 1, 1), 3_000_000, 0)],
            [new InvoicedModel("m", NanoUsd.FromUsd(1), default)])
        {
            Reached = NanoUsd.FromUsd(1),
            Minimums =
            [
                new ChargedMinimum("small", "Minimum", NanoUsd.FromUsd(1.5m), default),
                new ChargedMinimum("big", "Other", NanoUsd.FromUsd(9), default),
            ],
        };
        var input = new InvoiceInput { Organisation = "acme", Month = Month, Late = [october] };

        InvoiceBuilder.Lines(input).Select(line => (line.Kind, line.Plan, line.Amount.ToUsd(), line.Account?.Name)).ShouldBe(
        [
            (InvoiceLineKind.LateUsage, "", 2m, null), (InvoiceLineKind.Minimum, "big", -2m, "revenue-fee:big"),
            (InvoiceLineKind.Minimum, "small", -1.5m, "revenue-fee:small"), (InvoiceLineKind.CreditKept, "", 1.5m, "customer-credit:acme"),
        ]);
        InvoiceBuilder.Lines(input with { Late = [october with { Sold = [] }] }).Select(line => line.Kind)
            .ShouldBe([InvoiceLineKind.LateUsage, InvoiceLineKind.CreditKept]);
    }

    /// <summary>Of 10 dollars at least, 6 were used at first; whatever comes then, the month is as if all had been known.</summary>
    [Theory]
    [InlineData(6, 0, 0)]
    [InlineData(3, 0, 0)]
    [InlineData(8, 0, -2)]
    [InlineData(8, 2, 0)]
    [InlineData(12, 0, -4)]
    [InlineData(12, 2, -2)]
    [InlineData(6, 2, 2)]
    public void A_month_is_charged_its_minimum_or_its_usage_and_not_both(int now, int givenBack, int change)
    {
        var october = new LateMonth(
            new(2026, 10, 1), [Sold("m", "default", Terms("list:a", "2026-01-01", 1, 1), now * 1_000_000, 0)],
            [new InvoicedModel("m", NanoUsd.FromUsd(now), default)])
        {
            Reached = NanoUsd.FromUsd(6),
            Minimums = [new ChargedMinimum("least", "Minimum", NanoUsd.FromUsd(4), NanoUsd.FromUsd(givenBack))],
        };

        InvoiceBuilder.Lines(new InvoiceInput { Organisation = "acme", Month = Month, Late = [october] })
            .Where(line => line.Kind == InvoiceLineKind.Minimum).Sum(line => line.Amount.ToUsd()).ShouldBe(change);
    }

    [Fact]
    public void Lines_do_not_depend_on_the_order_of_what_they_are_made_from()
    {
        var random = new Random(7);
        for (var round = 0; round < 200; round++)
        {
            var bands = Enumerable.Range(1, 3).Select(i => new VolumeBand(i * 500_000, i * 0.07m)).ToArray();
            var sold = Enumerable.Range(0, 12).Select(i =>
            {
                var terms = Terms($"list:{i % 3}", $"2026-11-{1 + (i % 3):00}", 1.23m + i % 3, 4) with
                {
                    FreeTokens = round % 3 * 100_000,
                    Bands = [.. bands],
                };
                return Sold($"m{i % 2}", i % 4 == 0 ? "batch" : "default", terms, random.Next(400_000), random.Next(90_000))
                    with
                { Project = $"p{i}" };
            }).ToArray();
            var input = new InvoiceInput
            {
                Organisation = "acme",
                Month = Month,
                Sold = sold,
                Tax = new TaxTreatment("T", 0.0825m, ""),
            };
            var lines = InvoiceBuilder.Lines(input);
            random.Shuffle(sold);

            InvoiceBuilder.Lines(input with { Sold = sold }).ShouldBe(lines);
            (InvoiceBuilder.SumOf(lines) % 10_000_000).ShouldBe(0);
            InvoiceBuilder.SumOf(lines.Where(line => line.IsUsage)).ShouldBe((Int128)sold.Sum(each => each.Nano));
            (InvoiceBuilder.SumOf(lines.Where(line => line.IsUsage || line.IsDiscount)) >= 0).ShouldBeTrue();
        }
    }

    [Fact]
    public void Tax_goes_by_state_before_country_and_a_vat_id_or_an_exemption_takes_it_away()
    {
        TaxRule[] rules =
        [
            new("Sales tax", "US", null, 0, false), new("Texas tax", "US", "TX", 0.0825m, false), new("VAT", "DE", null, 0.19m, true),
        ];

        TaxRule.For(rules, "US", "TX", null, null).Rate.ShouldBe(0.0825m);
        TaxRule.For(rules, "US", "CA", null, null).Name.ShouldBe("Sales tax");
        TaxRule.For(rules, "DE", null, null, null).Rate.ShouldBe(0.19m);
        TaxRule.For(rules, "DE", null, "DE1", null).ShouldSatisfyAllConditions(
            tax => tax.Rate.ShouldBe(0), tax => tax.Note.ShouldContain("Reverse charge"));
        TaxRule.For(rules, "DE", null, null, "charity").Note.ShouldBe("Exempt from VAT: charity.");
        TaxRule.For(rules, null, null, null, null).ShouldBe(TaxTreatment.None);
    }

    static SaleTerms Terms(string plan, string from, decimal prompt, decimal output) =>
        new(plan, PriceTerms.FromUsdPerMillion(prompt, prompt, output)) { From = Prices.Day(from) };

    static SoldUsage Sold(string model, string tier, SaleTerms terms, long prompt, long output)
    {
        var usage = new TokenUsage(prompt, 0, output, 0);
        return new SoldUsage("default", model, tier, terms, 1, 1, usage, Rater.Rate(usage, terms.Prices).Value);
    }
}
