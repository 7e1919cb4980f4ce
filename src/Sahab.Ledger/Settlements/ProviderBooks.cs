using Sahab.Ledger.Contracts;

namespace Sahab.Ledger.Settlements;

/// <summary>
/// The running state of one provider's contracts: what was used in each hour, and what has been posted for each. The
/// settlement is a fold over the hours, so what an hour comes to depends on the sums alone. Copies of the state at the
/// beginnings of months let a late event go back to the last of them only.
/// </summary>
sealed class ProviderBooks(string provider)
{
    readonly Dictionary<Hour, SortedDictionary<Use, UseSum>> _used = [];
    readonly Dictionary<(string Contract, Hour Hour, EntryCause Cause), Slot> _slots = [];
    readonly List<SettlementState> _months = [];
    readonly List<SettlementState> _newMonths = [];
    SettlementState? _base;
    SettlementState? _state;
    Hour? _dirty;
    int _run;

    public IEnumerable<CommitmentStanding> Standings => _state?.Standings ?? [];

    /// <summary>Adds a charge, or takes it away again.</summary>
    public void Add(Charge charge, int sign)
    {
        var hour = Hour.Of(charge.At);
        var sum = SumOf(charge.Use, hour);
        sum.List += sign * charge.List;
        sum.Net += sign * charge.Net;
        sum.Quantity += sign * charge.Quantity;
        sum.Nano += sign * (decimal)charge.Cost.Value;
        Touch(hour);
    }

    /// <summary>Takes over what the charges of a use in an hour come to.</summary>
    public void Put(ChargeSum charges)
    {
        var sum = SumOf(charges.Use, charges.Hour);
        var before = (sum.List, sum.Net, sum.Quantity, sum.Nano);
        (sum.List, sum.Net, sum.Quantity, sum.Nano) = (charges.List, charges.Net, charges.Quantity, charges.Nano);
        if (before != (sum.List, sum.Net, sum.Quantity, sum.Nano))
        {
            Touch(charges.Hour);
        }
    }

    /// <summary>Begins with what an earlier run carried into an hour, instead of at the beginning.</summary>
    public void Begin(SettlementCheckpoint checkpoint) => _base = new SettlementState(checkpoint);

    /// <summary>What was carried into months since it was last asked for.</summary>
    public IEnumerable<SettlementCheckpoint> TakeCheckpoints()
    {
        SettlementCheckpoint[] taken = [.. _newMonths.Select(month => month.ToCheckpoint(provider))];
        _newMonths.Clear();
        return taken;
    }

    /// <summary>Offers anew what was carried into months after an hour: whoever keeps checkpoints has dropped them.</summary>
    public void OfferAfter(Hour hour)
    {
        _newMonths.RemoveAll(month => month.Next > hour);
        _newMonths.AddRange(_months.Where(month => month.Next > hour));
    }

    /// <summary>Forgets what was used, but not what was posted.</summary>
    public void Clear()
    {
        _used.Clear();
        _months.Clear();
        _newMonths.Clear();
        _state = null;
        _base = null;
        _dirty = null;
        _run++;
    }

    /// <summary>Takes in an entry that was posted by an earlier run.</summary>
    public void Restore(Entry entry)
    {
        var slot = SlotOf(entry.Contract!, Hour.Of(entry.BookedAt), entry.Cause);
        slot.Version = entry.Version;
        slot.Revision = int.Max(slot.Revision, entry.Revision + 1);
        foreach (var posting in entry.Postings)
        {
            slot.Posted.Add(posting.Account, posting.Amount.Value);
        }
    }

    /// <summary>
    /// Settles the hours that end by then, and posts what each comes to beyond what was posted for it.
    /// </summary>
    public void Settle(ContractTimeline contracts, DateTimeOffset until, List<Entry> entries)
    {
        _run++;
        var end = Hour.Of(until);
        if (Resume(contracts) is not { } state)
        {
            return;
        }

        var change = state.Next;
        IReadOnlyList<ContractTerms> terms = [];
        for (var hour = state.Next; hour < end; hour = hour.Next)
        {
            if (hour >= change)
            {
                terms = contracts.KeptAt(provider, hour);
                change = contracts.ChangeAfter(provider, hour) ?? end;
            }

            if (hour.OfMonth == 1)
            {
                Keep(state.Copy());
            }

            SettleHour(contracts, terms, hour, state, entries);
            state.Next = hour.Next;
        }

        _state = state;
        _dirty = null;
    }

