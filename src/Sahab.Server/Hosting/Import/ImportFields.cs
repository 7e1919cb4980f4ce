using System.Globalization;
using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Hosting.Import;

/// <summary>
/// A map of the other gateway's file. Every key that is read is marked as such, so that what is left over can be told
/// line by line.
/// </summary>
internal sealed class ImportFields(MapNode? map, string path, List<ImportNote> notes)
{
    readonly HashSet<string> _read = new(StringComparer.Ordinal);

    public string PathOf(string key) => path.Length == 0 ? key : $"{path}.{key}";

    public int LineOf(string key) => Entry(key)?.Key.Line ?? 0;

    public bool Has(string key) => Entry(key) is { Value: not ScalarNode { IsNull: true } };

    public void Note(string key, ImportVerdict verdict, string text)
    {
        _read.Add(key);
        notes.Add(new ImportNote(LineOf(key), PathOf(key), verdict, text));
    }

    public string? Text(string key)
    {
        _read.Add(key);
        return Entry(key)?.Value is ScalarNode { IsNull: false } scalar ? scalar.Text : null;
    }

    /// <summary>A number; where it is none, that is noted.</summary>
    public decimal? Number(string key)
    {
        if (Text(key) is not { } text)
        {
            return null;
        }

        if (decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number >= 0)
        {
            return number;
        }

        Note(key, ImportVerdict.Manual, $"{TextForms.Quote(text)} is not a number; left out");
        return null;
    }

    public bool? Flag(string key) => Text(key)?.ToLowerInvariant() switch
    {
        "true" or "yes" or "on" => true,
        "false" or "no" or "off" => false,
        _ => null,
    };

    public ImportFields Map(string key)
    {
        _read.Add(key);
        return new ImportFields(Entry(key)?.Value as MapNode, PathOf(key), notes);
    }

    public IEnumerable<(ImportFields Fields, int Line)> Maps(string key)
    {
        _read.Add(key);
        var items = Entry(key)?.Value is ListNode list ? list.Items : [];
        for (var index = 0; index < items.Length; index++)
        {
            yield return (new ImportFields(items[index] as MapNode, $"{PathOf(key)}[{index}]", notes), items[index].Line);
        }
    }

    public IEnumerable<string> Keys => map is null ? [] : map.Entries.Select(entry => entry.Key.Text);

    /// <summary>Tells of every key that nobody has read.</summary>
    public void NoteTheRest(ImportVerdict verdict, string text)
    {
        foreach (var key in Keys.Where(key => !_read.Contains(key)).ToArray())
        {
            Note(key, verdict, text);
        }
    }

    MapEntry? Entry(string key)
    {
        foreach (var entry in map?.Entries ?? [])
        {
            if (entry.Key.Text == key)
            {
                return entry;
            }
        }

        return null;
    }
}
