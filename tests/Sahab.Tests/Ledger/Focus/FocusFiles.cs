using Sahab.Ledger.Focus;

namespace Sahab.Tests.Ledger.Focus;

/// <summary>The specification's own files.</summary>
internal static class FocusFiles
{
    const string Folder = "tests/Sahab.Tests/Ledger/Focus/";

    public static IEnumerable<string> Examples => In("examples");

    public static IEnumerable<string> In(string folder) => House.Repository.Files
        .Where(file => file.StartsWith($"{Folder}{folder}/", StringComparison.Ordinal))
        .Select(file => file[Folder.Length..]);

    public static FocusTable Read(string name)
    {
        var lines = House.Repository.Read(Folder + name).Split('\n', StringSplitOptions.TrimEntries)
            .Where(line => line.Length > 0).Select(Fields).ToList();
        // Two of the examples write the "Id" of this name in small letters.
        var table = new FocusTable([.. lines[0].Select(name => name == "SkuPriceid" ? "SkuPriceId" : name.TrimStart('\uFEFF'))]);
        foreach (var line in lines.Skip(1))
        {
            table.Add(line);
        }

        return table;
    }

    /// <summary>They quote where a value has commas, and double the marks within; no value has a line's end.</summary>
    static string[] Fields(string line)
    {
        var fields = new List<string> { "" };
        var (quoted, last) = (false, '\0');
        foreach (var sign in line)
        {
            if (sign == '"')
            {
                quoted = !quoted;
                fields[^1] += quoted && last == '"' ? "\"" : "";
            }
            else if (sign == ',' && !quoted)
            {
                fields.Add("");
            }
            else
            {
                fields[^1] += sign;
            }

            last = sign;
        }

        return [.. fields];
    }
}
