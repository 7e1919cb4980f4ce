namespace Sahab.Routing.Admission;

/// <summary>
/// Makes of the times that callers pass one that starts at 0 and never runs back. Threads that read their clock and
/// then wait for a lock arrive slightly out of order: up to one window back counts as "now". A larger step back can
/// only be a clock that was set, and from there time runs on at the caller's pace instead of standing still.
/// </summary>
internal struct ForwardClock
{
    private long _offset;
    private long _latest;
    private bool _started;

    /// <summary>The latest time of all.</summary>
    public readonly long Latest => _latest;

    /// <summary>The limiter's own time for a caller's time, without moving.</summary>
    public readonly long Peek(long nowMs)
    {
        if (!_started)
        {
            return 0;
        }

        var time = unchecked(nowMs - _offset);
        return Math.Max(time, _latest);
    }

    /// <summary>The limiter's own time for a caller's time.</summary>
    public long Advance(long nowMs)
    {
        if (!_started)
        {
            _started = true;
            _offset = nowMs;
            return 0;
        }

        var time = unchecked(nowMs - _offset);
        if (time < _latest - SlidingWindow.WindowMs)
        {
            _offset = unchecked(nowMs - _latest);
            return _latest;
        }

        return _latest = Math.Max(time, _latest);
    }
}
