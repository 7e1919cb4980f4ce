using Sahab.Server.Source.Commitments;

namespace Sahab.Server.Tests.Commitments;

public class OutlookWordsTests
{
    [Theory]
    [InlineData("0", "0 $")]
    [InlineData("0.00001", "<0.0001 $")]
    [InlineData("0.0042", "0.0042 $")]
    [InlineData("0.42", "0.420 $")]
    [InlineData("12.34", "12.3 $")]
    [InlineData("999.4", "999 $")]
    [InlineData("1354435.26", "1.35 M$")]
    [InlineData("5000000", "5 M$")]
    [InlineData("999960000", "1 B$")]
    [InlineData("250000000000", "250 B$")]
    [InlineData("-12000", "-12 k$")]
    public void Amounts_have_three_digits_and_what_is_not_nothing_does_not_read_so(string amount, string text) =>
        OutlookWords.Amount(decimal.Parse(amount, System.Globalization.CultureInfo.InvariantCulture), "USD")
            .ShouldBe(text);

    [Fact]
    public void Other_currencies_and_units_are_named()
    {
        OutlookWords.Amount(1_200_000, "EUR").ShouldBe("1.2 M EUR");
        OutlookWords.Amount(12, "GPU-hours").ShouldBe("12 GPU-hours");
    }

    [Theory]
    [InlineData("0", "0 %")]
    [InlineData("0.00000001", "<0.01 %")]
    [InlineData("0.0525", "5.25 %")]
    [InlineData("0.7289", "72.9 %")]
    [InlineData("1.5", "150.0 %")]
    public void Parts_are_in_per_cent(string share, string text) => OutlookWords
        .Percent(decimal.Parse(share, System.Globalization.CultureInfo.InvariantCulture)).ShouldBe(text);
}
