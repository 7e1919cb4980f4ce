namespace Sahab.Ledger.Focus;

public static partial class FocusColumns
{
    static readonly FocusColumn[] Since13 =
    [
        new("BillingCurrency", FocusLevel.Mandatory, FocusType.Text) { AllowsNull = true, Format = FocusFormat.Currency },
        new("ContractCommitmentCategory", FocusLevel.Mandatory, FocusType.Text) { Values = ["Spend", "Usage"] },
        new("ContractCommitmentCost", FocusLevel.Mandatory, FocusType.Number) { AllowsNull = true },
        new("ContractCommitmentDescription", FocusLevel.Mandatory, FocusType.Text) { AllowsNull = true },
        new("ContractCommitmentId", FocusLevel.Mandatory, FocusType.Text),
        new("ContractCommitmentPeriodEnd", FocusLevel.Mandatory, FocusType.Time),
        new("ContractCommitmentPeriodStart", FocusLevel.Mandatory, FocusType.Time),
        new("ContractCommitmentQuantity", FocusLevel.Mandatory, FocusType.Number) { AllowsNull = true },
        new("ContractCommitmentType", FocusLevel.Mandatory, FocusType.Text),
        new("ContractCommitmentUnit", FocusLevel.Mandatory, FocusType.Text)
        {
            AllowsNull = true,
            Format = FocusFormat.Unit,
        },
        new("ContractId", FocusLevel.Mandatory, FocusType.Text),
        new("ContractPeriodEnd", FocusLevel.Mandatory, FocusType.Time),
        new("ContractPeriodStart", FocusLevel.Mandatory, FocusType.Time),
    ];

    static readonly FocusColumn[] Since14 =
    [
        new("ContractCommitmentApplicability", FocusLevel.Mandatory, FocusType.Structure),
        new("ContractCommitmentBenefitCategory", FocusLevel.Mandatory, FocusType.Text)
        {
            Values = ["Discount", "Monetary Pool", "Availability", "Other"],
        },
        new("ContractCommitmentCreated", FocusLevel.Mandatory, FocusType.Time),
        new("ContractCommitmentDiscountPercentage", FocusLevel.Mandatory, FocusType.Number)
        {
            AllowsNull = true,
            IsShare = true,
        },
        new("ContractCommitmentDurationType", FocusLevel.Mandatory, FocusType.Text) { Format = FocusFormat.Duration },
        new("ContractCommitmentFulfillmentInterval", FocusLevel.Mandatory, FocusType.Text)
        {
            Values =
            [
                "Hourly", "Daily", "Weekly", "Monthly", "Quarterly", "Semi-Annual", "Annual", "Full Period",
                "Transactional", "Custom",
            ],
        },
        new("ContractCommitmentLastUpdated", FocusLevel.Mandatory, FocusType.Time),
        new("ContractCommitmentLifecycleStatus", FocusLevel.Mandatory, FocusType.Text)
        {
            Values = ["Proposed", "Pending", "Active", "Exhausted", "Expired", "Canceled", "Superseded"],
        },
        new("ContractCommitmentModel", FocusLevel.Mandatory, FocusType.Text)
        {
            Values = ["Continuous", "Discontinuous"],
        },
        new("ContractCommitmentOfferCategory", FocusLevel.Mandatory, FocusType.Text)
        {
            Values = ["Public", "Negotiated"],
        },
        new("ContractCommitmentPaymentInterval", FocusLevel.Mandatory, FocusType.Text)
        {
            Values = ["One-Time", "Monthly", "Quarterly", "Semi-Annual", "Annual", "Custom"],
        },
        new("ContractCommitmentPaymentModel", FocusLevel.Mandatory, FocusType.Text)
        {
            Values = ["No Upfront", "Partial Upfront", "All Upfront"],
        },
        new("ContractCommitmentPaymentUpfrontPercentage", FocusLevel.Conditional, FocusType.Number) { IsShare = true },
        new("InvoiceIssuerName", FocusLevel.Mandatory, FocusType.Text),
        new("PricingCurrency", FocusLevel.Conditional, FocusType.Text),
        new("PricingCurrencyContractCommitmentCost", FocusLevel.Conditional, FocusType.Number) { AllowsNull = true },
        new("ServiceProviderName", FocusLevel.Mandatory, FocusType.Text),
    ];

    /// <summary>ContractCommitment's as of version 1.3, in the order of the alphabet.</summary>
    public static IReadOnlyList<FocusColumn> ContractCommitment13 { get; } = Since13;

    /// <summary>ContractCommitment's as of version 1.4, in the order of the alphabet.</summary>
    public static IReadOnlyList<FocusColumn> ContractCommitment14 { get; } =
        [.. Since13.Concat(Since14).OrderBy(column => column.Name, StringComparer.Ordinal)];
}
