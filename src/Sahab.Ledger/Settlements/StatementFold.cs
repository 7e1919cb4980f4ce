using Sahab.Ledger.Contracts;

namespace Sahab.Ledger.Settlements;

/// <summary>
/// The statement of one provider's contracts hour by hour, for who goes through time once and never back: it keeps what
/// one hour carries to the next and nothing else, so that its memory does not grow with the hours. Not thread-safe.
/// </summary>
public sealed class StatementFold
{
    readonly ContractTimeline _contracts;
    readonly string _provider;
    readonly SettlementState _state;
    List<ContractTerms> _terms = [];
    Hour? _change;

    /// <summary>Begins with nothing drawn, paid ahead or used before.</summary>
    /// <param name="contracts">The contracts as they are known.</param>
    /// <param name="provider">Whose.</param>
    /// <param name="start">The first hour that is settled.</param>
    public StatementFold(ContractTimeline contracts, string provider, Hour start)
    {
        ArgumentNullException.ThrowIfNull(contracts);
        (_contracts, _provider, _state, _change) = (contracts, provider, new SettlementState(start), start);
    }

    /// <summary>The hour that is settled next.</summary>
    public Hour Next => _state.Next;

    /// <summary>How the windows of all commitments stand that have begun, in no order.</summary>
    public IEnumerable<CommitmentStanding> Standings => _state.Standings;

    /// <summary>Settles the next hour. Returns its lines.</summary>
    /// <param name="used">What was used in it under a contract; of each use one sum.</param>
    /// <exception cref="ArgumentException">A currency has no rate, or a use has two sums.</exception>
    public IReadOnlyList<StatementLine> Settle(IEnumerable<ChargeSum> used)
    {
        ArgumentNullException.ThrowIfNull(used);
        var sums = new SortedDictionary<Use, UseSum>();
        foreach (var sum in used)
        {
            sums.Add(sum.Use, new UseSum
            {
                List = sum.List,
                Net = sum.Net,
                Quantity = sum.Quantity,
                Nano = sum.Nano,
            });
        }

        return Settle(sums);
    }

    internal IReadOnlyList<StatementLine> Settle(SortedDictionary<Use, UseSum>? used)
    {
        var hour = _state.Next;
        if (hour >= _change)
        {
            _terms = _contracts.KeptAt(_provider, hour);
            _change = _contracts.ChangeAfter(_provider, hour);
        }

        _state.Next = hour.Next;
        return _terms.Count == 0
            ? []
            : Statement.Settle(
                new SettledHour(_contracts, _terms, hour, used) { Trace = new HourTrace() }, _state);
    }
}
