using System.Globalization;
using System.Text;
using Sahab.Emulator.Configuration;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Billing;

/// <summary>
/// A cloud's bill as finance teams get it: FOCUS 1.2 CostAndUsage in CSV, one row for each hour, region, model, key and kind
/// of token. Calls count in the hour in which they end. Amounts are rounded to ten decimals, as bills are.
/// </summary>
internal static class FocusBill
{
    const string Header = "BilledCost,BillingAccountId,BillingAccountName,BillingAccountType,BillingCurrency,"
        + "BillingPeriodEnd,BillingPeriodStart,ChargeCategory,ChargeClass,ChargeDescription,ChargeFrequency,"
        + "ChargePeriodEnd,ChargePeriodStart,ConsumedQuantity,ConsumedUnit,ContractedCost,ContractedUnitPrice,"
        + "EffectiveCost,InvoiceId,InvoiceIssuerName,ListCost,ListUnitPrice,PricingCategory,PricingQuantity,PricingUnit,"
        + "ProviderName,PublisherName,RegionId,RegionName,ServiceCategory,ServiceName,ServiceSubcategory,SkuId,SkuMeter,"
        + "SkuPriceId,SubAccountId,SubAccountName\n";

    const decimal TokensPerUnit = 1_000_000;

    public static string Write(Cloud cloud)
    {
        var csv = new StringBuilder(Header);
        foreach (var (hour, account, usage) in cloud.Bill.ReadHours())
        {
            var price = cloud.Config.Models.GetValueOrDefault(account.Model)?.Price ?? new ModelPrice();
            Add(csv, hour, account, "Input tokens", usage.Prompt - usage.Cached - usage.CacheWritten, price.Prompt);
            Add(csv, hour, account, "Cached input tokens", usage.Cached, price.Cached ?? price.Prompt);
            Add(csv, hour, account, "Cache write tokens", usage.CacheWritten - usage.CacheWritten1h,
                price.CacheWrite ?? price.Prompt);
            Add(csv, hour, account, "Cache write 1h tokens", usage.CacheWritten1h,
                price.CacheWrite1h ?? price.CacheWrite ?? price.Prompt);
            Add(csv, hour, account, "Output tokens", usage.Output, price.Output);
        }

        return csv.ToString();
    }

    static void Add(
        StringBuilder csv, DateTimeOffset hour, BillAccount account, string meter, long tokens, decimal price)
    {
        if (tokens == 0)
        {
            return;
        }

        var month = new DateTimeOffset(hour.Year, hour.Month, 1, 0, 0, 0, TimeSpan.Zero);
        var cost = tokens / TokensPerUnit * price;
        string[] row =
        [
            Number(decimal.Round(cost, 10)), account.Cloud, account.Cloud, "Cloud account", "USD", Time(month.AddMonths(1)),
            Time(month), "Usage", "", $"{meter} of {account.Model} in {account.Region}", "Usage-Based",
            Time(hour.AddHours(1)), Time(hour), Number(tokens), "Tokens", Number(cost), Number(price),
            Number(decimal.Round(cost, 10)), "", account.Cloud, Number(cost), Number(price), "Standard",
            Number(tokens / TokensPerUnit), "1000000 Tokens", account.Cloud, account.Cloud, account.Region, account.Region,
            "AI and Machine Learning", "Model inference", "Generative AI", account.Model, meter,
            $"{account.Model}/{meter}/{Number(price)}", account.Key, account.Key,
        ];
        csv.AppendJoin(',', row).Append('\n');
    }

    static string Number(decimal number) => number.ToString("0.################", CultureInfo.InvariantCulture);

    static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
}
