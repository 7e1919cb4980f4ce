using System.Collections.Immutable;
using Sahab.Routing.Admission;

namespace Sahab.Server.Sell.Budgets;

/// <summary>The budgets of an organisation, with what this node has of them.</summary>
internal sealed record OrganisationBudgets(
    string Organisation, ImmutableDictionary<string, Budget> Budgets, BudgetBook Book, BudgetRounds Rounds)
{
    /// <summary>Whether any of them is about a project.</summary>
    public bool HasProjects { get; } = Budgets.Values.Any(budget => budget.Terms.Project is not null);
}

/// <summary>The budgets in force, in memory.</summary>
internal sealed class BudgetShelf
{
    /// <summary>Budgets that a server knows; no more are made.</summary>
    public const int MaxBudgets = 50_000;

    readonly Lock _changing = new();
    Dictionary<string, OrganisationBudgets> _organisations = new(StringComparer.Ordinal);
    long _latest;
    int _count;

    /// <summary>Budgets in force.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>The number up to which all changes are in.</summary>
    public long Latest => Volatile.Read(ref _latest);

    public IReadOnlyCollection<OrganisationBudgets> All => Volatile.Read(ref _organisations).Values;

    /// <summary>An organisation's budgets; null: it has none.</summary>
    public OrganisationBudgets? Find(string organisation)
    {
        var organisations = Volatile.Read(ref _organisations);
        return organisations.Count == 0 ? null : organisations.GetValueOrDefault(organisation);
    }

    /// <summary>Puts budgets in force as they are now; those that were removed end. Older forms change nothing.</summary>
    public void Apply(IEnumerable<Budget> budgets)
    {
        lock (_changing)
        {
            var next = new Dictionary<string, OrganisationBudgets>(_organisations, StringComparer.Ordinal);
            foreach (var group in budgets.GroupBy(budget => budget.Organisation))
            {
                var before = next.GetValueOrDefault(group.Key)
                    ?? new OrganisationBudgets(
                        group.Key, ImmutableDictionary.Create<string, Budget>(StringComparer.Ordinal), new BudgetBook(),
                        new BudgetRounds());
                var after = before.Budgets;
                foreach (var budget in group)
                {
                    after = budget.ChangeNumber <= _latest ? after
                        : after.TryGetValue(budget.Id, out var known) && known.ChangeNumber > budget.ChangeNumber ? after
                        : budget.RemovedAt is null ? after.SetItem(budget.Id, budget)
                        : after.Remove(budget.Id);
                }

                before.Book.Change(after.Values.Select(budget => budget.Terms));
                next[group.Key] = new OrganisationBudgets(group.Key, after, before.Book, before.Rounds);
            }

            Volatile.Write(ref _count, next.Values.Sum(organisation => organisation.Budgets.Count));
            Volatile.Write(ref _organisations, next);
        }
    }

    /// <summary>All changes up to a number are in.</summary>
    public void SawUpTo(long change)
    {
        lock (_changing)
        {
            _latest = Math.Max(_latest, change);
        }
    }
}
