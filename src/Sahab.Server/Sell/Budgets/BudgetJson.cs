using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sahab.Ledger.Budgets;
using Sahab.Ledger.Money;
using Sahab.Routing.Admission;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Sell.Tenants.Keys;

namespace Sahab.Server.Sell.Budgets;

/// <summary>What somebody wants of a budget.</summary>
/// <param name="Reset">Whether it counts from now; null: they did not say.</param>
internal sealed record BudgetOrder(string Name, BudgetTerms Terms, ImmutableArray<int> Thresholds, bool? Reset);

/// <summary>Budgets as the control API reads them and the log of changes has them.</summary>
internal static class BudgetJson
{
    const int MaxNameChars = 100;

    const int MaxThresholds = 10;

    /// <summary>Of a new soft budget, which does nothing but tell, where none are named.</summary>
    static readonly ImmutableArray<int> SoftThresholds = [80, 100];

    static readonly string[] Changeable = ["name", "kind", "limit", "limit_usd", "thresholds", "usage"];

    static readonly string[] Known = [.. Changeable, "measure", "period", "project", "key"];

    /// <summary>Writes what was ordered.</summary>
    public static void Write(JsonObject json, Budget budget)
    {
        json["name"] = budget.Name;
        json["project"] = budget.Terms.Project;
        json["key"] = budget.Terms.Key;
        json["measure"] = NameOf(budget.Terms.Measure);
        json["period"] = NameOf(budget.Terms.Period);
        json["kind"] = budget.Terms.IsHard ? "hard" : "soft";
        if (budget.Terms.Measure == BudgetMeasure.Money)
        {
            json["limit_usd"] = Budget.Usd(budget.Terms.Limit);
        }
        else
        {
            json["limit"] = budget.Terms.Limit;
        }

        json["thresholds"] = new JsonArray([.. budget.Thresholds.Select(percent => (JsonNode)percent)]);
        json["counts_from"] = budget.Terms.CountsFromUs > 0 ? Time(budget.Terms.CountsFromUs) : null;
    }

    /// <summary>The order that a body holds.</summary>
    /// <param name="before">The budget that is to be changed: what the body does not name stays. Null: a new one.</param>
    public static (BudgetOrder? Order, ControlProblem? Fault) Read(JsonObject body, Budget? before)
    {
        var known = before is null ? Known : Changeable;
        if (body.Select(member => member.Key).FirstOrDefault(name => !known.Contains(name)) is { } unknown)
        {
            return (null, ControlError.Invalid(
                unknown,
                before is not null && Known.Contains(unknown)
                    ? $"'{unknown}' stays as it was set. Remove the budget and set another."
                    : $"A budget has no '{unknown}' that could be set. It has: {string.Join(", ", known)}."));
        }

        var order = new BudgetOrder(
            before?.Name ?? "",
            before?.Terms ?? new BudgetTerms
            {
                Id = "",
                Measure = BudgetMeasure.Money,
                Period = BudgetPeriod.Month,
                Limit = -1,
                IsHard = true,
            },
            before?.Thresholds ?? [], null);
        var fault = ReadName(body, ref order) ?? ReadScope(body, before, ref order) ?? ReadMeasure(body, before, ref order)
            ?? ReadLimit(body, ref order) ?? ReadThresholds(body, ref order) ?? ReadUsage(body, ref order);
        return fault is not null ? (null, fault)
            : before is null && !order.Terms.IsHard && body["thresholds"] is null
                ? (order with { Thresholds = SoftThresholds }, null)
            : (order, null);
    }

    static ControlProblem? ReadName(JsonObject body, ref BudgetOrder order)
    {
        if (!body.ContainsKey("name") && order.Name.Length > 0)
        {
            return null;
        }

        if (Text(body["name"])?.Trim() is not { Length: > 0 and <= MaxNameChars } name || name.Any(char.IsControl))
        {
            return ControlError.Invalid(
                "name", $"A budget needs a name: 1 to {MaxNameChars} characters, without control characters.");
        }

        order = order with { Name = name };
        return null;
    }

    static ControlProblem? ReadScope(JsonObject body, Budget? before, ref BudgetOrder order)
    {
        if (before is not null)
        {
            return null;
        }

        var (project, key) = (Text(body["project"]), Text(body["key"]));
        if ((body["project"] is not null && project is null) || (body["key"] is not null && key is null)
            || (project is not null && key is not null))
        {
            return ControlError.Invalid(
                "key", "A budget is about a project, or about a key, or, where neither is named, about the organisation.");
        }

        order = order with { Terms = order.Terms with { Project = project, Key = key } };
        return null;
    }

