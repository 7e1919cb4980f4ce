using Sahab.Ledger.Contracts;

namespace Sahab.Ledger.Capacity;

/// <summary>When contracts hold the capacity of a deployment for us.</summary>
public static class HeldByContract
{
    /// <summary>
    /// The times in which it is held, in order. What no contract ever covers is held without an end: nothing says when it
    /// would end. What one covers is held while one that covers it is in force; and where such a contract names tranches at
    /// the deployment's site, only while one of these is accepted and in force.
    /// </summary>
    /// <param name="known">The contracts as they are known.</param>
    /// <param name="use">A use of the deployment.</param>
    public static IEnumerable<(DateTimeOffset From, DateTimeOffset Until)> TimesOf(ContractTimeline known, Use use)
    {
        ArgumentNullException.ThrowIfNull(known);
        ArgumentNullException.ThrowIfNull(use);
        var changes = ChangesOf(known, use.Provider);
        var covering = changes.SelectMany(hour => known.At(use.Provider, hour)).Where(terms => terms.Covers(use)).ToList();
        if (covering.Count == 0)
        {
            return [(DateTimeOffset.MinValue, DateTimeOffset.MaxValue)];
        }

        var byTranche = covering.Where(terms => terms.Tranches.Any(tranche => tranche.Site == use.Region))
            .Select(terms => terms.Contract.Id).ToHashSet(StringComparer.Ordinal);
        var times = new List<(DateTimeOffset From, DateTimeOffset Until)>();
        for (var i = 0; i < changes.Count; i++)
        {
            var isHeld = known.At(use.Provider, changes[i]).Any(terms => terms.Covers(use)
                && (!byTranche.Contains(terms.Contract.Id)
                    || terms.Tranches.Any(tranche => tranche.Site == use.Region && tranche.IsHeld(changes[i]))));
            if (!isHeld)
            {
                continue;
            }

            var (from, until) = (changes[i].Start, i + 1 < changes.Count ? changes[i + 1].Start : DateTimeOffset.MaxValue);
            if (times.Count > 0 && times[^1].Until == from)
            {
                times[^1] = (times[^1].From, until);
            }
            else
            {
                times.Add((from, until));
            }
        }

        return times;
    }

    /// <summary>Hours from which other terms may hold, or a tranche is accepted. An hour that one is accepted within is not
    /// held yet.</summary>
    static List<Hour> ChangesOf(ContractTimeline known, string provider)
    {
        var changes = new SortedSet<Hour>(known.ChangesOf(provider));
        var accepted = changes.SelectMany(hour => known.At(provider, hour)).SelectMany(terms => terms.Tranches)
            .Select(tranche => tranche.AcceptedAt).OfType<DateTimeOffset>().ToList();
        changes.UnionWith(accepted.Select(at => Hour.IsWhole(at) ? Hour.Of(at) : Hour.Of(at).Next));
        return [.. changes];
    }
}
