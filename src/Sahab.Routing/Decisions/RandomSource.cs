namespace Sahab.Routing.Decisions;

/// <summary>
/// A small seeded generator (SplitMix64). The same seed gives the same sequence on every machine, so a decision can
/// be replayed. Not for secrets. A mutable struct: pass it by reference.
/// </summary>
public struct RandomSource
{
    private ulong _state;

    /// <summary>Starts the sequence of a seed. Every seed is fine, 0 too.</summary>
    public RandomSource(ulong seed) => _state = seed;

    /// <summary>The next 64 bits.</summary>
    public ulong NextUInt64() => Mix(_state += 0x9E3779B97F4A7C15UL);

    /// <summary>A number from 0 to <paramref name="bound"/> - 1, each as likely as the other to within 2^-32.</summary>
    /// <param name="bound">At least 1.</param>
    public int NextInt32(int bound)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bound, 1);
        return (int)((NextUInt64() >> 32) * (ulong)bound >> 32);
    }

    /// <summary>A number from 0 up to, but not including, 1.</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Spreads every input bit over all output bits (the SplitMix64 finaliser).</summary>
    internal static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9UL;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EBUL;
        return value ^ (value >> 31);
    }
}
