namespace Sahab.Server.Sell.Budgets;

/// <summary>
/// Lets what an organisation's calls ask of the store happen one after another, and many callers share one round of asking:
/// who comes while a round runs waits for the next.
/// </summary>
internal sealed class BudgetRounds
{
    readonly Lock _gate = new();
    Task _last = Task.CompletedTask;
    Task<bool>? _next;

    /// <summary>A round that begins after this; false where it failed.</summary>
    public Task<bool> JoinAsync(Func<Task<bool>> round)
    {
        lock (_gate)
        {
            return _next ??= InTurnAsync(() =>
            {
                lock (_gate)
                {
                    _next = null;
                }

                return round();
            });
        }
    }

    /// <summary>Something that no round runs beside.</summary>
    public Task<bool> InTurnAsync(Func<Task<bool>> round)
    {
        lock (_gate)
        {
            var turn = AfterAsync(_last, round);
            _last = turn;
            return turn;
        }
    }

    static async Task<bool> AfterAsync(Task before, Func<Task<bool>> round)
    {
        // Never at once: whoever asks for a turn has the lock.
        await before.ConfigureAwait(ConfigureAwaitOptions.ForceYielding | ConfigureAwaitOptions.SuppressThrowing);
        return await round();
    }
}
