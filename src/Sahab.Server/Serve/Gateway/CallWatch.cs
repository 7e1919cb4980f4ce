using Sahab.Server.Hosting;

namespace Sahab.Server.Serve.Gateway;

/// <summary>
/// One attempt under watch. The relay moves the deadline forward as bytes arrive; <see cref="CallWatch"/> cancels the
/// attempt when the deadline has passed. A plain field write per chunk is all that a live stream costs.
/// </summary>
internal sealed class WatchedAttempt : IDisposable
{
    readonly CancellationTokenSource _source = new();
    internal WatchedAttempt? Previous, Next;
    long _deadlineMs;
    long _drainDeadlineMs = long.MaxValue;

    public WatchedAttempt(long deadlineMs, CancellationToken clientGone)
    {
        ClientGone = clientGone;
        _deadlineMs = deadlineMs;
    }

    /// <summary>Cancelled when the deadline passes.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>Signalled by the server when the client's connection ends.</summary>
    public CancellationToken ClientGone { get; }

    /// <summary>Whether the watch ended this attempt.</summary>
    public bool Expired => _source.IsCancellationRequested;

    /// <summary>Whether it was ended because its client had been gone for too long.</summary>
    public bool DrainExpired { get; private set; }

    /// <summary>Moves the deadline, in monotonic milliseconds.</summary>
    public void ExtendTo(long deadlineMs) => Volatile.Write(ref _deadlineMs, deadlineMs);

    /// <summary>Stops the clock while the client, not the cloud, is being waited for.</summary>
    public void Pause() => ExtendTo(long.MaxValue);

    /// <summary>Whether the deadline has passed; starts the drain limit when the client is found gone.</summary>
    internal bool IsDue(long nowMs, long drainMs)
    {
        if (_drainDeadlineMs == long.MaxValue && ClientGone.IsCancellationRequested)
        {
            _drainDeadlineMs = nowMs + drainMs;
        }

        DrainExpired = nowMs >= _drainDeadlineMs;
        return DrainExpired || nowMs >= Volatile.Read(ref _deadlineMs);
    }

    internal void Expire() => _source.Cancel();

    public void Dispose() => _source.Dispose();
}

/// <summary>
/// Ends attempts whose deadline has passed, and limits how long a stream is drained after its client has gone. One
/// sweep over a list every <see cref="Resolution"/> replaces a timer for each call; a deadline is kept to that
/// resolution.
/// </summary>
internal sealed class CallWatch(TimeProvider time, MonotonicClock clock, DrainGate drains) : BackgroundService
{
    public static readonly TimeSpan Resolution = TimeSpan.FromMilliseconds(50);

    readonly Lock _gate = new();
    readonly List<WatchedAttempt> _due = [];
    WatchedAttempt? _first;
    int _count;

    /// <summary>Attempts under watch.</summary>
    public int Count => Volatile.Read(ref _count);

    public void Add(WatchedAttempt attempt)
    {
        lock (_gate)
        {
            attempt.Next = _first;
            if (_first is not null)
            {
                _first.Previous = attempt;
            }

            _first = attempt;
            _count++;
        }
    }

    public void Remove(WatchedAttempt attempt)
    {
        lock (_gate)
        {
            if (attempt.Previous is not null)
            {
                attempt.Previous.Next = attempt.Next;
            }
            else if (_first == attempt)
            {
                _first = attempt.Next;
            }

            if (attempt.Next is not null)
            {
                attempt.Next.Previous = attempt.Previous;
            }

            attempt.Previous = attempt.Next = null;
            _count--;
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Resolution, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                Sweep();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    /// <summary>Cancels what is due now. Cancellation runs outside the lock: it resumes the relay that waits.</summary>
    internal void Sweep()
    {
        var nowMs = clock.NowMs;
        lock (_gate)
        {
            for (var attempt = _first; attempt is not null; attempt = attempt.Next)
            {
                if (attempt.IsDue(nowMs, drains.MaxMs) && !attempt.Expired)
                {
                    _due.Add(attempt);
                }
            }
        }

        foreach (var attempt in _due)
        {
            try
            {
                attempt.Expire();
            }
            catch (ObjectDisposedException)
            {
                // It ended by itself between the look and the cancellation.
            }
        }

        _due.Clear();
    }
}
