using System.Globalization;

namespace Sahab.Ledger.Focus;

/// <summary>A data set as it was written: columns by name, and rows of text. Empty and <c>null</c> are both null.</summary>
public sealed class FocusTable
{
    const NumberStyles Plain = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;

    readonly Dictionary<string, int> _places = new(StringComparer.Ordinal);
    readonly List<IReadOnlyList<string?>> _rows = [];

    /// <param name="columns">Their names, each once.</param>
    /// <exception cref="ArgumentException">A name is there twice.</exception>
    public FocusTable(IReadOnlyList<string> columns)
    {
        ArgumentNullException.ThrowIfNull(columns);
        Columns = columns;
        for (var place = 0; place < columns.Count; place++)
        {
            if (!_places.TryAdd(columns[place], place))
            {
                throw new ArgumentException($"The column {columns[place]} is there twice.", nameof(columns));
            }
        }
    }

    /// <summary>The names of the columns, in the order of the values.</summary>
    public IReadOnlyList<string> Columns { get; }

    /// <summary>The number of rows.</summary>
    public int Count => _rows.Count;

    /// <summary>The rows' values, one for each column.</summary>
    public IReadOnlyList<IReadOnlyList<string?>> Rows => _rows;

    /// <summary>Adds a row.</summary>
    /// <exception cref="ArgumentException">It has not one value for each column.</exception>
    public void Add(IReadOnlyList<string?> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (values.Count != Columns.Count)
        {
            throw new ArgumentException(
                $"Row {Count + 1} has {values.Count} values, and there are {Columns.Count} columns.", nameof(values));
        }

        _rows.Add(values);
    }

    /// <summary>Whether there is a column of that name.</summary>
    public bool Has(string column) => _places.ContainsKey(column);

    /// <summary>A value; null where it is empty, or there is no such column.</summary>
    /// <param name="row">From 0.</param>
    /// <param name="column">Its name.</param>
    public string? Text(int row, string column) =>
        _places.TryGetValue(column, out var place) && _rows[row][place] is { Length: > 0 } value && value != "null"
            ? value
            : null;

    /// <summary>A value as a number; null where it is none.</summary>
    /// <param name="row">From 0.</param>
    /// <param name="column">Its name.</param>
    public decimal? Number(int row, string column) => ToDecimal(Text(row, column));

    /// <summary>A value as a time; null where it is none.</summary>
    /// <param name="row">From 0.</param>
    /// <param name="column">Its name.</param>
    public DateTimeOffset? Time(int row, string column) => ToTime(Text(row, column));

    internal static decimal? ToDecimal(string? text) =>
        decimal.TryParse(text, Plain, CultureInfo.InvariantCulture, out var number) ? number : null;

    internal static DateTimeOffset? ToTime(string? text) =>
        DateTimeOffset.TryParseExact(
            text, ["yyyy-MM-ddTHH:mm:ssZ", "yyyy-MM-ddTHH:mm:ss.FFFFFFFZ"], CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            ? time
            : null;
}
