using Sahab.Ledger.Money;
using Sahab.Ledger.Sales;

namespace Sahab.Server.Sell.Metering;

/// <summary>What an event was sold for.</summary>
/// <param name="TermsId">The id of the terms. Above 0.</param>
/// <param name="Amount">What the customer owes for it, before volume discounts and free allowances.</param>
internal readonly record struct EventSale(long TermsId, SaleTerms Terms, NanoUsd Amount);
