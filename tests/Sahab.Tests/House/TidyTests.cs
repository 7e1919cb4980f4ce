using System.Text.RegularExpressions;

namespace Sahab.Tests.House;

/// <summary>What must not lie about.</summary>
public partial class TidyTests
{
    const string ThisFile = "tests/Sahab.Tests/House/TidyTests.cs";

    [Fact]
    public void No_file_names_a_path_of_some_machine() => LinesWith(MachinePath()).ShouldBeEmpty();

    [Fact]
    public void No_file_names_the_host_of_a_package_registry() => LinesWith(Registry()).ShouldBeEmpty();

    [Fact]
    public void Nothing_is_left_for_later() => LinesWith(LeftForLater()).ShouldBeEmpty();

    [Fact]
    public void No_file_holds_what_a_merge_left() => LinesWith(MergeMark()).ShouldBeEmpty();

    [Theory]
    [InlineData("cd /" + "work/x", true)]
    [InlineData("\"/" + "home/me\"", true)]
    [InlineData("https://example.com/" + "home/", false)]
    [InlineData("samples/" + "work/", false)]
    public void A_machine_path_is_known_when_it_is_seen(string line, bool isOne) =>
        MachinePath().IsMatch(line).ShouldBe(isOne);

    [Fact]
    public void No_loop_ends_because_something_else_gave_up_waiting() =>
        // A time-out is an OperationCanceledException too. What is passed on is only what the loop's own token asks for.
        LinesWith(AnyCancellation()).Where(line => line.StartsWith("src/", StringComparison.Ordinal)).ShouldBeEmpty();

    [Fact]
    public void No_file_is_larger_than_it_should_be()
    {
        // Traces and distributed libraries are the only large things that belong here.
        const int most = 1_500_000;
        Repository.Files
            .Select(file => (file, new FileInfo(Path.Combine(Repository.Root, file)).Length))
            .Where(file => file.Length > most)
            .ShouldBeEmpty();
    }

    static IEnumerable<string> LinesWith(Regex pattern) => Repository.TextFiles
        .Where(file => file != ThisFile && file != "LICENSE")
        .SelectMany(file => Repository.ReadLines(file)
            .Select((line, index) => (line, Place: $"{file}:{index + 1}"))
            .Where(line => pattern.IsMatch(line.line))
            .Select(line => $"{line.Place}: {line.line.Trim()}"));

    [GeneratedRegex(@"(?<![\w.}])/(work|root|home)/")]
    private static partial Regex MachinePath();

    [GeneratedRegex(@"https?://[^/\s""'<>]*(registry|nuget|npmjs|pypi|artifact|goproxy|mirror)[^/\s""'<>]*", RegexOptions.IgnoreCase)]
    private static partial Regex Registry();

    [GeneratedRegex(@"\bwhen \(\w+ is not (OperationCanceled|TaskCanceled)Exception\)")]
    private static partial Regex AnyCancellation();

    [GeneratedRegex(@"^(<{7}|>{7}) \S")]
    private static partial Regex MergeMark();

    [GeneratedRegex(@"\b(TODO|FIXME|HACK|XXX)\b")]
    private static partial Regex LeftForLater();
}
