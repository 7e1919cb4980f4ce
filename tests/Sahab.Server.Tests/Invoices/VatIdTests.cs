using Sahab.Server.Sell.Invoices;

namespace Sahab.Server.Tests.Invoices;

/// <summary>A VAT id that takes a tax away is at least written as one.</summary>
public sealed class VatIdTests
{
    [Theory]
    [InlineData("DE", "DE123456789", true)]
    [InlineData("DE", "DE 123 456 789", true)]
    [InlineData("DE", "x", false)]
    [InlineData("DE", "FR12345678901", false)]
    [InlineData("DE", "DE12345678", false)]
    [InlineData("GR", "EL123456789", true)]
    [InlineData("GR", "GR123456789", false)]
    [InlineData("NL", "NL123456789B01", true)]
    [InlineData("NO", "123456789MVA", true)]
    [InlineData("GB", "XI123456789", true)]
    [InlineData("IE", "IE1234567WA", true)]
    [InlineData("ES", "ESX1234567X", true)]
    [InlineData("US", "12-3456789", true)]
    public void A_vat_id_fits_its_country(string country, string text, bool fits)
    {
        VatIds.Fits(country, text).ShouldBe(fits);
        (new BillingProfile(Country: country, VatId: text).Fault?.Parameter).ShouldBe(fits ? null : "vat_id");
    }

    [Fact]
    public void A_vat_id_needs_the_country_that_gave_it() =>
        new BillingProfile(VatId: "DE123456789").Fault!.Value.Parameter.ShouldBe("country");
}
