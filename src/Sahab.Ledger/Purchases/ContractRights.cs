using Sahab.Ledger.Contracts;

namespace Sahab.Ledger.Purchases;

/// <summary>What rights that we have granted keep us from.</summary>
public static class ContractRights
{
    /// <summary>Rights of first refusal that others than its seller have on a purchase at the instant.</summary>
    public static IReadOnlyList<(ContractTerms Terms, FirstRefusal Right)> OnPurchase(
        CapacityPurchase purchase, ContractTimeline contracts, DateTimeOffset at)
    {
        ArgumentNullException.ThrowIfNull(purchase);
        ArgumentNullException.ThrowIfNull(contracts);
        return
        [
            .. from terms in contracts.At(at)
               where terms.Contract.Provider != purchase.Seller
               from right in terms.Clauses.OfType<FirstRefusal>()
               where purchase.Megawatts >= right.FromMegawatts && purchase.IsWithin(right.Uses)
               select (terms, right),
        ];
    }

    /// <summary>The exclusivity of another provider that bars a use at the instant; null: none.</summary>
    public static Refusal? BarsUse(Use use, ContractTimeline contracts, DateTimeOffset at)
    {
        ArgumentNullException.ThrowIfNull(use);
        return Bars(contracts, at, use.Provider, selector => selector.Matches(use));
    }

    /// <summary>The exclusivity of another provider that bars capacity from being delivered when it is due.</summary>
    internal static Refusal? BarsPurchase(CapacityPurchase purchase, ContractTimeline contracts, DateTimeOffset at) =>
        Bars(contracts, purchase.DueAt > at ? purchase.DueAt : at, purchase.Seller, purchase.IsWithin);

    /// <summary>The refusal that a clause gives, with what it says of its end.</summary>
    internal static Refusal By(ContractTerms terms, Clause clause, string reason, DateTimeOffset? until) => new(reason)
    {
        Until = until,
        Contract = terms.Contract.Id,
        Clause = clause.Id,
        Source = clause.Source,
    };

    /// <summary>When a clause ends as far as is known now.</summary>
    internal static DateTimeOffset? EndOf(ContractTerms terms, Clause clause) =>
        clause.Until is null || terms.Version.Ends < clause.Until ? terms.Version.Ends ?? clause.Until : clause.Until;

    /// <summary>Such as " until 2026-05-01T00:00Z", or nothing where no end is known.</summary>
    internal static string UntilText(DateTimeOffset? until) =>
        until is { } end ? $" until {end.UtcDateTime:yyyy-MM-dd'T'HH:mm'Z'}" : "";

    static Refusal? Bars(ContractTimeline contracts, DateTimeOffset at, string provider, Func<Selector, bool> matches)
    {
        var bar = (from terms in contracts.At(at)
                   where terms.Contract.Provider != provider
                   from clause in terms.Clauses.OfType<Exclusivity>()
                   where matches(clause.Uses)
                   select (Terms: terms, Clause: clause)).FirstOrDefault();
        if (bar.Clause is null)
        {
            return null;
        }

        var until = EndOf(bar.Terms, bar.Clause);
        return By(bar.Terms, bar.Clause,
            $"{bar.Terms.Contract.Provider} is the only provider for this{UntilText(until)} "
                + $"({Place(bar.Terms, bar.Clause)}).",
            until);
    }

    /// <summary>Such as "contract azure, clause first-refusal: MSA.pdf, page 12".</summary>
    internal static string Place(ContractTerms terms, Clause clause) =>
        $"contract {terms.Contract.Id}, clause {clause.Id}: {clause.Source.Document}, page {clause.Source.Page}";
}
