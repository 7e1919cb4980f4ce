namespace Sahab.Server.Sell.Metering;

/// <summary>Something that the writer does for somebody between two commits.</summary>
internal abstract class JournalChore
{
    public abstract void Run(JournalFile file);

    public abstract void Fail(Exception error);
}

/// <summary>A chore with a result.</summary>
internal sealed class JournalChore<T>(Func<JournalFile, T> work) : JournalChore
{
    readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<T> Task => _done.Task;

    public override void Run(JournalFile file) => _done.TrySetResult(work(file));

    public override void Fail(Exception error) => _done.TrySetException(error);
}
