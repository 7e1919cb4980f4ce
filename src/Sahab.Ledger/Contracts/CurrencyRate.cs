namespace Sahab.Ledger.Contracts;

/// <summary>What a currency is worth from a day on, until the next rate.</summary>
/// <param name="Currency">ISO 4217 code.</param>
/// <param name="From">The first day, in UTC.</param>
/// <param name="UsdPerUnit">US dollars for one unit. Above 0, at most eight decimals.</param>
public sealed record CurrencyRate(string Currency, DateOnly From, decimal UsdPerUnit);
