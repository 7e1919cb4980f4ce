using System.Threading.Tasks.Sources;

namespace Sahab.Emulator.Engine;

/// <summary>
/// One timer for every stream: a wheel of 5 ms slots. Thousands of streams wait here without a timer, a task or an
/// allocation per token. The loop sleeps while nobody waits.
/// </summary>
internal sealed class Ticker : IAsyncDisposable
{
    /// <summary>Granularity of every wait, in real milliseconds.</summary>
    public const int SlotMs = 5;

    /// <summary>Waits that one worker wakes in a row: waking a worker costs more than a stream's next token.</summary>
    const int BatchSize = 16;

    /// <summary>Slots of the wheel; a longer wait goes round again.</summary>
    const int Slots = 4096;

    readonly EmulatedClock _clock;
    readonly List<Wait>[] _wheel = new List<Wait>[Slots];
    readonly Lock _gate = new();
    readonly SemaphoreSlim _wake = new(0);
    readonly CancellationTokenSource _stop = new();
    readonly Task _loop;
    long _turned;
    int _waiting;
    bool _asleep;

    public Ticker(EmulatedClock clock)
    {
        _clock = clock;
        for (var i = 0; i < Slots; i++)
        {
            _wheel[i] = [];
        }
        _turned = SlotOf(clock.RealMs);
        _loop = Task.Run(() => LoopAsync(_stop.Token));
    }

    /// <summary>
    /// Completes at the first tick at or after the given real time. One wait at a time per <see cref="Wait"/>.
    /// </summary>
    public ValueTask WaitUntil(Wait wait, double realMs)
    {
        var task = wait.Arm(SlotOf(realMs) + 1);
        var mustWake = false;
        lock (_gate)
        {
            if (_waiting++ == 0 && _asleep)
            {
                _asleep = false;
                _turned = SlotOf(_clock.RealMs);
                mustWake = true;
            }
            wait.Slot = Math.Max(wait.Slot, _turned + 1);
            _wheel[wait.Slot % Slots].Add(wait);
        }
        if (mustWake)
        {
            _wake.Release();
        }
        return task;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
        _wake.Dispose();
    }

    static long SlotOf(double realMs) => (long)(realMs / SlotMs);

    async Task LoopAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(SlotMs), _clock.Time);
        var due = new List<Wait>();
        while (await timer.WaitForNextTickAsync(stop))
        {
            bool sleep;
            lock (_gate)
            {
                Turn(SlotOf(_clock.RealMs), due);
                sleep = _asleep = _waiting == 0;
            }
            for (var from = 0; from < due.Count; from += BatchSize)
            {
                Batch batch = new(due.GetRange(from, Math.Min(BatchSize, due.Count - from)));
                ThreadPool.UnsafeQueueUserWorkItem(batch, preferLocal: false);
            }
            due.Clear();
            if (sleep)
            {
                await _wake.WaitAsync(stop);
            }
        }
    }

    void Turn(long now, List<Wait> due)
    {
        // After a long pause of the process one whole turn visits every slot; more would visit them again.
        for (_turned = Math.Max(_turned, now - Slots); _turned < now; _turned++)
        {
            var slot = _wheel[(_turned + 1) % Slots];
            var kept = 0;
            foreach (var wait in slot)
            {
                if (wait.Slot <= now)
                {
                    due.Add(wait);
                }
                else
                {
                    slot[kept++] = wait;
                }
            }
            _waiting -= slot.Count - kept;
            slot.RemoveRange(kept, slot.Count - kept);
        }
    }

    sealed class Batch(List<Wait> waits) : IThreadPoolWorkItem
    {
        public void Execute() => waits.ForEach(w => w.Complete());
    }

    /// <summary>The reusable wait of one call.</summary>
    internal sealed class Wait : IValueTaskSource
    {
        ManualResetValueTaskSourceCore<bool> _source;

        public long Slot { get; set; }

        public ValueTask Arm(long slot)
        {
            _source.Reset();
            Slot = slot;
            return new ValueTask(this, _source.Version);
        }

        public void Complete() => _source.SetResult(true);

        void IValueTaskSource.GetResult(short token) => _source.GetResult(token);

        ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _source.GetStatus(token);

        void IValueTaskSource.OnCompleted(
            Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
            _source.OnCompleted(continuation, state, token, flags);
    }
}
