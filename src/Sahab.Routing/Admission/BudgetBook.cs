using System.Collections.Concurrent;
using Sahab.Ledger.Budgets;

namespace Sahab.Routing.Admission;

/// <summary>
/// What this node has of the budgets of one organisation. All that apply to a call give it what it may use, or none does;
/// exact however many threads ask. One lock for an organisation: a call has all its budgets at once, and cannot wait for
/// another in a ring.
/// </summary>
/// <remarks>
/// <para>A node judges by what it holds of a window, which it gets from the store (<see cref="BudgetSlice"/>). At each
/// admission what calls have used and is not posted, what is reserved, and the call's own need are together at most what the
/// node holds; and what it holds here is at most what the store says that it does, for it is lowered here first, and raised
/// here last.</para>
/// <para>Calls that hold nothing of a budget, because it was set while they ran, are counted by who posts them.</para>
/// </remarks>
public sealed class BudgetBook
{
    private readonly Lock _lock = new();
    private readonly ConcurrentDictionary<(string Project, string Key), BudgetMeter[]> _byKey = new();
    private BudgetMeter[] _meters = [];

    /// <summary>Keys whose budgets are remembered; more, and they are looked for anew.</summary>
    public const int MaxKnownKeys = 20_000;

    /// <summary>Puts budgets in force. Of those that were there the node has what it had, but what a lower limit takes.</summary>
    /// <param name="budgets">All of them.</param>
    public void Change(IEnumerable<BudgetTerms> budgets)
    {
        ArgumentNullException.ThrowIfNull(budgets);
        lock (_lock)
        {
            var before = _meters.ToDictionary(meter => meter.Terms.Id, StringComparer.Ordinal);
            var next = new List<BudgetMeter>();
            foreach (var terms in budgets)
            {
                if (before.TryGetValue(terms.Id, out var meter))
                {
                    meter.Change(terms);
                }

                next.Add(meter ?? new BudgetMeter(terms));
            }

            Volatile.Write(ref _meters, [.. next]);
            _byKey.Clear();
        }
    }

    /// <summary>Reserves what a call may use of each hard budget that is about it, of all or of none.</summary>
    /// <param name="project">The project of the call's key.</param>
    /// <param name="key">The key.</param>
    /// <param name="estimate">What it may use.</param>
    /// <param name="stampUs">When the call began: it counts in that window. Microseconds since 1970, UTC.</param>
    /// <param name="lease">To be ended when the call has ended, whatever its end; null where nothing is held.</param>
    /// <returns>
    /// Of several budgets in the way, the word of one that waiting does not help with, if there is one. Where the node is
    /// short, what the call needs is in the next <see cref="ClaimWanted"/>.
    /// </returns>
    public BudgetVerdict TryReserve(string project, string key, in BudgetUse estimate, long stampUs, out BudgetLease? lease)
    {
        lease = null;
        if (MetersOf(project, key).Length == 0)
        {
            return default;
        }

        lock (_lock)
        {
            // In the lock: what was put in force before this judges what comes after it.
            var meters = MetersOf(project, key);
            BudgetVerdict worst = default;
            foreach (var meter in meters)
            {
                var verdict = meter.At(stampUs).Judge(estimate.Of(meter.Terms.Measure));
                worst = Weight(verdict.Standing) > Weight(worst.Standing) ? verdict : worst;
            }

            if (!worst.Admitted)
            {
                Want(meters, estimate, stampUs, worst);
                return worst;
            }

            var parts = new BudgetLease.Part[meters.Length];
            for (var place = 0; place < parts.Length; place++)
            {
                var (share, amount) = (meters[place].At(stampUs), estimate.Of(meters[place].Terms.Measure));
                share.Reserve(amount);
                parts[place] = new BudgetLease.Part(share, amount);
            }

            lease = new BudgetLease(this, parts);
            return default;
        }
    }

    /// <summary>What this node has of a budget's window that is open at an instant; nothing where it has none.</summary>
    public BudgetPart Read(string budget, long nowUs)
    {
        lock (_lock)
        {
            return Array.Find(_meters, meter => meter.Terms.Id == budget)?.At(nowUs).Part ?? default;
        }
    }

    /// <summary>What this node has of all windows.</summary>
    public IReadOnlyList<(BudgetTerms Budget, BudgetPart Part)> Parts()
    {
        lock (_lock)
        {
            return [.. _meters.SelectMany(meter => meter.Shares, (meter, share) => (meter.Terms, share.Part))];
        }
    }

    /// <summary>What is to be asked of the store for calls that were short.</summary>
    public IReadOnlyList<BudgetClaim> ClaimWanted() => Claim(static share => share.Wanted > 0);

    /// <summary>The same again for those that did not get all, and for calls that were short since.</summary>
    public IReadOnlyList<BudgetClaim> ClaimAgain(IEnumerable<BudgetAnswer> answers)
    {
        lock (_lock)
        {
            foreach (var answer in answers.Where(answer => !answer.Grant.IsEnough))
            {
                answer.Claim.Share.Want(answer.Claim.Wanted);
            }

            return ClaimWanted();
        }
    }

