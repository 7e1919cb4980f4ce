namespace Sahab.Ledger.Sales;

/// <summary>A band of a month's tokens that costs less: it ends where the next one begins.</summary>
/// <param name="FromTokens">How many tokens of the month lie below it. Above 0.</param>
/// <param name="Discount">What is taken off the price of the tokens within it. 0 to 1.</param>
public sealed record VolumeBand(long FromTokens, decimal Discount);
