using System.Globalization;

namespace Sahab.Server.Portal;

/// <summary>One of the groups that a bar is made of.</summary>
/// <param name="Name">What the key says.</param>
/// <param name="Style">The class of its colour, c0 to c7.</param>
/// <param name="Values">A value, at least 0, for each bar.</param>
public sealed record ChartGroup(string Name, string Style, IReadOnlyList<double> Values);

/// <summary>Bars over time, each of the groups one on another, in the units of a drawing of 1000 by 200.</summary>
public sealed class BarChart
{
    public const double Width = 1000;
    public const double Height = 200;

    /// <summary>How much of a bar's place is its own.</summary>
    const double Filled = 0.8;

    public BarChart(IReadOnlyList<ChartGroup> groups)
    {
        Groups = groups;
        Count = groups.Count == 0 ? 0 : groups.Max(group => group.Values.Count);
        Top = CourseChart.Round(Enumerable.Range(0, Count).Select(index => groups.Sum(group => group.Values[index]))
            .DefaultIfEmpty().Max());
    }

    public IReadOnlyList<ChartGroup> Groups { get; }

    /// <summary>How many bars there are.</summary>
    public int Count { get; }

    /// <summary>The highest value of the scale.</summary>
    public double Top { get; }

    /// <summary>The rectangles to draw, as the numbers of an SVG.</summary>
    public IEnumerable<(string X, string Y, string Wide, string High, string Style)> Bars()
    {
        var place = Width / Math.Max(1, Count);
        for (var index = 0; index < Count; index++)
        {
            var below = 0d;
            foreach (var group in Groups.Where(group => group.Values[index] > 0))
            {
                var high = group.Values[index] / Top * Height;
                yield return (
                    Figure((index + ((1 - Filled) / 2)) * place), Figure(Height - below - high), Figure(place * Filled),
                    Figure(high), group.Style);
                below += high;
            }
        }
    }

    static string Figure(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
