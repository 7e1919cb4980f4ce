namespace Sahab.Server.Hosting.Database;

/// <summary>Rows for one table, column by column: what both engines insert fastest from.</summary>
/// <param name="table">The table.</param>
/// <param name="conflict">
/// What happens to a row whose key is there already: <c>DO NOTHING</c>, or another clause.
/// </param>
/// <param name="columns">The columns; where the new rows are asked for, the first is the table's key.</param>
internal sealed class RowBatch(string table, string conflict, params IReadOnlyList<RowColumn> columns)
{
    public const string KeepOld = "DO NOTHING";

    public string Table { get; } = table;

    public string Conflict { get; } = conflict;

    public IReadOnlyList<RowColumn> Columns { get; } = columns;

    public int Count => Columns[0].Count;
}
