using System.Globalization;
using Sahab.Ledger.Contracts;
using Sahab.Ledger.Sales;

namespace Sahab.Tests.Ledger.Sales;

/// <summary>Prices as tests write them.</summary>
internal static class Prices
{
    public static DateTimeOffset Day(string text) => DateTimeOffset.Parse(
        text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal);

    public static TokenPrice Price(decimal prompt, decimal output) => new(prompt, prompt, prompt, prompt, output);

    public static PricePlan Plan(decimal prompt, decimal output) => new(Price(prompt, output));

    public static PriceList List(string id, string from, params (string Model, PricePlan Plan)[] prices) =>
        new(id, Day(from), prices.Select(price => new ModelPrice(price.Model, price.Plan)).ToValueList());
}
