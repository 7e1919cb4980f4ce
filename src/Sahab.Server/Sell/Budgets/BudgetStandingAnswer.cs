using System.Text.Json.Serialization;
using Sahab.Ledger.Budgets;
using Sahab.Routing.Admission;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Sell.Tenants.Keys;

namespace Sahab.Server.Sell.Budgets;

/// <summary>
/// A budget as the control API tells it. Amounts are in the measure's own member: dollars in that which ends in <c>_usd</c>.
/// How it stands is left out where it could not be read.
/// </summary>
internal sealed record BudgetStandingAnswer
{
    public required string Object { get; init; }

    public required string Id { get; init; }

    public required string Organisation { get; init; }

    public required string Name { get; init; }

    public required string? Project { get; init; }

    public required string? Key { get; init; }

    public required BudgetMeasure Measure { get; init; }

    public required BudgetPeriod Period { get; init; }

    /// <summary><c>hard</c> or <c>soft</c>.</summary>
    public required string Kind { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Limit { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? LimitUsd { get; init; }

    public required IReadOnlyList<int> Thresholds { get; init; }

    public required string? CountsFrom { get; init; }

    public required string Status { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Spent { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? SpentUsd { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Reserved { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ReservedUsd { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Left { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? LeftUsd { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? InFlight { get; init; }

    /// <summary>Null: it has counted from the beginning, or how it stands could not be read.</summary>
    public required string? WindowStart { get; init; }

    /// <summary>Null: it never begins anew, or how it stands could not be read.</summary>
    public required string? ResetsAt { get; init; }

    public required string CreatedBy { get; init; }

    public required string CreatedAt { get; init; }

    /// <param name="standing">How it stands; null: that could not be read just now.</param>
    public static BudgetStandingAnswer Of(Budget budget, BudgetReading? standing)
    {
        var measure = budget.Terms.Measure;
        var limit = BudgetAmount.Of(measure, budget.Terms.Limit);
        var spent = BudgetAmount.Of(measure, standing?.Spent);
        var reserved = BudgetAmount.Of(measure, standing?.Reserved);
        var left = BudgetAmount.Of(measure, standing is { } now ? Math.Max(0, budget.Terms.Limit - now.Spent) : null);
        return new BudgetStandingAnswer
        {
            Object = "budget",
            Id = budget.Id,
            Organisation = budget.Organisation,
            Name = budget.Name,
            Project = budget.Terms.Project,
            Key = budget.Terms.Key,
            Measure = measure,
            Period = budget.Terms.Period,
            Kind = budget.Terms.IsHard ? "hard" : "soft",
            Limit = limit.Count,
            LimitUsd = limit.Usd,
            Thresholds = budget.Thresholds,
            CountsFrom = budget.Terms.CountsFromUs > 0 ? BudgetJson.Time(budget.Terms.CountsFromUs) : null,
            Status = "counting",
            Spent = spent.Count,
            SpentUsd = spent.Usd,
            Reserved = reserved.Count,
            ReservedUsd = reserved.Usd,
            Left = left.Count,
            LeftUsd = left.Usd,
            InFlight = standing?.InFlight,
            WindowStart = BudgetJson.Time(standing?.StartUs),
            ResetsAt = BudgetJson.Time(standing?.EndsUs),
            CreatedBy = budget.CreatedBy,
            CreatedAt = KeyJson.Time(budget.CreatedAt),
        };
    }
}

/// <summary>An amount of a measure, in one of the two forms that amounts are told in.</summary>
readonly record struct BudgetAmount(long? Count, string? Usd)
{
    public static BudgetAmount Of(BudgetMeasure measure, long? amount) =>
        measure == BudgetMeasure.Money && amount is { } nano ? new(null, Budget.Usd(nano)) : new(amount, null);
}

/// <summary>Something that happened to a budget, as the control API and webhooks tell it.</summary>
/// <param name="Kind"><c>threshold</c> or <c>exhausted</c>.</param>
/// <param name="Percent">Of a threshold.</param>
/// <param name="WindowStart">Null: of a budget that never begins anew.</param>
internal sealed record BudgetEventAnswer(
    string Object, string Budget, string Kind, long? Percent, string? WindowStart, string At,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? Spent = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? SpentUsd = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? Limit = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? LimitUsd = null)
{
    public static BudgetEventAnswer Of(BudgetEvent happened, BudgetMeasure measure)
    {
        var (spent, limit) = (BudgetAmount.Of(measure, happened.Spent), BudgetAmount.Of(measure, happened.Amount));
        return new BudgetEventAnswer(
            "budget_event", happened.Budget, happened.Kind,
            happened.Kind == BudgetEvent.Threshold ? happened.Percent : null, BudgetJson.Time(happened.WindowUs),
            KeyJson.Time(UnixMicroseconds.ToTime(happened.AtUs)), spent.Count, spent.Usd, limit.Count, limit.Usd);
    }
}

/// <summary>That a budget, or what a node held of budgets, is no more.</summary>
internal sealed record BudgetRemovedAnswer(string Object, string Id, bool Deleted);
