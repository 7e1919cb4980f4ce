namespace Sahab.Ledger.Sales;

/// <summary>Where a tax is due, and how much.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Country">The customer's country, ISO 3166-1 alpha-2.</param>
/// <param name="State">The customer's state; null: all of the country's that no other rule names.</param>
/// <param name="Rate">0 to 1.</param>
/// <param name="ReversesCharge">Whether a customer with a VAT id accounts for the tax instead of us.</param>
public sealed record TaxRule(string Name, string Country, string? State, decimal Rate, bool ReversesCharge)
{
    /// <summary>The tax of a customer: by the rule of the state, else of the country; none where there is no rule.</summary>
    /// <param name="rules">The rules.</param>
    /// <param name="country">The customer's country; null: it is not known.</param>
    /// <param name="state">The customer's state; null: none.</param>
    /// <param name="vatId">The customer's VAT id; null: none.</param>
    /// <param name="exemption">Why the customer pays none; null: it does.</param>
    public static TaxTreatment For(
        IEnumerable<TaxRule> rules, string? country, string? state, string? vatId, string? exemption)
    {
        var rule = rules.Where(rule => rule.Country == country && (rule.State is null || rule.State == state))
            .OrderBy(rule => rule.State is null).FirstOrDefault();
        return rule is null ? TaxTreatment.None
            : exemption is not null ? new TaxTreatment(rule.Name, 0, $"Exempt from {rule.Name}: {exemption}.")
            : rule.ReversesCharge && vatId is not null
                ? new TaxTreatment(
                    rule.Name, 0, $"Reverse charge: {rule.Name} is accounted for by the recipient, VAT id {vatId}.")
            : new TaxTreatment(rule.Name, rule.Rate, "");
    }
}
