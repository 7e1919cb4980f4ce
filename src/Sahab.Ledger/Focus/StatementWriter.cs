using Sahab.Ledger.Settlements;
using static Sahab.Ledger.Focus.FocusText;

namespace Sahab.Ledger.Focus;

/// <summary>
/// Writes a statement as rows of FOCUS 1.2's CostAndUsage: purchases of commitments, what they covered and what of them
/// was unused, money paid ahead and lost, shortfalls, credits.
/// </summary>
public static class StatementWriter
{
    /// <summary>The columns that are written, in their order.</summary>
    public static IReadOnlyList<string> Columns { get; } =
    [
        "BilledCost", "BillingAccountId", "BillingAccountName", "BillingCurrency", "BillingPeriodEnd", "BillingPeriodStart",
        "ChargeCategory", "ChargeClass", "ChargeDescription", "ChargeFrequency", "ChargePeriodEnd", "ChargePeriodStart",
        "CommitmentDiscountCategory", "CommitmentDiscountId", "CommitmentDiscountQuantity", "CommitmentDiscountStatus",
        "CommitmentDiscountType", "CommitmentDiscountUnit", "ConsumedQuantity", "ConsumedUnit", "ContractedCost",
        "ContractedUnitPrice", "EffectiveCost", "InvoiceIssuerName", "ListCost", "ListUnitPrice", "PricingCategory",
        "PricingCurrency", "PricingCurrencyContractedUnitPrice", "PricingCurrencyEffectiveCost",
        "PricingCurrencyListUnitPrice", "PricingQuantity", "PricingUnit", "ProviderName", "PublisherName", "RegionId",
        "RegionName", "ResourceId", "ResourceName", "ResourceType", "ServiceCategory", "ServiceName", "ServiceSubcategory",
        "SkuId", "SkuMeter", "SkuPriceId", "x_CommitmentDiscountUnitPrice",
    ];

    /// <summary>The lines as a data set, a row for each.</summary>
    public static FocusTable ToTable(IEnumerable<StatementLine> lines, StatementWords words)
    {
        ArgumentNullException.ThrowIfNull(lines);
        ArgumentNullException.ThrowIfNull(words);
        var table = new FocusTable(Columns);
        foreach (var line in lines)
        {
            var values = ValuesOf(line, words);
            table.Add([.. Columns.Select(values.GetValueOrDefault)]);
        }

        return table;
    }

