using Sahab.Routing.Policies;
using Sahab.Routing.Snapshot;

namespace Sahab.Routing.Decisions;

/// <summary>Why one candidate was or was not chosen.</summary>
public readonly record struct CandidateTrace
{
    /// <summary>The candidate.</summary>
    public Deployment Deployment { get; init; }

    /// <summary>What the filters said.</summary>
    public CandidateVerdict Verdict { get; init; }

    /// <summary>The parts of its score; all 0 unless eligible.</summary>
    public CandidateScore Score { get; init; }

    /// <summary>How full it was, 0 to 1.</summary>
    public double Load { get; init; }

    /// <summary>
    /// The group that keeps most of what is free there from this call, by its guarantee; null if none does, or that is
    /// not what stood against the call.
    /// </summary>
    public string? HeldFor { get; init; }

    /// <summary>Whether the prompt's prefix lives there.</summary>
    public bool AtHome { get; init; }

    /// <summary>Whether it was chosen.</summary>
    public bool Chosen { get; init; }
}

/// <summary>
/// Collects the reasons of a decision, for who asks. Give a new one to each decision; a decision without a trace
/// collects nothing and allocates nothing.
/// </summary>
public sealed class DecisionTrace
{
    private readonly List<CandidateTrace> _candidates = [];

    /// <summary>The profile that decided.</summary>
    public RoutingProfile? Profile { get; private set; }

    /// <summary>What was decided.</summary>
    public RouteDecision Decision { get; private set; }

    /// <summary>The candidates, in the order of the route.</summary>
    public IReadOnlyList<CandidateTrace> Candidates => _candidates;

    internal void Begin(RoutingProfile profile)
    {
        Profile = profile;
        _candidates.Clear();
    }

    internal void Add(in CandidateTrace candidate) => _candidates.Add(candidate);

    internal void End(in RouteDecision decision)
    {
        Decision = decision;
        if (decision.Choice is not null)
        {
            _candidates[decision.Position] = _candidates[decision.Position] with { Chosen = true };
        }
    }
}
