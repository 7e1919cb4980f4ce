using System.Collections.Immutable;
using System.Globalization;

namespace Sahab.Planning.Traces;

/// <summary>
/// How demand for a model goes up and down over days, by windows of equal length: requests for each second against
/// their mean, and how long prompts and answers are in each. Read from CSV with a header that names window_s and, for
/// each model, {model}_rps and perhaps {model}_in_tps and {model}_out_tps, as ServeGen's traces summed over clients.
/// </summary>
public sealed class DemandCurve
{
    /// <summary>The most windows that are kept; a longer file is refused.</summary>
    public const int MaxWindows = 100_000;

    const string Time = "window_s";

    readonly ImmutableArray<(double Rate, double Prompt, double Output)> _windows;

    DemandCurve(ImmutableArray<(double Rate, double Prompt, double Output)> windows, TimeSpan window) =>
        (_windows, Window) = (windows, window);

    /// <summary>How long each window is.</summary>
    public TimeSpan Window { get; }

    /// <summary>How many there are. At least 1.</summary>
    public int Count => _windows.Length;

    /// <summary>The rate of a window, the mean of all being 1.</summary>
    /// <param name="window">From 0; after the last the first comes again.</param>
    public double RateIn(long window) => _windows[(int)(window % Count)].Rate;

    /// <summary>Mean tokens of a prompt and of an answer in a window; 0 where the source does not tell.</summary>
    /// <param name="window">From 0; after the last the first comes again.</param>
    public (double Prompt, double Output) TokensIn(long window) =>
        (_windows[(int)(window % Count)].Prompt, _windows[(int)(window % Count)].Output);

    /// <summary>Reads the curve of a model. Windows of 0 requests are gaps: between others they are filled evenly, at the
    /// end they are left off.</summary>
    /// <param name="file">The path of the file.</param>
    /// <param name="model">The model, as the columns name it.</param>
    /// <exception cref="TraceException">The file or a line of it is not valid, or there is no such model.</exception>
    public static DemandCurve Load(string file, string model)
    {
        using var text = new TraceText(file);
        var names = (text.Next() ?? "").Split(',').Select(name => name.Trim().Trim('"')).ToList();
        var (time, rate) = (names.IndexOf(Time), names.IndexOf($"{model}_rps"));
        if (time < 0 || rate < 0)
        {
            var models = names.Where(name => name.EndsWith("_rps", StringComparison.Ordinal)).Select(name => name[..^4]);
            throw text.Fault(time < 0
                ? $"the header names no column {Time}; is this demand by windows?"
                : $"there is no model {model}; there are {string.Join(", ", models)}");
        }

        var (input, output) = (names.IndexOf($"{model}_in_tps"), names.IndexOf($"{model}_out_tps"));
        var rows = new List<(double At, double Rate, double Prompt, double Output)>();
        while (text.Next() is { } line)
        {
            var fields = line.Split(',');
            var requests = Figure(text, fields, rate);
            var at = Figure(text, fields, time);
            if (rows.Count == MaxWindows || (rows.Count > 0 && at <= rows[^1].At))
            {
                throw text.Fault(rows.Count == MaxWindows
                    ? $"there are more than {MaxWindows} windows"
                    : "the window does not begin after the one above it");
            }

            rows.Add((at, requests, MeanOf(text, fields, input, requests), MeanOf(text, fields, output, requests)));
        }

        return Make(file, model, rows);
    }

    static DemandCurve Make(string file, string model, List<(double At, double Rate, double Prompt, double Output)> rows)
    {
        var count = rows.FindLastIndex(row => row.Rate > 0) + 1;
        if (count == 0)
        {
            throw new TraceException($"{file}: {model} has no requests in any window.");
        }

        var seconds = rows.Count > 1 ? rows[1].At - rows[0].At : 600;
        var filled = rows[..count].Select((row, index) => row.Rate > 0 ? row : Between(rows, index)).ToList();
        var mean = filled.Average(row => row.Rate);
        return new DemandCurve(
            [.. filled.Select(row => (row.Rate / mean, row.Prompt, row.Output))], TimeSpan.FromSeconds(seconds));
    }

    // At the beginning there is nothing before it: the next counts.
    static (double At, double Rate, double Prompt, double Output) Between(
        List<(double At, double Rate, double Prompt, double Output)> rows, int index)
    {
        var next = rows.FindIndex(index, row => row.Rate > 0);
        var before = rows.FindLastIndex(index, row => row.Rate > 0);
        if (before < 0)
        {
            return rows[next];
        }

        var part = (double)(index - before) / (next - before);
        return (
            rows[index].At, Mix(rows[before].Rate, rows[next].Rate), Mix(rows[before].Prompt, rows[next].Prompt),
            Mix(rows[before].Output, rows[next].Output));

        double Mix(double left, double right) => left + (part * (right - left));
    }

    static double MeanOf(TraceText text, string[] fields, int column, double requests) =>
        column < 0 || requests <= 0 ? 0 : Figure(text, fields, column) / requests;

    static double Figure(TraceText text, string[] fields, int column) =>
        column < fields.Length
        && double.TryParse(
            fields[column].Trim().Trim('"'), NumberStyles.Float, CultureInfo.InvariantCulture, out var figure)
        && figure >= 0 && double.IsFinite(figure)
            ? figure
            : throw text.Fault($"field {column + 1} is not there or is no number from 0");
}
