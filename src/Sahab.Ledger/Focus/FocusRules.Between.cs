namespace Sahab.Ledger.Focus;

/// <summary>What one column says of another.</summary>
public static partial class FocusRules
{
    static IEnumerable<FocusRule> BetweenColumns() =>
    [
        Before("BillingPeriodStart", "BillingPeriodEnd"),
        Before("ChargePeriodStart", "ChargePeriodEnd"),
        NullWith("BillingAccountType", "BillingAccountId"),
        NullWith("SubAccountName", "SubAccountId"),
        NullWith("SubAccountType", "SubAccountId"),
        NullWith("ConsumedUnit", "ConsumedQuantity"),
        NullWith("PricingUnit", "PricingQuantity"),
        NullWith("CommitmentDiscountUnit", "CommitmentDiscountQuantity"),
        NullWith("CommitmentDiscountCategory", "CommitmentDiscountId"),
        NullWith("CommitmentDiscountType", "CommitmentDiscountId"),
        NullWith("ResourceType", "ResourceId"),
        NullWith("RegionName", "RegionId"),
        NullWith("SkuMeter", "SkuId"),
        NullIfNull("CommitmentDiscountName", "CommitmentDiscountId"),
        NullIfNull("CommitmentDiscountStatus", "CommitmentDiscountId"),
        NullIfNull("CapacityReservationStatus", "CapacityReservationId"),
        NullIfNull("ResourceName", "ResourceId"),
        NullIfNull("SkuPriceDetails", "SkuPriceId"),
        .. Priced("ContractedUnitPrice"),
        .. Priced("ListUnitPrice"),
        .. Priced("PricingQuantity"),
        .. Priced("PricingCategory"),
        .. Priced("SkuId"),
        .. Priced("SkuPriceId"),
        .. Priced("PricingCurrencyContractedUnitPrice"),
        .. Priced("PricingCurrencyListUnitPrice"),
        Product("ContractedCost", "ContractedUnitPrice"),
        Product("ListCost", "ListUnitPrice"),
        .. OfCommitments(),
        .. OfCapacity(),
        .. OfCharges(),
    ];

    static IEnumerable<FocusRule> OfCommitments() =>
    [
        new("CommitmentDiscountStatus/of-usage", "Usage under a commitment discount tells whether it used it.")
        {
            Columns = ["CommitmentDiscountStatus", "CommitmentDiscountId", "ChargeCategory"],
            When = (t, row) => IsUsage(t, row) && Is(t, row, "CommitmentDiscountId"),
            Row = (t, row) => Is(t, row, "CommitmentDiscountStatus"),
        },
        new("CommitmentDiscountQuantity/of-use-and-purchase",
            "CommitmentDiscountQuantity is there for usage and purchases of a commitment discount, and for nothing else.")
        {
            Columns = ["CommitmentDiscountQuantity", "CommitmentDiscountId", "ChargeCategory", "ChargeClass"],
            When = (t, row) => !IsCorrection(t, row),
            Row = (t, row) => Is(t, row, "CommitmentDiscountQuantity")
                == (IsUsageOrPurchase(t, row) && Is(t, row, "CommitmentDiscountId")),
        },
        new("PricingCategory/committed", "Usage under a commitment discount is priced as committed.")
        {
            Columns = ["PricingCategory", "CommitmentDiscountId", "ChargeCategory", "ChargeClass"],
            When = (t, row) => IsUsage(t, row) && Is(t, row, "CommitmentDiscountId") && !IsCorrection(t, row),
            Row = (t, row) => t.Text(row, "PricingCategory") == "Committed",
        },
        new("EffectiveCost/of-a-purchase", "What buys a commitment discount costs nothing in effect: its use does.")
        {
            Columns = ["EffectiveCost", "ChargeCategory", "CommitmentDiscountId"],
            When = (t, row) => t.Text(row, "ChargeCategory") == "Purchase" && Is(t, row, "CommitmentDiscountId"),
            Row = (t, row) => t.Number(row, "EffectiveCost") == 0,
        },
        new("BilledCost/of-committed-usage", "Usage that a commitment discount has paid for is not billed again.")
        {
            Columns = ["BilledCost", "ChargeCategory", "CommitmentDiscountId", "PricingCategory"],
            When = (t, row) => IsUsage(t, row) && Is(t, row, "CommitmentDiscountId")
                && t.Text(row, "PricingCategory") == "Committed",
            Row = (t, row) => t.Number(row, "BilledCost") == 0,
        },
    ];

