using System.Globalization;
using System.Text;

namespace Sahab.Tests.Wire;

/// <summary>Random JSON as hostile clients write it: odd white space, escapes where none are needed, deep nesting.</summary>
sealed class RandomJson(int seed)
{
    static readonly string[] Words =
        ["", "a", "usage", "error", "finish_reason", "\"", "\\", "é", "雲", "🐪", "\u0001", "data: x", "\n\n", "null", "[DONE]"];

    public Random Random { get; } = new(seed);

    public bool Chance(double probability) => Random.NextDouble() < probability;

    public T OneOf<T>(params ReadOnlySpan<T> items) => items[Random.Next(items.Length)];

    public string Space() => Chance(0.8) ? "" : OneOf(" ", "\n", "\t", "\r\n", "  ");

    public string Text()
    {
        var text = new StringBuilder();
        int parts = Random.Next(4);
        for (var i = 0; i < parts; i++)
        {
            text.Append(OneOf(Words));
        }

        return text.ToString();
    }

    public string String(string text)
    {
        var json = new StringBuilder("\"");
        double escaping = OneOf(0, 0, 0.1, 1);
        var escaped = false;
        foreach (char letter in text)
        {
            // Both halves of a pair are written the same way, or the text is no longer Unicode.
            escaped = letter is '"' or '\\' or < ' ' || (char.IsLowSurrogate(letter) ? escaped : Chance(escaping));
            if (escaped)
            {
                json.Append(letter switch
                {
                    '\n' when Chance(0.5) => "\\n",
                    '"' when Chance(0.5) => "\\\"",
                    '\\' when Chance(0.5) => "\\\\",
                    '/' => "\\/",
                    _ => "\\u" + ((int)letter).ToString(Chance(0.5) ? "x4" : "X4", CultureInfo.InvariantCulture),
                });
            }
            else
            {
                json.Append(letter);
            }
        }

        return json.Append('"').ToString();
    }

    public string Number() =>
        OneOf("0", "-0", "1", "42", "-7", "1.5", "0.0", "1e3", "2E-2", "-3.25e+1", "99999999999999999999", "123456789");

    public string Value(int depth = 3) => Random.Next(depth > 0 ? 8 : 6) switch
    {
        0 => "null",
        1 => "true",
        2 => "false",
        3 => Number(),
        4 or 5 => String(Text()),
        6 => Array(Enumerable.Range(0, Random.Next(4)).Select(_ => Value(depth - 1))),
        _ => Object(Enumerable.Range(0, Random.Next(4)).Select(i => (Text() + i, Value(depth - 1)))),
    };

    public string Array(IEnumerable<string> elements) =>
        $"{Space()}[{Space()}{string.Join(",", elements.Select(element => Space() + element + Space()))}]{Space()}";

    public string Object(IEnumerable<(string Name, string Value)> members) =>
        $"{Space()}{{{Space()}{string.Join(",", members.Select(Member))}}}{Space()}";

    /// <summary>Breaks a text somewhere: changes, drops, doubles or cuts a few bytes.</summary>
    public byte[] Break(ReadOnlySpan<byte> text)
    {
        var bytes = new List<byte>(text.ToArray());
        int times = Random.Next(1, 4);
        for (var i = 0; i < times && bytes.Count > 0; i++)
        {
            int at = Random.Next(bytes.Count);
            switch (Random.Next(6))
            {
                case 0:
                    bytes[at] = (byte)Random.Next(256);
                    break;
                case 1:
                    bytes.RemoveAt(at);
                    break;
                case 2:
                    bytes.Insert(at, OneOf("\"\\{}[],:0123456789eE+-.tfn \n\r\u0000"u8));
                    break;
                case 3:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                case 4:
                    bytes.InsertRange(at, bytes.GetRange(at, Math.Min(bytes.Count - at, Random.Next(8))));
                    break;
                default:
                    bytes[at] = OneOf("\"\\{}[],:019eE+-.tfn \n\r"u8);
                    break;
            }
        }

        return [.. bytes];
    }

    string Member((string Name, string Value) member) =>
        $"{Space()}{String(member.Name)}{Space()}:{Space()}{member.Value}{Space()}";
}
