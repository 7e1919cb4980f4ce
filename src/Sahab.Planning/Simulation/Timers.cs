namespace Sahab.Planning.Simulation;

/// <summary>What is to happen at a time that is known beforehand.</summary>
internal enum TimerKind
{
    OutageBegins,
    OutageEnds,
    PriceChanges,
    LookAtRoom,
    Steer,
    AttemptFails,
    AttemptThrottled,
}

/// <summary>Something that is to happen.</summary>
/// <param name="Index">The position of what it happens to, in the scenario; 0 where it happens to a call.</param>
internal readonly record struct Timer(TimerKind Kind, int Index, SimulatedCall? Call);

/// <summary>What is to happen, in the order of times; of equal times in the order in which it was added.</summary>
internal sealed class Timers
{
    readonly PriorityQueue<Timer, (double AtMs, long Sequence)> _queue = new();
    long _sequence;

    /// <summary>When the first happens; infinite if there is none.</summary>
    public double NextMs => _queue.TryPeek(out _, out var first) ? first.AtMs : double.PositiveInfinity;

    public void Add(double atMs, TimerKind kind, int index = 0, SimulatedCall? call = null) =>
        _queue.Enqueue(new Timer(kind, index, call), (atMs, _sequence++));

    public Timer Take() => _queue.Dequeue();
}
