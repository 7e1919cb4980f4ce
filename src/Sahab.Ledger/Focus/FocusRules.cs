using System.Collections.Frozen;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Sahab.Ledger.Focus;

/// <summary>
/// The rules of FOCUS's data sets: those that every column's definition makes, those between the columns of 1.2's
/// CostAndUsage (<c>FocusRules.Between.cs</c>), and those of ContractCommitment (<c>FocusRules.Commitments.cs</c>). The
/// requirements are the specification's (CC BY 4.0), the words are ours.
/// </summary>
public static partial class FocusRules
{
    /// <summary>Those of CostAndUsage 1.2.</summary>
    public static IReadOnlyList<FocusRule> CostAndUsage12 { get; } =
        [.. Of(FocusColumns.CostAndUsage12), .. BetweenColumns(), .. Unprovable()];

    static IEnumerable<FocusRule> Of(IReadOnlyList<FocusColumn> columns) =>
        [.. columns.SelectMany(OfColumn), .. OfNames(columns)];

    static IEnumerable<FocusRule> OfColumn(FocusColumn column)
    {
        var name = column.Name;
        if (column.Level == FocusLevel.Mandatory)
        {
            yield return new FocusRule($"{name}/present", $"There is a column {name}.")
            {
                Whole = table => table.Has(name),
            };
        }

        yield return OfRows(column, "type", TypeSentence(column), (table, row) => IsOfType(column.Type, table.Text(row, name)!));
        if (!column.AllowsNull)
        {
            yield return new FocusRule($"{name}/not-null", $"{name} is never null.")
            {
                Columns = [name],
                Row = (table, row) => table.Text(row, name) is not null,
            };
        }

        if (column.Format != FocusFormat.None)
        {
            var pattern = column.Format switch
            {
                FocusFormat.Currency => CurrencyFormat(),
                FocusFormat.Duration => DurationFormat(),
                _ => UnitFormat(),
            };
            yield return OfRows(
                column, "format", $"{name} looks like a {column.Format.ToString().ToLowerInvariant()}.",
                (table, row) => pattern.IsMatch(table.Text(row, name)!));
        }

        if (column.IsNonNegative)
        {
            yield return OfRows(column, "at-least-0", $"{name} is not negative.", (table, row) => table.Number(row, name) >= 0);
        }

        if (column.IsShare)
        {
            yield return OfRows(
                column, "share", $"{name} is from 0 to 1.", (table, row) => table.Number(row, name) is >= 0 and <= 1);
        }

        if (column.Values.Count > 0)
        {
            yield return OfRows(
                column, "values", $"{name} is one of: {string.Join(", ", column.Values)}.",
                (table, row) => column.Values.Contains(table.Text(row, name)));
        }
    }

    static FocusRule OfRows(FocusColumn column, string what, string sentence, Func<FocusTable, int, bool> holds) =>
        new($"{column.Name}/{what}", sentence)
        {
            Columns = [column.Name],
            When = (table, row) => table.Text(row, column.Name) is not null,
            Row = holds,
        };

    static IEnumerable<FocusRule> OfNames(IReadOnlyList<FocusColumn> columns)
    {
        var known = columns.Select(column => column.Name).ToFrozenSet(StringComparer.Ordinal);
        yield return new FocusRule("columns/custom-prefix", "A column that FOCUS does not know begins with x_.")
        {
            Whole = table => table.Columns.All(name =>
                known.Contains(name) || name.StartsWith("x_", StringComparison.Ordinal)),
        };
    }

    static string TypeSentence(FocusColumn column) => column.Type switch
    {
        FocusType.Number => $"{column.Name} is a plain number.",
        FocusType.Time => $"{column.Name} is a time in UTC as ISO 8601 writes it.",
        FocusType.Pairs => $"{column.Name} is a JSON object of plain values.",
        FocusType.Structure => $"{column.Name} is a JSON object.",
        _ => $"{column.Name} is text without control characters or space around it.",
    };

    static bool IsOfType(FocusType type, string text) => type switch
    {
        FocusType.Number => FocusTable.ToDecimal(text) is not null,
        FocusType.Time => FocusTable.ToTime(text) is not null,
        FocusType.Pairs => IsObject(text, value => value is not (JsonValueKind.Object or JsonValueKind.Array)),
        FocusType.Structure => IsObject(text, _ => true),
        _ => text == text.Trim() && !text.Any(char.IsControl),
    };

    static bool IsObject(string text, Func<JsonValueKind, bool> mayHold)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.EnumerateObject().All(pair => mayHold(pair.Value.ValueKind));
        }
        catch (JsonException)
        {
            return false;
        }
    }

    [GeneratedRegex("^[A-Z]{3}$")]
    private static partial Regex CurrencyFormat();

    /// <summary>Capitalised words, perhaps with a count before, hyphens between two, and a time after "per" or a slash.</summary>
    [GeneratedRegex("^([0-9]+ )?[A-Z][A-Za-z]*([ -][A-Za-z]+)*(/[A-Za-z]+)?$")]
    private static partial Regex UnitFormat();

    /// <summary>A count above 0 and a unit of time, of which the singular may stand for the plural.</summary>
    [GeneratedRegex("^[1-9][0-9]* (Minute|Hour|Day|Week|Month|Quarter|Year)s?$")]
    private static partial Regex DurationFormat();
}
