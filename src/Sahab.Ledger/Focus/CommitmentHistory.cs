using Sahab.Ledger.Contracts;
using Sahab.Ledger.Settlements;

namespace Sahab.Ledger.Focus;

/// <summary>What one contract commits to, as it is known at an instant: each commitment with when it came and went.</summary>
sealed class CommitmentHistory
{
    readonly Contract _contract;
    readonly DateTimeOffset _at;
    readonly Dictionary<string, Seen> _seen = new(StringComparer.Ordinal);
    readonly Dictionary<string, Clause> _clauses = new(StringComparer.Ordinal);
    readonly List<string> _order = [];
    readonly (DateTimeOffset From, DateTimeOffset Until) _period;

    public CommitmentHistory(Contract contract, DateTimeOffset at)
    {
        (_contract, _at) = (contract, at);
        var known = contract.Versions.Where(version => version.KnownFrom <= at).ToList();
        _period = known.Count == 0 ? default
            : (known.Min(version => version.ValidFrom), known[^1].Ends ?? CommitmentTerm.Open);
        foreach (var version in known)
        {
            Take(version);
        }
    }

    public IEnumerable<CommitmentTerm> Terms(IReadOnlyList<CommitmentStanding> standings)
    {
        foreach (var id in _order)
        {
            var seen = _seen[id];
            var term = TermOf(id, seen);
            yield return term with { Status = StatusOf(term, seen, standings) };
        }
    }

    void Take(ContractVersion version)
    {
        foreach (var dropped in version.Drops)
        {
            foreach (var seen in Of(dropped))
            {
                seen.GoneFrom ??= version.ValidFrom;
                seen.Updated = version.KnownFrom;
            }
        }

        foreach (var clause in version.Clauses)
        {
            _clauses[clause.Id] = clause;
            var pieces = PiecesOf(clause).ToList();
            foreach (var left in Of(clause.Id).Where(seen => pieces.TrueForAll(piece => piece.Id != seen.Id)))
            {
                (left.GoneFrom, left.IsReplaced, left.Updated) = (left.GoneFrom ?? version.ValidFrom, true, version.KnownFrom);
            }

            foreach (var (id, window) in pieces)
            {
                if (!_seen.TryGetValue(id, out var seen))
                {
                    _order.Add(id);
                    _seen.Add(id, new Seen(id, clause, window, version));
                }
                else if (!seen.Clause.Equals(clause) || seen.GoneFrom is not null)
                {
                    (seen.Clause, seen.Window, seen.Updated) = (clause, window, version.KnownFrom);
                    (seen.GoneFrom, seen.IsReplaced) = (null, false);
                }
            }
        }
    }

    IEnumerable<Seen> Of(string clause) => _seen.Values.Where(seen => seen.Clause.Id == clause);

    IEnumerable<(string Id, CommitmentWindow? Window)> PiecesOf(Clause clause)
    {
        var id = $"{_contract.Id}/{clause.Id}";
        return clause switch
        {
            Commitment commitment => commitment.Windows.Select(window =>
                ($"{id}/{window.From.UtcDateTime:yyyy-MM-dd'T'HH'Z'}", (CommitmentWindow?)window)),
            CommittedUse or Prepayment or CapacityTranche => [(id, null)],
            _ => [],
        };
    }

    CommitmentTerm TermOf(string id, Seen seen) => seen.Clause switch
    {
        Commitment commitment => OfWindow(Frame(id, seen), commitment, seen.Window!),
        CommittedUse use => OfBaseline(Frame(id, seen), use),
        Prepayment paid => OfMoney(Frame(id, seen) with { From = paid.PaidAt }, paid),
        CapacityTranche tranche => OfCapacity(Frame(id, seen) with { From = tranche.AcceptedAt ?? tranche.DueAt }, tranche),
        _ => throw new InvalidOperationException($"{id} is no commitment."),
    };

