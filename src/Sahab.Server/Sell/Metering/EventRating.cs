using System.Collections.Concurrent;
using Sahab.Ledger.Contracts;
using Sahab.Ledger.Rating;
using Sahab.Ledger.Settlements;

namespace Sahab.Server.Sell.Metering;

/// <summary>What prices the events of a series in an hour by the contracts as they are known.</summary>
/// <param name="Version">The contract's version in force in the hour.</param>
internal sealed record RatedSeries(Use Use, ChargeTerms Terms, int Version)
{
    /// <summary>The id of the terms, once it was looked up; 0 before that.</summary>
    public long TermsId { get; set; }

    public Charge ChargeOf(UsageEvent usage) => Charge.Of(usage, Use, Terms, Version);
}

/// <summary>
/// Rates events by one timeline of contracts. What it has looked up for a series and hour it remembers: thousands of
/// events share it.
/// </summary>
internal sealed class EventRating(ContractTimeline contracts)
{
    const int MaxKnown = 100_000;

    readonly ConcurrentDictionary<(long Series, long HourUs), RatedSeries?> _known = new();

    public ContractTimeline Contracts => contracts;

    public bool HasContracts => contracts.Providers.Count > 0;

    /// <summary>How the events of the series are rated in the hour; null: by their own prices, under no contract.</summary>
    public RatedSeries? For(UsageEvent usage, long series, long hourUs)
    {
        if (!HasContracts)
        {
            return null;
        }

        if (_known.TryGetValue((series, hourUs), out var known))
        {
            return known;
        }

        var (use, hour) = (Use.Of(usage), Hour.Of(Hosting.Database.UnixMicroseconds.ToTime(hourUs)));
        var rated = contracts.TermsFor(use, hour) is { } terms
            ? new RatedSeries(use, ChargeTerms.Of(terms, use, hour, contracts), terms.Version.Number)
            : null;
        if (_known.Count >= MaxKnown)
        {
            _known.Clear();
        }

        _known[(series, hourUs)] = rated;
        return rated;
    }
}
