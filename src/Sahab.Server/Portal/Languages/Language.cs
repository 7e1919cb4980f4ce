using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Sahab.Server.Portal.Languages;

/// <summary>
/// What the pages say in one language. A text is known by its English words, so that a page reads as it looks; what a
/// language has no words for is said in English. Figures, times and ids look the same in all languages.
/// </summary>
public sealed partial class Language
{
    const string Prefix = "words/";

    readonly FrozenDictionary<string, string> _words;

    Language(string tag, string name, bool isRightToLeft, FrozenDictionary<string, string> words) =>
        (Tag, Name, IsRightToLeft, _words) = (tag, name, isRightToLeft, words);

    public static Language English { get; } = new("en", "English", false, FrozenDictionary<string, string>.Empty);

    public static Language Arabic { get; } = new("ar", "العربية", true, Load("ar", isRightToLeft: true));

    /// <summary>All languages of the pages.</summary>
    public static IReadOnlyList<Language> All { get; } = [English, Arabic];

    /// <summary>Its tag of BCP 47.</summary>
    public string Tag { get; }

    /// <summary>What it calls itself.</summary>
    public string Name { get; }

    public bool IsRightToLeft { get; }

    /// <summary>The direction of the page, as HTML has it.</summary>
    public string Direction => IsRightToLeft ? "rtl" : "ltr";

    /// <summary>The English texts that it has words for.</summary>
    internal IReadOnlyCollection<string> Known => _words.Keys;

    /// <summary>The text in this language.</summary>
    public string this[string english] => _words.GetValueOrDefault(english, english);

    /// <summary>A text with values in its places <c>{0}</c>, <c>{1}</c> and so on.</summary>
    public string Say(string english, params object?[] values) =>
        string.Format(CultureInfo.InvariantCulture, this[english], values);

    /// <summary>The language of a tag; null: there is none.</summary>
    public static Language? Find(string? tag) => All.FirstOrDefault(language => language.Tag == tag);

    /// <summary>
    /// The first language of a browser's list that there is; English otherwise. Weights are not looked at: browsers list by
    /// them.
    /// </summary>
    public static Language Accepted(string? acceptLanguage)
    {
        foreach (var part in (acceptLanguage ?? "").Split(',', 20))
        {
            var tag = part.Split(';')[0].Split('-')[0].Trim();
            if (All.FirstOrDefault(language => language.Tag.Equals(tag, StringComparison.OrdinalIgnoreCase)) is { } found)
            {
                return found;
            }
        }

        return English;
    }

    /// <summary>
    /// The words of a language. Right to left, what is said in a place has its own direction: a date would come out backwards.
    /// </summary>
    static FrozenDictionary<string, string> Load(string tag, bool isRightToLeft)
    {
        using var stream = typeof(Language).Assembly.GetManifestResourceStream($"{Prefix}{tag}.json")!;
        return JsonSerializer.Deserialize<Dictionary<string, string>>(stream)!.ToFrozenDictionary(
            pair => pair.Key, pair => isRightToLeft ? Place().Replace(pair.Value, "\u2068$0\u2069") : pair.Value,
            StringComparer.Ordinal);
    }

    [GeneratedRegex(@"\{[0-9][^}]*\}")]
    private static partial Regex Place();
}
