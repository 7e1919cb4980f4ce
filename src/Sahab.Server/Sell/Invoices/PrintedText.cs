using System.Globalization;
using System.Text;

namespace Sahab.Server.Sell.Invoices;

/// <summary>A character as it is printed, and what was written for it.</summary>
internal readonly record struct PrintedCharacter(int Character, string Written);

/// <summary>
/// A text as its characters stand on paper, from left to right: Arabic letters in the forms in which they join, and what is
/// written from right to left the other way about. That is the part of the Unicode bidirectional algorithm that names and
/// addresses need: no embeddings, no isolates.
/// </summary>
internal static class PrintedText
{
    /// <summary>
    /// What stands for a letter that is printed as part of the one before. A form that was written as two letters would be read
    /// back the wrong way about by some programs; so each has something of its own on paper, this one without any width.
    /// </summary>
    public const int Nothing = 0xfdd0;

    const char Lam = '\u0644';

    /// <summary>
    /// The letters that join, and the first of their forms: by itself, at the end, and, of those that join on both sides, at the
    /// beginning and in the middle.
    /// </summary>
    static readonly Dictionary<char, (int Form, bool Both)> Joining = MakeJoining();

    static readonly Dictionary<char, int> LamAlef = new()
    {
        ['\u0622'] = 0xfef5,
        ['\u0623'] = 0xfef7,
        ['\u0625'] = 0xfef9,
        ['\u0627'] = 0xfefb,
    };

    enum Way
    {
        Left,
        Right,
        Number,
        Neutral,
        Mark,
    }

    /// <summary>The characters in the order of paper.</summary>
    public static List<PrintedCharacter> Of(string text)
    {
        if (!text.EnumerateRunes().Any(rune => WayOf(rune) == Way.Right))
        {
            return [.. text.EnumerateRunes().Select(rune => new PrintedCharacter(rune.Value, rune.ToString()))];
        }

        var shaped = Shaped([.. text.EnumerateRunes()]);
        var levels = LevelsOf(shaped);
        for (var i = 0; i < shaped.Count; i++)
        {
            if (levels[i] % 2 == 1)
            {
                shaped[i] = shaped[i] with { Character = Mirrored(shaped[i].Character) };
            }
        }

        return Reordered(shaped, levels);
    }

    static List<PrintedCharacter> Shaped(List<Rune> runes)
    {
        var shaped = new List<PrintedCharacter>();
        for (var i = 0; i < runes.Count; i++)
        {
            var rune = runes[i];
            if (!rune.IsBmp || !Joining.TryGetValue((char)rune.Value, out var letter))
            {
                shaped.Add(new PrintedCharacter(rune.Value, rune.ToString()));
                continue;
            }

            var before = JoinsOn(Neighbour(runes, i, -1));
            if (rune.Value == Lam && i + 1 < runes.Count && runes[i + 1].IsBmp
                && LamAlef.TryGetValue((char)runes[i + 1].Value, out var both))
            {
                shaped.Add(new PrintedCharacter(both + (before ? 1 : 0), rune.ToString()));
                shaped.Add(new PrintedCharacter(Nothing, runes[i + 1].ToString()));
                i++;
                continue;
            }

            var after = letter.Both && Neighbour(runes, i, 1) is { } next
                && (next == '\u0640' || Joining.ContainsKey(next)) && next != '\u0621';
            var form = letter.Form + ((before && letter.Form != 0xfe80 ? 1 : 0) + (after ? 2 : 0));
            shaped.Add(new PrintedCharacter(form, rune.ToString()));
        }

        return shaped;
    }

    /// <summary>The next letter on a side, marks passed over; null: there is none that could be joined to.</summary>
    static char? Neighbour(List<Rune> runes, int index, int step)
    {
        for (var i = index + step; i >= 0 && i < runes.Count; i += step)
        {
            if (WayOf(runes[i]) != Way.Mark)
            {
                return runes[i].IsBmp ? (char)runes[i].Value : null;
            }
        }

        return null;
    }

    /// <summary>Whether the letter before joins to what follows it.</summary>
    static bool JoinsOn(char? before) =>
        before == '\u0640' || (before is { } letter && Joining.TryGetValue(letter, out var known) && known.Both);

    /// <summary>Even: from left to right; odd: from right to left.</summary>
    static int[] LevelsOf(List<PrintedCharacter> text)
    {
        var ways = text.ConvertAll(each => WayOf(new Rune(each.Character)));
        var whole = ways.First(way => way is Way.Left or Way.Right) == Way.Right ? 1 : 0;
        var last = whole == 1 ? Way.Right : Way.Left;
        for (var i = 0; i < ways.Count; i++)
        {
            var between = ways[i] == Way.Neutral && i > 0 && i + 1 < ways.Count && ways[i - 1] == Way.Number
                && ways[i + 1] == Way.Number && ".,:/-".Contains((char)text[i].Character, StringComparison.Ordinal);
            ways[i] = ways[i] == Way.Mark && i > 0 ? ways[i - 1] : between ? Way.Number : ways[i];
        }

        var levels = new int[ways.Count];
        for (var i = 0; i < ways.Count; i++)
        {
            if (ways[i] is Way.Left or Way.Right)
            {
                last = ways[i];
            }

            var way = ways[i] is Way.Neutral or Way.Mark
                ? last == NextOf(ways, i, whole) ? last : whole == 1 ? Way.Right : Way.Left
                : ways[i] == Way.Number && last == Way.Left ? Way.Left : ways[i];
            levels[i] = way switch { Way.Right => 1, Way.Number => 2, _ => whole == 1 ? 2 : 0 };
        }

        return levels;
    }

