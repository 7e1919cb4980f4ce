using Sahab.Ledger.Money;

namespace Sahab.Ledger.Postings;

/// <summary>One line of the ledger: an amount booked to an account because of an event.</summary>
/// <param name="EventId">The event that caused it. All postings of one event sum to zero.</param>
/// <param name="Account">The account. An event books to an account at most once.</param>
/// <param name="Amount">Positive for a debit, negative for a credit; never zero.</param>
/// <param name="BookedAt">
/// The time at which it counts (valid time), which is not the time at which it was written.
/// </param>
public readonly record struct Posting(Guid EventId, Account Account, NanoUsd Amount, DateTimeOffset BookedAt);
