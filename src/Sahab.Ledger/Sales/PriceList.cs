using Sahab.Ledger.Contracts;

namespace Sahab.Ledger.Sales;

/// <summary>The price of one model.</summary>
/// <param name="Model">The model, by the name that calls are metered by.</param>
/// <param name="Plan">What is charged for it.</param>
public sealed record ModelPrice(string Model, PricePlan Plan);

/// <summary>
/// Public prices from an instant on. A model that it does not name keeps the price that it had.
/// </summary>
/// <param name="Id">Its name.</param>
/// <param name="From">From when on it is in force.</param>
/// <param name="Prices">Each model once.</param>
public sealed record PriceList(string Id, DateTimeOffset From, ValueList<ModelPrice> Prices);

/// <summary>What was agreed with one organisation: prices of its own, or something off the list's.</summary>
public sealed record PriceAgreement
{
    /// <summary>Its name.</summary>
    public required string Id { get; init; }

    /// <summary>With whom, by id.</summary>
    public required string Organisation { get; init; }

    /// <summary>From when on it is in force. Of several, the one that began last counts, for all models.</summary>
    public required DateTimeOffset From { get; init; }

    /// <summary>When it ends; null: it is open.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>What is taken off list prices of the models that it does not price itself. 0 to 1.</summary>
    public decimal Discount { get; init; }

    /// <summary>Prices of its own, which nothing is taken off. Each model once.</summary>
    public ValueList<ModelPrice> Prices { get; init; } = [];

    /// <summary>Whether it is in force at an instant.</summary>
    public bool IsInForce(DateTimeOffset at) => From <= at && (Until is not { } until || at < until);
}
