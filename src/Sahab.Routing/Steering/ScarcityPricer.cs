namespace Sahab.Routing.Steering;

/// <summary>
/// Finds μ, what a unit of reserved capacity is worth to others: so much that as many calls want it as it can take, and
/// a few more that wait, so that none of it stands idle. While it is full and too many wait, μ rises, and the calls that
/// gain least by it go where they are paid by the token; while it has room and nobody waits, μ falls. Not thread-safe.
/// </summary>
/// <remarks>
/// It is an integral controller of the ratio between μ and what a unit is worth on average. The ratio stays within
/// bounds outside of which it sends nobody or everybody away, so that it is never far from where it has an effect.
/// </remarks>
public sealed class ScarcityPricer
{
    const double GainPerSecond = 0.002;
    const double Proportion = 0.05;

    /// <summary>
    /// So many calls may wait for each that can run: about as long as four of them take. Fewer would not do: calls of
    /// batches wait for idle capacity at no worth, and a price that sends them away leaves it idle later.
    /// </summary>
    const double WantedBacklog = 4;

    /// <summary>At this share of what a unit is worth on average every call wants it: it is not scarce.</summary>
    const double LowestRatio = 0.5;

    /// <summary>No call is worth so many times the average.</summary>
    const double HighestRatio = 3;

    /// <summary>What a unit is worth follows the average call with this share in a second: about a quarter of an hour.</summary>
    const double WorthPerSecond = 0.001;

    double _ratio = LowestRatio;
    double _worth = double.NaN;

    /// <summary>Takes in how full it is, and returns μ in nano-USD for a unit. At least 0.</summary>
    /// <param name="running">Calls that run there. At least 0.</param>
    /// <param name="waiting">Calls that wait for it. At least 0.</param>
    /// <param name="room">Calls that can run there at once. Above 0.</param>
    /// <param name="worth">
    /// What a unit is worth on average: what an average call costs where it is paid by the token, for each unit that it
    /// takes here. At least 0, in nano-USD.
    /// </param>
    /// <param name="seconds">Since the last time. At least 0.</param>
    public double Update(double running, double waiting, double room, double worth, double seconds)
    {
        _worth = double.IsNaN(_worth) ? worth : _worth + (Math.Min(1, WorthPerSecond * seconds) * (worth - _worth));
        var excess = Math.Clamp(((running + waiting) / room) - 1 - WantedBacklog, -1, 1);
        _ratio = Math.Clamp(_ratio + (GainPerSecond * seconds * excess), LowestRatio, HighestRatio);
        var ratio = _ratio + (Proportion * excess);
        return ratio <= LowestRatio ? 0 : ratio * _worth;
    }
}
