using Sahab.Ledger.Postings;

namespace Sahab.Ledger.Contracts;

/// <summary>What a contract says at one moment: the clauses in force, each as the latest version has it.</summary>
public sealed class ContractTerms
{
    DeliveredTerms? _delivered;

    internal ContractTerms(
        Contract contract, ContractVersion version, ValueList<Clause> clauses, OpeningBalances? opening)
    {
        Contract = contract;
        Version = version;
        Clauses = clauses;
        Opening = opening;
        Rates = Of<Rate>();
        Commitments = Of<Commitment>();
        CommittedUses = Of<CommittedUse>();
        Prepayments = clauses.OfType<Prepayment>()
            .OrderBy(paid => paid.Until ?? DateTimeOffset.MaxValue).ThenBy(paid => paid.Id, StringComparer.Ordinal)
            .ToValueList();
        Credits = Of<Credit>();
        Tranches = Of<CapacityTranche>();
        Fees = Of<ReservedFee>();
        Sites = Of<OwnSite>();
        Scopes = Of<Scope>();
        Accrual = Account.Accrual(contract.Id);
    }

    /// <summary>The contract.</summary>
    public Contract Contract { get; }

    /// <summary>The version in force: the latest that is known and valid.</summary>
    public ContractVersion Version { get; }

    /// <summary>All clauses in force, in the order in which they were first stated.</summary>
    public ValueList<Clause> Clauses { get; }

    /// <summary>What our books of the contract begin with; null: they begin with the contract.</summary>
    public OpeningBalances? Opening { get; }

    /// <summary>Its prices, the first that matches first.</summary>
    public ValueList<Rate> Rates { get; }

    /// <summary>Its commitments, in the order of drawdown.</summary>
    public ValueList<Commitment> Commitments { get; }

    /// <summary>Its committed-use discounts.</summary>
    public ValueList<CommittedUse> CommittedUses { get; }

    /// <summary>What was or will be paid ahead, the first to expire first.</summary>
    public ValueList<Prepayment> Prepayments { get; }

    /// <summary>Its credits.</summary>
    public ValueList<Credit> Credits { get; }

    /// <summary>Its capacity, delivered or not.</summary>
    public ValueList<CapacityTranche> Tranches { get; }

    /// <summary>What capacity costs.</summary>
    public ValueList<ReservedFee> Fees { get; }

    /// <summary>Sites of our own.</summary>
    public ValueList<OwnSite> Sites { get; }

    /// <summary>What it covers.</summary>
    public ValueList<Scope> Scopes { get; }

    /// <summary>The contract's accrual, which every hour books to: made once.</summary>
    internal Account Accrual { get; }

    /// <summary>Whether our books hold the hour; what was used before them is not posted.</summary>
    public bool IsKept(Hour hour) => Opening is null || hour >= Opening.First;

    /// <summary>Whether the contract covers the use.</summary>
    public bool Covers(Use use)
    {
        foreach (var scope in Scopes)
        {
            if (scope.Uses.Matches(use))
            {
                return true;
            }
        }

        return Scopes.Count == 0;
    }

    /// <summary>The rate that prices the use; null: list price.</summary>
    public Rate? RateFor(Use use)
    {
        foreach (var rate in Rates)
        {
            if (rate.Uses.Matches(use))
            {
                return rate;
            }
        }

        return null;
    }

    /// <summary>The clause of an id and kind, if it is in force.</summary>
    public T? Find<T>(string id)
        where T : Clause => Clauses.FirstOrDefault(clause => clause.Id == id) as T;

    /// <summary>
    /// The same as if all capacity that is still to be accepted were accepted when due, or then where that is past.
    /// </summary>
    internal ContractTerms Delivered(DateTimeOffset soonest)
    {
        // Asked for each hour of years to come, for the same day.
        var known = Volatile.Read(ref _delivered);
        if (known?.Soonest != soonest)
        {
            Volatile.Write(ref _delivered, known = new DeliveredTerms(soonest, DeliveredBy(soonest)));
        }

        return known.Terms;
    }

    ContractTerms DeliveredBy(DateTimeOffset soonest) => Tranches.All(tranche => tranche.AcceptedAt is not null)
        ? this
        : new ContractTerms(Contract, Version, Clauses.Select(clause => clause is CapacityTranche { AcceptedAt: null } due
            ? due with { AcceptedAt = due.DueAt > soonest ? due.DueAt : soonest }
            : clause).ToValueList(), Opening);

    ValueList<T> Of<T>() => Clauses.OfType<T>().ToValueList();

    sealed record DeliveredTerms(DateTimeOffset Soonest, ContractTerms Terms);
}
