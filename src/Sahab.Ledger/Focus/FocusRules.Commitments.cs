namespace Sahab.Ledger.Focus;

/// <summary>The rules of ContractCommitment.</summary>
public static partial class FocusRules
{
    const string Model = "ContractCommitmentModel";
    const string Payment = "ContractCommitmentPaymentModel";
    const string Upfront = "ContractCommitmentPaymentUpfrontPercentage";
    const string Benefit = "ContractCommitmentBenefitCategory";
    const string Percentage = "ContractCommitmentDiscountPercentage";

    /// <summary>Those of ContractCommitment 1.3.</summary>
    public static IReadOnlyList<FocusRule> ContractCommitment13 { get; } =
        [.. Of(FocusColumns.ContractCommitment13), .. OfAmounts(), .. BeyondCommitments()];

    /// <summary>Those of ContractCommitment 1.4.</summary>
    public static IReadOnlyList<FocusRule> ContractCommitment14 { get; } =
    [
        .. Of(FocusColumns.ContractCommitment14), .. OfAmounts(), .. OfTerms(), .. OfApplicability(),
        .. BeyondCommitments(), .. BeyondTerms(),
    ];

    static IEnumerable<FocusRule> OfAmounts() =>
    [
        Before("ContractCommitmentPeriodStart", "ContractCommitmentPeriodEnd"),
        Before("ContractPeriodStart", "ContractPeriodEnd"),
        NullWith("ContractCommitmentUnit", "ContractCommitmentQuantity"),
        new("ContractCommitmentCost/or-quantity", "ContractCommitmentCost and ContractCommitmentQuantity are not both null.")
        {
            Columns = ["ContractCommitmentCost", "ContractCommitmentQuantity"],
            Row = (t, row) => Is(t, row, "ContractCommitmentCost") || Is(t, row, "ContractCommitmentQuantity"),
        },
        new("BillingCurrency/of-spend", "BillingCurrency is there for a commitment to spend.")
        {
            Columns = ["BillingCurrency", "ContractCommitmentCategory"],
            When = (t, row) => t.Text(row, "ContractCommitmentCategory") == "Spend",
            Row = (t, row) => Is(t, row, "BillingCurrency"),
        },
        new("ContractCommitmentId/once", "A ContractCommitmentId is there once.")
        {
            Columns = ["ContractCommitmentId"],
            Whole = t => Enumerable.Range(0, t.Count).Select(row => t.Text(row, "ContractCommitmentId"))
                .Where(id => id is not null).GroupBy(id => id, StringComparer.Ordinal).All(group => group.Count() == 1),
        },
        OneFor("ContractCommitmentId", "ContractId"),
        OneFor("ContractId", "ContractPeriodStart"),
        OneFor("ContractId", "ContractPeriodEnd"),
    ];

    static IEnumerable<FocusRule> OfTerms() =>
    [
        Of("ContractCommitmentFulfillmentInterval", Model, "Continuous",
            "What is fulfilled continuously is not fulfilled over the full period.", text => text != "Full Period"),
        Of("ContractCommitmentPaymentInterval", Payment, "All Upfront", "What is paid upfront is paid once.",
            text => text == "One-Time"),
        Of(Upfront, Payment, "All Upfront", "Of what is paid upfront all of it is.", text => FocusTable.ToDecimal(text) == 1),
        Of(Upfront, Payment, "No Upfront", "Of what is not paid upfront nothing is.", text => FocusTable.ToDecimal(text) == 0),
        Of(Upfront, Payment, "Partial Upfront", "Of what is paid partly upfront a part is.",
            text => FocusTable.ToDecimal(text) is > 0 and < 1),
        Of(Percentage, Benefit, "Discount", "A discount says how much it is.", text => text is not null),
        Of(Percentage, Benefit, "Availability", "Availability is no discount.", text => text is null),
        new("ContractCommitmentLastUpdated/after-created", "It was not updated before it was created.")
        {
            Columns = ["ContractCommitmentCreated", "ContractCommitmentLastUpdated"],
            When = (t, row) => t.Time(row, "ContractCommitmentCreated") is not null
                && t.Time(row, "ContractCommitmentLastUpdated") is not null,
            Row = (t, row) => t.Time(row, "ContractCommitmentLastUpdated") >= t.Time(row, "ContractCommitmentCreated"),
        },
        new("PricingCurrencyContractCommitmentCost/of-spend",
            "PricingCurrencyContractCommitmentCost is there for a commitment to spend that has a PricingCurrency.")
        {
            Columns = ["PricingCurrencyContractCommitmentCost", "PricingCurrency", "ContractCommitmentCategory"],
            When = (t, row) => Is(t, row, "PricingCurrency") && t.Text(row, "ContractCommitmentCategory") == "Spend",
            Row = (t, row) => Is(t, row, "PricingCurrencyContractCommitmentCost"),
        },
    ];

    static IEnumerable<FocusRule> OfApplicability()
    {
        foreach (var (what, sentence, holds) in ApplicabilityRules.All)
        {
            const string name = "ContractCommitmentApplicability";
            yield return new FocusRule($"{name}/{what}", sentence)
            {
                Columns = [name],
                When = (t, row) => t.Text(row, name) is { } text && IsOfType(FocusType.Structure, text),
                Row = (t, row) => holds(t.Text(row, name)!),
            };
        }
    }

    static FocusRule Of(string column, string other, string value, string sentence, Func<string?, bool> holds) =>
        new($"{column}/of-{value.ToLowerInvariant().Replace(' ', '-')}", sentence)
        {
            Columns = [column, other],
            When = (t, row) => t.Text(row, other) == value,
            Row = (t, row) => holds(t.Text(row, column)),
        };

    static IEnumerable<FocusRule> BeyondCommitments() =>
    [
        Beyond("ContractCommitmentId/unique", "An id is of one commitment of the provider.", "the agreements are not in it"),
        Beyond("ContractId/unique", "An id is of one contract of the provider.", "the agreements are not in it"),
        Beyond("ContractCommitmentCost/currency", "ContractCommitmentCost is in the BillingCurrency.",
            "the agreements are not in it"),
        Beyond("ContractCommitmentType/consistent", "ContractCommitmentType is the same readable name wherever it is meant.",
            "it asks for judgement"),
        Beyond("ContractCommitmentDescription/summary", "ContractCommitmentDescription sums up the terms.",
            "it asks for judgement"),
        Beyond("ContractCommitment/complete", "Each commitment that was agreed is there.", "the agreements are not in it"),
    ];

    static IEnumerable<FocusRule> BeyondTerms() =>
    [
        Beyond("ContractCommitmentDiscountPercentage/net", "It is the reduction net of all layers, of one tier.",
            "the price lists are not in it"),
        Beyond("ContractCommitmentLifecycleStatus/superseded", "A commitment that another id has replaced is Superseded.",
            "the agreements are not in it"),
        Beyond("ContractCommitmentCreated/instant", "It is when the record was made.", "the provider's records are not in it"),
        Beyond("ContractCommitmentLastUpdated/latest", "It is when any value of the record last changed.",
            "the provider's records are not in it"),
        Beyond("ContractCommitmentDurationType/standard", "It is the standard duration of the offering.",
            "the provider's offerings are not in it"),
    ];
}