    static Dictionary<string, string?> ValuesOf(StatementLine line, StatementWords words)
    {
        var item = words.ItemOf(line);
        var values = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["BillingAccountId"] = words.Account.Id,
            ["BillingAccountName"] = words.Account.Name,
            ["BillingCurrency"] = "USD",
            ["InvoiceIssuerName"] = words.Provider,
            ["ProviderName"] = words.Provider,
            ["PublisherName"] = words.Provider,
            ["BilledCost"] = Number(line.BilledUsd),
            ["EffectiveCost"] = Number(line.EffectiveUsd),
            ["ChargeDescription"] = item.Description,
            ["RegionId"] = line.Use?.Region is { Length: > 0 } region ? region : null,
            ["RegionName"] = line.Use?.Region is { Length: > 0 } name ? name : null,
            ["ResourceId"] = item.ResourceId,
            ["ResourceName"] = item.ResourceName,
            ["ResourceType"] = item.ResourceType,
            ["ServiceCategory"] = item.ServiceCategory,
            ["ServiceName"] = item.ServiceName,
            ["ServiceSubcategory"] = item.ServiceSubcategory,
            ["SkuId"] = item.SkuId,
            ["SkuMeter"] = item.SkuMeter,
            ["SkuPriceId"] = item.SkuPriceId,
        };
        AddKind(values, line, item);
        AddTimes(values, line, item);
        AddPrices(values, line, item, words);
        AddCommitment(values, line, item, words);
        return values;
    }

    static void AddKind(Dictionary<string, string?> values, StatementLine line, CatalogItem item)
    {
        var (category, frequency) = line.Kind switch
        {
            StatementKind.Use when item.BoughtFor is not null => ("Purchase", "One-Time"),
            StatementKind.Baseline or StatementKind.Fixed => ("Purchase", "Recurring"),
            StatementKind.Prepayment => ("Purchase", "One-Time"),
            StatementKind.Expired or StatementKind.Shortfall => ("Usage", "One-Time"),
            StatementKind.Credit => ("Credit", "One-Time"),
            _ => ("Usage", "Usage-Based"),
        };
        values["ChargeCategory"] = category;
        values["ChargeFrequency"] = frequency;
        values["PricingCategory"] = line.Kind is StatementKind.CoveredUse or StatementKind.UnusedBaseline ? "Committed"
            : line.Kind == StatementKind.Credit ? null : "Standard";
        if (line.Kind == StatementKind.CoveredUse || (line.Kind == StatementKind.Use && item.BoughtFor is null))
        {
            values["ConsumedQuantity"] = Number(line.Quantity / item.UnitsEach);
            values["ConsumedUnit"] = item.Unit;
        }
    }

    static void AddTimes(Dictionary<string, string?> values, StatementLine line, CatalogItem item)
    {
        var month = new DateTimeOffset(line.BookedAt.Year, line.BookedAt.Month, 1, 0, 0, 0, TimeSpan.Zero);
        var (from, until) = item.BoughtFor ?? (line.From, line.Until);
        values["BillingPeriodStart"] = Time(month);
        values["BillingPeriodEnd"] = Time(month.AddMonths(1));
        values["ChargePeriodStart"] = Time(from);
        values["ChargePeriodEnd"] = Time(until);
    }

    static void AddPrices(
        Dictionary<string, string?> values, StatementLine line, CatalogItem item, StatementWords words)
    {
        if (line.Kind == StatementKind.Credit)
        {
            (values["ContractedCost"], values["ListCost"]) = (values["BilledCost"], values["BilledCost"]);
            return;
        }

        // Money of a currency of the provider's own is bought by the piece, for dollars.
        var isBought = line.Kind == StatementKind.Prepayment && line.Currency != "USD";
        var rate = line.UsdPerUnit;
        var listRate = words.ListUsdPerUnit ?? rate;
        var quantity = isBought ? line.Contracted : line.Quantity / item.UnitsEach;
        var price = isBought ? 1 : quantity == 0 ? 0 : line.Contracted / quantity;
        if (price * quantity != line.Contracted)
        {
            // A price without an end to its decimals: the row is priced as a whole.
            (quantity, price) = (1, line.Contracted);
        }

        var list = isBought ? 1 : item.ListUnitPrice ?? (quantity == 0 ? 0 : line.List / quantity);
        values["PricingQuantity"] = Number(quantity);
        values["PricingUnit"] = isBought ? line.Currency : item.Unit;
        values["ContractedUnitPrice"] = Number(price * rate);
        values["ContractedCost"] = Number(price * quantity * rate);
        values["ListUnitPrice"] = Number(list * listRate);
        values["ListCost"] = Number(list * quantity * listRate);
        values["PricingCurrency"] = isBought ? "USD" : line.Currency;
        values["PricingCurrencyContractedUnitPrice"] = Number(isBought ? price * rate : price);
        values["PricingCurrencyListUnitPrice"] = Number(isBought ? list * listRate : list);
        values["PricingCurrencyEffectiveCost"] = Number(isBought ? line.EffectiveUsd : line.Effective);
        if (line.Kind is StatementKind.CoveredUse or StatementKind.UnusedBaseline && quantity > 0)
        {
            values["x_CommitmentDiscountUnitPrice"] = Number(decimal.Round(line.Effective / quantity, 9));
        }
        else if (line.Kind == StatementKind.Baseline)
        {
            values["x_CommitmentDiscountUnitPrice"] = Number(decimal.Round(line.Billed / quantity, 9));
        }
    }

    static void AddCommitment(
        Dictionary<string, string?> values, StatementLine line, CatalogItem item, StatementWords words)
    {
        if (line.CommittedQuantity is not { } committed)
        {
            return;
        }

        var commitment = words.CommitmentOf(line);
        values["CommitmentDiscountId"] = commitment.ResourceId ?? item.ResourceId;
        values["CommitmentDiscountCategory"] = line.CommitsMoney ? "Spend" : "Usage";
        values["CommitmentDiscountType"] = "Committed-Use Discount";
        values["CommitmentDiscountQuantity"] = Number(committed);
        values["CommitmentDiscountUnit"] = line.CommitsMoney ? line.Currency : commitment.CommitmentUnit;
        values["CommitmentDiscountStatus"] = line.Kind switch
        {
            StatementKind.CoveredUse => "Used",
            StatementKind.UnusedBaseline => "Unused",
            _ => null,
        };
    }
}
