namespace Sahab.Ledger.Focus;

/// <summary>Holds a data set to the rules.</summary>
public static class FocusChecker
{
    /// <summary>Rows that a failure names; the others are counted.</summary>
    const int NamedRows = 5;

    /// <summary>What came of each rule, in the order of the rules.</summary>
    public static IReadOnlyList<FocusOutcome> Check(FocusTable table, IReadOnlyList<FocusRule> rules)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(rules);
        return [.. rules.Select(rule => Check(table, rule))];
    }

    static FocusOutcome Check(FocusTable table, FocusRule rule)
    {
        if (rule.Unprovable is { } why)
        {
            return Skip(rule, why);
        }

        if (rule.Columns.FirstOrDefault(column => !table.Has(column)) is { } missing)
        {
            return Skip(rule, $"there is no column {missing}");
        }

        if (rule.Whole is { } whole)
        {
            return whole(table)
                ? new FocusOutcome(rule, FocusVerdict.Passed, null, 1, 0)
                : new FocusOutcome(rule, FocusVerdict.Failed, "not so in this data set", 1, 1);
        }

        return CheckRows(table, rule);
    }

    static FocusOutcome CheckRows(FocusTable table, FocusRule rule)
    {
        var seen = 0;
        var broken = new List<int>();
        for (var row = 0; row < table.Count; row++)
        {
            if (rule.When is { } when && !when(table, row))
            {
                continue;
            }

            seen++;
            if (!rule.Row!(table, row))
            {
                broken.Add(row + 1);
            }
        }

        if (seen == 0)
        {
            return Skip(rule, "no row that it speaks of");
        }

        if (broken.Count == 0)
        {
            return new FocusOutcome(rule, FocusVerdict.Passed, null, seen, 0);
        }

        var named = string.Join(", ", broken.Take(NamedRows));
        var more = broken.Count > NamedRows ? $" and {broken.Count - NamedRows} more" : "";
        return new FocusOutcome(rule, FocusVerdict.Failed, $"row {named}{more}", seen, broken.Count);
    }

    static FocusOutcome Skip(FocusRule rule, string why) => new(rule, FocusVerdict.Skipped, why, 0, 0);
}
