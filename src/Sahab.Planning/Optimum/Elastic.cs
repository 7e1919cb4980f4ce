using System.Collections.Immutable;

namespace Sahab.Planning.Optimum;

/// <summary>A row that would have to give way.</summary>
/// <param name="Name">What it says.</param>
/// <param name="By">By how much, in the unit of its right side. Above 0.</param>
public sealed record RowAtFault(string Name, double By);

/// <summary>
/// Explains why a programme cannot be fulfilled: every row may give way, and as little as possible gives way, in
/// proportion to its right side. What does is at fault.
/// </summary>
public static class Elastic
{
    const double Noise = 1e-6;

    /// <summary>The rows at fault, the one that gives way most (in proportion) first.</summary>
    /// <exception cref="SolverException">The solver cannot tell, or not in time.</exception>
    public static async Task<ImmutableArray<RowAtFault>> ExplainAsync(
        LinearProgram program, ISolver solver, TimeSpan limit, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(program);
        ArgumentNullException.ThrowIfNull(solver);
        var elastic = Relax(program, out var gives);
        var solution = await solver.SolveAsync(elastic, limit, stop);
        if (solution.Status != SolverStatus.Optimal)
        {
            throw new SolverException($"What is at fault cannot be told: the solver is {solution.Status}.");
        }

        return
        [
            .. gives.Select(give => (give.Row, By: solution.Columns[give.Column]))
                .Where(give => give.By > Noise * Scale(program.Rows[give.Row]))
                .OrderByDescending(give => give.By / Scale(program.Rows[give.Row])).ThenBy(give => give.Row)
                .Select(give => new RowAtFault(program.Rows[give.Row].Name, give.By)),
        ];
    }

    static LinearProgram Relax(LinearProgram program, out List<(int Row, int Column)> gives)
    {
        var elastic = new LinearProgram();
        foreach (var row in program.Rows)
        {
            elastic.AddRow(row.Name, row.Sense, row.Right);
        }

        for (var column = 0; column < program.Costs.Count; column++)
        {
            var copy = elastic.AddColumn(0);
            foreach (var entry in program.Entries(column))
            {
                elastic.Put(entry.Row, copy, entry.Value);
            }
        }

        gives = [];
        for (var row = 0; row < program.Rows.Count; row++)
        {
            foreach (var sign in SignsOf(program.Rows[row].Sense))
            {
                var give = elastic.AddColumn(1 / Scale(program.Rows[row]));
                elastic.Put(row, give, sign);
                gives.Add((row, give));
            }
        }

        return elastic;
    }

    static double[] SignsOf(RowSense sense) => sense switch
    {
        RowSense.AtMost => [-1],
        RowSense.AtLeast => [1],
        _ => [-1, 1],
    };

    static double Scale(in LinearRow row) => Math.Max(1, Math.Abs(row.Right));
}
