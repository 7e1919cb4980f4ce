using Sahab.Ledger.Contracts;
using Sahab.Ledger.Money;
using Sahab.Ledger.Postings;
using Sahab.Ledger.Rating;

namespace Sahab.Ledger.Settlements;

/// <summary>
/// What one event costs by the terms of its hour, before everything that depends on other events: tiers, committed use,
/// drawdown and balances are the settlement's. Each amount is rounded once, half to even, from its exact value.
/// </summary>
public sealed record Charge
{
    /// <summary>The event.</summary>
    public required Guid EventId { get; init; }

    /// <summary>When it counts.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>What was used.</summary>
    public required Use Use { get; init; }

    /// <summary>The contract that it falls under; null: none.</summary>
    public string? Contract { get; init; }

    /// <summary>The contract's version in force in its hour; 0 without a contract.</summary>
    public int Version { get; init; }

    /// <summary>The rate that priced it; null: list price.</summary>
    public string? Rate { get; init; }

    /// <summary>At list price, in the contract's currency. Nine decimals, at least 0.</summary>
    public decimal List { get; init; }

    /// <summary>After the rate's discount, in the contract's currency. Nine decimals, at least 0.</summary>
    public decimal Net { get; init; }

    /// <summary>Units: tokens, or what the service is counted in. At least 0.</summary>
    public decimal Quantity { get; init; }

    /// <summary>What is posted: <see cref="Net"/> in US dollars. At least 0.</summary>
    public NanoUsd Cost { get; init; }

    /// <summary>Whether it lies before our books of the contract: it costs something, and posts nothing.</summary>
    public bool IsBeforeBooks { get; init; }

    /// <summary>
    /// Its postings: from its cost to the contract's accrual, or to what is owed where there is no contract.
    /// </summary>
    public IReadOnlyList<Posting> Postings() =>
        PostingRules.Pair(EventId, CostAccount, CreditAccount, Cost, At);

    internal Account CostAccount => Use.Service == Use.Inference
        ? Account.ComputeCost(Use.Provider, Use.Region, Use.Deployment)
        : Account.ServiceCost(Use.Provider, Use.Region, Use.Service);

    internal Account CreditAccount => Contract is null ? Account.Payable(Use.Provider) : Account.Accrual(Contract);

    /// <summary>What an attempt costs by the contracts.</summary>
    /// <exception cref="ArgumentException">
    /// The usage is not consistent, a price is negative, an id is empty, or a currency has no rate.
    /// </exception>
    /// <exception cref="OverflowException">The cost exceeds about 9.2 billion dollars.</exception>
    public static Charge Of(UsageEvent usage, ContractTimeline contracts)
    {
        ArgumentNullException.ThrowIfNull(usage);
        ArgumentNullException.ThrowIfNull(contracts);
        var (use, hour) = (Use.Of(usage), Hour.Of(usage.StartedAt));
        return contracts.TermsFor(use, hour) is { } terms
            ? Of(usage, use, ChargeTerms.Of(terms, use, hour, contracts), terms.Version.Number)
            : Of(usage, use, null, 0);
    }

    /// <summary>What an attempt costs by terms that were looked up before.</summary>
    /// <param name="usage">The attempt.</param>
    /// <param name="use">What it used.</param>
    /// <param name="terms">The terms of that use in its hour; null: it falls under no contract.</param>
    /// <param name="version">The contract's version in force in its hour; 0 without a contract.</param>
    /// <exception cref="ArgumentException">The usage is not consistent, or a price is negative.</exception>
    /// <exception cref="OverflowException">The cost exceeds about 9.2 billion dollars.</exception>
    public static Charge Of(UsageEvent usage, Use use, ChargeTerms? terms, int version)
    {
        ArgumentNullException.ThrowIfNull(usage);
        var (list, net, cost) = (usage.Flags & UsageFlags.NotBilled) != 0
            ? default
            : AmountsOf(usage.Usage, usage.Prices, terms);
        return new Charge
        {
            EventId = usage.EventId,
            At = usage.StartedAt,
            Use = use,
            Contract = terms?.Contract,
            Version = version,
            IsBeforeBooks = terms?.IsBeforeBooks == true,
            Rate = terms?.Rate,
            List = list.ToUsd(),
            Net = net.ToUsd(),
            Quantity = (usage.Flags & UsageFlags.NotBilled) != 0 ? 0 : usage.Usage.TotalTokens,
            Cost = cost,
        };
    }

    /// <summary>What tokens cost by terms that were looked up before.</summary>
    /// <param name="usage">The tokens.</param>
    /// <param name="prices">The deployment's own prices.</param>
    /// <param name="terms">The terms of the use in its hour; null: it falls under no contract.</param>
    /// <returns>
    /// At list price and after the discount in the contract's currency, and the latter in US dollars; billionths of
    /// each.
    /// </returns>
    /// <exception cref="ArgumentException">The usage is not consistent, or a price is negative.</exception>
    /// <exception cref="OverflowException">The cost exceeds about 9.2 billion dollars.</exception>
    public static (NanoUsd List, NanoUsd Net, NanoUsd Cost) AmountsOf(
        in TokenUsage usage, in PriceTerms prices, ChargeTerms? terms)
    {
        var own = terms?.Tokens ?? prices;
        var share = 1 - (terms?.Discount ?? 0);
        var usd = terms?.UsdPerUnit ?? 1;
        var list = Rater.Rate(usage, own);
        var net = share == 1 ? list : Rater.Rate(usage, own, share);
        return (list, net, usd == 1 ? net : Rater.Rate(usage, own, share * usd));
    }

    /// <summary>What the use of a service costs by the contracts.</summary>
    /// <exception cref="ArgumentException">A quantity or price is negative, or a currency has no rate.</exception>
    /// <exception cref="OverflowException">The cost exceeds about 9.2 billion dollars.</exception>
    public static Charge Of(ServiceUse used, ContractTimeline contracts)
    {
        ArgumentNullException.ThrowIfNull(used);
        ArgumentNullException.ThrowIfNull(contracts);
        ArgumentOutOfRangeException.ThrowIfNegative(used.Quantity);
        ArgumentOutOfRangeException.ThrowIfNegative(used.UnitPrice);
        var hour = Hour.Of(used.UsedAt);
        var use = new Use(used.Provider, used.Region, used.Country, used.Service, "", used.Resource);
        var terms = contracts.TermsFor(use, hour);
        var rate = terms?.RateFor(use);
        var list = used.Quantity * (rate?.UnitPrice ?? used.UnitPrice);
        var net = list * (1 - (rate?.Discount ?? 0));
        var isKept = terms?.IsKept(hour) != false;
        var usd = !isKept ? 0 : terms is null ? 1 : contracts.UsdPerUnit(terms.Contract.Currency, hour);
        return new Charge
        {
            EventId = used.EventId,
            At = used.UsedAt,
            Use = use,
            Contract = terms?.Contract.Id,
            Version = terms?.Version.Number ?? 0,
            IsBeforeBooks = !isKept,
            Rate = rate?.Id,
            List = Amounts.Round(list),
            Net = Amounts.Round(net),
            Quantity = used.Quantity,
            Cost = NanoUsd.FromUsd(net * usd),
        };
    }
}