    static IEnumerable<FocusRule> OfCapacity() =>
    [
        new("CapacityReservationId/of-unused", "Capacity that was not used says which reservation it is of.")
        {
            Columns = ["CapacityReservationId", "CapacityReservationStatus"],
            When = (t, row) => t.Text(row, "CapacityReservationStatus") == "Unused",
            Row = (t, row) => Is(t, row, "CapacityReservationId"),
        },
        new("CapacityReservationStatus/of-usage", "Usage of a reservation tells whether it used it.")
        {
            Columns = ["CapacityReservationId", "CapacityReservationStatus", "ChargeCategory"],
            When = (t, row) => IsUsage(t, row) && Is(t, row, "CapacityReservationId"),
            Row = (t, row) => Is(t, row, "CapacityReservationStatus"),
        },
    ];

    static IEnumerable<FocusRule> OfCharges() =>
    [
        new("ChargeFrequency/of-a-purchase", "A purchase is not charged by usage.")
        {
            Columns = ["ChargeFrequency", "ChargeCategory"],
            When = (t, row) => t.Text(row, "ChargeCategory") == "Purchase",
            Row = (t, row) => t.Text(row, "ChargeFrequency") != "Usage-Based",
        },
        new("ConsumedQuantity/of-usage", "ConsumedQuantity is there for usage that was consumed, and for nothing else.")
        {
            Columns = ["ConsumedQuantity", "ChargeCategory", "ChargeClass"],
            When = (t, row) => !IsCorrection(t, row),
            Row = (t, row) => Is(t, row, "ConsumedQuantity")
                == (IsUsage(t, row) && t.Text(row, "CommitmentDiscountStatus") != "Unused"
                    && t.Text(row, "CapacityReservationStatus") != "Unused"),
        },
        new("BilledCost/issued-by-another", "What another company invoices is not billed here.")
        {
            Columns = ["BilledCost", "ProviderName", "InvoiceIssuerName"],
            When = (t, row) => t.Text(row, "ProviderName") != t.Text(row, "InvoiceIssuerName"),
            Row = (t, row) => t.Number(row, "BilledCost") == 0,
        },
        new("ServiceSubcategory/of-its-category", "ServiceSubcategory is one of its ServiceCategory.")
        {
            Columns = ["ServiceSubcategory", "ServiceCategory"],
            When = (t, row) => Is(t, row, "ServiceSubcategory") && Is(t, row, "ServiceCategory"),
            Row = (t, row) => FocusServices.Belongs(t.Text(row, "ServiceSubcategory")!, t.Text(row, "ServiceCategory")!),
        },
        OneFor("ServiceName", "ServiceCategory"),
        OneFor("ServiceName", "ServiceSubcategory"),
        OneFor("SkuPriceId", "SkuId"),
        OneFor("ResourceId", "ResourceType"),
    ];

    static FocusRule Before(string start, string end) => new($"{end}/after-start", $"{end} is later than {start}.")
    {
        Columns = [start, end],
        When = (t, row) => t.Time(row, start) is not null && t.Time(row, end) is not null,
        Row = (t, row) => t.Time(row, start) < t.Time(row, end),
    };

    static FocusRule NullWith(string column, string other) =>
        new($"{column}/with-{other}", $"{column} is null where {other} is null, and only there.")
        {
            Columns = [column, other],
            Row = (t, row) => Is(t, row, column) == Is(t, row, other),
        };

    static FocusRule NullIfNull(string column, string other) =>
        new($"{column}/with-{other}", $"{column} is null where {other} is null.")
        {
            Columns = [column, other],
            When = (t, row) => !Is(t, row, other),
            Row = (t, row) => !Is(t, row, column),
        };

    static IEnumerable<FocusRule> Priced(string column) =>
    [
        new($"{column}/of-tax", $"{column} is null for a tax.")
        {
            Columns = [column, "ChargeCategory"],
            When = (t, row) => t.Text(row, "ChargeCategory") == "Tax",
            Row = (t, row) => !Is(t, row, column),
        },
        new($"{column}/of-use-and-purchase", $"{column} is there for usage and purchases, corrections excepted.")
        {
            Columns = [column, "ChargeCategory", "ChargeClass"],
            When = (t, row) => IsUsageOrPurchase(t, row) && !IsCorrection(t, row),
            Row = (t, row) => Is(t, row, column),
        },
    ];

