namespace Sahab.Server.Tests.Faults;

/// <summary>Time that moves when the test says so, the wall clock and the counter apart if need be.</summary>
internal sealed class HandTime : TimeProvider
{
    readonly Lock _gate = new();
    readonly List<HandTimer> _timers = [];
    DateTimeOffset _now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    long _ticks = TimeSpan.TicksPerDay;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_gate)
        {
            return _now;
        }
    }

    public override long GetTimestamp() => Volatile.Read(ref _ticks);

    /// <summary>Lets time pass, and the timers that are due with it.</summary>
    public void Pass(TimeSpan span)
    {
        List<HandTimer> due;
        lock (_gate)
        {
            _now += span;
            Volatile.Write(ref _ticks, _ticks + span.Ticks);
            due = [.. _timers.Where(timer => timer.IsDue(_ticks))];
        }

        foreach (var timer in due)
        {
            timer.Fire();
        }
    }

    /// <summary>Sets the wall clock, as an operator or a time server may; the counter goes on.</summary>
    public void SetClock(TimeSpan by)
    {
        lock (_gate)
        {
            _now += by;
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        lock (_gate)
        {
            var timer = new HandTimer(this, callback, state);
            timer.Change(dueTime, period);
            _timers.Add(timer);
            return timer;
        }
    }

    void Remove(HandTimer timer)
    {
        lock (_gate)
        {
            _timers.Remove(timer);
        }
    }

    sealed class HandTimer(HandTime time, TimerCallback callback, object? state) : ITimer
    {
        long _due = long.MaxValue;
        long _period;

        public bool IsDue(long ticks) => ticks >= Volatile.Read(ref _due);

        public void Fire()
        {
            Volatile.Write(ref _due, _period > 0 ? time.GetTimestamp() + _period : long.MaxValue);
            callback(state);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            _period = period > TimeSpan.Zero ? period.Ticks : 0;
            Volatile.Write(
                ref _due, dueTime < TimeSpan.Zero ? long.MaxValue : time.GetTimestamp() + dueTime.Ticks);
            return true;
        }

        public void Dispose() => time.Remove(this);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}

/// <summary>The system's time with a wall clock that can be set while it runs.</summary>
internal sealed class JumpingTime : TimeProvider
{
    long _byTicks;

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow().AddTicks(Volatile.Read(ref _byTicks));

    public override long GetTimestamp() => System.GetTimestamp();

    public override long TimestampFrequency => System.TimestampFrequency;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        System.CreateTimer(callback, state, dueTime, period);

    public void SetClock(TimeSpan by) => Volatile.Write(ref _byTicks, by.Ticks);
}
