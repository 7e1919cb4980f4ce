using System.Globalization;
using System.Text.Json;
using Sahab.Ledger.Money;

namespace Sahab.Ledger.Focus;

/// <summary>Writes what the ledger knows as rows of FOCUS 1.2's CostAndUsage: one for each kind of token of a charge.</summary>
public static class FocusWriter
{
    const decimal TokensPerUnit = 1_000_000;

    /// <summary>The columns that are written, in their order.</summary>
    public static IReadOnlyList<string> Columns { get; } =
    [
        "BilledCost", "BillingAccountId", "BillingAccountName", "BillingAccountType", "BillingCurrency",
        "BillingPeriodEnd", "BillingPeriodStart", "ChargeCategory", "ChargeClass", "ChargeDescription",
        "ChargeFrequency", "ChargePeriodEnd", "ChargePeriodStart", "ConsumedQuantity", "ConsumedUnit",
        "ContractedCost", "ContractedUnitPrice", "EffectiveCost", "InvoiceId", "InvoiceIssuerName", "ListCost",
        "ListUnitPrice", "PricingCategory", "PricingQuantity", "PricingUnit", "ProviderName", "PublisherName",
        "RegionId", "RegionName", "ResourceId", "ResourceName", "ResourceType", "ServiceCategory", "ServiceName",
        "ServiceSubcategory", "SkuId", "SkuMeter", "SkuPriceDetails", "SkuPriceId", "Tags",
    ];

    /// <summary>The charges as a data set. <c>BilledCost</c> of all rows adds up to the ledger's cost, exactly.</summary>
    /// <exception cref="ArgumentException">A charge's tokens are not consistent.</exception>
    public static FocusTable ToTable(IEnumerable<HourlyUsage> charges)
    {
        ArgumentNullException.ThrowIfNull(charges);
        var table = new FocusTable(Columns);
        foreach (var charge in charges)
        {
            Add(table, charge);
        }

        return table;
    }

    static void Add(FocusTable table, HourlyUsage charge)
    {
        if (!charge.Usage.IsConsistent)
        {
            throw new ArgumentException($"The tokens of {charge.Deployment} at {charge.Hour:u} are not consistent.", nameof(charge));
        }

        var parts = PartsOf(charge).Where(part => part.Tokens > 0).ToList();
        if (parts.Count == 0)
        {
            return;
        }

        // What rounding each attempt has added or taken goes to the greatest part: it is less than a nano-USD for each.
        var rest = charge.CostUsd - parts.Sum(part => part.ExactUsd);
        var greatest = parts.MaxBy(part => part.ExactUsd);
        foreach (var part in parts)
        {
            table.Add(RowOf(charge, part, part.ExactUsd + (part == greatest ? rest : 0)));
        }
    }

    static IEnumerable<Part> PartsOf(HourlyUsage charge)
    {
        var (usage, prices) = (charge.Usage, charge.Prices);
        yield return new Part(TokenMeter.Prompt, usage.PlainPromptTokens, prices.PromptNanoPerMillion);
        yield return new Part(TokenMeter.Cached, usage.CachedTokens, prices.CachedNanoPerMillion);
        yield return new Part(
            TokenMeter.CacheWrite, usage.CacheWriteTokens - usage.CacheWrite1hTokens, prices.CacheWriteNanoPerMillion);
        yield return new Part(TokenMeter.CacheWrite1h, usage.CacheWrite1hTokens, prices.CacheWrite1hNanoPerMillion);
        yield return new Part(TokenMeter.Output, usage.OutputTokens, prices.OutputNanoPerMillion);
    }

    static List<string?> RowOf(HourlyUsage charge, Part part, decimal billed)
    {
        var month = new DateTimeOffset(charge.Hour.Year, charge.Hour.Month, 1, 0, 0, 0, TimeSpan.Zero);
        var meter = TokenMeters.NameOf(part.Meter);
        var exact = Number(part.ExactUsd);
        var price = Number(part.PriceUsd);
        return
        [
            Number(billed), charge.Provider, charge.Provider, "Provider", "USD", Time(month.AddMonths(1)), Time(month),
            "Usage", null, $"{meter} of {charge.Model} in {charge.Region}", "Usage-Based", Time(charge.Hour.AddHours(1)),
            Time(charge.Hour), Number(part.Tokens), "Tokens", exact, price, Number(billed), null, charge.Provider, exact,
            price, "Standard", Number(part.Tokens / TokensPerUnit), "1000000 Tokens", charge.Provider, charge.Provider,
            charge.Region, charge.Region, charge.Deployment, charge.Deployment, "Model deployment",
            "AI and Machine Learning", "Model inference", "Generative AI", charge.Model, meter,
            Pairs(("x_Model", charge.Model), ("x_ServiceTier", charge.ServiceTier)),
            $"{charge.Model}/{meter}/{price}", Pairs(("country", charge.Country), ("tenant", charge.Tenant)),
        ];
    }

    static string Pairs(params (string Key, string Value)[] pairs) => "{" + string.Join(
        ", ", pairs.Select(pair => $"\"{pair.Key}\": \"{JsonEncodedText.Encode(pair.Value)}\"")) + "}";

    /// <summary>Without zeros at its end.</summary>
    static string Number(decimal number) => (number / 1.000000000000000000000000000m).ToString(CultureInfo.InvariantCulture);

    static string Time(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);

    sealed record Part(TokenMeter Meter, long Tokens, long NanoPerMillion)
    {
        public decimal PriceUsd => (decimal)NanoPerMillion / NanoUsd.PerUsd;

        /// <summary>Tokens times price, not rounded.</summary>
        public decimal ExactUsd => Tokens / TokensPerUnit * PriceUsd;
    }
}
