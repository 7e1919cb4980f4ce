namespace Sahab.Server.Sell.Tenants.Keys;

/// <summary>
/// Hands the keys of the store to whoever lets calls in: all of them at the start, then each that changes, at once where
/// this node changed it and within seconds where another did.
/// </summary>
internal sealed class KeyFeed(KeyStore store, KeyHolders holders, TimeProvider time) : IDisposable
{
    /// <summary>The most keys that a server knows; no more are made.</summary>
    public const int MaxKeys = 200_000;

    /// <summary>So long after its end it can still be told that a key was good once.</summary>
    public static readonly TimeSpan Remembered = TimeSpan.FromDays(30);

    readonly SemaphoreSlim _reading = new(1, 1);
    Action<StoreKey> _apply = static _ => { };
    Action<StoppedHolders> _stop = static _ => { };
    Func<List<KeyUse>> _takeUses = static () => [];
    Func<bool> _isFull = static () => false;
    long _latest;

    /// <summary>The number of the last change that was read from the store.</summary>
    public long Latest => Volatile.Read(ref _latest);

    /// <summary>Says who wants the keys. Called once, before any is read.</summary>
    /// <param name="apply">Takes a key as it is now. One that it knows in a later form it leaves as it is.</param>
    /// <param name="stop">Takes the organisations and projects whose keys let nobody in.</param>
    /// <param name="takeUses">The keys that were used since it was last asked.</param>
    /// <param name="isFull">Whether <see cref="MaxKeys"/> are known, and none of them has ended.</param>
    public void Subscribe(
        Action<StoreKey> apply, Action<StoppedHolders> stop, Func<List<KeyUse>> takeUses, Func<bool> isFull) =>
        (_apply, _stop, _takeUses, _isFull) = (apply, stop, takeUses, isFull);

    /// <summary>Whether other nodes may change keys.</summary>
    public bool IsShared => store.IsShared;

    /// <summary>Whether no other key could be known.</summary>
    public bool IsFull => _isFull();

    /// <summary>Tells of a key that this node has just changed.</summary>
    public void Changed(StoreKey key) => _apply(key);

    /// <summary>Reads what has changed since it was last asked.</summary>
    public async Task CatchUpAsync(CancellationToken cancellation)
    {
        await _reading.WaitAsync(cancellation);
        try
        {
            _stop(await holders.ReadStoppedAsync(cancellation));
            while (await store.ReadChangedAsync(_latest, time.GetUtcNow() - Remembered, cancellation) is { Count: > 0 } keys)
            {
                foreach (var key in keys)
                {
                    _apply(key);
                }

                Volatile.Write(ref _latest, keys[^1].ChangeNumber);
            }
        }
        finally
        {
            _reading.Release();
        }
    }

    public void Dispose() => _reading.Dispose();

    /// <summary>Writes down when keys were last used.</summary>
    public async Task NoteUsesAsync(CancellationToken cancellation)
    {
        if (_takeUses() is { Count: > 0 } uses)
        {
            await store.NoteUsesAsync(uses, cancellation);
        }
    }
}
