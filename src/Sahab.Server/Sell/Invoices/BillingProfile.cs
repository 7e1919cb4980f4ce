using System.Text.Json.Serialization;

namespace Sahab.Server.Sell.Invoices;

/// <summary>Whom invoices are made out to, and what decides on tax.</summary>
/// <param name="Name">The customer's name, as it stands on invoices.</param>
/// <param name="Address">Its address, line by line.</param>
/// <param name="Country">Its country, ISO 3166-1 alpha-2.</param>
/// <param name="State">Its state or province, where tax depends on it.</param>
/// <param name="VatId">Its VAT id.</param>
/// <param name="Exemption">Why it pays no tax; only the operator says so.</param>
internal sealed record BillingProfile(
    string? Name = null,
    string[]? Address = null,
    string? Country = null,
    string? State = null,
    string? VatId = null,
    string? Exemption = null)
{
    /// <summary>The most lines of an address.</summary>
    public const int MaxAddressLines = 8;

    /// <summary>The longest text of it.</summary>
    public const int MaxText = 200;

    /// <summary>Of an organisation that has said nothing.</summary>
    public static BillingProfile Empty { get; } = new();

    /// <summary>What of it makes no sense, and where; null: nothing.</summary>
    [JsonIgnore]
    public (string Parameter, string Message)? Fault =>
        Country is not null && !Hosting.Configuration.Countries.Contains(Country)
            ? ("country", "The country must be its two capital letters of ISO 3166-1, such as NO or US.")
        : Address?.Length > MaxAddressLines ? ("address", $"An address has at most {MaxAddressLines} lines.")
        : ((string?[]?)Address)?.Any(line => line is null) == true ? ("address", "Each line of an address is a text.")
        : ((string?[])[Name, State, VatId, Exemption, .. Address ?? []]).Any(text =>
            text is not null && (text.Length is 0 or > MaxText || text.Any(char.IsControl)))
            ? ("name", $"Each text has 1 to {MaxText} characters and no control characters.")
        : VatId is not null && Country is null
            ? ("country", "A VAT id needs the country that gave it.")
        : VatId is not null && !VatIds.Fits(Country!, VatId)
            ? ("vat_id", $"That is no VAT id of {Country}. {VatIds.Describe(Country!)}")
        : null;
}
