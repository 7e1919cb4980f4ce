using Sahab.Ledger.Focus;

namespace Sahab.Ledger.Reconciliation;

/// <summary>
/// Compares a provider's bill with our books: what agrees is said nothing of, and every difference is told once, with the
/// cause that the figures suggest.
/// </summary>
public static class Reconciler
{
    /// <summary>
    /// The differences, in order of their keys.
    /// </summary>
    /// <param name="ours">What our events say.</param>
    /// <param name="theirs">What the bill says.</param>
    /// <param name="toleranceUsd">
    /// What a row may be off by without being told, at least 0: a bill rounds what we do not.
    /// </param>
    public static IReadOnlyList<BillDifference> Compare(BillBooks ours, BillBooks theirs, decimal toleranceUsd)
    {
        ArgumentNullException.ThrowIfNull(ours);
        ArgumentNullException.ThrowIfNull(theirs);
        ArgumentOutOfRangeException.ThrowIfNegative(toleranceUsd);
        var open = OpenOf(ours, theirs, toleranceUsd);
        var found = new List<BillDifference>();
        TakeRegions(open, found);
        TakeCached(ours, open, found);
        TakeMissingHours(open, theirs, found);
        TakeLaterHours(open, found);
        foreach (var (key, (our, their)) in open)
        {
            found.Add(new BillDifference(key, CauseOf(our, their), our, their));
        }

        found.Sort((left, right) => BillKey.Order.Compare(left.Key, right.Key));
        return found;
    }

    static SortedDictionary<BillKey, Pair> OpenOf(BillBooks ours, BillBooks theirs, decimal toleranceUsd)
    {
        var open = new SortedDictionary<BillKey, Pair>(BillKey.Order);
        foreach (var key in ours.Amounts.Keys.Union(theirs.Amounts.Keys))
        {
            var pair = new Pair(ours.Amounts.GetValueOrDefault(key), theirs.Amounts.GetValueOrDefault(key));
            if (pair.Ours.Tokens != pair.Theirs.Tokens || Math.Abs(pair.Ours.CostUsd - pair.Theirs.CostUsd) > toleranceUsd)
            {
                open.Add(key, pair);
            }
        }

        return open;
    }

    /// <summary>What is missing in one region and there, unknown to us, in another: the same tokens in the same hour.</summary>
    static void TakeRegions(SortedDictionary<BillKey, Pair> open, List<BillDifference> found)
    {
        foreach (var (key, pair) in open.Where(entry => entry.Value.Theirs.Tokens < entry.Value.Ours.Tokens).ToList())
        {
            var lacking = pair.Ours.Tokens - pair.Theirs.Tokens;
            var elsewhere = open.Where(other => other.Key.Hour == key.Hour && other.Key.Model == key.Model
                && other.Key.Meter == key.Meter && other.Key.Region != key.Region
                && other.Value.Theirs.Tokens - other.Value.Ours.Tokens == lacking).Select(other => other.Key).ToList();
            if (elsewhere.Count != 1)
            {
                continue;
            }

            var there = open[elsewhere[0]];
            found.Add(new BillDifference(
                key, DifferenceCause.OtherRegion, pair.Ours, pair.Theirs + (there.Theirs - there.Ours))
            {
                BilledRegion = elsewhere[0].Region,
            });
            open.Remove(key);
            open.Remove(elsewhere[0]);
        }
    }

    /// <summary>Tokens read from a cache that are billed as prompt tokens, instead of what they are or besides.</summary>
    static void TakeCached(BillBooks ours, SortedDictionary<BillKey, Pair> open, List<BillDifference> found)
    {
        foreach (var (key, prompt) in open.Where(entry => entry.Key.Meter == TokenMeter.Prompt).ToList())
        {
            var cachedKey = key with { Meter = TokenMeter.Cached };
            var cached = ours.Amounts.GetValueOrDefault(cachedKey);
            var agrees = !open.TryGetValue(cachedKey, out var cachedPair);
            if (cached.Tokens <= 0 || prompt.Theirs.Tokens - prompt.Ours.Tokens != cached.Tokens)
            {
                continue;
            }

            if (agrees)
            {
                found.Add(new BillDifference(key, DifferenceCause.CachedBilledTwice, prompt.Ours, prompt.Theirs));
                open.Remove(key);
            }
            else if (cachedPair.Theirs.Tokens == 0)
            {
                found.Add(new BillDifference(
                    key, DifferenceCause.CachedBilledAsPrompt, prompt.Ours + cached, prompt.Theirs + cachedPair.Theirs));
                open.Remove(key);
                open.Remove(cachedKey);
            }
        }
    }

    static void TakeMissingHours(SortedDictionary<BillKey, Pair> open, BillBooks theirs, List<BillDifference> found)
    {
        var billed = theirs.Amounts.Where(entry => entry.Value.Tokens != 0)
            .Select(entry => (entry.Key.Hour, entry.Key.Region, entry.Key.Model)).ToHashSet();
        foreach (var (key, pair) in open.ToList())
        {
            if (pair.Theirs.Tokens == 0 && !billed.Contains((key.Hour, key.Region, key.Model)))
            {
                found.Add(new BillDifference(key, DifferenceCause.MissingHour, pair.Ours, pair.Theirs));
                open.Remove(key);
            }
        }
    }

    /// <summary>
    /// Runs of hours in which what is missing at first comes later, to the last token: calls that began in one hour and
    /// ended in the next.
    /// </summary>
    static void TakeLaterHours(SortedDictionary<BillKey, Pair> open, List<BillDifference> found)
    {
        foreach (var course in open.GroupBy(entry => (entry.Key.Region, entry.Key.Model, entry.Key.Meter)).ToList())
        {
            var run = new List<KeyValuePair<BillKey, Pair>>();
            var behind = default(BillAmount);
            foreach (var entry in course)
            {
                var follows = run.Count > 0 && entry.Key.Hour == run[^1].Key.Hour.AddHours(1);
                if (!follows)
                {
                    run.Clear();
                    behind = default;
                }

                run.Add(entry);
                behind += entry.Value.Ours - entry.Value.Theirs;
                if (behind.Tokens == 0 && run.Count > 1)
                {
                    found.AddRange(run.Select(part =>
                        new BillDifference(part.Key, DifferenceCause.LaterHour, part.Value.Ours, part.Value.Theirs)));
                    run.ForEach(part => open.Remove(part.Key));
                }

                if (behind.Tokens <= 0)
                {
                    run.Clear();
                    behind = default;
                }
            }
        }
    }

    static DifferenceCause CauseOf(BillAmount our, BillAmount their) =>
        our.Tokens == their.Tokens ? DifferenceCause.OtherRate
        : our.Tokens == 0 ? DifferenceCause.UnknownUsage
        : DifferenceCause.OtherQuantity;

    readonly record struct Pair(BillAmount Ours, BillAmount Theirs);
}