    /// <summary>What all kinds have in common; the rest is filled in by the kind.</summary>
    CommitmentTerm Frame(string id, Seen seen)
    {
        var until = seen.Window?.Until ?? seen.Clause.Until ?? _period.Until;
        return new CommitmentTerm
        {
            Id = id,
            Contract = _contract,
            Type = "",
            Description = "",
            Measure = Measure.Spend,
            From = seen.Window?.From ?? seen.Clause.From ?? seen.First.ValidFrom,
            Until = until,
            ContractPeriod = _period,
            IsContinuous = false,
            Interval = "",
            Benefit = "Other",
            Applicability = "",
            Status = "",
            Created = seen.First.KnownFrom,
            LastUpdated = seen.Updated,
        };
    }

    CommitmentTerm OfWindow(CommitmentTerm frame, Commitment commitment, CommitmentWindow window)
    {
        var isMoney = commitment.Measure == Measure.Spend;
        var discounts = _clauses.Values.OfType<Rate>().Select(rate => rate.Discount).Distinct().ToList();
        var unit = UnitOf(commitment.Unit);
        return frame with
        {
            Type = "Take-or-Pay Commitment",
            Description = $"{(isMoney ? Money(window.Amount) : $"{window.Amount} {unit}")} to be drawn; "
                + $"{commitment.OwedShare:P0} of what is missing is owed ({Place(commitment)})",
            Measure = commitment.Measure,
            Cost = isMoney ? window.Amount : commitment.UnitPrice > 0 ? window.Amount * commitment.UnitPrice : null,
            Quantity = isMoney ? null : window.Amount,
            Unit = isMoney ? null : unit,
            Interval = commitment.Windows.Count == 1 ? "Full Period" : IntervalOf(window),
            // The rates that come with it are its benefit, where they take off one and the same part.
            Benefit = discounts is [> 0] ? "Discount" : "Other",
            Discount = discounts is [> 0] ? discounts[0] : null,
            Applicability = ApplicabilityText.Of(commitment.Eligible, commitment.Excluded, commitment.Caps.Count > 0),
        };
    }

    CommitmentTerm OfBaseline(CommitmentTerm frame, CommittedUse use)
    {
        var isMoney = use.Measure == Measure.Spend;
        var hourly = use.Baseline * use.UnitPrice;
        var list = isMoney ? 1 : _clauses.Values.OfType<Rate>()
            .FirstOrDefault(rate => rate.Uses.Equals(use.Uses))?.UnitPrice;
        var isDiscount = list > 0 && use.UnitPrice <= list;
        var upfront = _clauses.Values.OfType<Prepayment>().Where(paid => paid.Pays(use)).Sum(paid => paid.Share);
        return frame with
        {
            Type = "Committed-Use Discount",
            Description = $"{Money(hourly)} an hour, used or not, for "
                + $"{(isMoney ? $"{Money(use.Baseline)} at list price" : $"{use.Baseline} units")} ({Place(use)})",
            Measure = use.Measure,
            Cost = frame.Until == CommitmentTerm.Open ? null : hourly * (decimal)(frame.Until - frame.From).TotalHours,
            Quantity = isMoney ? hourly : use.Baseline,
            Unit = isMoney ? _contract.Currency : "Units",
            IsContinuous = true,
            Interval = "Hourly",
            Benefit = isDiscount ? "Discount" : "Other",
            Discount = isDiscount ? 1 - (use.UnitPrice / list!.Value) : null,
            Upfront = decimal.Min(1, upfront),
            Applicability = Scoped(use.Uses),
        };
    }

    CommitmentTerm OfMoney(CommitmentTerm frame, Prepayment paid) => frame with
    {
        Type = "Prepayment",
        Description = $"{Money(paid.Amount)} paid ahead; what is left at its end is lost ({Place(paid)})",
        Cost = paid.Amount,
        Interval = "Full Period",
        Benefit = "Monetary Pool",
        Upfront = 1,
        Applicability = Scoped(paid.Uses),
    };

