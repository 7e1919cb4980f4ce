namespace Sahab.Server.Sell.Budgets;

/// <summary>
/// Knows which calls are between having counted in the budgets and having handed their usage to the journal, so that
/// somebody can wait until all that were there are through, while others keep coming.
/// </summary>
internal sealed class SettleGate
{
    /// <summary>Numbers so far apart lie in different lines of memory.</summary>
    const int Apart = 16;

    readonly long[] _inside = new long[3 * Apart];
    int _phase;
    TaskCompletionSource? _emptied;

    /// <summary>A call goes in. What is returned goes to <see cref="Leave"/>.</summary>
    public int Enter()
    {
        while (true)
        {
            var phase = Volatile.Read(ref _phase) & 1;
            Interlocked.Increment(ref _inside[(phase + 1) * Apart]);
            if ((Volatile.Read(ref _phase) & 1) == phase)
            {
                return phase;
            }

            Leave(phase);
        }
    }

    public void Leave(int phase)
    {
        if (Interlocked.Decrement(ref _inside[(phase + 1) * Apart]) == 0 && (Volatile.Read(ref _phase) & 1) != phase)
        {
            Volatile.Read(ref _emptied)?.TrySetResult();
        }
    }

    /// <summary>Completes once each call that is inside now has left. One may wait at a time.</summary>
    public async Task PassAsync()
    {
        var emptied = Arm();
        var old = (Interlocked.Increment(ref _phase) - 1) & 1;
        while (Volatile.Read(ref _inside[(old + 1) * Apart]) != 0)
        {
            await emptied;
            // Who left last before may have been held up on the way to telling it, and have told it now: look again, once
            // there is something that who leaves from here on tells.
            emptied = Arm();
        }
    }

    Task Arm()
    {
        var emptied = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref _emptied, emptied);
        return emptied.Task;
    }
}
