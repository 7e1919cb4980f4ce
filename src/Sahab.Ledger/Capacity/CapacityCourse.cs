using System.Collections.Immutable;

namespace Sahab.Ledger.Capacity;

/// <summary>
/// What is held of a model and what is sold of it, through time. At every instant at most so much may be sold as is still
/// there when the failure domain that holds most is lost (N−1): Σ sold ≤ ⌊(Σ held − the most in one domain) × open⌋.
/// Immutable.
/// </summary>
public sealed class CapacityCourse
{
    readonly ImmutableArray<CapacityStep> _steps;

    /// <param name="held">What is held; pieces without any length are left out.</param>
    /// <param name="sold">What is sold, whatever became of it.</param>
    /// <param name="open">
    /// The part of what is left that may be sold, 0 to 1: the rest is given away already.
    /// </param>
    public CapacityCourse(IEnumerable<HeldCapacity> held, IEnumerable<SoldCapacity> sold, decimal open = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(open);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(open, 1);
        _steps = StepsOf(
            [.. held.Where(piece => piece.From < piece.Until)], [.. sold.Where(part => part.From < part.Until)], open);
    }

    /// <summary>All of time, in order, without gaps.</summary>
    public IReadOnlyList<CapacityStep> Steps => _steps;

    /// <summary>How it stands at an instant.</summary>
    public CapacityStep At(DateTimeOffset at) => _steps[IndexOf(at)];

    /// <summary>The steps of a time, the first and last of them cut to it.</summary>
    public IEnumerable<CapacityStep> Within(DateTimeOffset from, DateTimeOffset until)
    {
        for (var i = IndexOf(from); i < _steps.Length && _steps[i].From < until; i++)
        {
            var step = _steps[i];
            yield return step with
            {
                From = step.From < from ? from : step.From,
                Until = step.Until > until ? until : step.Until,
            };
        }
    }

    /// <summary>The first of the steps of a time that leave least to be sold: it is what binds.</summary>
    /// <param name="from">The beginning.</param>
    /// <param name="until">The end, after the beginning.</param>
    public CapacityStep Tightest(DateTimeOffset from, DateTimeOffset until)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(until, from);
        return Within(from, until).MinBy(step => step.Free)!;
    }

    /// <summary>The first instant from which so much could be sold for so long; null: never, as far as is known now.</summary>
    /// <param name="tokensPerMinute">How much is wanted.</param>
    /// <param name="length">For how long. Above zero.</param>
    /// <param name="notBefore">The first instant that would do.</param>
    public DateTimeOffset? FirstRoomFor(long tokensPerMinute, TimeSpan length, DateTimeOffset notBefore)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(length, TimeSpan.Zero);
        var start = notBefore;
        for (var i = IndexOf(notBefore); i < _steps.Length; i++)
        {
            if (_steps[i].Free < tokensPerMinute)
            {
                start = _steps[i].Until;
            }
            else if (_steps[i].Until == DateTimeOffset.MaxValue || _steps[i].Until - start >= length)
            {
                return start;
            }
        }

        return null;
    }

    /// <summary>Most who have some of it at one instant of a time.</summary>
    public int MostHolders(DateTimeOffset from, DateTimeOffset until) => Within(from, until).Max(step => step.Holders);

    int IndexOf(DateTimeOffset at)
    {
        var (low, high) = (0, _steps.Length - 1);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            (low, high) = _steps[middle].From <= at ? (middle, high) : (low, middle - 1);
        }

        return low;
    }

    static ImmutableArray<CapacityStep> StepsOf(HeldCapacity[] held, SoldCapacity[] sold, decimal open)
    {
        var changes = new SortedDictionary<DateTimeOffset, List<Action<Tally>>> { [DateTimeOffset.MinValue] = [] };
        foreach (var piece in held)
        {
            At(changes, piece.From).Add(tally => tally.Hold(piece.Domain, piece.TokensPerMinute));
            At(changes, piece.Until).Add(tally => tally.Hold(piece.Domain, -piece.TokensPerMinute));
        }

        foreach (var part in sold)
        {
            At(changes, part.From).Add(tally => tally.Sell(part.Holder, part.TokensPerMinute, 1));
            At(changes, part.Until).Add(tally => tally.Sell(part.Holder, -part.TokensPerMinute, -1));
        }

        var steps = ImmutableArray.CreateBuilder<CapacityStep>(changes.Count);
        var (tally, from) = (new Tally(open), DateTimeOffset.MinValue);
        foreach (var (at, all) in changes)
        {
            if (at > from)
            {
                steps.Add(tally.Step(from, at));
                from = at;
            }

            all.ForEach(change => change(tally));
        }

        if (from < DateTimeOffset.MaxValue)
        {
            steps.Add(tally.Step(from, DateTimeOffset.MaxValue));
        }

        return steps.ToImmutable();

        static List<Action<Tally>> At(SortedDictionary<DateTimeOffset, List<Action<Tally>>> changes, DateTimeOffset at) =>
            changes.TryGetValue(at, out var found) ? found : changes[at] = [];
    }

    sealed class Tally(decimal open)
    {
        readonly SortedDictionary<string, long> _domains = new(StringComparer.Ordinal);
        readonly Dictionary<string, int> _holders = new(StringComparer.Ordinal);
        long _sold;

        public void Hold(string domain, long tokensPerMinute) =>
            _domains[domain] = checked(_domains.GetValueOrDefault(domain) + tokensPerMinute);

        public void Sell(string holder, long tokensPerMinute, int parts)
        {
            _sold = checked(_sold + tokensPerMinute);
            var count = _holders.GetValueOrDefault(holder) + parts;
            if (count == 0)
            {
                _holders.Remove(holder);
            }
            else
            {
                _holders[holder] = count;
            }
        }

        public CapacityStep Step(DateTimeOffset from, DateTimeOffset until)
        {
            var (held, domain, most) = (0L, "", 0L);
            foreach (var (name, amount) in _domains)
            {
                held = checked(held + amount);
                (domain, most) = amount > most ? (name, amount) : (domain, most);
            }

            var sellable = (long)decimal.Floor((held - most) * open);
            return new CapacityStep(from, until, held, domain, most, sellable, _sold, _holders.Count);
        }
    }
}
