using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Sahab.Ledger.Contracts;
using Sahab.Ledger.Forecasts;
using Sahab.Ledger.Money;
using Sahab.Ledger.Rating;
using Sahab.Routing.Snapshot;
using Sahab.Server.Portal.Languages;
using Sahab.Server.Serve.Gateway;
using Sahab.Server.Source.Commitments;

namespace Sahab.Server.Portal;

/// <summary>Figures as a reader wants them: short, with their unit, and a dash where there is nothing to tell.</summary>
internal static partial class Display
{
    public const string Nothing = "–";

    static readonly CultureInfo Culture = CultureInfo.InvariantCulture;

    public static string Duration(double? milliseconds) => milliseconds switch
    {
        null or double.NaN => Nothing,
        < 0.95 => string.Create(Culture, $"{milliseconds:0.00} ms"),
        < 9.95 => string.Create(Culture, $"{milliseconds:0.0} ms"),
        < 999.5 => string.Create(Culture, $"{milliseconds:0} ms"),
        < 99_950 => string.Create(Culture, $"{milliseconds / 1000:0.00} s"),
        _ => string.Create(Culture, $"{milliseconds / 60_000:0.0} min"),
    };

    public static string Duration(TimeSpan? duration) => Duration(duration?.TotalMilliseconds);

    public static string Share(double share) =>
        double.IsNaN(share) ? Nothing : share is > 0 and < 0.001 ? "<0.1%" : share.ToString("0.0%", Culture);

    public static string Rate(double rate) => rate switch
    {
        double.NaN => Nothing,
        0 => "0",
        < 10 => rate.ToString("0.0", Culture),
        _ => Count((long)Math.Round(rate)),
    };

    public static string Count(long count) => count switch
    {
        < 10_000 => count.ToString("#,0", Culture),
        < 1_000_000 => (count / 1e3).ToString("0.0", Culture) + "k",
        < 1_000_000_000 => (count / 1e6).ToString("0.0", Culture) + "M",
        _ => (count / 1e9).ToString("0.0", Culture) + "G",
    };

    public static string Exact(long count) => count.ToString("#,0", Culture);

    /// <summary>Dollars with as many digits as it takes to see something, and a minus sign before them.</summary>
    public static string Dollars(decimal usd) => (usd < 0 ? "−" : "") + decimal.Abs(usd) switch
    {
        0 => "$0",
        < 0.01m => "$" + decimal.Abs(usd).ToString("0.000000", Culture),
        < 10 => "$" + decimal.Abs(usd).ToString("0.0000", Culture),
        _ => "$" + decimal.Abs(usd).ToString("#,0.00", Culture),
    };

    /// <summary>The same of nano-dollars.</summary>
    public static string Usd(long nanoUsd) => Dollars(new NanoUsd(nanoUsd).ToUsd());

    public static string ExactUsd(long nanoUsd) =>
        (nanoUsd < 0 ? "−$" : "$") + decimal.Abs(new NanoUsd(nanoUsd).ToUsd()).ToString("#,0.000000000", Culture);

    /// <summary>A figure that is written already, perhaps with a unit, with its thousands told apart.</summary>
    public static string Grouped(string figure) =>
        WholePart().Replace(figure, whole => decimal.Parse(whole.Value, Culture).ToString("#,0", Culture));

    /// <summary>A price, in dollars for a million tokens.</summary>
    public static string Price(long nanoUsdPerMillion) =>
        "$" + new NanoUsd(nanoUsdPerMillion).ToUsd().ToString("#,0.####", Culture);

    public static string Clock(DateTimeOffset time) => time.UtcDateTime.ToString("HH:mm:ss", Culture);