    /// <summary>Takes back what was posted for hours that the last settlement did not come to.</summary>
    public void TakeBackOthers(List<Entry> entries)
    {
        foreach (var (key, slot) in _slots.OrderBy(pair => pair.Key.Hour)
            .ThenBy(pair => pair.Key.Contract, StringComparer.Ordinal).ThenBy(pair => pair.Key.Cause))
        {
            if (slot.Run != _run)
            {
                Post(key, slot, slot.Version, new Lines(), entries);
            }
        }
    }

    void Keep(SettlementState month)
    {
        _months.Add(month);
        _newMonths.RemoveAll(other => other.Next == month.Next);
        if (month.Next != _base?.Next)
        {
            _newMonths.Add(month);
        }
    }

    UseSum SumOf(Use use, Hour hour)
    {
        if (!_used.TryGetValue(hour, out var uses))
        {
            _used.Add(hour, uses = []);
        }

        if (!uses.TryGetValue(use, out var sum))
        {
            uses.Add(use, sum = new UseSum());
        }

        return sum;
    }

    void Touch(Hour hour) => _dirty = _dirty is null || hour < _dirty ? hour : _dirty;

    /// <summary>
    /// The state to go on from: the present one, or the last copy before the first hour that has changed.
    /// </summary>
    SettlementState? Resume(ContractTimeline contracts)
    {
        if (_state is { } present && (_dirty is null || _dirty >= present.Next))
        {
            return present;
        }

        _months.RemoveAll(month => month.Next > _dirty);
        _newMonths.RemoveAll(month => month.Next > _dirty);
        var copy = _months.LastOrDefault()?.Copy();
        _months.RemoveAll(month => month.Next == copy?.Next);
        return copy ?? _base?.Copy() ?? (contracts.StartOf(provider) is { } start ? new SettlementState(start) : null);
    }

    void SettleHour(
        ContractTimeline contracts,
        IReadOnlyList<ContractTerms> terms,
        Hour number,
        SettlementState state,
        List<Entry> entries)
    {
        if (terms.Count == 0)
        {
            return;
        }

        var hour = new SettledHour(contracts, terms, number, _used.GetValueOrDefault(number));
        HourlyCosts.Apply(hour);
        Discounts.Apply(hour, state);
        Drawdown.Apply(hour, state);
        Payments.Apply(hour, state);
        foreach (var of in terms)
        {
            if (hour.Opens(of))
            {
                Post(of, number, EntryCause.Opening, Openings.LinesOf(hour, of), entries);
            }

            Post(of, number, EntryCause.Hour, hour.LinesOf(of), entries);
        }
    }

    void Post(ContractTerms terms, Hour hour, EntryCause cause, Lines lines, List<Entry> entries)
    {
        var known = _slots.TryGetValue((terms.Contract.Id, hour, cause), out var slot);
        if (known || !lines.IsEmpty)
        {
            slot ??= SlotOf(terms.Contract.Id, hour, cause);
            slot.Run = _run;
            Post((terms.Contract.Id, hour, cause), slot, terms.Version.Number, lines, entries);
        }
    }

    Slot SlotOf(string contract, Hour hour, EntryCause cause)
    {
        if (!_slots.TryGetValue((contract, hour, cause), out var slot))
        {
            _slots.Add((contract, hour, cause), slot = new Slot());
        }

        return slot;
    }

    static void Post(
        (string Contract, Hour Hour, EntryCause Cause) of, Slot slot, int version, Lines target, List<Entry> entries)
    {
        if (slot.Posted.Equal(target))
        {
            return;
        }

        var rest = slot.Posted.Until(target);
        var entry = new Entry(default, of.Cause, of.Contract, version, of.Hour.Start, slot.Revision, []);
        var name = of.Cause == EntryCause.Hour ? $"hour {of.Contract}" : $"opening {of.Contract}";
        entries.AddRange(Entry.Of(name, entry, rest));
        (slot.Posted, slot.Version) = (target, version);
        slot.Revision++;
    }

    /// <summary>What has been posted for a contract's hour.</summary>
    sealed class Slot
    {
        public Lines Posted { get; set; } = new();

        public int Version { get; set; }

        public int Revision { get; set; }

        public int Run { get; set; }
    }
}
