using System.Text.RegularExpressions;

namespace Sahab.Tests.House;

/// <summary>What the documents say of the repository is so.</summary>
public partial class DocumentTests
{
    /// <summary>Files that a path without a folder may name, so that <c>usage.json</c> of some text is not taken for one.</summary>
    static readonly string[] RootFolders =
        ["src", "tests", "bench", "docs", "samples", "schemas", "eng", ".ci"];

    [Fact]
    public void Every_path_that_a_document_names_exists()
    {
        var missing = Repository.Files.Where(file => file.EndsWith(".md", StringComparison.Ordinal))
            .SelectMany(document => PathsIn(document, Repository.Read(document))
                .Where(path => !Repository.Exists(path))
                .Select(path => $"{document}: {path}"));

        missing.ShouldBeEmpty();
    }

    [Fact]
    public void A_path_is_known_when_it_is_seen()
    {
        const string text = """
            See `src/Sahab.Server/Hosting`, `LICENSE`, `docs/none.md`, [this](../LICENSE), [that](configuration.md#secrets),
            `a/b`, `./sahab check FILE`, `src/<Room>/X`, [web](https://example.com/a), `tests/*`, `Sahab.Ledger`.
            """;

        PathsIn("docs/some.md", text).ShouldBe(
            ["LICENSE", "docs/configuration.md", "src/Sahab.Server/Hosting", "LICENSE", "docs/none.md"]);
    }

    [Fact]
    public void The_architecture_names_every_project()
    {
        var text = Repository.Read("ARCHITECTURE.md");

        Repository.Files.Where(file => file.EndsWith(".csproj", StringComparison.Ordinal))
            .Select(file => Path.GetDirectoryName(file)!.Replace('\\', '/'))
            .Where(folder => !text.Contains($"`{folder}`", StringComparison.Ordinal))
            .ShouldBeEmpty("ARCHITECTURE.md should say what these are for");
    }

    [Fact]
    public void The_licence_is_there_and_whole()
    {
        var licence = Repository.Read("LICENSE");

        licence.ShouldContain("Apache License");
        licence.ShouldContain("Version 2.0, January 2004");
        licence.ShouldContain("END OF TERMS AND CONDITIONS");
        Repository.Read("Directory.Build.props").ShouldContain("<PackageLicenseExpression>Apache-2.0<");
    }

    /// <summary>The repository paths that a document links to or names in backticks.</summary>
    static IEnumerable<string> PathsIn(string document, string text)
    {
        var folder = Path.GetDirectoryName(document)!;
        foreach (Match link in Links().Matches(text))
        {
            var target = link.Groups[1].Value.Split('#')[0];
            if (target.Length > 0 && !target.Contains(':'))
            {
                yield return Path.GetRelativePath(
                    Repository.Root, Path.GetFullPath(Path.Combine(Repository.Root, folder, target))).Replace('\\', '/');
            }
        }

        foreach (Match quoted in Quoted().Matches(text))
        {
            var path = quoted.Groups[1].Value.TrimEnd('/');
            var first = path.Split('/')[0];
            if (path.Contains('/') ? RootFolders.Contains(first) : IsRootFile(path))
            {
                yield return path;
            }
        }
    }

    static bool IsRootFile(string name) => name == "LICENSE"
        || (name.EndsWith(".md", StringComparison.Ordinal) && name == name.ToUpperInvariant().Replace(".MD", ".md", StringComparison.Ordinal))
        || name.EndsWith(".slnx", StringComparison.Ordinal)
        || name.EndsWith(".props", StringComparison.Ordinal);

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Links();

    [GeneratedRegex(@"`([A-Za-z0-9_.][A-Za-z0-9_./-]*)`")]
    private static partial Regex Quoted();
}