    // Day and time are held together by a blank that does not break: between two others, right to left, the time would come
    // before the day.
    public static string Moment(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd\u00a0HH:mm:ss.fff", Culture);

    public static string Second(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd\u00a0HH:mm:ss", Culture);

    public static string Minute(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd\u00a0HH:mm", Culture);

    public static string Day(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd", Culture);

    public static string Percent(double share) => share.ToString("0%", Culture);

    public static string Capacity(CapacityKind kind) => kind switch
    {
        CapacityKind.OnDemand => "on demand",
        CapacityKind.Reserved => "reserved",
        _ => "spot",
    };

    /// <summary>Whether calls go to a deployment, in a word that is also its style.</summary>
    public static string State(in DeploymentReading reading) => reading.Breaker switch
    {
        BreakerState.Open => "open",
        BreakerState.HalfOpen => "probing",
        _ => reading.ThrottledForMs > 0 ? "throttled" : "healthy",
    };

    /// <summary>The same for a reader, with the time that is left and the reason.</summary>
    public static string StateText(in DeploymentReading reading, Language words) => State(reading) switch
    {
        "open" => words.Say("Out for {0}: {1}", Duration((double)reading.OpenForMs), words[Why(reading)]),
        "probing" => words.Say("Probing: {0}", words[Why(reading)]),
        "throttled" => words.Say(
            "Throttled for {0}: the provider asked for a pause", Duration((double)reading.ThrottledForMs)),
        _ => words["Takes calls"],
    };

    public static string Outcome(AttemptOutcome outcome) => outcome switch
    {
        AttemptOutcome.Succeeded => "answered",
        AttemptOutcome.Throttled => "throttled",
        AttemptOutcome.Refused => "refused",
        AttemptOutcome.ServerError => "server error",
        AttemptOutcome.Unreachable => "unreachable",
        AttemptOutcome.TimedOut => "timed out",
        AttemptOutcome.Stalled => "stalled",
        AttemptOutcome.Cut => "cut off",
        AttemptOutcome.Unauthorized => "unauthorized",
        _ => "client left",
    };

    public static bool IsGood(AttemptOutcome outcome) =>
        outcome is AttemptOutcome.Succeeded or AttemptOutcome.Abandoned;

    /// <summary>The class of a call's status: also the values that the page's filter takes.</summary>
    public static string StatusClass(FinishedCall call) => call.End;

    /// <summary>Why an attempt ended as it did, in words.</summary>
    public static string AttemptReason(FinishedCall? call, UsageEvent attempt) =>
        call?.AttemptReasons is { } reasons && reasons.TryGetValue(attempt.Attempt, out var reason)
            ? reason
            : attempt.Outcome == AttemptOutcome.Succeeded ? "answered in full" : Outcome(attempt.Outcome);

    /// <summary>The same text, whose figures stay on one line with their units.</summary>
    public static string Unbroken(string text) => SpaceInFigure().Replace(text, "\u00a0");

    /// <summary>The style of a window's alarm.</summary>
    public static string AlarmClass(WindowOutlook window) => OutlookWords.Name(window) switch
    {
        "met" => "met",
        "on course" => "on-course",
        "at risk" => "at-risk",
        "out of reach" => "out-of-reach",
        "before our books" => "closed",
        _ => "missing",
    };

    /// <summary>What a clause is, in words.</summary>
    public static string ClauseKind(Clause clause) => JsonNamingPolicy.SnakeCaseLower
        .ConvertName(clause.GetType().Name).Replace('_', ' ');

    public static long Cost(IReadOnlyList<UsageEvent> attempts) => attempts.Sum(attempt => attempt.Cost().Value);

    static string Why(in DeploymentReading reading) => reading.Outage switch
    {
        OutageReason.CredentialUnknown => "our credentials are not accepted (401)",
        OutageReason.CredentialForbidden => "our credentials are not allowed this (403)",
        _ => reading.LastFailure switch
        {
            FailureKind.Unreachable => "it could not be reached",
            FailureKind.TimedOut => "it gave no answer in time",
            FailureKind.Stalled => "its streams stood still",
            FailureKind.Cut => "its streams broke off",
            _ => "it answered with errors",
        },
    };

    [GeneratedRegex("^-?[0-9]{4,27}")]
    private static partial Regex WholePart();

    [GeneratedRegex(@"(?<=[0-9]) (?=%|[TBMk]\$|\$)|(?<=[0-9] [TBMk]) ")]
    private static partial Regex SpaceInFigure();
}
