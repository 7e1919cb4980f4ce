using System.Collections.Immutable;
using Sahab.Ledger.Postings;
using Sahab.Ledger.Settlements;
using Sahab.Server.Sell.Metering;

namespace Sahab.Server.Source.Commitments;

/// <summary>What was drawn of a commitment in one day.</summary>
/// <param name="Day">The day, in UTC.</param>
/// <param name="Usd">
/// In US dollars, at the rate of each hour where the contract is in another currency. Of a commitment that is counted in
/// units it is what the drawn units would cost if they were missing (units times the clause's unit price), not what was
/// paid for them; 0 where the clause names no price.
/// </param>
internal sealed record DailyDrawn(DateOnly Day, decimal Usd);

/// <summary>
/// How the commitments stand, as last settled: by this node if it is the one that settles, otherwise as that node has
/// left it in the store. Safe for any number of threads.
/// </summary>
internal sealed class CommitmentBooks(UsageStore usage, SettlementStore store)
{
    SettledStandings _settled = new([], DateTimeOffset.MinValue);

    /// <summary>All windows that have begun, by contract, commitment and beginning.</summary>
    public ImmutableArray<CommitmentStanding> Standings => Volatile.Read(ref _settled).Standings;

    /// <summary>
    /// Until when all is settled, a whole hour; the least value before the first settlement was seen.
    /// </summary>
    public DateTimeOffset SettledUntil => Volatile.Read(ref _settled).Until;

    /// <summary>
    /// What was drawn of a commitment, day by day in order; days on which nothing was drawn are left out. As settled: what
    /// came late is in the day to which it belongs.
    /// </summary>
    /// <param name="contract">The contract.</param>
    /// <param name="commitment">The commitment's clause.</param>
    /// <param name="from">The first day, in UTC.</param>
    /// <param name="until">The first day that is not asked for.</param>
    public async Task<IReadOnlyList<DailyDrawn>> DrawnByDayAsync(
        string contract, string commitment, DateOnly from, DateOnly until, CancellationToken cancellation)
    {
        var days = await usage.HourEntriesByDayAsync(
            contract, Account.Drawn(contract, commitment), from, until, cancellation);
        return [.. days.Where(day => day.Usd != 0).Select(day => new DailyDrawn(day.Day, day.Usd))];
    }

    /// <summary>Makes known what this node has settled.</summary>
    public void Publish(SettledStandings settled) => Volatile.Write(ref _settled, settled);

    /// <summary>Takes up what another node has settled.</summary>
    public async Task RefreshAsync(CancellationToken cancellation) =>
        Publish(await store.ReadStandingsAsync(cancellation));
}

/// <summary>How all commitments stand, and until when that is settled.</summary>
internal sealed record SettledStandings(ImmutableArray<CommitmentStanding> Standings, DateTimeOffset Until);
