using System.Globalization;

namespace Sahab.Planning.Optimum;

/// <summary>
/// Reads what CBC writes with <c>printingOptions all</c>: a line with status and cost, then one for each row and each
/// column with its number, name, value, and dual price or reduced cost.
/// </summary>
internal static class CbcOutput
{
    public static LinearSolution Read(LinearProgram program, IEnumerable<string> lines)
    {
        using var line = lines.GetEnumerator();
        var head = line.MoveNext() ? line.Current : "";
        var status = StatusOf(head);
        if (status != SolverStatus.Optimal)
        {
            return new LinearSolution { Status = status };
        }

        var columns = new double[program.Costs.Count];
        var duals = new double[program.Rows.Count];
        while (line.MoveNext())
        {
            // Two stars in front mark what is outside its bounds by more than the solver's tolerance.
            var words = line.Current.Split(' ', StringSplitOptions.RemoveEmptyEntries)
                .SkipWhile(word => word == "**").ToArray();
            if (words.Length != 4)
            {
                throw new SolverException($"The solver's line '{line.Current.Trim()}' cannot be understood.");
            }

            var (array, word) = words[1][0] == 'C' ? (columns, words[2]) : (duals, words[3]);
            array[int.Parse(words[1].AsSpan(1), CultureInfo.InvariantCulture)] =
                double.Parse(word, CultureInfo.InvariantCulture);
        }

        return new LinearSolution
        {
            Status = status,
            Cost = CostOf(program, columns),
            Columns = [.. columns],
            Duals = [.. duals],
        };
    }

    // Anew from the columns, for the head has eight digits only.
    static double CostOf(LinearProgram program, double[] columns)
    {
        var cost = 0.0;
        for (var column = 0; column < columns.Length; column++)
        {
            cost += columns[column] * program.Costs[column];
        }

        return cost;
    }

    static SolverStatus StatusOf(string head) => head switch
    {
        _ when head.StartsWith("Optimal", StringComparison.Ordinal) => SolverStatus.Optimal,
        _ when head.StartsWith("Infeasible", StringComparison.Ordinal) => SolverStatus.Infeasible,
        _ when head.StartsWith("Integer infeasible", StringComparison.Ordinal) => SolverStatus.Infeasible,
        _ when head.StartsWith("Unbounded", StringComparison.Ordinal) => SolverStatus.Unbounded,
        _ when head.StartsWith("Stopped on time", StringComparison.Ordinal) => SolverStatus.OutOfTime,
        _ => throw new SolverException($"The solver says '{head.Trim()}', which is not known."),
    };
}
