namespace Sahab.Server.Sell.Budgets;

/// <summary>A window of a budget.</summary>
internal readonly record struct BudgetPlace(string Budget, long WindowUs)
{
    /// <summary>The order in which all nodes lock windows.</summary>
    public static readonly IComparer<BudgetPlace> Order = Comparer<BudgetPlace>.Create((one, other) =>
        string.CompareOrdinal(one.Budget, other.Budget) is var order and not 0
            ? order : one.WindowUs.CompareTo(other.WindowUs));
}
