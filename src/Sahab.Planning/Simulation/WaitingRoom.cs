using Sahab.Routing.Admission;

namespace Sahab.Planning.Simulation;

/// <summary>The queue of one model, as the gateway has one.</summary>
internal sealed class WaitingRoom(int capacity)
{
    /// <summary>How often waiting calls are looked at though nothing has ended: as the gateway does.</summary>
    public const double ShortestLookMs = 50;

    /// <summary>After looks in vain they become rarer, down to how often a rate window moves.</summary>
    public const double LongestLookMs = 250;

    const int LooksAt = 16;

    public FairQueue<SimulatedCall> Queue { get; } = new(capacity);

    /// <summary>The first in line, to be looked at.</summary>
    public QueueTicket<SimulatedCall>[] Heads { get; } = new QueueTicket<SimulatedCall>[LooksAt];

    /// <summary>Milliseconds until the next look.</summary>
    public double LookMs { get; set; } = ShortestLookMs;

    /// <summary>Whether a look is due already.</summary>
    public bool IsLookDue { get; set; }
}
