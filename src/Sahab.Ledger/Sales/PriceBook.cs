using System.Collections.Concurrent;
using System.Collections.Frozen;
using Sahab.Ledger.Contracts;

namespace Sahab.Ledger.Sales;

/// <summary>A time in which one plan prices a model for an organisation.</summary>
/// <param name="From">Its beginning.</param>
/// <param name="Until">Its end, which no longer belongs to it; null: it is open.</param>
/// <param name="Name">What its terms are called.</param>
/// <param name="Plan">What is charged, before <paramref name="Factor"/>.</param>
/// <param name="Factor">What is paid of the plan's prices.</param>
public sealed record PriceStretch(
    DateTimeOffset From, DateTimeOffset? Until, string Name, PricePlan Plan, decimal Factor)
{
    readonly SaleTerms[] _terms = Plan.AllTerms(Name, From, Factor);

    /// <summary>The terms of a service tier; of one that is not known, those of <c>default</c>.</summary>
    public SaleTerms TermsOf(string tier) => _terms[tier switch
    {
        "priority" => 0,
        "flex" => 2,
        "batch" => 3,
        PricePlan.Reserved => 4,
        _ => 1,
    }];
}

/// <summary>What we sell at: dated price lists for everybody, and agreements with single organisations. Immutable.</summary>
public sealed class PriceBook
{
    static readonly PriceStretch[] None = [];

    readonly FrozenDictionary<string, PriceStretch[]> _listed;
    readonly FrozenDictionary<string, PriceAgreement[]> _agreements;

    /// <summary>Worked out when first asked for: as many as organisations with agreements use of models.</summary>
    readonly ConcurrentDictionary<(string Organisation, string Model), PriceStretch[]> _agreed = new();

    /// <param name="lists">No two of them begin at one instant.</param>
    /// <param name="agreements">No two of an organisation begin at one instant.</param>
    /// <param name="notice">How long before it begins an increase of list prices must be known. At least zero.</param>
    public PriceBook(IEnumerable<PriceList> lists, IEnumerable<PriceAgreement> agreements, TimeSpan notice)
    {
        Lists = lists.OrderBy(list => list.From).ThenBy(list => list.Id, StringComparer.Ordinal).ToValueList();
        Agreements = agreements.OrderBy(agreement => agreement.From)
            .ThenBy(agreement => agreement.Id, StringComparer.Ordinal).ToValueList();
        Notice = notice;
        Models = [.. Lists.SelectMany(list => list.Prices).Select(price => price.Model).Distinct()
            .Order(StringComparer.Ordinal)];
        _listed = Models.ToFrozenDictionary(
            model => model, model => Stretches([], model, PricesOf(model)), StringComparer.Ordinal);
        _agreements = Agreements.GroupBy(agreement => agreement.Organisation).ToFrozenDictionary(
            group => group.Key, group => group.Reverse().ToArray(), StringComparer.Ordinal);
    }

    /// <summary>A book without prices: nothing is charged for anything.</summary>
    public static PriceBook Empty { get; } = new([], [], TimeSpan.Zero);

    /// <summary>The lists, in the order in which they begin.</summary>
    public ValueList<PriceList> Lists { get; }

    /// <summary>The agreements, in the order in which they begin.</summary>
    public ValueList<PriceAgreement> Agreements { get; }

    /// <summary>How long before it begins an increase of list prices must be known.</summary>
    public TimeSpan Notice { get; }

    /// <summary>The models that any list names, in the order of their names.</summary>
    public IReadOnlyList<string> Models { get; }

    /// <summary>Whether nothing is charged for anything.</summary>
    public bool IsEmpty => Lists.Count == 0 && Agreements.Count == 0;

    /// <summary>Whether it says the same as another.</summary>
    public bool SaysTheSameAs(PriceBook other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Lists.Equals(other.Lists) && Agreements.Equals(other.Agreements) && Notice == other.Notice;
    }

