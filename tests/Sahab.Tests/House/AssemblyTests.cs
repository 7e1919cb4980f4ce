using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Sahab.Tests.House;

/// <summary>Which assembly may use what. Pure things are assemblies, so that the compiler can keep them pure.</summary>
public partial class AssemblyTests
{
    static readonly Dictionary<string, string[]> AllowedReferences = new()
    {
        ["Sahab.Ledger"] = [],
        ["Sahab.Wire"] = [],
        ["Sahab.Routing"] = ["Sahab.Ledger"],
        ["Sahab.Planning"] = ["Sahab.Ledger", "Sahab.Routing"],
        ["Sahab.Server"] = ["Sahab.Ledger", "Sahab.Planning", "Sahab.Routing", "Sahab.Wire"],
        ["Sahab.Emulator"] = ["Sahab.Wire"],
    };

    /// <summary>These have neither packages nor frameworks, and touch neither files, nor sockets, nor clocks.</summary>
    static readonly string[] Pure = ["Sahab.Ledger", "Sahab.Routing", "Sahab.Wire"];

    [Fact]
    public void An_assembly_refers_only_to_those_below_it()
    {
        var projects = ProjectsOf("src");
        projects.Count.ShouldBeGreaterThanOrEqualTo(5);
        foreach (var (name, project) in projects)
        {
            AllowedReferences.ShouldContainKey(name, $"say in {nameof(AllowedReferences)} what {name} may refer to");
            ReferencesOf(project).Except(AllowedReferences[name]).ShouldBeEmpty($"{name} refers too far");
        }
    }

    [Fact]
    public void The_pure_assemblies_have_no_packages_and_no_framework()
    {
        foreach (var (name, project) in ProjectsOf("src").Where(pair => Pure.Contains(pair.Key)))
        {
            project.Root!.Attribute("Sdk")!.Value.ShouldBe("Microsoft.NET.Sdk", name);
            project.Descendants("PackageReference").ShouldBeEmpty(name);
            project.Descendants("FrameworkReference").ShouldBeEmpty(name);
        }
    }

    [Fact]
    public void The_pure_assemblies_touch_no_files_no_sockets_and_no_clock()
    {
        var code = Repository.CodeFiles.Where(file => Pure.Any(name => file.StartsWith($"src/{name}/", StringComparison.Ordinal)));
        var touches = code.SelectMany(file => Repository.ReadLines(file)
            .Select((line, index) => (Line: CodeOf(line), Place: $"{file}:{index + 1}"))
            .Where(line => Impure().IsMatch(line.Line))
            .Select(line => $"{line.Place}: {line.Line.Trim()}"));

        touches.ShouldBeEmpty();
    }

    [Fact]
    public void The_pure_assemblies_are_synchronous() => Repository.CodeFiles
        .Where(file => Pure.Any(name => file.StartsWith($"src/{name}/", StringComparison.Ordinal)))
        .Where(file => Repository.ReadLines(file).Any(line => Asynchronous().IsMatch(CodeOf(line))))
        .ShouldBeEmpty();

    [Fact]
    public void A_file_s_namespace_is_its_folder()
    {
        var wrong = Repository.CodeFiles
            .Where(file => file.StartsWith("src/", StringComparison.Ordinal)
                && file.EndsWith(".cs", StringComparison.Ordinal))
            .Select(file => (File: file, Namespace: Declared(file),
                Folder: Path.GetDirectoryName(file)!["src/".Length..].Replace('/', '.')))
            .Where(file => file.Namespace is not null && file.Namespace != file.Folder)
            .Select(file => $"{file.File}: {file.Namespace}");

        wrong.ShouldBeEmpty();
    }

    static string? Declared(string file)
    {
        var line = Repository.ReadLines(file).FirstOrDefault(line => line.StartsWith("namespace ", StringComparison.Ordinal));
        return line?["namespace ".Length..].TrimEnd(';', ' ');
    }

    static Dictionary<string, XDocument> ProjectsOf(string folder) => Repository.Files
        .Where(file => file.StartsWith($"{folder}/", StringComparison.Ordinal)
            && file.EndsWith(".csproj", StringComparison.Ordinal))
        .ToDictionary(file => Path.GetFileNameWithoutExtension(file), file => XDocument.Parse(Repository.Read(file)));

    static IEnumerable<string> ReferencesOf(XDocument project) => project.Descendants("ProjectReference")
        .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value.Replace('\\', '/')));

    /// <summary>What of a line is code: neither its comment nor its texts.</summary>
    static string CodeOf(string line)
    {
        var code = Literal().Replace(line, "\"\"");
        var start = code.IndexOf("//", StringComparison.Ordinal);
        return start < 0 ? code : code[..start];
    }

    [GeneratedRegex("\"[^\"]*\"")]
    private static partial Regex Literal();

    [GeneratedRegex(@"\b(File|Directory|FileStream|FileInfo|HttpClient|HttpMessageInvoker|Socket|TcpClient|TimeProvider"
        + @"|Stopwatch|DateTime\.(Utc)?Now|TickCount64|HttpContext|Microsoft\.(AspNetCore|Extensions)|Random\.Shared)\b")]
    private static partial Regex Impure();

    [GeneratedRegex(@"\b(async|await|Task|ValueTask|Thread)\b")]
    private static partial Regex Asynchronous();
}
