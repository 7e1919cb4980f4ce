using System.Text.Json;
using System.Text.RegularExpressions;

namespace Sahab.Ledger.Focus;

/// <summary>
/// The rules of FOCUS 1.2's CostAndUsage: those that every column's definition makes, and those between columns
/// (<c>FocusRules.Between.cs</c>). The requirements are the specification's (CC BY 4.0), the words are ours.
/// </summary>
public static partial class FocusRules
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<FocusRule> CostAndUsage12 { get; } =
        [.. FocusColumns.CostAndUsage12.SelectMany(OfColumn), .. OfNames(), .. BetweenColumns(), .. Unprovable()];

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
            var pattern = column.Format == FocusFormat.Currency ? CurrencyFormat() : UnitFormat();
            yield return OfRows(
                column, "format", $"{name} looks like a {column.Format.ToString().ToLowerInvariant()}.",
                (table, row) => pattern.IsMatch(table.Text(row, name)!));
        }

        if (column.IsNonNegative)
        {
            yield return OfRows(column, "at-least-0", $"{name} is not negative.", (table, row) => table.Number(row, name) >= 0);
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

    static IEnumerable<FocusRule> OfNames()
    {
        yield return new FocusRule("columns/custom-prefix", "A column that FOCUS does not know begins with x_.")
        {
            Whole = table => table.Columns.All(name =>
                FocusColumns.Find(name) is not null || name.StartsWith("x_", StringComparison.Ordinal)),
        };
    }

    static string TypeSentence(FocusColumn column) => column.Type switch
    {
        FocusType.Number => $"{column.Name} is a plain number.",
        FocusType.Time => $"{column.Name} is a time in UTC as ISO 8601 writes it.",
        FocusType.Pairs => $"{column.Name} is a JSON object of plain values.",
        _ => $"{column.Name} is text without control characters or space around it.",
    };

    static bool IsOfType(FocusType type, string text) => type switch
    {
        FocusType.Number => FocusTable.ToDecimal(text) is not null,
        FocusType.Time => FocusTable.ToTime(text) is not null,
        FocusType.Pairs => IsKeyValue(text),
        _ => text == text.Trim() && !text.Any(char.IsControl),
    };

    static bool IsKeyValue(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.EnumerateObject().All(pair =>
                    pair.Value.ValueKind is not (JsonValueKind.Object or JsonValueKind.Array));
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
}
