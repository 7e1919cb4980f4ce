using Sahab.Ledger.Rating;

namespace Sahab.Server.Sell.Metering;

/// <summary>
/// Carries the journal's groups into the store, in order. A group is removed from the journal after the store has
/// committed it; a process killed in between carries it again, and the store knows its events by their ids.
/// </summary>
internal sealed partial class UsageLoop(
    Journal journal, UsageStore store, UsageInstruments instruments, TimeProvider time, ILogger<UsageLoop> logger)
    : BackgroundService
{
    /// <summary>What one transaction carries; some 5,000 events.</summary>
    const int BatchBytes = 1024 * 1024;

    /// <summary>Arrivals are let gather for so long: one transaction for many events costs the least.</summary>
    static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(200);

    static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(100);
    static readonly TimeSpan LastRetry = TimeSpan.FromSeconds(10);

    static readonly TaskScheduler Pool = new ConcurrentExclusiveSchedulerPair().ConcurrentScheduler;

    readonly SemaphoreSlim _posting = new(1, 1);
    long? _position;
    long _lastDecoded;
    long _behindSince;

    /// <summary>For how long there has been something to post; zero when all is posted.</summary>
    public TimeSpan Lag => Volatile.Read(ref _behindSince) is var since and not 0
        ? time.GetElapsedTime(since)
        : TimeSpan.Zero;

    /// <summary>Posts everything that was appended before the call. Throws where the store cannot be reached.</summary>
    public async Task DrainAsync(CancellationToken cancellation)
    {
        await journal.FlushAsync();
        await PostCommittedAsync(cancellation);
    }

    /// <summary>Stops the loop, then posts what is left as far as the time allowed for stopping reaches.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        try
        {
            await DrainAsync(cancellationToken);
        }
        catch (Exception error)
        {
            Log.LeftForNextStart(logger, journal.CommittedPosition - journal.PostedPosition, error);
        }
    }

    public override void Dispose()
    {
        _posting.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        instruments.Lag = () => Lag;
        var retry = FirstRetry;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await journal.WaitForCommitAsync(_position ?? journal.PostedPosition, stoppingToken);
                Interlocked.CompareExchange(ref _behindSince, time.GetTimestamp(), 0);
                await Task.Delay(Gathering, time, stoppingToken);
                await PostCommittedAsync(stoppingToken);
                retry = FirstRetry;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                instruments.Failed();
                Log.Failed(logger, retry, error);
                await Task.Delay(retry, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                retry = retry * 2 < LastRetry ? retry * 2 : LastRetry;
            }
        }
    }

    /// <summary>
    /// On the pool's own scheduler, which every await below comes back to: a driver's read may end on a thread that serves
    /// sockets, and to make rows of some thousand events there would keep its calls waiting.
    /// </summary>
    Task PostCommittedAsync(CancellationToken cancellation) => Task.Factory.StartNew(
        () => PostGroupsAsync(cancellation), cancellation, TaskCreationOptions.None, Pool).Unwrap();

    async Task PostGroupsAsync(CancellationToken cancellation)
    {
        await _posting.WaitAsync(cancellation);
        try
        {
            _position ??= await FindStartAsync(cancellation);
            var events = new List<UsageEvent>();
            // Up to what is there now: what comes meanwhile gathers for the next round, or under load every round
            // would be as small as a group.
            var until = journal.CommittedPosition;
            while (_position < until && await journal.ReadAsync(_position.Value, BatchBytes) is { Count: > 0 } groups)
            {
                events.Clear();
                foreach (var group in groups)
                {
                    await DecodeAsync(group, events);
                }

                var last = groups[^1].Position;
                var posted = await store.PostAsync(journal.Id, last, events, cancellation);
                instruments.Posted(posted, events.Count - posted);
                _position = last;
                await journal.TrimAsync(last);
            }

            Volatile.Write(ref _behindSince, 0);
        }
        finally
        {
            _posting.Release();
        }
    }

    /// <summary>
    /// Begins where the journal begins: the store may know some of it already, and drops that by id. The store's own
    /// position only tells whether the two belong together.
    /// </summary>
    async Task<long> FindStartAsync(CancellationToken cancellation)
    {
        var inStore = await store.PositionAsync(journal.Id, cancellation);
        if (inStore < journal.PostedPosition)
        {
            Log.StoreIsBehind(logger, inStore, journal.PostedPosition);
        }

        return journal.PostedPosition;
    }

    async Task DecodeAsync(JournalGroup group, List<UsageEvent> events)
    {
        var sound = events.Count;
        var missing = group.Position - 1 - Math.Max(_position!.Value, _lastDecoded);
        if (missing > 0)
        {
            instruments.Damaged(missing);
            Log.Missing(logger, missing, group.Position);
        }

        _lastDecoded = group.Position;
        if (EventEncoding.Decode(group.Events, events) is { } damage)
        {
            instruments.Damaged(1);
            Log.Damaged(logger, group.Position, damage, events.Count - sound);
            await journal.SetAsideAsync(group, damage);
        }
    }

    static partial class Log
    {
        [LoggerMessage(5010, LogLevel.Error, "Usage could not be posted; trying again in {Retry}. Nothing is lost: the "
            + "journal keeps it.")]
        public static partial void Failed(ILogger logger, TimeSpan retry, Exception error);

        [LoggerMessage(5011, LogLevel.Warning, "{Groups} groups of usage are left in the journal and will be posted at "
            + "the next start.")]
        public static partial void LeftForNextStart(ILogger logger, long groups, Exception error);

        [LoggerMessage(5012, LogLevel.Critical, "Group {Position} of the journal is damaged: {Damage}. Its {Sound} "
            + "sound events are posted; the group is kept in the journal's table journal_set_aside.")]
        public static partial void Damaged(ILogger logger, long position, string damage, int sound);

        [LoggerMessage(5013, LogLevel.Critical, "{Groups} groups of the journal are missing before group {Position}: "
            + "their calls are not in the ledger.")]
        public static partial void Missing(ILogger logger, long groups, long position);

        [LoggerMessage(5014, LogLevel.Error, "The store has this journal up to group {InStore}, and the journal has "
            + "removed its groups up to {Removed}: the database is not the one that they were posted to.")]
        public static partial void StoreIsBehind(ILogger logger, long inStore, long removed);
    }
}