    /// <summary>Which way what follows goes; numbers go with what is before them, and that is asked of right to left.</summary>
    static Way NextOf(List<Way> ways, int index, int whole)
    {
        for (var i = index + 1; i < ways.Count; i++)
        {
            if (ways[i] is Way.Left or Way.Right)
            {
                return ways[i];
            }

            if (ways[i] == Way.Number)
            {
                return Way.Right;
            }
        }

        return whole == 1 ? Way.Right : Way.Left;
    }

    /// <summary>What has the highest level is turned about first. Marks stay behind their letter.</summary>
    static List<PrintedCharacter> Reordered(List<PrintedCharacter> text, int[] levels)
    {
        var order = Enumerable.Range(0, text.Count).ToList();
        for (var level = levels.Max(); level >= 1; level--)
        {
            for (var from = 0; from < order.Count; from++)
            {
                var until = from;
                while (until < order.Count && levels[order[until]] >= level)
                {
                    until++;
                }

                if (until > from)
                {
                    order.Reverse(from, until - from);
                    from = until - 1;
                }
            }
        }

        var printed = new List<PrintedCharacter>();
        var marks = new List<PrintedCharacter>();
        foreach (var index in order)
        {
            var each = text[index];
            if (levels[index] % 2 == 1 && WayOf(new Rune(each.Character)) == Way.Mark)
            {
                marks.Insert(0, each);
                continue;
            }

            printed.Add(each);
            printed.AddRange(marks);
            marks.Clear();
        }

        printed.AddRange(marks);
        return printed;
    }

    static Way WayOf(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark => Way.Mark,
        UnicodeCategory.DecimalDigitNumber => Way.Number,
        _ when rune.Value is (>= 0x590 and <= 0x8ff) or (>= 0xfb1d and <= 0xfdff) or (>= 0xfe70 and <= 0xfefc) =>
            Rune.IsLetter(rune) || rune.Value is 0x640 or Nothing ? Way.Right : Way.Neutral,
        _ => Rune.IsLetter(rune) ? Way.Left : Way.Neutral,
    };

    static int Mirrored(int character) => character switch
    {
        '(' => ')',
        ')' => '(',
        '[' => ']',
        ']' => '[',
        '<' => '>',
        '>' => '<',
        '{' => '}',
        '}' => '{',
        '\u00ab' => '\u00bb',
        '\u00bb' => '\u00ab',
        _ => character,
    };

    static Dictionary<char, (int Form, bool Both)> MakeJoining()
    {
        // In the order of their forms, which follow each other from U+FE80 on.
        const string Letters = "\u0621\u0622\u0623\u0624\u0625\u0626\u0627\u0628\u0629\u062a\u062b\u062c\u062d\u062e\u062f\u0630"
            + "\u0631\u0632\u0633\u0634\u0635\u0636\u0637\u0638\u0639\u063a\u0641\u0642\u0643\u0644\u0645\u0646\u0647\u0648\u0649\u064a";
        const string OnOneSide = "\u0622\u0623\u0624\u0625\u0627\u0629\u062f\u0630\u0631\u0632\u0648\u0649";
        var joining = new Dictionary<char, (int, bool)>();
        var form = 0xfe80;
        foreach (var letter in Letters)
        {
            var both = letter != '\u0621' && !OnOneSide.Contains(letter, StringComparison.Ordinal);
            joining[letter] = (form, both);
            form += letter == '\u0621' ? 1 : both ? 4 : 2;
        }

        // Of Persian and Urdu.
        (char Letter, int Form, bool Both)[] others =
        [
            ('\u0679', 0xfb66, true), ('\u067e', 0xfb56, true), ('\u0686', 0xfb7a, true), ('\u0688', 0xfb88, false),
            ('\u0691', 0xfb8c, false), ('\u0698', 0xfb8a, false), ('\u06a4', 0xfb6a, true), ('\u06a9', 0xfb8e, true),
            ('\u06af', 0xfb92, true), ('\u06ba', 0xfb9e, false), ('\u06be', 0xfbaa, true), ('\u06c1', 0xfba6, true),
            ('\u06cc', 0xfbfc, true), ('\u06d2', 0xfbae, false),
        ];
        foreach (var (letter, first, both) in others)
        {
            joining[letter] = (first, both);
        }

        return joining;
    }
}
