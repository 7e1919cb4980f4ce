using System.Collections.Concurrent;
using Sahab.Ledger.Rating;

namespace Sahab.Server.Serve.Gateway;

/// <summary>
/// Sums over all calls and attempts since the start. They only grow, so that a difference between two readings is
/// what happened in between; adding to them allocates nothing once a provider is known.
/// </summary>
internal sealed class RunningTotals
{
    readonly ConcurrentDictionary<string, ProviderTotals> _providers = new(StringComparer.Ordinal);
    readonly Lock _gate = new();
    long _calls;
    long _failedCalls;
    int _day;
    long _nanoUsdOfDay;

    /// <summary>Calls that have ended.</summary>
    public long Calls => Volatile.Read(ref _calls);

    /// <summary>Those of them that ended with 429 or 5xx: not the client's fault, nor its leaving.</summary>
    public long FailedCalls => Volatile.Read(ref _failedCalls);

    /// <summary>Each provider's sums, for the providers that were ever attempted.</summary>
    public IEnumerable<KeyValuePair<string, ProviderTotals>> Providers => _providers;

    /// <summary>What the attempts that began on a day (UTC) have cost so far; nothing for another day than the latest.</summary>
    public long NanoUsdOf(DateTimeOffset day)
    {
        lock (_gate)
        {
            return _day == DayOf(day) ? _nanoUsdOfDay : 0;
        }
    }

    public void AttemptEnded(UsageEvent usage)
    {
        var provider = _providers.GetOrAdd(usage.Provider, static _ => new ProviderTotals());
        var nanoUsd = usage.Usage.IsConsistent ? usage.Cost().Value : 0;
        provider.Add(usage, nanoUsd);
        var day = DayOf(usage.StartedAt);
        lock (_gate)
        {
            if (day > _day)
            {
                (_day, _nanoUsdOfDay) = (day, 0);
            }

            _nanoUsdOfDay += day == _day ? nanoUsd : 0;
        }
    }

    public void CallEnded(int status)
    {
        Interlocked.Increment(ref _calls);
        if (status is StatusCodes.Status429TooManyRequests or >= StatusCodes.Status500InternalServerError)
        {
            Interlocked.Increment(ref _failedCalls);
        }
    }

    static int DayOf(DateTimeOffset time) => DateOnly.FromDateTime(time.UtcDateTime).DayNumber;
}

/// <summary>The sums of one provider.</summary>
internal sealed class ProviderTotals
{
    long _answered;
    long _nanoUsd;

    /// <summary>Attempts that it answered in full.</summary>
    public long Answered => Volatile.Read(ref _answered);

    /// <summary>What all attempts cost.</summary>
    public long NanoUsd => Volatile.Read(ref _nanoUsd);

    public LatencyBuckets FirstToken { get; } = new();

    public void Add(UsageEvent usage, long nanoUsd)
    {
        if (usage.Outcome is AttemptOutcome.Succeeded or AttemptOutcome.Abandoned)
        {
            Interlocked.Increment(ref _answered);
        }

        Interlocked.Add(ref _nanoUsd, nanoUsd);
        if (usage.FirstToken is { } firstToken)
        {
            FirstToken.Add(firstToken.TotalMilliseconds);
        }
    }
}
