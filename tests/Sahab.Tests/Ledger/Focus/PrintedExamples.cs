using Sahab.Ledger.Contracts;
using Sahab.Ledger.Focus;
using Sahab.Ledger.Settlements;

namespace Sahab.Tests.Ledger.Focus;

/// <summary>The examples of commitment discounts. Rows are counted from 0.</summary>
internal static partial class PrintedExamples
{
    const string Id = "<my-commitment-discount-id>";

    const string BadTimes = "The periods overlap, end after the bill's, and one at 30 o'clock: hours of 1, 2 and 3 are meant.";

    public static PrintedExample Of(string file) => Path.GetFileNameWithoutExtension(file) switch
    {
        "commitment_discount_purchase_scenario_1" => Bought(upfront: 8760, share: 1),
        "commitment_discount_purchase_scenario_2" => Bought(upfront: 0, share: 1) with { SkippedCells = Times(0) },
        "commitment_discount_purchase_scenario_3" => Bought(upfront: 4380, share: 0.5m) with
        {
            SkippedCells = Times(1),
        },
        "commitment_discount_usage_scenario_1" => Used(Hour("machine", 2)),
        "commitment_discount_usage_scenario_2" => Used(),
        "commitment_discount_usage_scenario_3" => Used(Hour("machine", 1.5m)),
        "commitment_discount_usage_scenario_4" => Used(Hour("machine", 2), Hour("disk", 0.5m)),
        "one_hundred_percent_utilization_without_commitment_discount_flexibility" => Machines(
            1, 1.5m, 3, "VM_LARGE", "Hour", Hours("VM_LARGE", 1, 3)),
        "zero_percent_utilization_without_commitment_discount_flexibility" => Machines(
            1, 1.5m, 3, "VM_LARGE", "Hour", Hours("VM_MEDIUM", 1, 2)) with
        {
            SkippedCells = Cells(
                (1, "ResourceId", "Another example names the commitment where nothing was used, and there is no machine."),
                (1, "ConsumedQuantity", "The specification: null where CommitmentDiscountStatus is Unused."),
                (1, "ConsumedUnit", "As its quantity."),
                (2, "x_CommitmentDiscountUnitPrice", "A price of a commitment that nobody has bought.")),
        },
        "one_hundred_percent_utilization_with_commitment_discount_flexibility_with_2_resources" => Machines(
            4, 0.5m, 1, "VM_XLARGE", "Normalized Hour", Hours("VM_MEDIUM", 2, 1, "a"), Hours("VM_MEDIUM", 2, 1, "b")),
        "one_hundred_percent_utilization_with_commitment_discount_flexibility_with_1_resource" => Machines(
            1, 0.5m, 1, "VM_SMALL", "Normalized Hour", Hours("VM_LARGE", 3, 1)) with
        {
            SkippedCells = Cells(
                (1, "PricingQuantity", "0.333 is a third, rounded; ours has 28 digits."),
                (1, "ListCost", "0.333 times 3.00 is not 3.00 (the specification: price times quantity)."),
                (1, "ConsumedQuantity", "The hour is told twice: here and in the next row."),
                (2, "PricingQuantity", "Besides a third, two thirds are left, not 0.75."),
                (2, "ListCost", "Of 0.75; two thirds cost 2.00."),
                (2, "BilledCost", "Of 0.75; two thirds cost 2.00."),
                (2, "EffectiveCost", "Of 0.75; two thirds cost 2.00."),
                (2, "ConsumedQuantity", "The hour is told twice."),
                (2, "x_CommitmentDiscountUnitPrice", "A price of a commitment that this part of the hour has no part in.")),
        },
        _ => Agreement(Path.GetFileNameWithoutExtension(file)),
    };

