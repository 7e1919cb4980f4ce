using System.Globalization;

namespace Sahab.Ledger.Sales;

/// <summary>
/// What a new price book may not do: change what was in force before, or raise a list price without notice.
/// </summary>
public static class PriceHistory
{
    /// <summary>What is wrong with a book, each with its remedy; empty: it may come into force.</summary>
    /// <param name="before">The book in force until now; null: there never was one.</param>
    /// <param name="after">The book that is to replace it.</param>
    /// <param name="now">When it is first seen.</param>
    public static IReadOnlyList<string> ProblemsOf(PriceBook? before, PriceBook after, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(after);
        var problems = new List<string>();
        if (before is not null)
        {
            FindEditedLists(before, after, now, problems);
            FindEditedAgreements(before, after, now, problems);
        }

        // What was in force is compared first: every other fault might only follow from one there.
        if (problems.Count == 0)
        {
            FindIncreases(before, after, now, problems);
        }

        return problems;
    }

    static void FindEditedLists(PriceBook before, PriceBook after, DateTimeOffset now, List<string> problems)
    {
        foreach (var old in before.Lists.Where(list => list.From <= now))
        {
            var list = after.Lists.FirstOrDefault(each => each.Id == old.Id);
            if (list is null)
            {
                problems.Add($"The price list {old.Id} is gone, which has been in force since {Text(old.From)}. Put it back; "
                    + "to change a price, add a list with a later date.");
            }
            else if (list != old)
            {
                problems.Add($"The price list {old.Id} was edited, which has been in force since {Text(old.From)}. Put it back "
                    + $"as it was, and add a list from a date after {Text(now)}.");
            }
        }

        problems.AddRange(after.Lists
            .Where(list => list.From <= now && !before.Lists.Any(old => old.Id == list.Id && old.From <= now))
            .Select(list => $"The price list {list.Id} is new and begins on {Text(list.From)}, in the past: calls since then "
                + $"were sold otherwise. Let it begin after {Text(now)}."));
    }

    static void FindEditedAgreements(PriceBook before, PriceBook after, DateTimeOffset now, List<string> problems)
    {
        foreach (var old in before.Agreements.Where(agreement => agreement.From <= now))
        {
            var agreement = after.Agreements.FirstOrDefault(each => each.Id == old.Id);
            if (agreement is null)
            {
                problems.Add($"The agreement {old.Id} is gone, which has been in force since {Text(old.From)}. Put it back; to "
                    + "end it, give it an until.");
            }
            else if (agreement with { Until = null } != old with { Until = null })
            {
                problems.Add($"The agreement {old.Id} was edited, which has been in force since {Text(old.From)}. Put it back "
                    + "as it was, and add one that begins later: the one that began last counts.");
            }
            else if (agreement.Until != old.Until && (old.Until <= now || agreement.Until < now))
            {
                problems.Add($"The end of the agreement {old.Id} was moved in the past. Write "
                    + (old.Until <= now ? $"until: {Text(old.Until.Value)}, when it ended." : $"an until after {Text(now)}."));
            }
        }

        problems.AddRange(after.Agreements
            .Where(agreement => agreement.From <= now
                && !before.Agreements.Any(old => old.Id == agreement.Id && old.From <= now))
            .Select(agreement => $"The agreement {agreement.Id} is new and begins on {Text(agreement.From)}, in the past: calls "
                + $"since then were sold otherwise. Let it begin after {Text(now)}, and grant a credit for the time before."));
    }

    /// <summary>
    /// Within the notice nothing may cost more than was said before; of a model that nothing was said of, more than it
    /// costs now. A model's first price is no increase. The longer notice counts, so that to shorten it takes as long.
    /// </summary>
    static void FindIncreases(PriceBook? before, PriceBook after, DateTimeOffset now, List<string> problems)
    {
        var notice = before?.Notice > after.Notice ? before.Notice : after.Notice;
        var end = now + notice;
        foreach (var model in after.Models)
        {
            var changes = after.ListStretchesOf(model).Concat(before?.ListStretchesOf(model) ?? [])
                .Select(stretch => stretch.From).Where(from => from > now && from < end).Distinct().Order();
            foreach (var at in changes)
            {
                var promised = before?.ListPlanAt(model, at) ?? after.ListPlanAt(model, now);
                if (promised is not null && after.ListPlanAt(model, at)?.IsDearerThan(promised) == true)
                {
                    problems.Add($"{model} would cost more from {Text(at)} on than was announced, which is nearer than the "
                        + $"notice of {notice.TotalDays:0.###} days. Let the increase begin on {Text(end)} or later; what "
                        + "becomes cheaper may begin at once, in a list of its own.");
                    break;
                }
            }
        }
    }

    static string Text(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
