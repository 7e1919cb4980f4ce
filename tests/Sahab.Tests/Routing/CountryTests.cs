using Sahab.Routing.Requests;

namespace Sahab.Tests.Routing;

public sealed class CountryTests
{
    [Theory]
    [InlineData("NL", "NL")]
    [InlineData("no", "NO")]
    [InlineData("Zz", "ZZ")]
    [InlineData("aA", "AA")]
    public void Two_letters_are_a_country(string text, string shown)
    {
        CountryCode.TryParse(text, null, out var code).ShouldBeTrue();
        code.ToString().ShouldBe(shown);
        code.ShouldBe(CountryCode.Parse(shown));
    }

    [Theory]
    [InlineData("")]
    [InlineData("N")]
    [InlineData("NLD")]
    [InlineData("N1")]
    [InlineData("[[")]
    [InlineData("éé")]
    public void Anything_else_is_not(string text)
    {
        CountryCode.TryParse(text, null, out var code).ShouldBeFalse();
        code.IsKnown.ShouldBeFalse();
        Should.Throw<FormatException>(() => CountryCode.Parse(text));
    }

    [Fact]
    public void A_set_holds_its_codes_and_no_other()
    {
        var set = CountrySet.FromCodes([CountryCode.Parse("NL"), CountryCode.Parse("NO")]);
        var held = new List<string>();
        for (var first = 'A'; first <= 'Z'; first++)
        {
            for (var second = 'A'; second <= 'Z'; second++)
            {
                var code = CountryCode.Parse(new string([first, second]));
                CountrySet.All.Contains(code).ShouldBeTrue();
                if (set.Contains(code))
                {
                    held.Add(code.ToString());
                }
            }
        }

        held.ShouldBe(["NL", "NO"]);
        set.ToString().ShouldBe("NL,NO");
    }

    [Fact]
    public void A_place_of_unknown_country_is_in_no_set_but_all()
    {
        CountrySet.FromCodes([CountryCode.Parse("AA")]).Contains(default).ShouldBeFalse();
        CountrySet.All.Contains(default).ShouldBeTrue();
        Should.Throw<ArgumentException>(() => CountrySet.FromCodes([default]));
    }

    [Theory]
    [InlineData("*", "*", "*")]
    [InlineData("*", "NL,NO", "NL,NO")]
    [InlineData("NL,NO", "*", "NL,NO")]
    [InlineData("NL,NO", "NO,US", "NO")]
    [InlineData("NL", "US", "")]
    [InlineData("", "*", "")]
    public void What_two_sets_share_is_in_both(string one, string other, string shared) =>
        CountrySet.Parse(one).And(CountrySet.Parse(other)).ToString().ShouldBe(shared);

    [Theory]
    [InlineData("N")]
    [InlineData("NO;NL")]
    [InlineData("NO,*")]
    public void A_text_that_is_no_set_is_refused(string text) =>
        Should.Throw<FormatException>(() => CountrySet.Parse(text));
}