    static PrintedExample Bought(decimal upfront, decimal share)
    {
        var baseline = new CommittedUse
        {
            Id = Id,
            Source = Terms.Page,
            Until = Terms.At("2024-01-01"),
            Baseline = 2,
            UnitPrice = 0.5m,
        };
        var paid = new Prepayment
        {
            Id = "upfront",
            Source = Terms.Page,
            Amount = upfront,
            PaidAt = Terms.At("2023-01-01"),
            Until = Terms.At("2024-01-01"),
            Uses = new Selector { Services = [Use.CommittedUse], Deployments = [Id] },
            Share = share,
        };
        return new PrintedExample
        {
            From = "2023-01-01",
            Until = "2023-01-01T03:00",
            Clauses = upfront > 0 ? [baseline, paid] : [baseline],
            Categories = ["Purchase"],
            Words = _ => new CatalogItem { ResourceId = Id },
        };
    }

    static PrintedExample Used(params ServiceUse[] uses) => new()
    {
        From = "2023-01-01",
        Until = "2023-01-01T01:00",
        Clauses =
        [
            new CommittedUse { Id = Id, Source = Terms.Page, Baseline = 2, UnitPrice = 0.5m, Uses = Terms.Of("machine") },
        ],
        Uses = uses,
        Categories = ["Usage"],
        Words = line => new CatalogItem { ResourceId = line.Use is null ? Id : "<my-resource-id>", Unit = "Hour" },
        Commitment = _ => new CatalogItem { ResourceId = Id },
    };

    /// <summary>Machines by the hour, which count as one or several normalized hours of a commitment.</summary>
    static PrintedExample Machines(
        decimal baseline, decimal price, decimal list, string sku, string unit, params ServiceUse[] uses)
    {
        var size = new Dictionary<string, decimal> { ["VM_SMALL"] = 1, ["VM_MEDIUM"] = 2, ["VM_LARGE"] = 3, ["VM_XLARGE"] = 4 };
        var isFlexible = unit == "Normalized Hour";
        CatalogItem Machine(string name, string kind, string? id) => new()
        {
            ResourceId = id,
            SkuId = name,
            SkuPriceId = $"{name}_{kind}",
            Unit = "Hour",
            UnitsEach = isFlexible ? size[name] : 1,
            ListUnitPrice = isFlexible ? size[name] * list : name == sku ? list : null,
            CommitmentUnit = unit,
        };
        return new PrintedExample
        {
            From = "2023-01-01",
            Until = "2023-01-01T01:00",
            Clauses =
            [
                new CommittedUse
                {
                    Id = Id,
                    Source = Terms.Page,
                    Measure = Measure.Quantity,
                    Baseline = baseline,
                    UnitPrice = price,
                    Uses = isFlexible ? Selector.All : Terms.Of(sku),
                },
            ],
            Uses = uses,
            Words = line => line.Kind switch
            {
                StatementKind.Baseline => Machine(sku, "COMMITTED_PURCHASE_NO_UPFRONT", Id) with
                {
                    UnitsEach = isFlexible ? size[sku] : 1,
                },
                StatementKind.UnusedBaseline => Machine(sku, "COMMITTED_HOUR", Id),
                StatementKind.CoveredUse => Machine(line.Use!.Service, "COMMITTED_HOUR", Named(line.Use.Service)),
                _ => Machine(line.Use!.Service, "ON_DEMAND_HOUR", Named(line.Use.Service)),
            },
            Commitment = _ => new CatalogItem { ResourceId = Id, CommitmentUnit = unit },
        };

        static string Named(string name) => $"<my-{name[3..].ToLowerInvariant()}-vm-id>";
    }

    static ServiceUse Hour(string service, decimal price) => Hours(service, 1, price);

    static ServiceUse Hours(string service, decimal quantity, decimal price, string resource = "") =>
        Terms.Use("cloud", "2023-01-01", service, quantity, price) with { Resource = resource };

    /// <summary>Of three rows, the first of which begins as it should.</summary>
    static Dictionary<(int Row, string Column), string> Times(int first) => Cells(
        (first, "ChargePeriodEnd", BadTimes), (first + 1, "ChargePeriodStart", BadTimes), (first + 1, "ChargePeriodEnd", BadTimes),
        (first + 2, "ChargePeriodStart", BadTimes), (first + 2, "ChargePeriodEnd", BadTimes));

    static Dictionary<(int Row, string Column), string> Cells(params (int Row, string Column, string Reason)[] cells) =>
        cells.ToDictionary(cell => (cell.Row, cell.Column), cell => cell.Reason);
}
