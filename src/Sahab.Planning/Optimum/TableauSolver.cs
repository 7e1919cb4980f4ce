namespace Sahab.Planning.Optimum;

/// <summary>
/// The simplex method on a dense tableau, in two phases, with the rule of least index (Bland), so that it always ends.
/// For small programmes where no solver is installed, and as a second opinion on the one that is.
/// </summary>
public sealed class TableauSolver : ISolver
{
    /// <summary>Rows times columns at most, the solver's own included: 160 MB.</summary>
    public const long MaxCells = 20_000_000;

    const double Tolerance = 1e-9;
    const int PivotsBetweenLooks = 256;

    /// <inheritdoc/>
    public string Name => "tableau";

    /// <inheritdoc/>
    public Task<LinearSolution> SolveAsync(
        LinearProgram program, TimeSpan limit, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(program);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(limit, TimeSpan.Zero);
        var cells = (program.Rows.Count + 1L) * (program.Costs.Count + (2L * program.Rows.Count) + 1);
        if (cells > MaxCells)
        {
            throw new SolverException(
                $"A programme of {program.Rows.Count:N0} rows is too large for the built-in solver. Install COIN-OR "
                + "CBC (Debian: coinor-cbc).");
        }

        return Task.FromResult(new Tableau(program, cancellation).Solve());
    }

    // Columns: those of the programme, one slack for each row (0 for an equation), one artificial for each row, the
    // right side. The last row holds the reduced costs.
    sealed class Tableau
    {
        readonly LinearProgram _program;
        readonly CancellationToken _stop;
        readonly int _rows;
        readonly int _slacks;
        readonly int _artificials;
        readonly int _right;
        readonly double[][] _cells;
        readonly double[] _signs;
        readonly int[] _basis;

        public Tableau(LinearProgram program, CancellationToken cancellation)
        {
            (_program, _stop, _rows) = (program, cancellation, program.Rows.Count);
            _slacks = program.Costs.Count;
            _artificials = _slacks + _rows;
            _right = _artificials + _rows;
            _cells = [.. Enumerable.Range(0, _rows + 1).Select(_ => new double[_right + 1])];
            _signs = new double[_rows];
            _basis = [.. Enumerable.Range(_artificials, _rows)];
            Fill();
        }

        public LinearSolution Solve()
        {
            // First: nothing but the sum of the artificial columns, which is 0 when all rows hold.
            Price(column => column >= _artificials ? 1 : 0);
            Pivot(_artificials);
            if (-_cells[_rows][_right] > Tolerance * (1 + _program.Rows.Max(row => Math.Abs(row.Right))))
            {
                return new LinearSolution { Status = SolverStatus.Infeasible };
            }

            Price(column => column < _slacks ? _program.Costs[column] : 0);
            if (!Pivot(_artificials))
            {
                return new LinearSolution { Status = SolverStatus.Unbounded };
            }

            var columns = new double[_slacks];
            for (var row = 0; row < _rows; row++)
            {
                if (_basis[row] < _slacks)
                {
                    columns[_basis[row]] = _cells[row][_right];
                }
            }

            return new LinearSolution
            {
                Status = SolverStatus.Optimal,
                Cost = columns.Select((value, column) => value * _program.Costs[column]).Sum(),
                Columns = [.. columns],
                Duals = [.. Enumerable.Range(0, _rows).Select(row => -_cells[_rows][_artificials + row] * _signs[row])],
            };
        }

        void Fill()
        {
            for (var row = 0; row < _rows; row++)
            {
                var (_, sense, right) = _program.Rows[row];
                _signs[row] = right < 0 ? -1 : 1;
                _cells[row][_right] = Math.Abs(right);
                _cells[row][_artificials + row] = 1;
                _cells[row][_slacks + row] = _signs[row] * (sense switch
                {
                    RowSense.AtMost => 1,
                    RowSense.AtLeast => -1,
                    _ => 0,
                });
            }

            for (var column = 0; column < _slacks; column++)
            {
                foreach (var entry in _program.Entries(column))
                {
                    _cells[entry.Row][column] += _signs[entry.Row] * entry.Value;
                }
            }
        }

        // Reduced costs of a basis: the costs less what the basic columns would save.
        void Price(Func<int, double> costOf)
        {
            var prices = _cells[_rows];
            for (var column = 0; column <= _right; column++)
            {
                prices[column] = column == _right ? 0 : costOf(column);
            }

            for (var row = 0; row < _rows; row++)
            {
                Subtract(prices, _cells[row], costOf(_basis[row]));
            }
        }

        /// <summary>False if there is no least.</summary>
        bool Pivot(int mayEnter)
        {
            for (var pivots = 1; ; pivots++)
            {
                if (pivots % PivotsBetweenLooks == 0)
                {
                    _stop.ThrowIfCancellationRequested();
                }

                var entering = Array.FindIndex(_cells[_rows], 0, mayEnter, price => price < -Tolerance);
                if (entering < 0)
                {
                    return true;
                }

                var leaving = Leaving(entering);
                if (leaving < 0)
                {
                    return false;
                }

                Exchange(leaving, entering);
            }
        }

        int Leaving(int entering)
        {
            var (leaving, least) = (-1, double.PositiveInfinity);
            for (var row = 0; row < _rows; row++)
            {
                var value = _cells[row][entering];

                // An artificial column that stayed in the basis at 0 must not grow again.
                var ratio = value > Tolerance ? _cells[row][_right] / value
                    : value < -Tolerance && _basis[row] >= _artificials && _cells[row][_right] <= Tolerance ? 0
                    : double.PositiveInfinity;
                if (ratio < least - Tolerance
                    || (ratio <= least + Tolerance && leaving >= 0 && _basis[row] < _basis[leaving]))
                {
                    (leaving, least) = (row, Math.Min(ratio, least));
                }
            }

            return leaving;
        }

        void Exchange(int leaving, int entering)
        {
            var pivot = _cells[leaving];
            var value = pivot[entering];
            for (var column = 0; column <= _right; column++)
            {
                pivot[column] /= value;
            }

            for (var row = 0; row <= _rows; row++)
            {
                if (row != leaving)
                {
                    Subtract(_cells[row], pivot, _cells[row][entering]);
                }
            }

            _basis[leaving] = entering;
        }

        static void Subtract(double[] from, double[] row, double times)
        {
            if (times == 0)
            {
                return;
            }

            for (var column = 0; column < from.Length; column++)
            {
                from[column] -= times * row[column];
            }
        }
    }
}