    static FocusRule Product(string cost, string price) =>
        new($"{cost}/price-times-quantity", $"{cost} is {price} times PricingQuantity, corrections excepted.")
        {
            Columns = [cost, price, "PricingQuantity", "ChargeClass"],
            When = (t, row) => !IsCorrection(t, row) && t.Number(row, price) is not null
                && t.Number(row, "PricingQuantity") is not null,
            Row = (t, row) => t.Number(row, cost) == Times(t.Number(row, price), t.Number(row, "PricingQuantity")),
        };

    /// <summary>Null where the product is too large for a number, and so no cost.</summary>
    static decimal? Times(decimal? left, decimal? right)
    {
        try
        {
            return left * right;
        }
        catch (OverflowException)
        {
            return null;
        }
    }

    static FocusRule OneFor(string key, string value) => new($"{key}/one-{value}", $"A {key} has one {value}.")
    {
        Columns = [key, value],
        Whole = t => Enumerable.Range(0, t.Count)
            .Where(row => Is(t, row, key) && Is(t, row, value))
            .GroupBy(row => t.Text(row, key), row => t.Text(row, value), StringComparer.Ordinal)
            .All(group => group.Distinct(StringComparer.Ordinal).Count() == 1),
    };

    static IEnumerable<FocusRule> Unprovable() =>
    [
        Beyond("BilledCost/invoice", "The BilledCost of all rows is what the invoices say.", "the invoices are not in it"),
        Beyond("BillingAccountId/unique", "An id is of one account of the provider.", "the provider's accounts are not in it"),
        Beyond("SubAccountId/unique", "An id is of one sub-account.", "the provider's accounts are not in it"),
        Beyond("BillingCurrency/invoice", "BillingCurrency is the invoice's.", "the invoices are not in it"),
        Beyond("InvoiceId/issued", "InvoiceId is null until an invoice is issued.", "the invoices are not in it"),
        Beyond("ChargeClass/closed-periods", "A correction is of a billing period that is closed.",
            "which periods were closed when a row was written is not in it"),
        Beyond("CommitmentDiscountId/unique", "An id is of one commitment discount.", "the agreements are not in it"),
        Beyond("CommitmentDiscountId/whole", "Each hour of a commitment discount is there, used or unused.",
            "the agreements are not in it"),
        Beyond("CapacityReservationId/unique", "An id is of one reservation.", "the reservations are not in it"),
        Beyond("EffectiveCost/amortised", "EffectiveCost spreads what was paid ahead over what it pays for.",
            "the agreements are not in it"),
        Beyond("ListUnitPrice/published", "ListUnitPrice is the provider's published price.", "the price lists are not in it"),
        Beyond("ContractedUnitPrice/agreed", "ContractedUnitPrice is the price that was agreed.", "the agreements are not in it"),
        Beyond("PricingCategory/standard", "PricingCategory is Standard for a price agreed or published ahead.",
            "the agreements are not in it"),
        Beyond("ResourceId/unique", "An id is of one resource of the provider.", "the provider's resources are not in it"),
        Beyond("SkuId/stable", "A SkuId stays the same over time.", "one data set is of one time"),
        Beyond("SkuPriceId/stable", "A SkuPriceId stays the same over time.", "one data set is of one time"),
        Beyond("SkuPriceDetails/keys", "Keys that FOCUS defines are used as it defines them.", "it asks for judgement"),
        Beyond("Tags/inherited", "Tags are those in force after inheritance.", "the provider's resources are not in it"),
        Beyond("ServiceName/main-purpose", "ServiceCategory is the service's main purpose.", "it asks for judgement"),
        Beyond("ChargeDescription/of-use", "ChargeDescription explains the charge.", "it asks for judgement"),
    ];

    static FocusRule Beyond(string id, string requirement, string why) => new(id, requirement) { Unprovable = why };

    static bool Is(FocusTable table, int row, string column) => table.Text(row, column) is not null;

    static bool IsUsage(FocusTable table, int row) => table.Text(row, "ChargeCategory") == "Usage";

    static bool IsUsageOrPurchase(FocusTable table, int row) =>
        table.Text(row, "ChargeCategory") is "Usage" or "Purchase";

    static bool IsCorrection(FocusTable table, int row) => table.Text(row, "ChargeClass") == "Correction";
}
