using System.Collections.Immutable;

namespace Sahab.Planning.Optimum;

/// <summary>Solves linear programmes.</summary>
public interface ISolver
{
    /// <summary>What it is called in reports.</summary>
    string Name { get; }

    /// <summary>Solves a programme.</summary>
    /// <param name="program">What to solve.</param>
    /// <param name="limit">How long it may take. Above zero.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="SolverException">The solver is not there, broke down or cannot be understood.</exception>
    Task<LinearSolution> SolveAsync(LinearProgram program, TimeSpan limit, CancellationToken cancellation = default);
}

/// <summary>How solving ended.</summary>
public enum SolverStatus
{
    /// <summary>The best there is was found.</summary>
    Optimal,

    /// <summary>No choice of the columns makes every row hold.</summary>
    Infeasible,

    /// <summary>The cost can be made as small as one likes.</summary>
    Unbounded,

    /// <summary>The time was up before the best was found.</summary>
    OutOfTime,
}

/// <summary>What a solver found.</summary>
public sealed record LinearSolution
{
    /// <summary>How it ended. The other figures are only there if it is optimal.</summary>
    public required SolverStatus Status { get; init; }

    /// <summary>The least cost.</summary>
    public double Cost { get; init; }

    /// <summary>The value of each column.</summary>
    public ImmutableArray<double> Columns { get; init; } = [];

    /// <summary>
    /// For each row, by how much the least cost grows for one more on its right side: at least 0 for rows that say at
    /// least, at most 0 for those that say at most.
    /// </summary>
    public ImmutableArray<double> Duals { get; init; } = [];
}

/// <summary>A solver that cannot solve; the message says what to do about it.</summary>
/// <param name="message">What is wrong and what would help.</param>
public sealed class SolverException(string message) : Exception(message);
