using System.Text.RegularExpressions;
using Sahab.Server.Portal;
using Sahab.Server.Portal.Languages;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Portal;

public sealed partial class LanguageTests
{
    static readonly string[] Sources = Directory.GetFiles(
            Path.Combine(Repository.Root, "src/Sahab.Server/Portal"), "*", SearchOption.AllDirectories)
        .Where(file => file.EndsWith(".razor", StringComparison.Ordinal) || file.EndsWith(".cs", StringComparison.Ordinal))
        .Append(Repository.PathOf("src/Sahab.Server/Source/Commitments/OutlookWords.cs"))
        .Select(File.ReadAllText)
        .ToArray();

    [Fact]
    public void All_that_the_pages_say_has_Arabic_words()
    {
        var said = Sources.SelectMany(source => Said().Matches(source).Select(match => match.Groups[1].Value)).ToHashSet();

        said.Count.ShouldBeGreaterThan(100);
        said.Except(Language.Arabic.Known).ShouldBeEmpty();
    }

    [Fact]
    public void Every_text_has_its_places_for_values_in_Arabic_too()
    {
        foreach (var english in Language.Arabic.Known)
        {
            PlacesOf(Language.Arabic[english]).ShouldBe(PlacesOf(english), english);
        }
    }

    [Fact]
    public void What_is_said_within_Arabic_words_keeps_its_own_direction() =>
        Language.Arabic.Say("From {0} on", "2026-12-23").ShouldContain("\u20682026-12-23\u2069");

    [Theory]
    [InlineData("123.45 USD", "123.45 USD")]
    [InlineData("100000 USD", "100,000 USD")]
    [InlineData("-1234567.123456789", "-1,234,567.123456789")]
    [InlineData("0.000012345", "0.000012345")]
    [InlineData("", "")]
    public void Thousands_are_told_apart(string written, string shown) => Display.Grouped(written).ShouldBe(shown);

    [Theory]
    [InlineData(0, "$0")]
    [InlineData(1_000, "$0.000001")]
    [InlineData(-5_000_000_000, "−$5.0000")]
    [InlineData(12_345_670_000_000, "$12,345.67")]
    [InlineData(-12_345_670_000_000, "−$12,345.67")]
    public void A_minus_sign_stands_before_dollars(long nanoUsd, string shown) => Display.Usd(nanoUsd).ShouldBe(shown);

    [Theory]
    [InlineData(null, "en")]
    [InlineData("", "en")]
    [InlineData("fr-FR,fr;q=0.9", "en")]
    [InlineData("fr, ar-EG;q=0.8, en;q=0.5", "ar")]
    [InlineData("AR", "ar")]
    public void A_browser_gets_the_first_language_of_its_list_that_there_is(string? list, string language) =>
        Language.Accepted(list).Tag.ShouldBe(language);

    [Theory]
    [InlineData("/contracts?a=b#c", "/contracts?a=b#c")]
    [InlineData("//evil.example", "/")]
    [InlineData("/\\evil.example", "/")]
    [InlineData("https://evil.example", "/")]
    [InlineData("/a\r\nSet-Cookie: x", "/")]
    [InlineData(null, "/")]
    public void A_browser_is_never_sent_to_another_site(string? asked, string path) => LocalPath.Of(asked).ShouldBe(path);

    static string[] PlacesOf(string text) =>
        [.. Place().Matches(text).Select(match => match.Value).Distinct().Order(StringComparer.Ordinal)];

    [GeneratedRegex(@"(?:(?:\bW|\bwords)(?:\.Say\(|\[)|\bsay\()\s*\x22([^\x22]+)\x22")]
    private static partial Regex Said();

    [GeneratedRegex(@"\{\d\}")]
    private static partial Regex Place();
}
