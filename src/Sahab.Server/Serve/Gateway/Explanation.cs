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
    public static DecisionExplanation Of(DecisionTrace trace) => new()
    {
        Policy = trace.Profile?.Name ?? "",
        Chosen = trace.Decision.Choice?.Spec.Id,
        Rejection = trace.Decision.Choice is null ? trace.Decision.Reason : null,
        RetryAfterMs = trace.Decision.RetryAfterMs,
        WaitsFor = trace.Decision.WaitsFor?.Spec.Id,
        Candidates =
        [
            .. trace.Candidates
                .OrderByDescending(candidate => candidate.Chosen)
                .ThenBy(candidate => candidate.Verdict)
                .ThenBy(candidate => candidate.Score.Total)
                .Select(Of),
        ],
    };

    static CandidateExplanation Of(CandidateTrace candidate) => new(
        candidate.Deployment.Spec.Id, candidate.Deployment.Spec.Country.ToString(), candidate.Chosen, candidate.Verdict)
    {
        HeldFor = candidate.HeldFor,
        Score = Usd(candidate.Score.Total),
        Cost = Usd(candidate.Score.CostNanoUsd),
        Rate = Usd(candidate.Score.RateNanoUsd),
        Lambda = Math.Round(candidate.Score.CommitmentShare, 6),
        Scarcity = Usd(candidate.Score.ScarcityNanoUsd),
        Latency = Usd(candidate.Score.LatencyNanoUsd),
        Failures = Usd(candidate.Score.FailureNanoUsd),
        Load = Math.Round(candidate.Load, 3),
        AtHome = candidate.AtHome,
    };

    static double Usd(double nanoUsd) => Math.Round(nanoUsd / NanoUsdPerUsd, 9);
}

/// <summary>Why one decision went as it did.</summary>
internal sealed record DecisionExplanation
{
    public required string Policy { get; init; }

    /// <summary>The deployment; left out: none takes it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Chosen { get; init; }

    /// <summary>Why none takes it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public RouteRejection? Rejection { get; init; }

    public required long RetryAfterMs { get; init; }

    /// <summary>The deployment whose room it is to wait for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? WaitsFor { get; init; }

    public required IReadOnlyList<CandidateExplanation> Candidates { get; init; }
}

/// <summary>What the router thought of one deployment. Scores in US dollars for the call; the lower is the better.</summary>
internal sealed record CandidateExplanation(string Deployment, string Country, bool Chosen, CandidateVerdict Verdict)
{
    /// <summary>The group whose guarantee holds the room that is free there, where that is what refuses.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? HeldFor { get; init; }

    public required double Score { get; init; }

    /// <summary>The marginal cost: the rate, less λ's share of it, and what scarce capacity is worth to others.</summary>
    public required double Cost { get; init; }

    /// <summary>What it costs by the contract's rate.</summary>
    public required double Rate { get; init; }

    /// <summary>λ: the share of the rate that a commitment owes anyway.</summary>
    public required double Lambda { get; init; }

    /// <summary>μ for the capacity units that the call takes.</summary>
    public required double Scarcity { get; init; }

    public required double Latency { get; init; }

    public required double Failures { get; init; }

    public required double Load { get; init; }

    /// <summary>Whether the prompt's prefix lives there, so that its cache is expected to know it.</summary>
    public required bool AtHome { get; init; }
}
