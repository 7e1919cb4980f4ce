namespace Sahab.Server.Govern.Audit;

/// <summary>Whose turn it is to follow the whole chain: one at a time, since that reads all of the log.</summary>
internal sealed class AuditTurn
{
    /// <summary>When to try again.</summary>
    public static readonly TimeSpan Wait = TimeSpan.FromSeconds(5);

    int _taken;

    /// <summary>Takes the turn, until it is disposed of; null: somebody else has it.</summary>
    public IDisposable? Take() => Interlocked.Exchange(ref _taken, 1) == 0 ? new Held(this) : null;

    sealed class Held(AuditTurn turn) : IDisposable
    {
        public void Dispose() => Volatile.Write(ref turn._taken, 0);
    }
}
