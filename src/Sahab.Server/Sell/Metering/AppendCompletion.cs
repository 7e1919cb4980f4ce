using System.Threading.Tasks.Sources;

namespace Sahab.Server.Sell.Metering;

/// <summary>What one append waits on. Pooled: it returns to its journal when its result has been taken.</summary>
internal sealed class AppendCompletion(Journal journal) : IValueTaskSource
{
    // It is completed from a worker of the pool (see CompletionBatch), never from the writer, so it may go on there.
    ManualResetValueTaskSourceCore<bool> _core;

    public ValueTask Task => new(this, _core.Version);

    public void Succeed() => _core.SetResult(true);

    public void Fail(Exception error) => _core.SetException(error);

    public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

    public void OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    public void GetResult(short token)
    {
        try
        {
            _core.GetResult(token);
        }
        finally
        {
            _core.Reset();
            journal.Return(this);
        }
    }
}
