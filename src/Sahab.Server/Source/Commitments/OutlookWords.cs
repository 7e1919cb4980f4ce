using System.Globalization;
using Sahab.Ledger.Contracts;
using Sahab.Ledger.Forecasts;
using Sahab.Ledger.Settlements;

namespace Sahab.Server.Source.Commitments;

/// <summary>What an outlook says, in plain words and short figures.</summary>
internal static class OutlookWords
{
    static readonly CultureInfo Culture = CultureInfo.InvariantCulture;

    static readonly (decimal Size, string Name)[] Sizes =
        [(1_000_000_000_000, "T"), (1_000_000_000, "B"), (1_000_000, "M"), (1_000, "k")];

    /// <summary>An amount with three digits, such as <c>1.2 M$</c>, <c>0.0042 $</c> or <c>1.2 M tokens</c>.</summary>
    public static string Amount(decimal amount, string unit)
    {
        var sign = amount < 0 ? "-" : "";
        var size = decimal.Abs(amount);
        if (size == 0)
        {
            return "0" + Unit("", unit);
        }

        if (size < 0.0001m)
        {
            return $"<0.0001{Unit("", unit)}";
        }

        // 999.96 million are a billion once they are rounded.
        foreach (var (of, name) in Sizes)
        {
            if (size >= of * 0.9995m)
            {
                return $"{sign}{Digits(size / of)}{Unit(name, unit)}";
            }
        }

        return $"{sign}{Digits(size)}{Unit("", unit)}";
    }

    /// <summary>A part of a whole in per cent; one that is not nothing never reads as nothing.</summary>
    public static string Percent(decimal share) => share switch
    {
        0 => "0 %",
        > 0 and < 0.0001m => "<0.01 %",
        < 0.1m => (share * 100).ToString("0.00", Culture) + " %",
        _ => (share * 100).ToString("0.0", Culture) + " %",
    };

    public static string Day(DateOnly day) => day.ToString("yyyy-MM-dd", Culture);

    /// <summary>The last day of a window.</summary>
    public static string LastDay(CommitmentWindow window) =>
        Day(DateOnly.FromDateTime(window.Until.AddTicks(-1).UtcDateTime));

    public static string FirstDay(CommitmentWindow window) => Day(DateOnly.FromDateTime(window.From.UtcDateTime));

    public static string Name(CommitmentAlarm alarm) => alarm switch
    {
        CommitmentAlarm.Met => "met",
        CommitmentAlarm.OnCourse => "on course",
        CommitmentAlarm.AtRisk => "at risk",
        CommitmentAlarm.Missing => "will be missed",
        _ => "out of reach",
    };

    /// <summary>The alarm, or what came of it once the window is over.</summary>
    public static string Name(WindowOutlook outlook) =>
        outlook.Phase == WindowPhase.BeforeBooks ? "before our books"
        : outlook.Phase != WindowPhase.Over ? Name(outlook.Alarm)
        : outlook.Expected.ForecastShortfall > 0 ? "missed" : "met";

    /// <summary>One or two sentences that say how a window stands, what will come of it, and what that costs.</summary>
    public static string Say(CommitmentReport report, WindowOutlook outlook)
    {
        var (expected, window) = (outlook.Expected, outlook.Expected.Standing.Window);
        string Of(decimal amount) => Amount(amount, report.Unit);
        var target = Of(expected.Standing.Target);
        if (outlook.Phase == WindowPhase.BeforeBooks)
        {
            return $"It ended on {LastDay(window)}, before our books begin: nothing of it is known or posted here.";
        }

        if (outlook.Phase == WindowPhase.Over)
        {
            return expected.ForecastShortfall > 0
                ? $"It ended on {LastDay(window)}: {Of(expected.ForecastShortfall)} of {target} were missed"
                    + $"{Cost(report, expected.ForecastOwed, "that cost")}."
                : $"It ended on {LastDay(window)} with {Of(expected.Standing.Counted)} of {target}: met.";
        }

        var begin = outlook.Phase == WindowPhase.Ahead ? $"It begins on {FirstDay(window)}. " : "";
        return begin + outlook.Alarm switch
        {
            CommitmentAlarm.Met => expected.Standing.Target == 0
                ? "Nothing is to be drawn."
                : $"The target of {target} is met; by {LastDay(window)} "
                    + $"{Of(expected.ForecastSurplus)} beyond it will be drawn.",
            CommitmentAlarm.OnCourse => $"{target} will be met on {MetOn(outlook)}, "
                + "and by the window's end at the lower bound of the forecast too.",
            CommitmentAlarm.AtRisk => $"{target} will be met on {MetOn(outlook)}; at the lower bound of the forecast "
                + $"{Of(outlook.Low.ForecastShortfall)} would be missed"
                + $"{Cost(report, outlook.Low.ForecastOwed, "that would cost")}.",
            _ => $"{Pace(report, expected)}{Of(expected.ForecastShortfall)} of {target} will be missed by {LastDay(window)}"
                + $"{Cost(report, expected.ForecastOwed, "that costs")}. {Reach(report, outlook)}",
        };
    }

    /// <summary>The forecast begins with today; a window may be met on the day on which it begins.</summary>
    static string MetOn(WindowOutlook outlook) =>
        outlook.Expected.MetOn is { } day ? Day(day) : LastDay(outlook.Expected.Standing.Window);

    static string Pace(CommitmentReport report, BurnDown expected) =>
        report.Outlook.Forecast.Level > 0 ? "At this pace "
        : expected.ForecastCounted > expected.Standing.Counted
            ? "Use has drawn nothing lately; by what is paid used or not alone, "
        : "Nothing was drawn lately. If that stays so, ";

    static string Cost(CommitmentReport report, decimal owed, string verb) =>
        owed > 0 ? $"; {verb} {Amount(owed, report.Currency)}" : "; nothing is owed for it";

    static string Reach(CommitmentReport report, WindowOutlook outlook)
    {
        if (outlook.Alarm == CommitmentAlarm.OutOfReach)
        {
            return outlook.Days.Count > 0 && outlook.Days[^1].CountedAtFullUse is { } most
                ? $"It cannot be reached even at full use of all that is delivered, which comes to "
                    + $"{Amount(most, report.Unit)}."
                : "It cannot be reached even at full use of all that is delivered.";
        }

        var end = DateOnly.FromDateTime(outlook.Expected.Standing.Window.Until.UtcDateTime);
        return outlook.Expected.OutOfReachFrom is { } lost && lost < end
            ? $"From {Day(lost)} on it cannot be reached even at full use."
            : "Until then it can be reached: nothing that is configured limits what could be drawn.";
    }

    static string Digits(decimal size) => size switch
    {
        < 0.01m => size.ToString("0.0000", Culture),
        < 0.9995m => size.ToString("0.000", Culture),
        < 9.995m => size.ToString("0.##", Culture),
        < 99.95m => size.ToString("0.#", Culture),
        _ => size.ToString("#,0", Culture),
    };

    static string Unit(string size, string unit) => unit == "USD"
        ? $" {size}$"
        : size.Length == 0 ? $" {unit}" : $" {size} {unit}";
}
