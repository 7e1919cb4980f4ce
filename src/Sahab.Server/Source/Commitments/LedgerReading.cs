using System.Runtime.CompilerServices;
using Sahab.Ledger.Contracts;
using Sahab.Ledger.Settlements;
using Sahab.Server.Sell.Metering;

namespace Sahab.Server.Source.Commitments;

/// <summary>Reads a ledger back from what was posted and from the sums of what was charged, a month at a time.</summary>
internal sealed class LedgerReading(UsageStore usage)
{
    const int HoursOfPage = 31 * 24;

    /// <summary>Gives the ledger all that was posted for hours of a contract since it begins.</summary>
    public async Task RestoreAsync(ContractLedger ledger, string contract, CancellationToken cancellation)
    {
        var next = await usage.NextPostedHourAsync(contract, ledger.Begins, cancellation);
        while (next is { } from)
        {
            var page = from.AddHours(HoursOfPage);
            ledger.Restore(await usage.HourEntriesAsync(contract, from, page, cancellation));
            next = await usage.NextPostedHourAsync(contract, page, cancellation);
        }
    }

    /// <summary>Spans of hours in which anything was charged, in order, from one until another that is in none.</summary>
    public async IAsyncEnumerable<(Hour From, Hour Until)> ChargedSpansAsync(
        Hour first, Hour until, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var next = await usage.NextChargedHourAsync(first, cancellation);
        while (next is { } from && from < until)
        {
            var end = new Hour(long.Min(from.Number + HoursOfPage, until.Number));
            yield return (from, end);
            next = await usage.NextChargedHourAsync(end, cancellation);
        }
    }

    /// <summary>Whether the charges were posted by the terms that these contracts have.</summary>
    public static bool HasTermsOf(ContractTimeline contracts, HourlyCharge charge) =>
        ChargeTerms.For(charge.Sum.Use, charge.Sum.Hour, contracts) == charge.Terms;
}
