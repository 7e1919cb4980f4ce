namespace Sahab.Server.Sell.Metering;

/// <summary>
/// Some of a group's appends, completed one after the other by one worker of the thread pool: waking a thread costs
/// more than an append, so it is done for several at once. Pooled by its journal.
/// </summary>
internal sealed class CompletionBatch(Journal journal) : IThreadPoolWorkItem
{
    /// <summary>
    /// A caller goes on for some 10 to 20 us, so the last of a batch waits a fraction of a millisecond.
    /// </summary>
    public const int Capacity = 16;

    readonly AppendCompletion[] _completions = new AppendCompletion[Capacity];
    int _count;
    Exception? _failure;

    public void Fill(ReadOnlySpan<AppendCompletion> completions, Exception? failure)
    {
        completions.CopyTo(_completions);
        _count = completions.Length;
        _failure = failure;
    }

    public void Execute()
    {
        for (var i = 0; i < _count; i++)
        {
            var completion = _completions[i];
            _completions[i] = null!;
            if (_failure is null)
            {
                completion.Succeed();
            }
            else
            {
                completion.Fail(_failure);
            }
        }

        _failure = null;
        journal.Return(this);
    }
}
