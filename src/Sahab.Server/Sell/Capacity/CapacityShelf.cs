using System.Collections.Immutable;

namespace Sahab.Server.Sell.Capacity;

/// <summary>What somebody has of the reserved capacity of a model now.</summary>
/// <param name="Project">The project whose keys have it; empty: all of the organisation that have no other.</param>
/// <param name="TokensPerMinute">What was bought.</param>
/// <param name="Share">
/// The share of each limit of each reserved deployment with which they have that when the largest failure domain is gone.
/// </param>
/// <param name="Lendable">What of the whole capacity others may use of it while it is idle.</param>
internal sealed record ReservedShare(
    string Model, string Organisation, string Project, long TokensPerMinute, decimal Share, decimal Lendable);

/// <summary>Hands what is reserved now to whoever lets calls in.</summary>
internal sealed class CapacityShelf
{
    readonly Lock _changing = new();
    Action<ImmutableArray<ReservedShare>> _apply = static _ => { };
    ImmutableArray<ReservedShare> _current = [];

    public ImmutableArray<ReservedShare> Current
    {
        get
        {
            lock (_changing)
            {
                return _current;
            }
        }
    }

    /// <summary>Says who wants to know. Called once.</summary>
    public void Subscribe(Action<ImmutableArray<ReservedShare>> apply) => _apply = apply;

    /// <summary>Puts in force what is reserved now; nothing happens where that is what was.</summary>
    public void Put(ImmutableArray<ReservedShare> shares)
    {
        lock (_changing)
        {
            if (!_current.SequenceEqual(shares))
            {
                _current = shares;
                _apply(shares);
            }
        }
    }
}
