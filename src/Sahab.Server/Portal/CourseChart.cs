using System.Globalization;
using System.Text;

namespace Sahab.Server.Portal;

/// <summary>One line of a chart.</summary>
/// <param name="Name">What the key says.</param>
/// <param name="Style">Classes of the line: a colour c0 to c7, or target.</param>
/// <param name="Values">A value for each point; null breaks the line.</param>
public sealed record ChartLine(string Name, string Style, IReadOnlyList<double?> Values);

/// <summary>Lines over time, in the units of a drawing of 1000 by 200.</summary>
public sealed class CourseChart
{
    public const double Width = 1000;
    public const double Height = 200;

    static readonly double[] Steps = [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10];

    readonly IReadOnlyList<double> _hours;

    /// <param name="hours">When each point is, rising.</param>
    /// <param name="lines">The lines.</param>
    /// <param name="top">The highest value of the scale; null: a round one above all values.</param>
    public CourseChart(IReadOnlyList<double> hours, IReadOnlyList<ChartLine> lines, double? top = null)
    {
        (_hours, Lines) = (hours, lines);
        Top = top ?? Round(lines.SelectMany(line => line.Values).Max() ?? 0);
    }

    public IReadOnlyList<ChartLine> Lines { get; }

    public double Top { get; }

    public double LastHour => _hours.Count == 0 ? 0 : _hours[^1];

    /// <summary>A line's path. It breaks where nothing is told, and where what adds up begins anew.</summary>
    public string PathOf(ChartLine line)
    {
        var path = new StringBuilder();
        var isOpen = false;
        for (var i = 0; i < _hours.Count; i++)
        {
            if (line.Values[i] is not { } value)
            {
                isOpen = false;
                continue;
            }

            path.Append(isOpen ? 'L' : 'M').Append(Figure(XOf(_hours[i]))).Append(' ').Append(Figure(YOf(value)));
            isOpen = true;
        }

        return path.ToString();
    }

    double XOf(double hour) => LastHour == 0 ? 0 : hour / LastHour * Width;

    double YOf(double value) => Height - (Top == 0 ? 0 : Math.Clamp(value / Top, 0, 1) * Height);

    /// <summary>A round value at or a little above the highest.</summary>
    internal static double Round(double highest)
    {
        if (!(highest > 0))
        {
            return 1;
        }

        var power = Math.Pow(10, Math.Floor(Math.Log10(highest)));
        return Steps.First(step => step * power >= highest * 0.999_999) * power;
    }

    static string Figure(double value) => value.ToString("0.#", CultureInfo.InvariantCulture);
}
