namespace Sahab.Server.Serve.Gateway;

/// <summary>Bounds the streams that are read on after their client has gone: how many at once, and how far each.</summary>
internal sealed class DrainGate
{
    long _maxBytes = long.MaxValue;
    long _maxMs = long.MaxValue / 2;
    int _maxConcurrent = int.MaxValue;
    int _running;

    /// <summary>The most bytes to read of one stream after its client has gone.</summary>
    public long MaxBytes => Volatile.Read(ref _maxBytes);

    /// <summary>The longest that an attempt goes on after its client has gone, in milliseconds.</summary>
    public long MaxMs => Volatile.Read(ref _maxMs);

    /// <summary>Streams that are being drained.</summary>
    public int Running => Volatile.Read(ref _running);

    public void Change(int maxConcurrent, long maxBytes, TimeSpan maxTime)
    {
        Volatile.Write(ref _maxConcurrent, maxConcurrent);
        Volatile.Write(ref _maxBytes, maxBytes);
        Volatile.Write(ref _maxMs, (long)maxTime.TotalMilliseconds);
    }

    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _running) <= Volatile.Read(ref _maxConcurrent))
        {
            return true;
        }

        Interlocked.Decrement(ref _running);
        return false;
    }

    public void Leave() => Interlocked.Decrement(ref _running);
}

/// <summary>What one stream reads on after its client has gone. Give it back when the stream has ended.</summary>
internal struct Drain(DrainGate gate)
{
    long _bytes;
    bool _entered;

    /// <summary>Counts what was read; false where no more may be.</summary>
    public bool Continues(int read)
    {
        _bytes += read;
        if (!_entered)
        {
            _entered = gate.TryEnter();
        }

        return _entered && _bytes <= gate.MaxBytes;
    }

    public readonly void Leave()
    {
        if (_entered)
        {
            gate.Leave();
        }
    }
}
