using Sahab.Ledger.Money;
using Sahab.Server.Hosting;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Serve.Gateway;
using Sahab.Server.Serve.Snapshots;

namespace Sahab.Server.Portal;

/// <summary>
/// Looks at the server once a second, from memory, and keeps the last five minutes. However many look on, the work is
/// done once.
/// </summary>
internal sealed partial class LiveFeed : BackgroundService
{
    /// <summary>Seconds that the charts show.</summary>
    public const int MaxPoints = 300;

    const int RateSeconds = 5;
    const int LatencySeconds = 15;
    const int MinuteSeconds = 60;

    static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    static readonly TimeSpan BaselineRetry = TimeSpan.FromSeconds(30);

    readonly RunningTotals _totals;
    readonly SnapshotPublisher _snapshots;
    readonly FrontDoor _door;
    readonly Placement _placement;
    readonly UsageStore _store;
    readonly UsageLoop _posting;
    readonly TimeProvider _time;
    readonly MonotonicClock _clock;
    readonly ILogger<LiveFeed> _logger;
    readonly DateTimeOffset _started;
    readonly Queue<LivePoint> _points = new(MaxPoints);
    readonly List<TotalsReading> _readings = new(MinuteSeconds + 1);
    TaskCompletionSource _next = NewSignal();
    LiveSample _latest = LiveSample.None;
    long? _earlierNanoUsd;

    public LiveFeed(
        RunningTotals totals, SnapshotPublisher snapshots, FrontDoor door, Placement placement, UsageStore store,
        UsageLoop posting, TimeProvider time, MonotonicClock clock, ILogger<LiveFeed> logger)
    {
        (_totals, _snapshots, _door, _placement) = (totals, snapshots, door, placement);
        (_store, _posting, _time, _clock, _logger) = (store, posting, time, clock, logger);
        _started = time.GetUtcNow();
    }

    public LiveSample Latest => Volatile.Read(ref _latest);

    /// <summary>Completes with the next sample.</summary>
    public Task Next => Volatile.Read(ref _next).Task;

    /// <summary>Takes a sample now.</summary>
    public void Sample()
    {
        if (!_snapshots.IsReady)
        {
            return;
        }

        var now = _time.GetUtcNow();
        var reading = TotalsReading.Take(_totals, now);
        _readings.Add(reading);
        if (_readings.Count > MinuteSeconds + 1)
        {
            _readings.RemoveAt(0);
        }

        var snapshot = _snapshots.Current;
        var nowMs = _clock.NowMs;
        LiveDeployment[] deployments =
        [
            .. snapshot.Routing.Deployments.Select(deployment =>
                new LiveDeployment(deployment.Spec, deployment.State.Read(nowMs))),
        ];
        string[] providers = [.. deployments.Select(deployment => deployment.Spec.Provider).Distinct()];
        if (_points.Count == MaxPoints)
        {
            _points.Dequeue();
        }

        _points.Enqueue(PointOf(reading, providers));
        var minute = Before(MinuteSeconds);
        var (before, after) = (minute.FirstToken(), reading.FirstToken());
        var calls = reading.Calls - minute.Calls;
        Publish(new LiveSample(
            _latest.Number + 1, now, reading.Calls, Rate(Before(RateSeconds), reading, sums => sums.Calls),
            LatencyBuckets.Quantile(before, after, 0.5), LatencyBuckets.Quantile(before, after, 0.95),
            calls == 0 ? double.NaN : (double)(reading.FailedCalls - minute.FailedCalls) / calls,
            _door.InHouse, _placement.Waiting, NanoUsdToday(now), reading.NanoUsd() - minute.NanoUsd(), providers,
            deployments, [.. _points]));
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var baseline = LoadBaselineAsync(stoppingToken);
        using var timer = new PeriodicTimer(Interval, _time);
        try
        {
            do
            {
                Sample();
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }

        await baseline.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    static double Rate(TotalsReading from, TotalsReading to, Func<TotalsReading, long> sum)
    {
        var seconds = (to.At - from.At).TotalSeconds;
        return seconds <= 0 ? 0 : (sum(to) - sum(from)) / seconds;
    }

    static double? Known(double figure) => double.IsNaN(figure) ? null : Math.Round(figure, 1);

    /// <summary>The reading of so many seconds ago, or the oldest that there is.</summary>
    TotalsReading Before(int seconds) => _readings[Math.Max(0, _readings.Count - 1 - seconds)];

    LivePoint PointOf(TotalsReading reading, IReadOnlyList<string> providers)
    {
        var (rate, latency, minute) = (Before(RateSeconds), Before(LatencySeconds), Before(MinuteSeconds));
        return new LivePoint(
            reading.At.ToUnixTimeSeconds(), providers,
            [.. providers.Select(id => Math.Round(Rate(rate, reading, sums => sums.Answered(id)), 2))],
            [
                .. providers.Select(id =>
                    Known(LatencyBuckets.Quantile(latency.FirstToken(id), reading.FirstToken(id), 0.5))),
            ],
            [.. providers.Select(id => (double)(reading.NanoUsd(id) - minute.NanoUsd(id)) / NanoUsd.PerUsd)]);
    }

    void Publish(LiveSample sample)
    {
        Volatile.Write(ref _latest, sample);
        Interlocked.Exchange(ref _next, NewSignal()).TrySetResult();
    }

    /// <summary>What this server's attempts cost since midnight: of this run from memory, of earlier ones from the ledger.</summary>
    long? NanoUsdToday(DateTimeOffset now) => now.UtcDateTime.Date == _started.UtcDateTime.Date
        ? _earlierNanoUsd + _totals.NanoUsdOf(now)
        : _totals.NanoUsdOf(now);

    /// <summary>Asks the ledger once for what today cost before this run: posted first, so that nothing is missed.</summary>
    async Task LoadBaselineAsync(CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                await _posting.DrainAsync(cancellation);
                var query = new UsageQuery
                {
                    From = new DateTimeOffset(_started.UtcDateTime.Date, TimeSpan.Zero),
                    To = _started,
                };
                var totals = await _store.TotalsAsync(query, [], cancellation);
                _earlierNanoUsd = totals.Count == 0 ? 0 : NanoUsd.FromUsd(totals[0].CostUsd).Value;
                return;
            }
            catch (Exception failure) when (!cancellation.IsCancellationRequested)
            {
                LogNoBaseline(failure);
                await Task.Delay(BaselineRetry, _time, cancellation);
            }
        }
    }

    [LoggerMessage(6001, LogLevel.Warning, "The ledger cannot be asked what today has cost so far; trying again")]
    partial void LogNoBaseline(Exception failure);
}
