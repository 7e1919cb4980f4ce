namespace Sahab.Ledger.Focus;

/// <summary>The columns of FOCUS's data sets: here CostAndUsage, beside it ContractCommitment.</summary>
public static partial class FocusColumns
{
    /// <summary>Those of version 1.2, in the order of the alphabet.</summary>
    public static IReadOnlyList<FocusColumn> CostAndUsage12 { get; } =
    [
        new("AvailabilityZone", FocusLevel.Recommended, FocusType.Text) { AllowsNull = true },
        new("BilledCost", FocusLevel.Mandatory, FocusType.Number),
        new("BillingAccountId", FocusLevel.Mandatory, FocusType.Text),
        new("BillingAccountName", FocusLevel.Mandatory, FocusType.Text) { AllowsNull = true },
        new("BillingAccountType", FocusLevel.Conditional, FocusType.Text),
        new("BillingCurrency", FocusLevel.Mandatory, FocusType.Text) { Format = FocusFormat.Currency },
        new("BillingPeriodEnd", FocusLevel.Mandatory, FocusType.Time),
        new("BillingPeriodStart", FocusLevel.Mandatory, FocusType.Time),
        new("CapacityReservationId", FocusLevel.Conditional, FocusType.Text) { AllowsNull = true },
        new("CapacityReservationStatus", FocusLevel.Conditional, FocusType.Text)
        {
            AllowsNull = true,
            Values = ["Used", "Unused"],
        },
        new("ChargeCategory", FocusLevel.Mandatory, FocusType.Text)
        {
            Values = ["Usage", "Purchase", "Tax", "Credit", "Adjustment"],
        },
        new("ChargeClass", FocusLevel.Mandatory, FocusType.Text) { AllowsNull = true, Values = ["Correction"] },
        new("ChargeDescription", FocusLevel.Mandatory, FocusType.Text) { AllowsNull = true },
        new("ChargeFrequency", FocusLevel.Recommended, FocusType.Text)
        {
            Values = ["One-Time", "Recurring", "Usage-Based"],
        },
        new("ChargePeriodEnd", FocusLevel.Mandatory, FocusType.Time),
        new("ChargePeriodStart", FocusLevel.Mandatory, FocusType.Time),
        new("CommitmentDiscountCategory", FocusLevel.Conditional, FocusType.Text)
        {
            AllowsNull = true,
            Values = ["Spend", "Usage"],
        },
        new("CommitmentDiscountId", FocusLevel.Conditional, FocusType.Text) { AllowsNull = true },
        new("CommitmentDiscountName", FocusLevel.Conditional, FocusType.Text) { AllowsNull = true },
        new("CommitmentDiscountQuantity", FocusLevel.Conditional, FocusType.Number) { AllowsNull = true },
        new("CommitmentDiscountStatus", FocusLevel.Conditional, FocusType.Text)
        {
            AllowsNull = true,
            Values = ["Used", "Unused"],
        },
        new("CommitmentDiscountType", FocusLevel.Conditional, FocusType.Text) { AllowsNull = true },
        new("CommitmentDiscountUnit", FocusLevel.Conditional, FocusType.Text)
        {
            AllowsNull = true,
            Format = FocusFormat.Unit,
        },
        new("ConsumedQuantity", FocusLevel.Conditional, FocusType.Number) { AllowsNull = true },
        new("ConsumedUnit", FocusLevel.Conditional, FocusType.Text)
        {
            AllowsNull = true,
            Format = FocusFormat.Unit,
        },
        new("ContractedCost", FocusLevel.Mandatory, FocusType.Number),
        new("ContractedUnitPrice", FocusLevel.Conditional, FocusType.Number)
        {
            AllowsNull = true,
            IsNonNegative = true,
        },
        new("EffectiveCost", FocusLevel.Mandatory, FocusType.Number),
        new("InvoiceId", FocusLevel.Recommended, FocusType.Text) { AllowsNull = true },
        new("InvoiceIssuerName", FocusLevel.Mandatory, FocusType.Text),
        new("ListCost", FocusLevel.Mandatory, FocusType.Number),
        new("ListUnitPrice", FocusLevel.Conditional, FocusType.Number) { AllowsNull = true, IsNonNegative = true },
        new("PricingCategory", FocusLevel.Conditional, FocusType.Text)
        {
            AllowsNull = true,
            Values = ["Standard", "Dynamic", "Committed", "Other"],
        },
        // It may be a currency of the provider's own, such as tokens, which has no code.
        new("PricingCurrency", FocusLevel.Conditional, FocusType.Text) { AllowsNull = true },
        new("PricingCurrencyContractedUnitPrice", FocusLevel.Conditional, FocusType.Number)
        {
            AllowsNull = true,
            IsNonNegative = true,
        },
        new("PricingCurrencyEffectiveCost", FocusLevel.Conditional, FocusType.Number) { AllowsNull = true },
        new("PricingCurrencyListUnitPrice", FocusLevel.Conditional, FocusType.Number)
        {
            AllowsNull = true,
            IsNonNegative = true,
        },
        new("PricingQuantity", FocusLevel.Mandatory, FocusType.Number) { AllowsNull = true },
        new("PricingUnit", FocusLevel.Mandatory, FocusType.Text) { AllowsNull = true, Format = FocusFormat.Unit },
        new("ProviderName", FocusLevel.Mandatory, FocusType.Text),
        new("PublisherName", FocusLevel.Mandatory, FocusType.Text),
        new("RegionId", FocusLevel.Conditional, FocusType.Text) { AllowsNull = true },
        new("RegionName", FocusLevel.Conditional, FocusType.Text) { AllowsNull = true },
        new("ResourceId", FocusLevel.Conditional, FocusType.Text) { AllowsNull = true },
        new("ResourceName", FocusLevel.Conditional, FocusType.Text) { AllowsNull = true },
        new("ResourceType", FocusLevel.Conditional, FocusType.Text) { AllowsNull = true },
        new("ServiceCategory", FocusLevel.Mandatory, FocusType.Text) { Values = FocusServices.Categories },
        new("ServiceName", FocusLevel.Mandatory, FocusType.Text),
        new("ServiceSubcategory", FocusLevel.Recommended, FocusType.Text),
        new("SkuId", FocusLevel.Conditional, FocusType.Text) { AllowsNull = true },
        new("SkuMeter", FocusLevel.Conditional, FocusType.Text) { AllowsNull = true },
        new("SkuPriceDetails", FocusLevel.Conditional, FocusType.Pairs) { AllowsNull = true },
        new("SkuPriceId", FocusLevel.Conditional, FocusType.Text) { AllowsNull = true },
        new("SubAccountId", FocusLevel.Conditional, FocusType.Text) { AllowsNull = true },
        new("SubAccountName", FocusLevel.Conditional, FocusType.Text) { AllowsNull = true },
        new("SubAccountType", FocusLevel.Conditional, FocusType.Text) { AllowsNull = true },
        new("Tags", FocusLevel.Conditional, FocusType.Pairs) { AllowsNull = true },
    ];
}