    /// <summary>
    /// The price in force for an organisation, model and service tier at an instant; null: nothing is charged for it.
    /// Allocates nothing once it was asked for the organisation and model.
    /// </summary>
    public SaleTerms? TermsFor(string organisation, string model, string tier, DateTimeOffset at) =>
        At(StretchesOf(organisation, model), at)?.TermsOf(tier);

    /// <summary>The list price in force; null: there is none.</summary>
    public SaleTerms? ListTermsFor(string model, string tier, DateTimeOffset at) =>
        At(ListStretchesOf(model), at)?.TermsOf(tier);

    /// <summary>What the lists say of a model through time, in order.</summary>
    public IReadOnlyList<PriceStretch> ListStretchesOf(string model) => _listed.GetValueOrDefault(model, None);

    /// <summary>What an organisation pays for a model through time, in order.</summary>
    public IReadOnlyList<PriceStretch> StretchesOf(string organisation, string model)
    {
        if (!_agreements.TryGetValue(organisation, out var agreements))
        {
            return _listed.GetValueOrDefault(model, None);
        }

        if (_agreed.TryGetValue((organisation, model), out var known))
        {
            return known;
        }

        var stretches = Stretches(agreements, model, PricesOf(model));
        if (stretches.Length > 0)
        {
            // A name that nothing prices is not remembered, whoever thinks of how many.
            _agreed[(organisation, model)] = stretches;
        }

        return stretches;
    }

    /// <summary>The plan in force for a model by the lists; null: none.</summary>
    internal PricePlan? ListPlanAt(string model, DateTimeOffset at) => At(ListStretchesOf(model), at)?.Plan;

    static PriceStretch? At(IReadOnlyList<PriceStretch> stretches, DateTimeOffset at)
    {
        for (var i = stretches.Count - 1; i >= 0; i--)
        {
            if (stretches[i].From <= at)
            {
                return stretches[i].Until is { } until && at >= until ? null : stretches[i];
            }
        }

        return null;
    }

    /// <summary>The lists that name a model, with what they say of it, in order.</summary>
    List<(PriceList List, PricePlan Plan)> PricesOf(string model) =>
    [
        .. from list in Lists
           let price = list.Prices.FirstOrDefault(price => price.Model == model)
           where price is not null
           select (list, price.Plan),
    ];

    /// <param name="agreements">Of one organisation, the last to begin first.</param>
    static PriceStretch[] Stretches(
        PriceAgreement[] agreements, string model, List<(PriceList List, PricePlan Plan)> listed)
    {
        var bounds = listed.Select(each => each.List.From)
            .Concat(agreements.Select(agreement => agreement.From))
            .Concat(agreements.Where(agreement => agreement.Until is not null).Select(agreement => agreement.Until!.Value))
            .Distinct().Order();
        var stretches = new List<PriceStretch>();
        foreach (var at in bounds)
        {
            var open = stretches.Count > 0 && stretches[^1].Until is null ? stretches[^1] : null;
            var next = StretchFrom(at, agreements, model, listed);
            if (next is not null && next.Name == open?.Name)
            {
                continue;
            }

            if (open is not null)
            {
                stretches[^1] = open with { Until = at };
            }

            if (next is not null)
            {
                stretches.Add(next);
            }
        }

        return [.. stretches];
    }

    static PriceStretch? StretchFrom(
        DateTimeOffset at, PriceAgreement[] agreements, string model, List<(PriceList List, PricePlan Plan)> listed)
    {
        var agreement = Array.Find(agreements, agreement => agreement.IsInForce(at));
        if (agreement?.Prices.FirstOrDefault(price => price.Model == model) is { } agreed)
        {
            return new PriceStretch(at, null, $"agreement:{agreement.Id}", agreed.Plan, 1);
        }

        if (listed.FindLast(each => each.List.From <= at) is not { List: { } list } inForce)
        {
            return null;
        }

        var name = $"list:{list.Id}";
        return agreement is { Discount: > 0 }
            ? new PriceStretch(at, null, $"agreement:{agreement.Id}/{name}", inForce.Plan, 1 - agreement.Discount)
            : new PriceStretch(at, null, name, inForce.Plan, 1);
    }
}