    /// <summary>Everything that is not in use, to be given back: the node stops.</summary>
    public IReadOnlyList<BudgetClaim> ClaimLast() => Claim(static share =>
    {
        share.GiveBack();
        return share.Held != share.Written;
    });

    /// <summary>Takes what the store answered. It was committed.</summary>
    /// <param name="answers">The answers.</param>
    /// <param name="isLast">Whether the store is not asked again for those that did not get all.</param>
    public void Apply(IEnumerable<BudgetAnswer> answers, bool isLast)
    {
        ArgumentNullException.ThrowIfNull(answers);
        lock (_lock)
        {
            foreach (var answer in answers)
            {
                answer.Claim.Share.Apply(answer.Claim, answer.Grant, answer.Spent, answer.Wanted, isLast);
            }
        }
    }

    /// <summary>
    /// What calls that ended have used and is not known to be posted. When all of them have handed it to the journal, and
    /// that is posted, <see cref="Posted"/> is told.
    /// </summary>
    public IReadOnlyList<BudgetMark> Mark()
    {
        lock (_lock)
        {
            var marks = new List<BudgetMark>();
            foreach (var share in _meters.SelectMany(meter => meter.Shares).Where(share => share.Unposted != 0))
            {
                marks.Add(new BudgetMark(share, share.Mark(out var unposted), unposted));
            }

            return marks;
        }
    }

    /// <summary>What was marked is posted: the node need not hold it any more.</summary>
    public void Posted(IEnumerable<BudgetMark> marks)
    {
        ArgumentNullException.ThrowIfNull(marks);
        lock (_lock)
        {
            foreach (var mark in marks)
            {
                mark.Share.Posted(mark.Number, mark.Amount);
            }
        }
    }

    /// <summary>Before the store is asked what this node holds, for <see cref="Tick"/>.</summary>
    public void BeginTick()
    {
        lock (_lock)
        {
            foreach (var share in _meters.SelectMany(meter => meter.Shares))
            {
                share.BeginTick();
            }
        }
    }

    /// <summary>
    /// A second has passed: what nobody needed for a while, and what others want, goes back. Returns what the store is to be
    /// told.
    /// </summary>
    /// <param name="nowUs">Microseconds since 1970, UTC.</param>
    /// <param name="isShared">Whether other nodes may want what this one holds.</param>
    /// <param name="holdings">
    /// What the store says that this node holds of a window, and how often nodes were refused there.
    /// </param>
    public IReadOnlyList<BudgetClaim> Tick(
        long nowUs, bool isShared, IReadOnlyDictionary<(string Budget, long WindowUs), (long Held, long Wanted)> holdings)
    {
        ArgumentNullException.ThrowIfNull(holdings);
        lock (_lock)
        {
            foreach (var meter in _meters)
            {
                meter.Tidy(nowUs);
            }

            foreach (var (budget, windowUs) in holdings.Keys)
            {
                Array.Find(_meters, meter => meter.Terms.Id == budget)?.Open(windowUs);
            }

            return Claim(share =>
            {
                var isWanted = false;
                var isHeld = holdings.TryGetValue((share.Meter.Terms.Id, share.StartUs), out var holding);
                if (isHeld || share.Written > 0)
                {
                    share.Compare(holding.Held, holding.Wanted, ref isWanted);
                }

                return share.Tick(nowUs, isShared, isWanted);
            });
        }
    }

    internal void End(BudgetLease lease)
    {
        lock (_lock)
        {
            lease.Release();
        }
    }

    internal void Settle(BudgetLease lease, in BudgetUse used)
    {
        lock (_lock)
        {
            lease.Use(used);
            lease.Release();
        }
    }

    private static int Weight(BudgetStanding standing) => standing switch
    {
        BudgetStanding.Exhausted => 3,
        BudgetStanding.Held => 2,
        BudgetStanding.MustAsk => 1,
        _ => 0,
    };

    private static void Want(BudgetMeter[] meters, in BudgetUse estimate, long stampUs, in BudgetVerdict worst)
    {
        foreach (var meter in worst.Standing == BudgetStanding.MustAsk ? meters : [])
        {
            var (share, needed) = (meter.At(stampUs), estimate.Of(meter.Terms.Measure));
            if (share.Judge(needed).Standing == BudgetStanding.MustAsk)
            {
                share.Want(needed);
            }
        }
    }

    private List<BudgetClaim> Claim(Func<BudgetShare, bool> which)
    {
        lock (_lock)
        {
            var claims = new List<BudgetClaim>();
            foreach (var share in _meters.SelectMany(meter => meter.Shares).Where(which))
            {
                claims.Add(share.Claim(share.Wanted));
            }

            return claims;
        }
    }

    private BudgetMeter[] MetersOf(string project, string key)
    {
        if (_byKey.TryGetValue((project, key), out var known))
        {
            return known;
        }

        lock (_lock)
        {
            if (_byKey.Count >= MaxKnownKeys)
            {
                _byKey.Clear();
            }

            return _byKey[(project, key)] =
                [.. _meters.Where(meter => meter.Terms.IsHard && meter.Terms.IsAbout(project, key))];
        }
    }
}
