using Sahab.Ledger.Contracts;

namespace Sahab.Ledger.Settlements;

/// <summary>
/// What the settlement of a provider's contracts carries from hour to hour. Its values are immutable, so a copy is a
/// copy of four small dictionaries.
/// </summary>
sealed class SettlementState(Hour next)
{
    readonly Dictionary<(string Contract, string Clause, Hour From), CommitmentStanding> _standings = [];
    readonly Dictionary<(string Contract, string Clause), TierVolume> _volumes = [];
    readonly Dictionary<(string Contract, string Clause), PrepaidBalance> _prepaid = [];
    readonly Dictionary<string, decimal> _accrued = new(StringComparer.Ordinal);

    SettlementState(SettlementState other)
        : this(other.Next)
    {
        _standings = new(other._standings);
        _volumes = new(other._volumes);
        _prepaid = new(other._prepaid);
        _accrued = new(other._accrued, StringComparer.Ordinal);
    }

    public SettlementState(SettlementCheckpoint checkpoint)
        : this(Hour.Of(checkpoint.At))
    {
        foreach (var standing in checkpoint.Standings)
        {
            _standings[(standing.Contract, standing.Commitment, Hour.Of(standing.Window.From))] = standing;
        }

        foreach (var volume in checkpoint.Volumes)
        {
            _volumes[(volume.Contract, volume.Rate)] = new TierVolume(Hour.Of(volume.Period), volume.Volume);
        }

        foreach (var paid in checkpoint.Prepayments)
        {
            _prepaid[(paid.Contract, paid.Prepayment)] = new PrepaidBalance(paid.Paid, paid.Drawn, paid.UsdPerUnit);
        }

        foreach (var accrual in checkpoint.Accruals)
        {
            _accrued[accrual.Contract] = accrual.Nano;
        }
    }

    /// <summary>The first hour that is not settled.</summary>
    public Hour Next { get; set; } = next;

    public IEnumerable<CommitmentStanding> Standings => _standings.Values;

    public SettlementState Copy() => new(this);

    public SettlementCheckpoint ToCheckpoint(string provider) => new()
    {
        Provider = provider,
        At = Next.Start,
        Standings = [.. _standings.Values],
        Volumes = [.. _volumes.Select(pair => new CarriedVolume(
            pair.Key.Contract, pair.Key.Clause, pair.Value.Period.Start, pair.Value.Volume))],
        Prepayments = [.. _prepaid.Select(pair => new CarriedPrepayment(
            pair.Key.Contract, pair.Key.Clause, pair.Value.Paid, pair.Value.Drawn, pair.Value.UsdPerUnit))],
        Accruals = [.. _accrued.Select(pair => new CarriedAccrual(pair.Key, pair.Value))],
    };

    public CommitmentStanding Standing(ContractTerms terms, Commitment commitment, CommitmentWindow window) =>
        !_standings.TryGetValue(KeyOf(terms, commitment, window), out var standing)
            ? CommitmentStanding.Begun(terms.Contract.Id, commitment.Id, window, terms.Opening)
            : ReferenceEquals(standing.Window, window) ? standing : standing with { Window = window };

    public void Set(ContractTerms terms, Commitment commitment, CommitmentStanding standing) =>
        _standings[KeyOf(terms, commitment, standing.Window)] = standing;

    /// <summary>The volume of the rate in the period that began at the hour.</summary>
    public decimal Volume(ContractTerms terms, Rate rate, Hour period) =>
        _volumes.TryGetValue((terms.Contract.Id, rate.Id), out var volume)
            ? volume.Period == period ? volume.Volume : 0
            : terms.Opening?.Rates.FirstOrDefault(each => each.Rate == rate.Id && Hour.Of(each.From) == period)?.Volume ?? 0;

    public void SetVolume(ContractTerms terms, Rate rate, Hour period, decimal volume) =>
        _volumes[(terms.Contract.Id, rate.Id)] = new TierVolume(period, volume);

    public PrepaidBalance? Prepaid(SettledHour hour, ContractTerms terms, Prepayment prepayment) =>
        _prepaid.GetValueOrDefault((terms.Contract.Id, prepayment.Id)) ?? Openings.Balance(hour, terms, prepayment);

    public void Set(ContractTerms terms, Prepayment prepayment, PrepaidBalance balance) =>
        _prepaid[(terms.Contract.Id, prepayment.Id)] = balance;

    /// <summary>What the contract has accrued since it was last billed, in nano-USD.</summary>
    public decimal Accrued(SettledHour hour, ContractTerms terms) =>
        _accrued.TryGetValue(terms.Contract.Id, out var nano) ? nano : Openings.AccruedNano(hour, terms);

    public void SetAccrued(ContractTerms terms, decimal nano) => _accrued[terms.Contract.Id] = nano;

    static (string Contract, string Clause, Hour From) KeyOf(
        ContractTerms terms, Commitment commitment, CommitmentWindow window) =>
        (terms.Contract.Id, commitment.Id, Hour.Of(window.From));
}

/// <summary>Spend at a rate in a period, in the contract's currency.</summary>
sealed record TierVolume(Hour Period, decimal Volume);

/// <summary>
/// What was paid ahead and what of it is used, in the contract's currency, at the rate of the day of payment.
/// </summary>
sealed record PrepaidBalance(decimal Paid, decimal Drawn, decimal UsdPerUnit)
{
    public decimal Left => Paid - Drawn;
}
