namespace Sahab.Ledger.Postings;

/// <summary>
/// An account of the ledger, by its name: a path of segments joined by colons, from the general to the particular.
/// The room's README holds the chart of accounts.
/// </summary>
public readonly record struct Account
{
    Account(string name) => Name = name;

    /// <summary>The whole name, such as <c>cost:compute:azure:eastus:gpt-large-eastus</c>.</summary>
    public string Name { get; }

    /// <summary>An account by its whole name, as it was stored.</summary>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    public static Account Named(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return new Account(name);
    }

    /// <summary>What compute at a deployment has cost. Its balance is a debit: at least zero.</summary>
    public static Account ComputeCost(string provider, string region, string deployment) =>
        new($"cost:compute:{Segment(provider)}:{Segment(region)}:{Segment(deployment)}");

    /// <summary>What is owed to a provider. Its balance is a credit: at most zero.</summary>
    public static Account Payable(string provider) => new($"payable:{Segment(provider)}");

    /// <summary>What a service at a provider has cost that is not inference. A debit: at least zero.</summary>
    public static Account ServiceCost(string provider, string region, string service) =>
        new($"cost:service:{Segment(provider)}:{(region.Length == 0 ? "-" : Segment(region))}:{Segment(service)}");

    /// <summary>What reserved capacity has cost, used or not. A debit.</summary>
    public static Account ReservedCost(string contract, string tranche) => OfClause("cost:reserved", contract, tranche);

    /// <summary>What a site of our own has cost beside energy. A debit.</summary>
    public static Account SiteCost(string contract, string site) => OfClause("cost:site", contract, site);

    /// <summary>What the energy of a site of our own has cost. A debit.</summary>
    public static Account EnergyCost(string contract, string site) => OfClause("cost:energy", contract, site);

    /// <summary>What the baseline of a committed-use discount has cost, used or not. A debit.</summary>
    public static Account CommittedUseCost(string contract, string clause) =>
        OfClause("cost:committed-use", contract, clause);

    /// <summary>What volume tiers and committed use have taken off the cost of usage. A credit.</summary>
    public static Account Discount(string contract, string clause) => OfClause("cost:discount", contract, clause);

    /// <summary>What the provider has granted, for lateness or otherwise. A credit.</summary>
    public static Account Credit(string contract, string clause) => OfClause("cost:credit", contract, clause);

    /// <summary>What was owed for nothing because a commitment was missed. A debit.</summary>
    public static Account ShortfallCost(string contract, string commitment) =>
        OfClause("cost:shortfall", contract, commitment);

    /// <summary>What was paid ahead and not used before it expired. A debit.</summary>
    public static Account ExpiredCost(string contract, string prepayment) =>
        OfClause("cost:expired", contract, prepayment);

    /// <summary>What a currency has gained or lost between payment ahead and use. Either side.</summary>
    public static Account ExchangeCost(string contract) => new($"cost:exchange:{Segment(contract)}");

    /// <summary>
    /// What a contract's current month has cost that is not billed yet. A credit; zero once it is billed.
    /// </summary>
    public static Account Accrual(string contract) => new($"accrual:{Segment(contract)}");

    /// <summary>What was paid ahead and is not used yet. A debit: at least zero.</summary>
    public static Account Prepaid(string contract, string prepayment) => OfClause("prepaid", contract, prepayment);

    /// <summary>Memorandum: what has been drawn of a commitment. A debit: at least zero.</summary>
    public static Account Drawn(string contract, string commitment) =>
        OfClause("commitment:drawn", contract, commitment);

    /// <summary>Memorandum: the other side of <see cref="Drawn"/>. A credit.</summary>
    public static Account DrawnAgainst(string contract, string commitment) =>
        OfClause("commitment:against", contract, commitment);

    /// <summary>Memorandum: the other side of what was drawn before the books began. A credit.</summary>
    public static Account DrawnBefore(string contract, string commitment) =>
        OfClause("commitment:opening", contract, commitment);

    /// <summary>
    /// The other side of the balances that the books of a contract begin with: what they were worth together, reversed.
    /// </summary>
    public static Account Opening(string contract) => new($"opening:{Segment(contract)}");

    /// <summary>What an organisation owes us, billed or not yet. A debit, unless it has paid too much.</summary>
    public static Account Receivable(string organisation) => new($"receivable:{Segment(organisation)}");

    /// <summary>What calls of a model have earned at list or agreed price. A credit.</summary>
    public static Account Revenue(string model) => new($"revenue:{Segment(model)}");

    /// <summary>What is paid by the month has earned, and minimums. A credit.</summary>
    public static Account FeeRevenue(string fee) => new($"revenue-fee:{Segment(fee)}");

    /// <summary>What volume and free allowances have taken off a model's revenue. A debit.</summary>
    public static Account SaleDiscount(string model) => new($"sale-discount:{Segment(model)}");

    /// <summary>What credit notes have given back to an organisation. A debit.</summary>
    public static Account SaleAllowance(string organisation) => new($"sale-allowance:{Segment(organisation)}");

    /// <summary>What rounding invoices to cents has made. Either side.</summary>
    public static Account SaleRounding { get; } = new("sale-rounding");

    /// <summary>Tax that was invoiced and is owed to an authority. A credit.</summary>
    public static Account TaxOwed(string tax) => new($"tax:{Segment(tax)}");

    /// <summary>Credit that an organisation has left. A credit: at most zero.</summary>
    public static Account CustomerCredit(string organisation) => new($"customer-credit:{Segment(organisation)}");

    /// <summary>What credit that was given for nothing has cost. A debit.</summary>
    public static Account Promotion(string organisation) => new($"promotion:{Segment(organisation)}");

    /// <summary>What was paid by way of a payment provider, less what was refunded. A debit.</summary>
    public static Account Cash(string provider) => new($"cash:{Segment(provider)}");

    /// <inheritdoc/>
    public override string ToString() => Name;

    static Account OfClause(string kind, string contract, string clause) =>
        new($"{kind}:{Segment(contract)}:{Segment(clause)}");

    /// <summary>Two different ids must never yield one account, so the separator is escaped inside a segment.</summary>
    static string Segment(string id)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        return id.AsSpan().ContainsAny('%', ':')
            ? id.Replace("%", "%25", StringComparison.Ordinal).Replace(":", "%3A", StringComparison.Ordinal)
            : id;
    }
}
