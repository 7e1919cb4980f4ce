namespace Sahab.Server.Hosting.Configuration;

/// <summary>Guesses what a mistyped name was meant to be.</summary>
internal static class Suggestions
{
    const int LongestName = 128;

    /// <summary>The nearest of the names if it is near enough to be a slip of the finger, else null.</summary>
    public static string? Nearest(string written, IEnumerable<string> names)
    {
        if (written.Length is 0 or > LongestName)
        {
            return null;
        }

        string? best = null;
        var bestDistance = Math.Max(1, written.Length / 3) + 1;
        foreach (var name in names)
        {
            if (name.Length > LongestName)
            {
                continue;
            }

            var distance = Distance(written.ToLowerInvariant(), name.ToLowerInvariant());
            if (distance < bestDistance)
            {
                (best, bestDistance) = (name, distance);
            }
        }

        return best;
    }

    /// <summary>A sentence such as <c>Did you mean azure? Known: azure, google</c>.</summary>
    public static string Sentence(string written, IReadOnlyCollection<string> names, string known)
    {
        var nearest = Nearest(written, names);
        var list = List(names);
        return (nearest, list) switch
        {
            (null, "") => $"There are no {known}",
            (null, _) => $"The {known}: {list}",
            _ => $"Did you mean {nearest}? The {known}: {list}",
        };
    }

    /// <summary>The first names, and how many more there are.</summary>
    public static string List(IReadOnlyCollection<string> names, int atMost = 12) =>
        names.Count <= atMost
            ? string.Join(", ", names)
            : $"{string.Join(", ", names.Take(atMost))} and {names.Count - atMost} more";

    /// <summary>Edits (insert, delete, replace, swap two neighbours) that turn one text into the other.</summary>
    static int Distance(string from, string to)
    {
        var beforeLast = new int[to.Length + 1];
        var last = Enumerable.Range(0, to.Length + 1).ToArray();
        var current = new int[to.Length + 1];
        for (var i = 1; i <= from.Length; i++)
        {
            current[0] = i;
            for (var j = 1; j <= to.Length; j++)
            {
                var replace = last[j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
                current[j] = Math.Min(replace, Math.Min(last[j], current[j - 1]) + 1);
                if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
                {
                    current[j] = Math.Min(current[j], beforeLast[j - 2] + 1);
                }
            }

            (beforeLast, last, current) = (last, current, beforeLast);
        }

        return last[to.Length];
    }
}
