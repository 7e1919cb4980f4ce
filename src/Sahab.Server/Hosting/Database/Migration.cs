using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Sahab.Server.Hosting.Database;

/// <summary>One numbered step of the schema. Once released it is never edited: the next step corrects it.</summary>
internal sealed record Migration(int Number, string Name, string Sql)
{
    const string Prefix = "migrations/";

    /// <summary>All steps that this program knows, in order.</summary>
    public static IReadOnlyList<Migration> All { get; } = Load();

    public string Checksum { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Sql)));

    static List<Migration> Load()
    {
        var assembly = typeof(Migration).Assembly;
        var migrations = new List<Migration>();
        foreach (var resource in assembly.GetManifestResourceNames().Order(StringComparer.Ordinal))
        {
            if (!resource.StartsWith(Prefix, StringComparison.Ordinal))
            {
                continue;
            }

            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!, Encoding.UTF8);
            var name = resource[Prefix.Length..^".sql".Length];
            var number = int.Parse(name.AsSpan(0, 4), NumberStyles.None, CultureInfo.InvariantCulture);
            migrations.Add(new Migration(number, name, reader.ReadToEnd().ReplaceLineEndings("\n")));
        }

        return migrations;
    }
}
