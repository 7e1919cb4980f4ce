namespace Sahab.Server.Hosting.Database;

/// <summary>Rows for one table, column by column: what both engines insert fastest from.</summary>
internal sealed class RowBatch(string table, string key, params IReadOnlyList<RowColumn> columns)
{
    public string Table { get; } = table;

    /// <summary>The first column of the table's primary key, which tells the new rows where that is asked for.</summary>
    public string Key { get; } = key;

    public IReadOnlyList<RowColumn> Columns { get; } = columns;

    public int Count => Columns[0].Count;
}
