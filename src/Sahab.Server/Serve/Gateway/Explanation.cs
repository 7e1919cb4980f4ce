using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Sahab.Ledger.Money;
using Sahab.Routing.Decisions;

namespace Sahab.Server.Serve.Gateway;

/// <summary>The router's reasons in the words of its enums, for who asked: each deployment, chosen or not, and why.</summary>
internal static class Explanation
{
    /// <summary>An admin key that sends it gets the reasons of its call in the header of the same name.</summary>
    public const string HeaderName = "x-sahab-explain";

    /// <summary>Clients refuse headers of more than 16 KiB together; a longer explanation is asked for at /api/explain.</summary>
    const int MaxHeaderBytes = 8 * 1024;

    const double NanoUsdPerUsd = NanoUsd.PerUsd;

    /// <summary>How explanations are written everywhere.</summary>
    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    public static string ToHeader(IReadOnlyList<DecisionTrace> traces)
    {
        var text = JsonSerializer.Serialize(traces.Select(Of), Json);
        return Encoding.UTF8.GetByteCount(text) <= MaxHeaderBytes
            ? text
            : """{"too_long":"ask POST /api/explain with the same body"}""";
    }

    /// <summary>One decision with its candidates, the chosen one first, then by score, then the refused.</summary>
    public static DecisionExplanation Of(DecisionTrace trace) => new(
        trace.Profile?.Name ?? "",
        trace.Decision.Choice?.Spec.Id,
        trace.Decision.Choice is null ? trace.Decision.Reason : null,
        trace.Decision.RetryAfterMs,
        trace.Decision.WaitsFor?.Spec.Id,
        [.. trace.Candidates
            .OrderByDescending(candidate => candidate.Chosen)
            .ThenBy(candidate => candidate.Verdict)
            .ThenBy(candidate => candidate.Score.Total)
            .Select(candidate => new CandidateExplanation(
                candidate.Deployment.Spec.Id,
                candidate.Deployment.Spec.Country.ToString(),
                candidate.Chosen,
                candidate.Verdict,
                candidate.HeldFor,
                Math.Round(candidate.Score.Total / NanoUsdPerUsd, 9),
                Math.Round(candidate.Score.CostNanoUsd / NanoUsdPerUsd, 9),
                Math.Round(candidate.Score.RateNanoUsd / NanoUsdPerUsd, 9),
                Math.Round(candidate.Score.CommitmentShare, 6),
                Math.Round(candidate.Score.ScarcityNanoUsd / NanoUsdPerUsd, 9),
                Math.Round(candidate.Score.LatencyNanoUsd / NanoUsdPerUsd, 9),
                Math.Round(candidate.Score.FailureNanoUsd / NanoUsdPerUsd, 9),
                Math.Round(candidate.Load, 3),
                candidate.AtHome))]);
}

/// <summary>Why one decision went as it did.</summary>
internal sealed record DecisionExplanation(
    string Policy, string? Chosen, RouteRejection? Rejection, long RetryAfterMs, string? WaitsFor,
    IReadOnlyList<CandidateExplanation> Candidates);

/// <summary>What the router thought of one deployment. Scores in US dollars for the call; the lower is the better.</summary>
/// <param name="Cost">The marginal cost: the rate, less λ's share of it, and what scarce capacity is worth to others.</param>
/// <param name="Rate">What it costs by the contract's rate.</param>
/// <param name="Lambda">λ: the share of the rate that a commitment owes anyway.</param>
/// <param name="Scarcity">μ for the capacity units that the call takes.</param>
/// <param name="HeldFor">The group whose guarantee holds the room that is free there, where that is what refuses.</param>
/// <param name="AtHome">Whether the prompt's prefix lives there, so that its cache is expected to know it.</param>
internal sealed record CandidateExplanation(
    string Deployment, string Country, bool Chosen, CandidateVerdict Verdict, string? HeldFor, double Score,
    double Cost, double Rate, double Lambda, double Scarcity, double Latency, double Failures, double Load, bool AtHome);
