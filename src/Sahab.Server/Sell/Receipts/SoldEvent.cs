using Sahab.Ledger.Money;
using Sahab.Ledger.Rating;
using Sahab.Ledger.Sales;

namespace Sahab.Server.Sell.Receipts;

/// <summary>An event that was sold, or what became of it by a correction.</summary>
/// <param name="Revision">0, or the number of the correction.</param>
internal sealed record SoldEvent(UsageEvent Usage, SaleTerms Terms, NanoUsd Amount, int Revision);
