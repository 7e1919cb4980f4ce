using Sahab.Ledger.Postings;
using Sahab.Ledger.Settlements;
using Sahab.Server.Sell.Metering;

namespace Sahab.Server.Source.Commitments;

/// <summary>What a settled hour drew of a commitment, in US dollars, and all that was booked for it.</summary>
internal sealed record DrawnHour(DateTimeOffset Hour, decimal Usd, IReadOnlyList<Posting> Postings);

/// <summary>What days are made of: their settled hours.</summary>
internal sealed class DrawnHours(UsageStore usage)
{
    /// <summary>The most days whose hours are read at once.</summary>
    public const int MaxDays = 31;

    /// <summary>The hours that anything was booked for, in order, revisions added up.</summary>
    /// <param name="commitment">The commitment of which it is told what was drawn; null: of none.</param>
    public async Task<IReadOnlyList<DrawnHour>> OfAsync(
        string contract, string? commitment, DateTimeOffset from, DateTimeOffset until, CancellationToken cancellation)
    {
        var entries = await usage.HourEntriesAsync(contract, from, until, cancellation);
        var account = commitment is null ? null : Account.Drawn(contract, commitment).Name;
        return [.. entries.Where(entry => entry.Cause == EntryCause.Hour).GroupBy(entry => entry.BookedAt).Select(hour => HourOf(hour.Key, hour, account))];
    }

    static DrawnHour HourOf(DateTimeOffset hour, IEnumerable<Entry> entries, string? account)
    {
        var postings = entries.SelectMany(entry => entry.Postings)
            .GroupBy(posting => posting.Account)
            .Select(of => new Posting(
                Guid.Empty, of.Key, new Ledger.Money.NanoUsd(of.Sum(posting => posting.Amount.Value)), hour))
            .Where(posting => posting.Amount.Value != 0)
            .OrderBy(posting => posting.Account.Name, StringComparer.Ordinal)
            .ToList();
        var drawn = postings.Where(posting => posting.Account.Name == account).Sum(posting => posting.Amount.ToUsd());
        return new DrawnHour(hour, drawn, postings);
    }
}
