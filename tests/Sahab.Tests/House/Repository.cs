using System.Diagnostics;

namespace Sahab.Tests.House;

/// <summary>The files of this repository: those that git knows, and those that it would add.</summary>
static class Repository
{
    static readonly string[] TextEndings =
    [
        ".cs", ".razor", ".csproj", ".props", ".targets", ".slnx", ".json", ".yaml", ".yml", ".md", ".sh", ".txt",
        ".css", ".html", ".js", ".mjs", ".ts", ".sql", ".config", ".py", ".editorconfig", ".gitignore",
    ];

    public static string Root { get; } = FindRoot();

    /// <summary>Paths from the root, with forward slashes.</summary>
    public static IReadOnlyList<string> Files { get; } = List();

    /// <summary>Files that people write and read. Libraries kept as they were distributed are not ours to judge.</summary>
    public static IEnumerable<string> TextFiles => Files.Where(file =>
        !IsDistributed(file) && (TextEndings.Contains(Path.GetExtension(file)) || !Path.HasExtension(file)));

    public static IEnumerable<string> CodeFiles => Files.Where(file =>
        !IsDistributed(file) && Path.GetExtension(file) is ".cs" or ".razor");

    public static bool Exists(string path) =>
        File.Exists(Path.Combine(Root, path)) || Directory.Exists(Path.Combine(Root, path));

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    public static string[] ReadLines(string path) => File.ReadAllLines(Path.Combine(Root, path));

    static bool IsDistributed(string file) =>
        file.Contains("/wwwroot/lib/", StringComparison.Ordinal) || file.Contains(".min.", StringComparison.Ordinal);

    static string FindRoot()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "Sahab.slnx")))
            {
                return folder;
            }
        }

        throw new InvalidOperationException("the tests do not run inside the repository");
    }

    static List<string> List()
    {
        using var git = Process.Start(new ProcessStartInfo(
            "git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        {
            WorkingDirectory = Root,
            RedirectStandardOutput = true,
        })!;
        var output = git.StandardOutput.ReadToEnd();
        git.WaitForExit();
        git.ExitCode.ShouldBe(0);
        return [.. output.Split('\0', StringSplitOptions.RemoveEmptyEntries).Where(Exists).Distinct()];
    }
}
