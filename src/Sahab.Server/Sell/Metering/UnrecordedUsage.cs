using System.Diagnostics.Metrics;
using Sahab.Ledger.Rating;

namespace Sahab.Server.Sell.Metering;

/// <summary>
/// Usage that a provider has billed and the journal did not take, because its disk was full or its queue too long. It
/// waits here, in memory, and goes into the journal as soon as that works again: a call whose client was told that it
/// failed has still been paid for. New calls are refused meanwhile, so what waits stems from calls in the house.
/// </summary>
internal sealed partial class UnrecordedUsage : BackgroundService
{
    /// <summary>The most events that wait. What comes beyond it is written to the log as lost.</summary>
    public const int MaxEvents = 131_072;

    /// <summary>From here on no new call is taken, even where the journal looks well.</summary>
    public const int RefuseAt = 8_192;

    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    readonly Journal _journal;
    readonly UsageLoop _loop;
    readonly TimeProvider _time;
    readonly ILogger<UnrecordedUsage> _logger;
    readonly Lock _gate = new();
    readonly Queue<UsageEvent[]> _waiting = new();
    readonly SemaphoreSlim _retrying = new(1, 1);
    int _count;
    long _lost;

    public UnrecordedUsage(
        Journal journal, UsageLoop loop, IMeterFactory meters, TimeProvider time, ILogger<UnrecordedUsage> logger)
    {
        (_journal, _loop, _time, _logger) = (journal, loop, time, logger);
        var meter = meters.Create(UsageInstruments.MeterName);
        meter.CreateObservableGauge(
            "sahab.sell.unrecorded.events", () => Count, "{event}",
            "Usage events that wait for a journal that would not take them.");
        meter.CreateObservableCounter(
            "sahab.sell.unrecorded.lost", () => Lost, "{event}",
            "Usage events that were lost because too many waited; the log names each.");
    }

    /// <summary>Events that wait.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Events that were lost.</summary>
    public long Lost => Volatile.Read(ref _lost);

    /// <summary>Whether so much waits that no new call should be taken.</summary>
    public bool IsCrowded => Count >= RefuseAt;

    /// <summary>Keeps the attempts of one call until the journal takes them.</summary>
    public void Add(IReadOnlyCollection<UsageEvent> attempts)
    {
        lock (_gate)
        {
            if (_count + attempts.Count <= MaxEvents)
            {
                _waiting.Enqueue([.. attempts]);
                Volatile.Write(ref _count, _count + attempts.Count);
                return;
            }

            Volatile.Write(ref _lost, _lost + attempts.Count);
        }

        foreach (var usage in attempts)
        {
            Log.Lost(
                _logger, usage.EventId, usage.CallId, usage.Tenant, usage.Key, usage.Deployment,
                usage.Usage.PromptTokens, usage.Usage.CachedTokens, usage.Usage.CacheWriteTokens, usage.Usage.OutputTokens);
        }
    }

    /// <summary>
    /// Tries what waits, in order, until the journal says no. Returns whether nothing waits any more.
    /// </summary>
    public async Task<bool> RetryAsync(CancellationToken cancellation)
    {
        await _retrying.WaitAsync(cancellation);
        try
        {
            while (TryPeek(out var attempts))
            {
                try
                {
                    await _journal.AppendAsync(attempts);
                }
                catch (JournalUnavailableException)
                {
                    return false;
                }

                lock (_gate)
                {
                    _waiting.Dequeue();
                    Volatile.Write(ref _count, _count - attempts.Length);
                }

                if (Count == 0)
                {
                    Log.Recovered(_logger);
                }
            }

            return true;
        }
        finally
        {
            _retrying.Release();
        }
    }

    /// <summary>Stops the retries, after a last one: what waits then would be lost with the process.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        if (!await RetryAsync(CancellationToken.None) && !await RetryWithRoomAsync(cancellationToken))
        {
            lock (_gate)
            {
                foreach (var usage in _waiting.SelectMany(attempts => attempts))
                {
                    Log.Lost(
                        _logger, usage.EventId, usage.CallId, usage.Tenant, usage.Key, usage.Deployment,
                        usage.Usage.PromptTokens, usage.Usage.CachedTokens, usage.Usage.CacheWriteTokens, usage.Usage.OutputTokens);
                }
            }
        }
    }

    public override void Dispose()
    {
        _retrying.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Pause, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                if (Count > 0 && _journal.IsHealthy)
                {
                    await RetryAsync(stoppingToken);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    /// <summary>Posts what the journal holds, for it may just be full, and tries again.</summary>
    async Task<bool> RetryWithRoomAsync(CancellationToken cancellation)
    {
        try
        {
            await _loop.DrainAsync(cancellation);
        }
        catch (Exception failure)
        {
            Log.NoRoom(_logger, failure);
            return false;
        }

        return await RetryAsync(CancellationToken.None);
    }

    bool TryPeek(out UsageEvent[] attempts)
    {
        lock (_gate)
        {
            return _waiting.TryPeek(out attempts!);
        }
    }

    static partial class Log
    {
        [LoggerMessage(5020, LogLevel.Critical, "Usage event {EventId} of call {CallId} is lost: tenant {Tenant}, key "
            + "{Key}, deployment {Deployment}, {Prompt} prompt tokens ({Cached} cached, {CacheWrite} written to a cache), "
            + "{Output} output tokens.")]
        public static partial void Lost(
            ILogger logger, Guid eventId, Guid callId, string tenant, string key, string deployment, long prompt,
            long cached, long cacheWrite, long output);

        [LoggerMessage(5022, LogLevel.Error, "The journal could not be emptied to make room for the usage that waits.")]
        public static partial void NoRoom(ILogger logger, Exception failure);

        [LoggerMessage(5021, LogLevel.Information, "All usage that waited for the journal is in it now.")]
        public static partial void Recovered(ILogger logger);
    }
}
