using System.Globalization;

namespace Sahab.Server.Hosting.Access;

/// <summary>Which part of a list is asked for: <c>?limit=</c> and <c>?after=</c>.</summary>
/// <param name="Limit">From 1 to <see cref="MaxLimit"/>.</param>
/// <param name="After">Where the part before ended, as <c>next</c> told it; empty: from the beginning.</param>
internal readonly record struct ListPage(int Limit, string After)
{
    public const int DefaultLimit = 100;

    public const int MaxLimit = 1000;

    const int MaxCursorChars = 200;

    /// <summary>How many rows to read: one more than is shown tells whether there is more.</summary>
    public int Rows => Limit + 1;

    /// <summary>Reads the query. Not bound by the framework, which would complain before access is decided on.</summary>
    public static bool TryRead(HttpContext context, out ListPage page, out ControlProblem? fault)
    {
        var query = context.Request.Query;
        var (limit, after) = ((string?)query["limit"], (string?)query["after"] ?? "");
        page = new ListPage(DefaultLimit, after);
        fault = null;
        if (limit is not null)
        {
            if (!int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                || number is < 1 or > MaxLimit)
            {
                fault = ControlError.Invalid("limit", $"The parameter 'limit' must be a whole number from 1 to {MaxLimit}.");
                return false;
            }

            page = page with { Limit = number };
        }

        if (after.Length > MaxCursorChars || after.Any(char.IsControl))
        {
            fault = ControlError.Invalid("after", "The parameter 'after' must be what 'next' of a list told.");
            return false;
        }

        return true;
    }

    /// <summary>At most <see cref="Rows"/> rows of a list that is in memory, in the order of their cursors.</summary>
    /// <param name="cursor">Where the list goes on after a row; no two rows have the same.</param>
    /// <param name="lastFirst">Whether the greatest cursor comes first.</param>
    public List<T> Cut<T>(IEnumerable<T> all, Func<T, string> cursor, bool lastFirst = false)
    {
        var after = After;
        var left = all.Select(row => (Row: row, Cursor: cursor(row)));
        if (after.Length > 0)
        {
            left = left.Where(each => (string.CompareOrdinal(each.Cursor, after) > 0) != lastFirst && each.Cursor != after);
        }

        left = lastFirst
            ? left.OrderByDescending(each => each.Cursor, StringComparer.Ordinal)
            : left.OrderBy(each => each.Cursor, StringComparer.Ordinal);
        return [.. left.Take(Rows).Select(each => each.Row)];
    }

    /// <summary>The answer of at most <see cref="Rows"/> rows.</summary>
    /// <param name="tell">How a row is answered.</param>
    /// <param name="cursor">Where the list goes on after a row.</param>
    public IResult Answer<TRow, TAnswer>(IReadOnlyList<TRow> rows, Func<TRow, TAnswer> tell, Func<TRow, string> cursor) =>
        Results.Ok(new Listing<TAnswer>(
            "list", [.. rows.Take(Limit).Select(tell)], rows.Count > Limit ? cursor(rows[Limit - 1]) : null));
}
