using System.Buffers;

namespace Sahab.Server.Sell.Metering;

/// <summary>The events that will be committed together, encoded, and those who wait for it.</summary>
internal sealed class PendingGroup
{
    const int FirstBytes = 64 * 1024;
    const int KeptBytes = 1024 * 1024;

    byte[] _buffer = ArrayPool<byte>.Shared.Rent(FirstBytes);
    AppendCompletion[] _waiters = new AppendCompletion[64];

    public int Events { get; private set; }

    public int Bytes { get; private set; }

    public int WaiterCount { get; private set; }

    public ReadOnlySpan<byte> Content => _buffer.AsSpan(0, Bytes);

    public ReadOnlySpan<AppendCompletion> Waiters => _waiters.AsSpan(0, WaiterCount);

    public void Add(ReadOnlySpan<byte> frames, int events, AppendCompletion waiter)
    {
        if (_buffer.Length - Bytes < frames.Length)
        {
            Grow(Bytes + frames.Length);
        }

        frames.CopyTo(_buffer.AsSpan(Bytes));
        Bytes += frames.Length;
        Events += events;
        if (WaiterCount == _waiters.Length)
        {
            Array.Resize(ref _waiters, _waiters.Length * 2);
        }

        _waiters[WaiterCount++] = waiter;
    }

    public void Clear()
    {
        Array.Clear(_waiters, 0, WaiterCount);
        Bytes = 0;
        Events = 0;
        WaiterCount = 0;
        if (_buffer.Length > KeptBytes)
        {
            Replace(FirstBytes);
        }
    }

    void Grow(int bytes)
    {
        var old = _buffer;
        _buffer = ArrayPool<byte>.Shared.Rent(Math.Max(bytes, old.Length * 2));
        old.AsSpan(0, Bytes).CopyTo(_buffer);
        ArrayPool<byte>.Shared.Return(old);
    }

    void Replace(int bytes)
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = ArrayPool<byte>.Shared.Rent(bytes);
    }
}