    static ControlProblem? ReadMeasure(JsonObject body, Budget? before, ref BudgetOrder order)
    {
        if (before is null)
        {
            if (Find<BudgetMeasure>(body["measure"]) is not { } measure)
            {
                return NotOneOf<BudgetMeasure>("measure");
            }

            if (Find<BudgetPeriod>(body["period"]) is not { } period)
            {
                return NotOneOf<BudgetPeriod>("period");
            }

            order = order with { Terms = order.Terms with { Measure = measure, Period = period } };
        }

        if (!body.ContainsKey("kind"))
        {
            return null;
        }

        if (Text(body["kind"]) is not ("hard" or "soft"))
        {
            return ControlError.Invalid("kind", "kind must be hard, which refuses calls, or soft, which only tells.");
        }

        order = order with { Terms = order.Terms with { IsHard = Text(body["kind"]) == "hard" } };
        return null;
    }

    static ControlProblem? ReadLimit(JsonObject body, ref BudgetOrder order)
    {
        var isMoney = order.Terms.Measure == BudgetMeasure.Money;
        var (name, other) = isMoney ? ("limit_usd", "limit") : ("limit", "limit_usd");
        if (!body.ContainsKey(name) && !body.ContainsKey(other) && order.Terms.Limit >= 0)
        {
            return null;
        }

        var limit = isMoney ? ReadUsd(body[name]) : body[name] is JsonValue value && value.TryGetValue<long>(out var whole) ? whole : -1;
        if (body.ContainsKey(other) || limit is null or < 0 or > BudgetTerms.MaxLimit)
        {
            return ControlError.Invalid(name, isMoney
                ? "A budget of money needs limit_usd: dollars as a text, such as \"5.00\", from 0 to a billion, with at most "
                    + "nine decimals."
                : "A budget of requests or tokens needs limit: a whole number from 0.");
        }

        order = order with { Terms = order.Terms with { Limit = limit.Value } };
        return null;
    }

    static long? ReadUsd(JsonNode? node)
    {
        if (!decimal.TryParse(
                Text(node), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var usd)
            || usd > 1_000_000_000 || decimal.Round(usd, 9) != usd)
        {
            return null;
        }

        return NanoUsd.FromUsd(usd).Value;
    }

    static ControlProblem? ReadThresholds(JsonObject body, ref BudgetOrder order)
    {
        if (!body.TryGetPropertyValue("thresholds", out var node) || node is null)
        {
            return null;
        }

        if (node is not JsonArray { Count: <= MaxThresholds } list
            || list.Any(item => !(item is JsonValue value && value.TryGetValue<int>(out var percent) && percent is >= 1 and <= 1000)))
        {
            return ControlError.Invalid(
                "thresholds", $"thresholds must be a list of at most {MaxThresholds} whole percents, 1 to 1000.");
        }

        order = order with { Thresholds = [.. list.Select(item => (int)item!).Distinct().Order()] };
        return null;
    }

    static ControlProblem? ReadUsage(JsonObject body, ref BudgetOrder order)
    {
        if (!body.ContainsKey("usage"))
        {
            return null;
        }

        if (Text(body["usage"]) is not ("preserve" or "reset"))
        {
            return ControlError.Invalid(
                "usage", "usage must be preserve, which counts what was used in the window before, or reset, which does not.");
        }

        order = order with { Reset = Text(body["usage"]) == "reset" };
        return null;
    }

    static T? Find<T>(JsonNode? node)
        where T : struct, Enum => Enum.GetValues<T>().Where(value => NameOf(value) == Text(node)).Select(value => (T?)value).FirstOrDefault();

    static ControlProblem NotOneOf<T>(string name)
        where T : struct, Enum => ControlError.Invalid(
        name, $"{name} must be one of: {string.Join(", ", Enum.GetValues<T>().Select(NameOf))}.");

    static string NameOf<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());

    /// <summary>A time; null where it is none, or stands for always.</summary>
    public static string? Time(long? us) =>
        us is null or long.MinValue or long.MaxValue ? null : KeyJson.Time(UnixMicroseconds.ToTime(us.Value));

    static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
}
