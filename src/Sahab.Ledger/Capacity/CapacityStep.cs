namespace Sahab.Ledger.Capacity;

/// <summary>A stretch of time in which neither what is held of a model nor what is sold of it changes.</summary>
/// <param name="From">Its beginning.</param>
/// <param name="Until">Its end, which no longer belongs to it.</param>
/// <param name="Held">What is held, in tokens a minute.</param>
/// <param name="Domain">The domain whose loss would take most; empty: nothing is held.</param>
/// <param name="InDomain">What of <paramref name="Held"/> is in it.</param>
/// <param name="Sellable">What may be sold: what is left without that domain, less what is not ours to sell.</param>
/// <param name="Sold">What is sold.</param>
/// <param name="Holders">How many have some of it.</param>
public sealed record CapacityStep(
    DateTimeOffset From, DateTimeOffset Until, long Held, string Domain, long InDomain, long Sellable, long Sold,
    int Holders)
{
    /// <summary>What is left to be sold; below 0: so much is sold that nothing covers when the domain fails.</summary>
    public long Free => Sellable - Sold;

    /// <summary>What is left when the largest domain fails.</summary>
    public long WithoutDomain => Held - InDomain;
}
