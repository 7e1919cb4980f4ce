using Sahab.Ledger.Focus;

namespace Sahab.Tests.Ledger.Focus;

/// <summary>The specification's own files, which quote nothing.</summary>
internal static class FocusFiles
{
    const string Folder = "tests/Sahab.Tests/Ledger/Focus/";

    public static IEnumerable<string> Examples => House.Repository.Files
        .Where(file => file.StartsWith(Folder + "examples/", StringComparison.Ordinal))
        .Select(file => file[Folder.Length..]);

    public static FocusTable Read(string name)
    {
        var lines = House.Repository.Read(Folder + name).Split('\n', StringSplitOptions.TrimEntries)
            .Where(line => line.Length > 0).Select(line => line.Split(',')).ToList();
        // Two of the examples write the "Id" of this name in small letters.
        var table = new FocusTable([.. lines[0].Select(name => name == "SkuPriceid" ? "SkuPriceId" : name.TrimStart('\uFEFF'))]);
        foreach (var line in lines.Skip(1))
        {
            table.Add(line);
        }

        return table;
    }
}
