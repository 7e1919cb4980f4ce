namespace Sahab.Ledger.Focus;

/// <summary>What a provider calls a thing that it sells: words and list prices, which no contract and no use tell.</summary>
public sealed record CatalogItem
{
    /// <summary>The resource, or the commitment; null: none.</summary>
    public string? ResourceId { get; init; }

    /// <summary>Its name.</summary>
    public string? ResourceName { get; init; }

    /// <summary>What kind of thing it is.</summary>
    public string? ResourceType { get; init; }

    /// <summary>The service; null: none is told.</summary>
    public string? ServiceName { get; init; }

    /// <summary>The service's category.</summary>
    public string? ServiceCategory { get; init; }

    /// <summary>The service's subcategory.</summary>
    public string? ServiceSubcategory { get; init; }

    /// <summary>What is sold.</summary>
    public string? SkuId { get; init; }

    /// <summary>What of it is counted, in words.</summary>
    public string? SkuMeter { get; init; }

    /// <summary>At which of its prices.</summary>
    public string? SkuPriceId { get; init; }

    /// <summary>What the charge is for, in words.</summary>
    public string? Description { get; init; }

    /// <summary>What is counted and priced.</summary>
    public string Unit { get; init; } = "Count";

    /// <summary>What a baseline is counted in, where it is not money.</summary>
    public string CommitmentUnit { get; init; } = "Units";

    /// <summary>
    /// How many of the ledger's units one of the provider's is: 3, where a large machine counts as three. Above 0.
    /// </summary>
    public decimal UnitsEach { get; init; } = 1;

    /// <summary>The public price of a unit, in the contract's currency; null: as the ledger has it.</summary>
    public decimal? ListUnitPrice { get; init; }

    /// <summary>What was bought at once for a term, such as a licence, instead of being used; null: it was used.</summary>
    public (DateTimeOffset From, DateTimeOffset Until)? BoughtFor { get; init; }
}

/// <summary>The words of a data set: whose bill it is, and what each line is called.</summary>
public sealed record StatementWords
{
    /// <summary>Who serves it and sends the invoice.</summary>
    public required string Provider { get; init; }

    /// <summary>The account that is billed, and its name.</summary>
    public required (string Id, string Name) Account { get; init; }

    /// <summary>What a line's use, or its commitment, is called.</summary>
    public required Func<Settlements.StatementLine, CatalogItem> ItemOf { get; init; }

    /// <summary>What the commitment of a line about a baseline is called.</summary>
    public required Func<Settlements.StatementLine, CatalogItem> CommitmentOf { get; init; }

    /// <summary>The public price of a unit of the contract's currency, in US dollars; null: as the contract has it.</summary>
    public decimal? ListUsdPerUnit { get; init; }
}
