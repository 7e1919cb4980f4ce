using System.Collections.Concurrent;
using Sahab.Server.Hosting;
using Sahab.Server.Hosting.Access;

namespace Sahab.Server.Sell.Tenants.Accounts;

/// <summary>
/// Who is behind the hash of a token, remembered for a second after it was asked for: so what is revoked or taken away
/// anywhere holds on every node within a second, and at once where it was done.
/// </summary>
internal sealed class CallerCache(MonotonicClock clock)
{
    /// <summary>The most that are remembered; full, all are forgotten.</summary>
    public const int Capacity = 10_000;

    /// <summary>How long, in milliseconds, from before the database was asked.</summary>
    public const int LifeMs = 1000;

    readonly ConcurrentDictionary<string, Remembered> _callers = new(StringComparer.Ordinal);

    /// <summary>What is remembered, or else what is found; that nobody was found is not remembered.</summary>
    public async ValueTask<Caller?> GetAsync(string hash, Func<Task<Caller?>> find)
    {
        var now = clock.NowMs;
        if (_callers.TryGetValue(hash, out var remembered) && now < remembered.UntilMs)
        {
            return remembered.Caller;
        }

        if (await find() is not { } caller)
        {
            _callers.TryRemove(hash, out _);
            return null;
        }

        if (_callers.Count >= Capacity)
        {
            _callers.Clear();
        }

        _callers[hash] = new Remembered(caller, now + LifeMs);
        return caller;
    }

    /// <summary>Forgets all, because what somebody may do has changed.</summary>
    public void Forget() => _callers.Clear();

    readonly record struct Remembered(Caller Caller, long UntilMs);
}
