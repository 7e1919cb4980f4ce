using System.Globalization;
using Sahab.Ledger.Contracts;
using Sahab.Ledger.Forecasts;
using Sahab.Ledger.Settlements;

namespace Sahab.Server.Source.Commitments;

/// <summary>Says a text with values in its places <c>{0}</c>, <c>{1}</c> and so on, in a reader's language.</summary>
internal delegate string Speech(string english, params object?[] values);

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
    /// <param name="speech">Says it in the reader's language; null: in English.</param>
    public static string Say(CommitmentReport report, WindowOutlook outlook, Speech? speech = null)
    {
        var say = speech ?? ((english, values) => string.Format(Culture, english, values));
        var (expected, window) = (outlook.Expected, outlook.Expected.Standing.Window);
        string Of(decimal amount) => Amount(amount, report.Unit);
        if (outlook.Phase == WindowPhase.BeforeBooks)
        {
            return say(
                "It ended on {0}, before our books begin: nothing of it is known or posted here.", LastDay(window));
        }

        if (outlook.Phase == WindowPhase.Over)
        {
            return expected.ForecastShortfall > 0
                ? say(
                    "It ended on {0}: {1} of {2} were missed{3}.", LastDay(window), Of(expected.ForecastShortfall),
                    Of(expected.Standing.Target), Owed(expected.ForecastOwed, say("; that cost {0}", Money(expected.ForecastOwed))))
                : say(
                    "It ended on {0} with {1} of {2}: met.", LastDay(window), Of(expected.Standing.Counted),
                    Of(expected.Standing.Target));
        }

        var begin = outlook.Phase == WindowPhase.Ahead ? say("It begins on {0}.", FirstDay(window)) + " " : "";
        return begin + Coming(report, outlook, say);

        string Money(decimal owed) => Amount(owed, report.Currency);
        string Owed(decimal owed, string text) => owed > 0 ? text : say("; nothing is owed for it");
    }

    /// <summary>The same of a window that is not over.</summary>
    static string Coming(CommitmentReport report, WindowOutlook outlook, Speech say)
    {
        var (expected, window) = (outlook.Expected, outlook.Expected.Standing.Window);
        var target = Of(expected.Standing.Target);
        return outlook.Alarm switch
        {
            CommitmentAlarm.Met => expected.Standing.Target == 0
                ? say("Nothing is to be drawn.")
                : say(
                    "The target of {0} is met; by {1} {2} beyond it will be drawn.", target, LastDay(window),
                    Of(expected.ForecastSurplus)),
            CommitmentAlarm.OnCourse => say(
                "{0} will be met on {1}, and by the window's end at the lower bound of the forecast too.", target, MetOn(outlook)),
            CommitmentAlarm.AtRisk => say(
                "{0} will be met on {1}; at the lower bound of the forecast {2} would be missed{3}.", target, MetOn(outlook),
                Of(outlook.Low.ForecastShortfall),
                Owed(outlook.Low.ForecastOwed, say("; that would cost {0}", Money(outlook.Low.ForecastOwed)))),
            _ => say(
                "{0}{1} of {2} will be missed by {3}{4}. {5}", Pace(report, expected, say), Of(expected.ForecastShortfall), target,
                LastDay(window), Owed(expected.ForecastOwed, say("; that costs {0}", Money(expected.ForecastOwed))),
                Reach(report, outlook, say)),
        };

        string Of(decimal amount) => Amount(amount, report.Unit);
        string Money(decimal owed) => Amount(owed, report.Currency);
        string Owed(decimal owed, string text) => owed > 0 ? text : say("; nothing is owed for it");
    }

    /// <summary>The forecast begins with today; a window may be met on the day on which it begins.</summary>
    static string MetOn(WindowOutlook outlook) =>
        outlook.Expected.MetOn is { } day ? Day(day) : LastDay(outlook.Expected.Standing.Window);

    static string Pace(CommitmentReport report, BurnDown expected, Speech say) =>
        report.Outlook.Forecast.Level > 0 ? say("At this pace ")
        : expected.ForecastCounted > expected.Standing.Counted
            ? say("Use has drawn nothing lately; by what is paid used or not alone, ")
        : say("Nothing was drawn lately. If that stays so, ");

    static string Reach(CommitmentReport report, WindowOutlook outlook, Speech say)
    {
        if (outlook.Alarm == CommitmentAlarm.OutOfReach)
        {
            return outlook.Days.Count > 0 && outlook.Days[^1].CountedAtFullUse is { } most
                ? say(
                    "It cannot be reached even at full use of all that is delivered, which comes to {0}.",
                    Amount(most, report.Unit))
                : say("It cannot be reached even at full use of all that is delivered.");
        }

        var end = DateOnly.FromDateTime(outlook.Expected.Standing.Window.Until.UtcDateTime);
        return outlook.Expected.OutOfReachFrom is { } lost && lost < end
            ? say("From {0} on it cannot be reached even at full use.", Day(lost))
            : say("Until then it can be reached: nothing that is configured limits what could be drawn.");
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
