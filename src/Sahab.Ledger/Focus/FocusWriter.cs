using Sahab.Ledger.Money;
using static Sahab.Ledger.Focus.FocusText;

namespace Sahab.Ledger.Focus;

/// <summary>Writes what the ledger knows as rows of FOCUS 1.2's CostAndUsage: one for each kind of token.</summary>
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

    /// <summary>The hours as a data set. <c>BilledCost</c> of all rows adds up to the ledger's cost, exactly.</summary>
    /// <exception cref="ArgumentException">The tokens of an hour are not consistent.</exception>
    public static FocusTable ToTable(IEnumerable<HourlyUsage> hours)
    {
        ArgumentNullException.ThrowIfNull(hours);
        var table = new FocusTable(Columns);
        foreach (var hour in hours)
        {
            Add(table, hour);
        }

        return table;
    }

    static void Add(FocusTable table, HourlyUsage hour)
    {
        if (!hour.Usage.IsConsistent)
        {
            throw new ArgumentException($"The tokens of {hour.Deployment} at {hour.Hour:u} are not consistent.", nameof(hour));
        }

        var parts = PartsOf(hour).Where(part => part.Tokens > 0).ToList();
        if (parts.Count == 0)
        {
            return;
        }

        // What rounding each attempt has added or taken goes to the greatest part: it is less than a nano-USD for each.
        var rest = hour.CostUsd - parts.Sum(part => part.ExactUsd);
        var greatest = parts.MaxBy(part => part.ExactUsd);
        foreach (var part in parts)
        {
            table.Add(RowOf(hour, part, part.ExactUsd + (part == greatest ? rest : 0)));
        }
    }

    static IEnumerable<Part> PartsOf(HourlyUsage hour)
    {
        var (usage, prices) = (hour.Usage, hour.Prices);
        yield return new Part(TokenMeter.Prompt, usage.PlainPromptTokens, prices.PromptNanoPerMillion);
        yield return new Part(TokenMeter.Cached, usage.CachedTokens, prices.CachedNanoPerMillion);
        yield return new Part(
            TokenMeter.CacheWrite, usage.CacheWriteTokens - usage.CacheWrite1hTokens, prices.CacheWriteNanoPerMillion);
        yield return new Part(TokenMeter.CacheWrite1h, usage.CacheWrite1hTokens, prices.CacheWrite1hNanoPerMillion);
        yield return new Part(TokenMeter.Output, usage.OutputTokens, prices.OutputNanoPerMillion);
    }

    static List<string?> RowOf(HourlyUsage hour, Part part, decimal billed)
    {
        var month = new DateTimeOffset(hour.Hour.Year, hour.Hour.Month, 1, 0, 0, 0, TimeSpan.Zero);
        var meter = TokenMeters.NameOf(part.Meter);
        var exact = Number(part.ExactUsd);
        var price = Number(part.PriceUsd);
        return
        [
            Number(billed), hour.Provider, hour.Provider, "Provider", "USD", Time(month.AddMonths(1)), Time(month),
            "Usage", null, $"{meter} of {hour.Model} in {hour.Region}", "Usage-Based", Time(hour.Hour.AddHours(1)),
            Time(hour.Hour), Number(part.Tokens), "Tokens", exact, price, Number(billed), null, hour.Provider, exact,
            price, "Standard", Number(part.Tokens / TokensPerUnit), "1000000 Tokens", hour.Provider, hour.Provider,
            hour.Region, hour.Region, hour.Deployment, hour.Deployment, "Model deployment",
            "AI and Machine Learning", "Model inference", "Generative AI", hour.Model, meter,
            Pairs(("x_Model", hour.Model), ("x_ServiceTier", hour.ServiceTier)),
            $"{hour.Model}/{meter}/{price}", Pairs(("country", hour.Country), ("tenant", hour.Tenant)),
        ];
    }

    sealed record Part(TokenMeter Meter, long Tokens, long NanoPerMillion)
    {
        public decimal PriceUsd => (decimal)NanoPerMillion / NanoUsd.PerUsd;

        /// <summary>Tokens times price, not rounded.</summary>
        public decimal ExactUsd => Tokens / TokensPerUnit * PriceUsd;
    }
}
