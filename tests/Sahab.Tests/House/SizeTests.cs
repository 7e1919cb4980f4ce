using System.Text.RegularExpressions;

namespace Sahab.Tests.House;

/// <summary>Files and methods that fit into a head.</summary>
public partial class SizeTests
{
    const int LongestFile = 700;
    const int LongestMethod = 70;

    /// <summary>Methods that may be longer, each with its reason.</summary>
    static readonly Dictionary<string, string> LongMethods = [];

    [Fact]
    public void No_file_of_code_has_more_than_700_lines() => Repository.CodeFiles
        .Select(file => (file, Lines: Repository.ReadLines(file).Length))
        .Where(file => file.Lines > LongestFile)
        .ShouldBeEmpty();

    [Fact]
    public void No_method_has_more_than_70_lines_without_a_reason()
    {
        var methods = Repository.CodeFiles
            .Where(file => file.StartsWith("src/", StringComparison.Ordinal)
                && file.EndsWith(".cs", StringComparison.Ordinal))
            .SelectMany(MethodsOf).ToList();
        methods.Count.ShouldBeGreaterThan(100);

        methods.Where(method => method.Lines > LongestMethod && !LongMethods.ContainsKey(method.Name))
            .ShouldBeEmpty();
        LongMethods.Keys.Except(methods.Where(method => method.Lines > LongestMethod).Select(method => method.Name))
            .ShouldBeEmpty("these are not longer any more");
        LongMethods.Values.ShouldAllBe(reason => reason.Length > 20);
    }

    [Fact]
    public void The_measure_of_methods_finds_a_long_one()
    {
        var body = string.Join('\n', Enumerable.Repeat("        x++;", 80));
        string[] lines =
            ["class C", "{", "    int P => 1;", "", "    void Long()", "    {", .. body.Split('\n'), "    }", "}"];

        Measure("C.cs", lines).ShouldBe([("C.cs: void Long()", 83)]);
    }

    [Fact]
    public void Names_say_what_a_type_is() => Repository.CodeFiles
        .Where(file => file.StartsWith("src/", StringComparison.Ordinal))
        .SelectMany(file => VagueName().Matches(Repository.Read(file)).Select(match => $"{file}: {match.Value}"))
        .ShouldBeEmpty();

    [Fact]
    public void There_is_no_folder_for_what_has_no_place() => Repository.Files
        .Where(file => file.Split('/')[..^1].Any(folder =>
            folder is "Common" or "Utils" or "Utilities" or "Helpers" or "Shared" or "Core" or "Misc"))
        .Where(file => !file.Contains("/wwwroot/lib/", StringComparison.Ordinal))
        .ShouldBeEmpty();

    static IEnumerable<(string Name, int Lines)> MethodsOf(string file) => Measure(file, Repository.ReadLines(file));

    /// <summary>
    /// Blocks that stand directly in a type, by the indentation that the formatter guarantees: an opening brace alone
    /// on its line, and the first closing one in the same column.
    /// </summary>
    static IEnumerable<(string Name, int Lines)> Measure(string file, string[] lines)
    {
        for (var i = 1; i < lines.Length; i++)
        {
            if (lines[i].Trim() != "{")
            {
                continue;
            }

            var indent = lines[i].IndexOf('{');
            var start = i - 1;
            while (start > 0 && lines[start].TakeWhile(char.IsWhiteSpace).Count() > indent)
            {
                start--;
            }

            var header = lines[start].Trim();
            var isMethod = header.Contains('(') && !header.Split('(')[0].Contains('=') && !TypeHeader().IsMatch(header);
            if (indent == 0 || !isMethod || !IsInType(lines, start, indent))
            {
                continue;
            }

            var end = Array.FindIndex(lines, i, line => line.StartsWith(new string(' ', indent) + "}", StringComparison.Ordinal));
            yield return ($"{file}: {header}", end - start + 1);
        }
    }

    /// <summary>Whether the block that holds this line is that of a type.</summary>
    static bool IsInType(string[] lines, int line, int indent)
    {
        for (var i = line; i > 0; i--)
        {
            if (lines[i].Trim() == "{" && lines[i].IndexOf('{') == indent - 4)
            {
                var start = i - 1;
                while (start > 0 && (lines[start].Trim().Length == 0
                    || lines[start].TakeWhile(char.IsWhiteSpace).Count() > indent - 4))
                {
                    start--;
                }

                return TypeHeader().IsMatch(lines[start].Trim());
            }
        }

        return false;
    }

    [GeneratedRegex(@"^(\w+ )*(class|struct|record|interface|enum) \w")]
    private static partial Regex TypeHeader();

    [GeneratedRegex(@"\b(class|struct|record|interface) \w*(Manager|Helpers?|Utils?|Utilities|Impl|Base|Dto)\b")]
    private static partial Regex VagueName();
}
