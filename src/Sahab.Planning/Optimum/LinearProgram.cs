namespace Sahab.Planning.Optimum;

/// <summary>How a row's sum stands to its right side.</summary>
public enum RowSense
{
    /// <summary>At most.</summary>
    AtMost,

    /// <summary>At least.</summary>
    AtLeast,

    /// <summary>Exactly.</summary>
    Exactly,
}

/// <summary>A row of a program.</summary>
/// <param name="Name">What it says, for people.</param>
/// <param name="Sense">How its sum stands to the right side.</param>
/// <param name="Right">The right side.</param>
public readonly record struct LinearRow(string Name, RowSense Sense, double Right);

/// <summary>A coefficient of a column.</summary>
/// <param name="Row">The row, from 0.</param>
/// <param name="Value">Not 0.</param>
public readonly record struct LinearEntry(int Row, double Value);

/// <summary>
/// A linear programme: columns, each at least 0, are chosen so that every row holds and the sum of their costs is
/// least.
/// </summary>
public sealed class LinearProgram
{
    readonly List<LinearRow> _rows = [];
    readonly List<double> _costs = [];
    readonly List<List<LinearEntry>> _columns = [];

    /// <summary>The rows.</summary>
    public IReadOnlyList<LinearRow> Rows => _rows;

    /// <summary>The cost of one unit of each column.</summary>
    public IReadOnlyList<double> Costs => _costs;

    /// <summary>The coefficients of a column, in the order in which they were added.</summary>
    /// <param name="column">From 0.</param>
    public IReadOnlyList<LinearEntry> Entries(int column) => _columns[column];

    /// <summary>Adds a row.</summary>
    /// <param name="name">What it says, for people.</param>
    /// <param name="sense">How its sum stands to the right side.</param>
    /// <param name="right">The right side. Finite.</param>
    /// <returns>Its number.</returns>
    public int AddRow(string name, RowSense sense, double right)
    {
        ThrowIfNotFinite(right);
        _rows.Add(new LinearRow(name, sense, right));
        return _rows.Count - 1;
    }

    /// <summary>Adds a column.</summary>
    /// <param name="cost">The cost of one unit. Finite.</param>
    /// <returns>Its number.</returns>
    public int AddColumn(double cost)
    {
        ThrowIfNotFinite(cost);
        _costs.Add(cost);
        _columns.Add([]);
        return _columns.Count - 1;
    }

    /// <summary>Puts a column into a row, once.</summary>
    /// <param name="row">A row that was added.</param>
    /// <param name="column">A column that was added.</param>
    /// <param name="value">Its coefficient. Finite; 0 puts nothing.</param>
    public void Put(int row, int column, double value)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, _rows.Count);
        ThrowIfNotFinite(value);
        if (value != 0)
        {
            _columns[column].Add(new LinearEntry(row, value));
        }
    }

    static void ThrowIfNotFinite(double value)
    {
        if (!double.IsFinite(value))
        {
            throw new ArgumentOutOfRangeException(nameof(value), value, "A programme holds finite numbers only.");
        }
    }
}
