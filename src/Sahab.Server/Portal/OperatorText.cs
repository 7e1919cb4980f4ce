using System.Globalization;
using Sahab.Ledger.Money;
using Sahab.Ledger.Sales;
using Sahab.Routing.Decisions;
using Sahab.Server.Portal.Languages;
using Sahab.Server.Serve.Incidents;

namespace Sahab.Server.Portal;

/// <summary>What the operator's pages, and those of everybody, say in figures and words.</summary>
internal static class OperatorText
{
    static readonly CultureInfo Culture = CultureInfo.InvariantCulture;

    /// <summary>Nano-USD as they stand on documents.</summary>
    public static string Nano(decimal nano) => (nano < 0 ? "−$" : "$") + (decimal.Abs(nano) / NanoUsd.PerUsd).ToString("#,0.00#######", Culture);

    public static string Percent(decimal part, decimal whole) =>
        whole == 0 ? Display.Nothing : (part / whole).ToString("0.0%", Culture).Replace('-', '−');

    public static string Month(DateOnly month) => month.ToString("yyyy-MM", Culture);

    /// <summary>The style of where a declared use stands.</summary>
    public static string UseClass(string state) => state switch
    {
        "approved" => "ok",
        "pending" => "limited",
        _ => "failed",
    };

    /// <summary>What was agreed, in words.</summary>
    public static string Agreement(PriceAgreement agreement, Language words)
    {
        var what = agreement.Prices.Count == 0
            ? words.Say("{0} off list prices", agreement.Discount.ToString("0.##%", Culture))
            : agreement.Discount == 0
                ? words.Say("prices of its own for {0}", string.Join(", ", agreement.Prices.Select(price => price.Model)))
                : words.Say(
                    "prices of its own for {0}, {1} off list prices of all others",
                    string.Join(", ", agreement.Prices.Select(price => price.Model)), agreement.Discount.ToString("0.##%", Culture));
        return agreement.Until is { } until
            ? words.Say("{0}, from {1} to {2}", what, Display.Day(agreement.From), Display.Day(until))
            : words.Say("{0}, from {1} on", what, Display.Day(agreement.From));
    }

    /// <summary>A share of calls, to where it tells something: 99.98%.</summary>
    public static string Share(double? share) =>
        share is not { } known ? Display.Nothing : known >= 1 ? "100%" : (Math.Floor(known * 10_000) / 100).ToString("0.00", Culture) + "%";

    /// <summary>The style of a share of calls.</summary>
    public static string ShareClass(double? share) => share switch
    {
        null => "none",
        >= 0.999 => "good",
        >= 0.95 => "warn",
        _ => "bad",
    };

    public static string State(ServiceState state) => state switch
    {
        ServiceState.Working => "works",
        ServiceState.Disturbed => "disturbed",
        _ => "out",
    };

    /// <summary>How a state looks.</summary>
    public static string StateClass(ServiceState state) => state switch
    {
        ServiceState.Working => "ok",
        ServiceState.Disturbed => "limited",
        _ => "failed",
    };

    /// <summary>What the router says of a deployment, in words.</summary>
    public static string Verdict(CandidateVerdict verdict, Language words) => verdict switch
    {
        CandidateVerdict.Eligible => words["can take it"],
        CandidateVerdict.LacksCapability => words["cannot do what it needs"],
        CandidateVerdict.ContextTooShort => words["its context is too short"],
        CandidateVerdict.CountryNotAllowed => words["the data may not go to its country"],
        CandidateVerdict.Barred => words["a contract with another provider is exclusive"],
        CandidateVerdict.ProviderBarred => words["the organisation objects to its provider, or has no notice of it yet"],
        CandidateVerdict.UseNotAllowed => words["what the project is for does not allow it"],
        CandidateVerdict.OutOfService => words["our credentials are not accepted"],
        CandidateVerdict.BreakerOpen => words["it has failed and is left alone"],
        CandidateVerdict.ProbeInFlight => words["it is being probed"],
        CandidateVerdict.Throttled => words["its provider asked for a pause"],
        CandidateVerdict.LargerThanLimit => words["larger than its whole limit"],
        CandidateVerdict.RequestsFull => words["its requests per minute are used up"],
        CandidateVerdict.TokensFull => words["its tokens per minute are used up"],
        CandidateVerdict.ConcurrencyFull => words["as many calls run there as may"],
        CandidateVerdict.NotIdle => words["it is not idle, as batches need it"],
        CandidateVerdict.HeldBack => words["what is free is held back for another group"],
        CandidateVerdict.BorrowingLimit => words["its group has borrowed as much as it may"],
        CandidateVerdict.OwnersFirst => words["what is free is for waiting calls of its owners"],
        CandidateVerdict.BeyondShare => words["more than its group may ever use there"],
        _ => words["it was tried already"],
    };
}
