using System.Collections.Immutable;

namespace Sahab.Planning.Simulation;

/// <summary>How a simulation went over time: at most so many points, however long it is.</summary>
public sealed record SimulationCourse
{
    /// <summary>The most points.</summary>
    public const int MaxPoints = 288;

    /// <summary>When each point is, in hours of the scenario.</summary>
    public required ImmutableArray<double> Hours { get; init; }

    /// <summary>By commitment.</summary>
    public required ImmutableArray<CommitmentCourse> Commitments { get; init; }

    /// <summary>By reserved deployment.</summary>
    public required ImmutableArray<CapacityCourse> Capacities { get; init; }
}

/// <summary>How a commitment was drawn down. Each list has a figure for each point.</summary>
/// <param name="Commitment">Its id; of a contract's, that of the contract first: "aws/spend".</param>
/// <param name="DrawnUsd">What counts toward the window that is open then, in US dollars; null where none is.</param>
/// <param name="TargetUsd">What is to be drawn in it; null where none is.</param>
/// <param name="Lambda">λ times what is owed of a missing dollar, 0 to 1; 0 where nothing steers by it.</param>
public sealed record CommitmentCourse(
    string Commitment, ImmutableArray<double?> DrawnUsd, ImmutableArray<double?> TargetUsd,
    ImmutableArray<double> Lambda);

/// <summary>How reserved capacity was used. Each list has a figure for each point.</summary>
/// <param name="Deployment">Its id.</param>
/// <param name="Load">How full it was since the point before, on average: 0 to 1.</param>
/// <param name="MuUsdPerHour">μ of an hour of a replica, in US dollars; 0 where nothing steers by it.</param>
public sealed record CapacityCourse(string Deployment, ImmutableArray<double> Load, ImmutableArray<double> MuUsdPerHour);