    CommitmentTerm OfCapacity(CommitmentTerm frame, CapacityTranche tranche)
    {
        var fee = _clauses.Values.OfType<ReservedFee>().FirstOrDefault(each => each.Tranches.Contains(tranche.Id));
        var what = tranche.Gpus > 0 ? $"{tranche.Gpus} GPUs {tranche.GpuKind}".TrimEnd() : $"{tranche.Megawatts} MW";
        var months = frame.Until == CommitmentTerm.Open ? null : CommitmentTerm.MonthsOf(frame.From, frame.Until);
        return frame with
        {
            Type = "Reserved Capacity",
            Description = $"{what} at {tranche.Site}"
                + $"{(fee is null ? "" : $" for {Money(fee.MonthlyFor(tranche))} a month")} ({Place(tranche)})",
            Measure = Measure.Quantity,
            Cost = months is { } count && fee is not null ? fee.MonthlyFor(tranche) * count : null,
            Quantity = tranche.Gpus > 0 ? tranche.Gpus : tranche.Megawatts,
            Unit = tranche.Gpus > 0 ? "GPUs" : "Megawatts",
            IsContinuous = true,
            Interval = "Hourly",
            Benefit = "Availability",
            Applicability = ApplicabilityText.Of(new Selector { Regions = [tranche.Site] }, [], isCapped: false),
        };
    }

    /// <summary>What a contract covers bounds the uses of these clauses too.</summary>
    string Scoped(Selector uses)
    {
        var scopes = _clauses.Values.OfType<Scope>().Select(scope => scope.Uses).Distinct().ToList();
        return scopes.Count == 0 || scopes.Contains(Selector.All) ? ApplicabilityText.Of(uses, [], isCapped: false)
            : scopes.Count == 1 && uses.Equals(Selector.All) ? ApplicabilityText.Of(scopes[0], [], isCapped: false)
            : ApplicabilityText.Of(uses, [], isCapped: true);
    }

    string StatusOf(CommitmentTerm term, Seen seen, IReadOnlyList<CommitmentStanding> standings)
    {
        var ends = term.Until < _period.Until ? term.Until : _period.Until;
        return seen.GoneFrom <= _at && seen.GoneFrom < ends ? seen.IsReplaced ? "Superseded" : "Canceled"
            : ends <= _at ? ends < term.Until ? "Canceled" : "Expired"
            : term.From > _at || seen.Clause is CapacityTranche { AcceptedAt: null } ? "Pending"
            : standings.Any(standing => standing.Contract == _contract.Id && standing.Commitment == seen.Clause.Id
                && standing.Window.From == seen.Window?.From && standing.Remaining == 0) ? "Exhausted"
            : "Active";
    }

    string Money(decimal amount) => string.Create(
        System.Globalization.CultureInfo.InvariantCulture, $"{amount:#,0.#########} {_contract.Currency}");

    static string Place(Clause clause) => $"{clause.Source.Document}, page {clause.Source.Page}";

    /// <summary>FOCUS writes units with a capital letter.</summary>
    static string UnitOf(string unit) => unit.Length == 0 ? "Units" : char.ToUpperInvariant(unit[0]) + unit[1..];

    static string IntervalOf(CommitmentWindow window) => CommitmentTerm.MonthsOf(window.From, window.Until) switch
    {
        1 => "Monthly",
        3 => "Quarterly",
        6 => "Semi-Annual",
        12 => "Annual",
        _ => (window.Until - window.From).TotalDays switch { 1 => "Daily", 7 => "Weekly", _ => "Custom" },
    };

    sealed class Seen(string id, Clause clause, CommitmentWindow? window, ContractVersion first)
    {
        public string Id => id;

        public ContractVersion First => first;

        public Clause Clause { get; set; } = clause;

        public CommitmentWindow? Window { get; set; } = window;

        public DateTimeOffset Updated { get; set; } = first.KnownFrom;

        public DateTimeOffset? GoneFrom { get; set; }

        public bool IsReplaced { get; set; }
    }
}
