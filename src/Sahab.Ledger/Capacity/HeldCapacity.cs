namespace Sahab.Ledger.Capacity;

/// <summary>Throughput of a model that we hold somewhere for a time: what can be sold on.</summary>
/// <param name="Domain">What fails together with it: all capacity of one domain is taken to be lost at once.</param>
/// <param name="Source">What holds it, for people: a deployment.</param>
/// <param name="TokensPerMinute">How much. At least 0.</param>
/// <param name="From">Since when.</param>
/// <param name="Until">Until when, which no longer belongs to it.</param>
public sealed record HeldCapacity(
    string Domain, string Source, long TokensPerMinute, DateTimeOffset From, DateTimeOffset Until)
{
    /// <summary>What is left of pieces while some of the time they are out.</summary>
    /// <param name="held">The pieces.</param>
    /// <param name="from">When the outage begins.</param>
    /// <param name="until">When it ends, which no longer belongs to it.</param>
    public static IEnumerable<HeldCapacity> Without(
        IEnumerable<HeldCapacity> held, DateTimeOffset from, DateTimeOffset until)
    {
        ArgumentNullException.ThrowIfNull(held);
        foreach (var piece in held)
        {
            if (until <= piece.From || from >= piece.Until || until <= from)
            {
                yield return piece;
                continue;
            }

            if (piece.From < from)
            {
                yield return piece with { Until = from };
            }

            if (until < piece.Until)
            {
                yield return piece with { From = until };
            }
        }
    }
}

/// <summary>Throughput of a model that was sold for a time.</summary>
/// <param name="Id">What was sold.</param>
/// <param name="Holder">Who has it: their calls share it.</param>
/// <param name="TokensPerMinute">How much. At least 0.</param>
/// <param name="From">Since when.</param>
/// <param name="Until">Until when, which no longer belongs to it.</param>
public sealed record SoldCapacity(
    string Id, string Holder, long TokensPerMinute, DateTimeOffset From, DateTimeOffset Until);
